//! Which domains a command is about. A pattern that matches nothing is an error, never a run that did nothing and was green.

use globset::{GlobBuilder, GlobMatcher};
use tieout_reconcilers::name::DomainName;

use super::failure::Failure;

/// How many known names an error lists.
const LISTED: usize = 20;

/// From which likeness on a name is suggested; 1 is equality.
const ALIKE: f64 = 0.8;

/// The domains that any of `patterns` matches, in the order of `known`; all of them where there is no pattern.
pub fn select<'a>(patterns: &[String], known: &'a [DomainName]) -> Result<Vec<&'a DomainName>, Failure> {
    if known.is_empty() {
        return Err(Failure::usage(
            "no_domains",
            "no domain is defined: `reconcilers:` names no domain file",
        ));
    }
    let globs = patterns.iter().map(|pattern| glob(pattern)).collect::<Result<Vec<_>, _>>()?;
    for (pattern, glob) in patterns.iter().zip(&globs) {
        if !known.iter().any(|name| glob.is_match(name.as_str())) {
            return Err(no_match(pattern, known));
        }
    }
    let wanted =
        |name: &&DomainName| globs.is_empty() || globs.iter().any(|glob| glob.is_match(name.as_str()));
    Ok(known.iter().filter(wanted).collect())
}

fn glob(pattern: &str) -> Result<GlobMatcher, Failure> {
    let built = GlobBuilder::new(pattern).build();
    let glob = built.map_err(|error| Failure::usage("bad_pattern", format!("not a pattern: {error}")))?;
    Ok(glob.compile_matcher())
}

fn no_match(pattern: &str, known: &[DomainName]) -> Failure {
    let names = || known.iter().map(DomainName::as_str);
    let likeness = |name: &str| strsim::jaro_winkler(pattern, name);
    let nearest = names().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let hint = match nearest.filter(|name| likeness(name) >= ALIKE) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => String::new(),
    };
    let listed = names().take(LISTED).collect::<Vec<_>>().join(", ");
    let more = match known.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!("no domain matches `{pattern}`{hint}\nknown domains: {listed}{more}");
    Failure::usage("no_such_domain", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Vec<DomainName> {
        ["stripe.charges", "stripe.refunds", "shop.orders"].map(|name| name.parse().unwrap()).to_vec()
    }

    fn selected(patterns: &[&str]) -> Result<Vec<String>, Failure> {
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        let known = known();
        let selected = select(&patterns, &known)?;
        Ok(selected.into_iter().map(ToString::to_string).collect())
    }

    #[test]
    fn globs_select_in_the_order_of_the_definitions_and_each_domain_once() {
        assert_eq!(selected(&[]).unwrap(), ["stripe.charges", "stripe.refunds", "shop.orders"]);
        assert_eq!(
            selected(&["shop.*", "stripe.c*", "*charges"]).unwrap(),
            ["stripe.charges", "shop.orders"]
        );
    }

    #[test]
    fn a_pattern_without_a_match_names_what_there_is() {
        let failure = selected(&["stripe.*", "stripe.charge"]).unwrap_err();
        assert_eq!((failure.exit, failure.code), (2, "no_such_domain"));
        assert_eq!(
            failure.message,
            "no domain matches `stripe.charge`; did you mean `stripe.charges`?\n\
             known domains: stripe.charges, stripe.refunds, shop.orders"
        );
        assert!(!selected(&["zzz"]).unwrap_err().message.contains("did you mean"));
    }

    #[test]
    fn a_broken_pattern_and_an_empty_configuration_are_usage_errors() {
        assert_eq!(selected(&["stripe.[a"]).unwrap_err().code, "bad_pattern");
        assert_eq!(select(&[], &[]).unwrap_err().code, "no_domains");
    }
}
