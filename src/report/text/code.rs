//! What a code means, for people.

use crate::report::codes::Code;

/// The code, what happened, what to do, and the exit codes that it comes with.
#[must_use]
pub fn code(code: &Code) -> String {
    let Code { code, exits, means, help } = code;
    let exits = match exits {
        [] => String::new(),
        exits => format!("exit code: {}\n", exits.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")),
    };
    format!("{code}: {means}\nwhat to do: {help}\n{exits}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::codes::find;

    #[test]
    fn a_code_is_told_with_what_to_do_and_its_exit_codes() {
        let told = code(find("limit_tripped").unwrap());
        assert!(told.starts_with("limit_tripped: a safety limit holds"), "{told}");
        assert!(told.contains("\nwhat to do: look at what is held"), "{told}");
        assert!(told.ends_with("\nexit code: 5\n"), "{told}");
        assert!(!code(find("poison").unwrap()).contains("exit code"));
    }
}
