//! What people must not see of a finding: values give way to pseudonyms, or go altogether. Pure.
//!
//! It hides what is stored and shown. Events are made of what upstream sent and never pass here.

use std::fmt::{self, Write as _};

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use secrecy::{ExposeSecret as _, SecretString};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::discrepancy::{FieldDiff, Hidden};
use tieout_reconcilers::scalar::unquote;

/// The shortest key: 32 characters, which `openssl rand -hex 32` has twice.
const SHORTEST: usize = 32;
/// What a pseudonym begins with.
const FORM: &str = "hmac:";

/// Makes pseudonyms: HMAC-SHA256 with a key that only the team has.
#[derive(Clone)]
pub struct Pseudonyms(Key);

/// A text that hides nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it must be at least {SHORTEST} characters long; make one with `openssl rand -hex 32`")]
pub struct NotAKey;

impl Pseudonyms {
    /// The pseudonyms of a key.
    pub fn new(key: &SecretString) -> Result<Self, NotAKey> {
        let key = key.expose_secret();
        if key.chars().count() < SHORTEST {
            return Err(NotAKey);
        }
        Ok(Self(Key::new(HMAC_SHA256, key.as_bytes())))
    }

    /// The pseudonym of a value, both as JSON text: of a text as it is read, of everything else as it is written. That there
    /// is no value is no secret.
    fn of(&self, value: &str) -> Box<str> {
        if value == "null" {
            return value.into();
        }
        let text = unquote(value).unwrap_or(value.into());
        let mut pseudonym = format!("\"{FORM}");
        for byte in sign(&self.0, text.as_bytes()).as_ref() {
            let _ = write!(pseudonym, "{byte:02x}");
        }
        pseudonym.push('"');
        pseudonym.into()
    }
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pseudonyms")
    }
}

