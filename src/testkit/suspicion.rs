//! What looks like a secret. Pure.
//!
//! Some texts surely are one: they have the shape that a well-known service gives its keys. Others only may be: long, and without any
//! sense in them. What surely is one gives way to a placeholder; what only may be one stops a recording.

use std::sync::OnceLock;

use regex_lite::Regex;

/// The shapes of keys, tokens and passwords, as they stand anywhere in a text.
const SHAPES: &str = concat!(
    r"(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{8,}",
    r"|\b(?:whsec|shpat|shpca|shppa|shpss|glpat|github_pat|dop_v1|npm|pat-(?:na|eu)\d)[-_][0-9A-Za-z_=+/-]{12,}",
    r"|\bgh[pousr]_[0-9A-Za-z]{20,}",
    r"|\bxox[abeprs]-[0-9A-Za-z-]{10,}",
    r"|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    r"|\bAIza[0-9A-Za-z_-]{30,}",
    r"|\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}",
    r"|\beyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{4,}",
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.)*",
    r"|(?i:bearer|basic)\s+[0-9A-Za-z._~+/=-]{16,}",
    r"|[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@]+@",
);

/// An address of e-mail.
const EMAIL: &str = r"[0-9A-Za-z._%+-]+@[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)+";

/// A run of signs that keys are made of.
const RUN: &str = r"[0-9A-Za-z+/_=-]{24,}";

/// The names of members that hold secrets, as they are written in one word.
const NAMES: [&str; 13] = [
    "secret",
    "clientsecret",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "authorization",
    "accesstoken",
    "refreshtoken",
    "sessionid",
];

/// What the ids of many providers look like: a short word, and signs behind it.
const ID: &str = r"^([a-z]{2,12})_[0-9A-Za-z]{8,30}$";

/// Short words before signs that are no ids.
const NO_IDS: [&str; 12] =
    ["sk", "rk", "pk", "key", "tok", "token", "secret", "api", "apikey", "pat", "auth", "sess"];

/// How many bits each sign of a run carries at least that makes no sense.
const BITS: f64 = 3.7;

fn regex(cell: &'static OnceLock<Option<Regex>>, pattern: &str) -> Option<&'static Regex> {
    cell.get_or_init(|| Regex::new(pattern).ok()).as_ref()
}

/// What surely is a secret in a text.
pub(super) fn secrets(text: &str) -> Vec<&str> {
    static SHAPE: OnceLock<Option<Regex>> = OnceLock::new();
    regex(&SHAPE, SHAPES)
        .map(|shape| shape.find_iter(text).map(|found| found.as_str()).collect())
        .unwrap_or_default()
}

/// Whether there surely is a secret in a text.
pub(crate) fn holds_secret(text: &str) -> bool {
    !secrets(text).is_empty()
}

/// The addresses of e-mail in a text.
pub(super) fn emails(text: &str) -> Vec<&str> {
    static SHAPE: OnceLock<Option<Regex>> = OnceLock::new();
    regex(&SHAPE, EMAIL)
        .map(|shape| shape.find_iter(text).map(|found| found.as_str()).collect())
        .unwrap_or_default()
}

/// Whether a member of this name holds a secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    let one_word: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let one_word = one_word.to_ascii_lowercase();
    NAMES.iter().any(|known| one_word == *known || one_word.ends_with(known))
}

/// What may be a secret in a text: long, of letters of both kinds and digits, and without any sense.
pub(super) fn doubtful(text: &str) -> Vec<&str> {
    static SHAPE: OnceLock<Option<Regex>> = OnceLock::new();
    let Some(run) = regex(&SHAPE, RUN) else { return vec![text] };
    run.find_iter(text).map(|found| found.as_str()).filter(|run| is_senseless(run)).collect()
}

/// Whether a member of this name leads to another page.
pub(super) fn is_cursor_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace(['_', '-'], "");
    ["cursor", "pagetoken", "pageinfo", "nexttoken", "synctoken"].iter().any(|known| name.ends_with(known))
}

/// A run that reads as a path has words in it.
fn has_words(run: &str) -> bool {
    let is_word = |part: &str| {
        let inner = part.get(1..).unwrap_or_default();
        inner.len() >= 4
            && part.chars().all(|c| c.is_ascii_alphabetic())
            && !inner.chars().any(|c| c.is_ascii_uppercase())
    };
    run.contains('/') && run.split('/').any(is_word)
}

fn is_id(run: &str) -> bool {
    static SHAPE: OnceLock<Option<Regex>> = OnceLock::new();
    let found = regex(&SHAPE, ID).and_then(|shape| shape.captures(run));
    found.is_some_and(|found| !NO_IDS.contains(&&found[1]))
}

fn is_senseless(run: &str) -> bool {
    if has_words(run) || is_id(run) {
        return false;
    }
    let has = |of: fn(&char) -> bool| run.chars().any(|c| of(&c));
    let is_mixed =
        has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase) && has(char::is_ascii_digit);
    is_mixed && bits(run) >= BITS
}

/// Shannon's entropy of the signs of a text.
fn bits(text: &str) -> f64 {
    let mut counts = [0_u32; 256];
    text.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
    let all = f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX));
    let share = |count: &u32| f64::from(*count) / all;
    counts.iter().filter(|count| **count > 0).map(|count| -share(count) * share(count).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_well_known_services_are_secrets_wherever_they_stand() {
        let keys = [
            concat!("sk_", "live_4eC39HqLyjWDarjtT1zdp7dc"),
            concat!("ghp_", "0123456789abcdefghijABCDEFGHIJ"),
            concat!("AKIA", "ABCDEFGHIJKLMNOP"),
            concat!("xoxb-", "123456789012-abcdef"),
            concat!("eyJhbGciOiJIUzI1NiJ9", ".eyJzdWIiOiIxIn0", ".c2lnbmF0dXJl"),
            "Bearer abcdefghijklmnop.qrst",
        ];
        for key in keys {
            assert_eq!(secrets(&format!("it is {key}, keep it")).len(), 1, "{key}");
        }
        assert_eq!(secrets("postgres://app:hunter2@db.example.com/app").len(), 1);
        for plain in [
            "ch_3Q7b",
            "charge.succeeded",
            "https://api.example.com/v1?after=ch_2",
            "sk_test",
            "a bearer of news",
        ] {
            assert_eq!(secrets(plain), Vec::<&str>::new(), "{plain}");
        }
    }

    #[test]
    fn a_long_run_without_sense_is_doubtful_and_ids_are_not() {
        for key in [
            "q9Zt4LwX2vKb7RmYc1NfH8sDgJ5p",
            "token_q9Zt4LwX2vKb7RmYc1NfH8s",
            "wJalrXUtnF3MI/K7MDENG/bPxRfiCY7XAMPLKEY",
        ] {
            assert_eq!(doubtful(&format!("note: {key}")).len(), 1, "{key}");
        }
        for plain in [
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "gid://shopify/Order/1234567890123",
            "ch_3MmlLrLkdIwHu7ix0snN0B15",
            "acquirer_reference_number_of_the_payment",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAa1",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ] {
            assert_eq!(doubtful(plain), Vec::<&str>::new(), "{plain}");
        }
    }

    #[test]
    fn names_of_members_tell_secrets_from_cursors() {
        let names = ["client_secret", "apiKey", "X-Api-Key", "refresh_token", "db_password", "Authorization"];
        assert!(names.iter().all(|name| is_secret_name(name)), "{names:?}");
        let others = ["next_page_token", "cursor", "key", "id", "secretary", "token_type"];
        assert!(!others.iter().any(|name| is_secret_name(name)), "{others:?}");
    }
}
