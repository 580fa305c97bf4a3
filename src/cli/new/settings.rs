//! `tieout.yaml` with an entry more, and every other letter of it as it was.

use tieout_reconcilers::name::Name;

/// The text with an entry below `providers:`; nothing where it is written in a way into which a line cannot be put.
pub(super) fn with_provider(text: &str, provider: &Name, entry: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let begins = |line: &&str| line.starts_with("providers:");
    let Some(at) = lines.iter().position(begins) else {
        let apart = if text.ends_with('\n') || text.is_empty() { "\n" } else { "\n\n" };
        return Some(format!("{text}{apart}providers:\n  {provider}: {entry}\n"));
    };
    let rest = lines[at].trim_start_matches("providers:").trim();
    if !(rest.is_empty() || rest.starts_with('#')) {
        return None;
    }
    let below = lines[at + 1..].iter().find(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
    let depth = below.map_or(0, |line| line.len() - line.trim_start().len());
    let line = format!("{}{provider}: {entry}", " ".repeat(if depth == 0 { 2 } else { depth }));
    let (before, after) = lines.split_at(at + 1);
    Some([before, &[line.as_str()], after].concat().join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Option<String> {
        with_provider(text, &"stripe".parse().unwrap(), "{secrets: {stripe_key: env:STRIPE_KEY}}")
    }

    #[test]
    fn a_line_more_stands_first_below_providers_as_deep_as_the_others() {
        assert_eq!(
            with("providers:   # who is asked\n    # a fake\n    fake: {simulated: a.json}\nqueues: {}\n")
                .unwrap(),
            "providers:   # who is asked\n    stripe: {secrets: {stripe_key: env:STRIPE_KEY}}\n    # a fake\n    \
             fake: {simulated: a.json}\nqueues: {}\n"
        );
    }

    #[test]
    fn where_there_are_no_providers_they_stand_at_the_end() {
        let added = "\nproviders:\n  stripe: {secrets: {stripe_key: env:STRIPE_KEY}}\n";
        assert_eq!(with("reconcilers: [.]\n").unwrap(), format!("reconcilers: [.]\n{added}"));
        assert_eq!(with("reconcilers: [.]").unwrap(), format!("reconcilers: [.]\n{added}"));
    }

    #[test]
    fn a_mapping_between_braces_is_left_alone() {
        assert_eq!(with("providers: {fake: {simulated: a.json}}\n"), None);
    }
}