/// Hides the values that a domain hides. What is hidden already stays as it is; without a key nothing is left of a value.
pub fn hide(diffs: &mut [FieldDiff], fields: &Fields, key: Option<&Pseudonyms>) {
    for diff in diffs {
        let field = fields.fields.iter().find(|field| field.name == diff.field);
        match (field.and_then(|field| field.hidden), diff.hidden, key) {
            (None, ..) | (Some(Hidden::Hashed), Some(_), _) => {}
            (Some(Hidden::Hashed), None, Some(key)) => {
                for side in [&mut diff.upstream, &mut diff.local] {
                    *side = side.as_deref().map(|value| key.of(value));
                }
                diff.hidden = Some(Hidden::Hashed);
            }
            (Some(Hidden::Dropped), ..) | (Some(Hidden::Hashed), None, None) => {
                (diff.upstream, diff.local, diff.hidden) = (None, None, Some(Hidden::Dropped));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tieout_reconcilers::compare::{Field, Rule};
    use tieout_reconcilers::path::Path;

    use super::*;

    const KEY: &str = "a key of more than thirty-two characters";

    fn pseudonyms(key: &str) -> Pseudonyms {
        Pseudonyms::new(&SecretString::from(key)).unwrap()
    }

    fn fields(hidden: Option<Hidden>) -> Fields {
        let named = Field::named(&Path::of_member("email"), Rule::Exact);
        Fields::of(vec![Field { hidden, ..named }])
    }

    fn diff(upstream: Option<&str>, local: Option<&str>) -> FieldDiff {
        FieldDiff {
            field: "email".into(),
            upstream: upstream.map(Into::into),
            local: local.map(Into::into),
            hidden: None,
        }
    }

    fn hidden(how: Hidden, diff: &FieldDiff, key: Option<&Pseudonyms>) -> FieldDiff {
        let mut diffs = [diff.clone()];
        hide(&mut diffs, &fields(Some(how)), key);
        let [diff] = diffs;
        diff
    }

    /// A side that may hold any JSON text that a normal form has.
    fn side() -> impl Strategy<Value = Option<String>> {
        let text = "[ -~é]{3,12}".prop_map(|text| serde_json::Value::from(text).to_string());
        let number = any::<i64>().prop_map(|number| number.to_string());
        proptest::option::of(prop_oneof![text, number, Just("null".to_owned())])
    }

    #[test]
    fn a_text_has_the_pseudonym_that_other_tools_give_it() {
        // printf %s 'what do ya want for nothing?' | openssl dgst -sha256 -hmac "$KEY"
        let diff = diff(Some(r#""what do ya want for nothing?""#), Some("null"));
        let diff = hidden(Hidden::Hashed, &diff, Some(&pseudonyms(KEY)));
        let expected = "\"hmac:f8e2ca996e36850fad8633f7797e2b3ea3223122be976e675a299da6f4acb984\"";
        assert_eq!((diff.upstream.as_deref(), diff.local.as_deref()), (Some(expected), Some("null")));
    }

    #[test]
    fn a_short_key_is_refused_and_a_key_is_never_printed() {
        let short = Pseudonyms::new(&SecretString::from("hunter2")).unwrap_err();
        assert!(short.to_string().contains("at least 32 characters"), "{short}");
        assert_eq!(format!("{:?}", pseudonyms(KEY)), "Pseudonyms");
    }

    proptest! {
        #[test]
        fn nothing_of_a_hidden_value_is_left(upstream in side(), local in side(), drops: bool, has_key: bool) {
            let key = pseudonyms(KEY);
            let how = if drops { Hidden::Dropped } else { Hidden::Hashed };
            let before = diff(upstream.as_deref(), local.as_deref());
            let after = hidden(how, &before, has_key.then_some(&key));
            let told = serde_json::to_string(&after).unwrap();
            for value in [&before.upstream, &before.local].into_iter().flatten().filter(|value| &***value != "null") {
                let bare = unquote(value).map_or_else(|| value.to_string(), std::borrow::Cow::into_owned);
                // Short numbers may stand in a pseudonym by chance.
                prop_assert!(bare.len() < 6 || !told.contains(&bare), "{told}");
                prop_assert_ne!(after.upstream.as_deref(), Some(&**value));
                prop_assert_ne!(after.local.as_deref(), Some(&**value));
            }
            let is_hashed = how == Hidden::Hashed && has_key;
            prop_assert_eq!(after.hidden, Some(if is_hashed { Hidden::Hashed } else { Hidden::Dropped }));
        }

        #[test]
        fn what_is_hidden_once_is_never_hidden_again(upstream in side(), local in side(), has_key: bool) {
            let key = pseudonyms(KEY);
            let once = hidden(Hidden::Hashed, &diff(upstream.as_deref(), local.as_deref()), Some(&key));
            prop_assert_eq!(&hidden(Hidden::Hashed, &once, has_key.then_some(&key)), &once);
            let dropped = hidden(Hidden::Dropped, &once, Some(&key));
            prop_assert_eq!((&dropped.upstream, &dropped.local), (&None, &None));
            prop_assert_eq!(&hidden(Hidden::Hashed, &dropped, Some(&key)), &dropped);
        }

        #[test]
        fn equal_values_have_equal_pseudonyms_and_others_and_other_keys_have_others(one in side(), other in side()) {
            let told = |key: &str| hidden(Hidden::Hashed, &diff(one.as_deref(), other.as_deref()), Some(&pseudonyms(key)));
            let bare = |side: &Option<String>| side.as_deref().map(|json| unquote(json).unwrap_or(json.into()).into_owned());
            let (first, second) = (told(KEY), told(&"b".repeat(32)));
            prop_assert_eq!(first.upstream == first.local, bare(&one) == bare(&other));
            let shows_nothing = one.as_deref().is_none_or(|json| json == "null");
            prop_assert_eq!(first.upstream == second.upstream, shows_nothing);
        }

        #[test]
        fn what_no_domain_hides_stays_as_it_is(upstream in side(), local in side()) {
            let mut diffs = [diff(upstream.as_deref(), local.as_deref())];
            let before = diffs.clone();
            hide(&mut diffs, &fields(None), Some(&pseudonyms(KEY)));
            hide(&mut diffs, &Fields::default(), None);
            prop_assert_eq!(diffs, before);
        }
    }
}
