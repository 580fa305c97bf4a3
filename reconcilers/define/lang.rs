//! Languages that a request may hold a text in, and how a value stays inside its quotes there.

use std::fmt::Write as _;

use super::checked::Word;

/// The language of the texts in a feed's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Salesforce's query language.
    Soql,
    /// Jira's query language.
    Jql,
    /// `OData` filters.
    Odata,
    /// SCIM filters.
    Scim,
    /// The query language of `QuickBooks`.
    Qbo,
    /// Strings of GraphQL documents, and search texts in GraphQL variables.
    Graphql,
    /// Airtable's formulas.
    Formula,
    /// JSON inside another text.
    Json,
}

impl Word for Lang {
    const WHAT: &'static str = "language";

    fn words() -> Vec<(&'static str, Self)> {
        vec![
            ("soql", Lang::Soql),
            ("jql", Lang::Jql),
            ("odata", Lang::Odata),
            ("scim", Lang::Scim),
            ("qbo", Lang::Qbo),
            ("graphql", Lang::Graphql),
            ("formula", Lang::Formula),
            ("json", Lang::Json),
        ]
    }
}

impl Lang {
    /// The marks that open a quoted text; the first is the one that we write ourselves.
    const fn marks(self) -> &'static [char] {
        match self {
            Self::Soql | Self::Odata | Self::Qbo => &['\''],
            Self::Scim | Self::Json => &['"'],
            Self::Jql | Self::Graphql | Self::Formula => &['"', '\''],
        }
    }

    /// A value in quotes.
    #[must_use]
    pub fn quoted(self, value: &str) -> String {
        let quote = Quote { lang: self, mark: self.marks()[0] };
        format!("{0}{1}{0}", quote.mark, quote.escaped(value))
    }
}

/// The quotes that a value stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quote {
    lang: Lang,
    mark: char,
}

impl Quote {
    /// A value as it must be written to end only where its quotes do.
    #[must_use]
    pub fn escaped(self, value: &str) -> String {
        let mut text = String::with_capacity(value.len());
        for c in value.chars() {
            match (self.lang, c) {
                (Lang::Odata, _) if c == self.mark => text.extend([c, c]),
                (Lang::Odata, _) => text.push(c),
                (_, '\\') => text.push_str("\\\\"),
                (_, '\n') => text.push_str("\\n"),
                (_, '\r') => text.push_str("\\r"),
                (_, '\t') => text.push_str("\\t"),
                (Lang::Scim | Lang::Json | Lang::Graphql, _) if c.is_ascii_control() => {
                    // Writing to a string cannot fail.
                    let _ = write!(text, "\\u{:04x}", u32::from(c));
                }
                _ if c == self.mark => text.extend(['\\', c]),
                _ => text.push(c),
            }
        }
        text
    }
}

/// Follows a text of a language, to know whether the next value stands in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scan {
    lang: Lang,
    mark: Option<char>,
    escaped: bool,
}

impl Scan {
    pub(super) const fn new(lang: Lang) -> Self {
        Self { lang, mark: None, escaped: false }
    }

    /// Reads on.
    pub(super) fn read(&mut self, text: &str) {
        for c in text.chars() {
            self.escaped = match self.mark {
                Some(_) if self.escaped => false,
                Some(_) if c == '\\' && self.lang != Lang::Odata => true,
                Some(mark) if c == mark => {
                    self.mark = None;
                    false
                }
                None if self.lang.marks().contains(&c) => {
                    self.mark = Some(c);
                    false
                }
                _ => false,
            };
        }
    }

    /// The quotes around what comes next.
    pub(super) fn quote(self) -> Option<Quote> {
        self.mark.map(|mark| Quote { lang: self.lang, mark })
    }

    /// Whether a value that comes next would be read as the rest of an escape.
    pub(super) const fn is_escaping(self) -> bool {
        self.escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::define::checked::FromText;
    use proptest::prelude::*;

    const ALL: [Lang; 8] =
        [Lang::Soql, Lang::Jql, Lang::Odata, Lang::Scim, Lang::Qbo, Lang::Graphql, Lang::Formula, Lang::Json];

    /// What a reader of the language finds in the quotes that a text begins with, and what follows them.
    fn read_back(lang: Lang, text: &str) -> Option<(String, String)> {
        let mut rest = text.chars();
        let mark = rest.next()?;
        let mut value = String::new();
        loop {
            match rest.next()? {
                c if c == mark && lang == Lang::Odata && rest.as_str().starts_with(mark) => {
                    value.push(c);
                    rest.next();
                }
                c if c == mark => return Some((value, rest.as_str().to_owned())),
                '\\' if lang != Lang::Odata => match rest.next()? {
                    'n' => value.push('\n'),
                    'r' => value.push('\r'),
                    't' => value.push('\t'),
                    'u' => {
                        let digits: String = rest.by_ref().take(4).collect();
                        value.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                    }
                    other => value.push(other),
                },
                c => value.push(c),
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_value_breaks_out_of_its_quotes(value in r#"([\\'"nu\n\r\t0-9a-c]|\PC|[\x00-\x1f]){0,12}"#, which in 0_usize..8) {
            let lang = ALL[which];
            for mark in lang.marks() {
                let text = format!("{mark}{}{mark} OR 1 = 1", Quote { lang, mark: *mark }.escaped(&value));
                prop_assert_eq!(read_back(lang, &text), Some((value.clone(), " OR 1 = 1".to_owned())), "{}", text);
                let mut scan = Scan::new(lang);
                scan.read(&text);
                prop_assert_eq!(scan, Scan::new(lang));
            }
        }

        #[test]
        fn json_and_scim_values_are_json_strings(value in r#"([\\'"]|\PC|[\x00-\x1f]){0,12}"#) {
            for lang in [Lang::Json, Lang::Scim] {
                prop_assert_eq!(serde_json::from_str::<String>(&lang.quoted(&value)).unwrap(), value.clone());
            }
        }
    }

    #[test]
    fn values_are_escaped_in_the_way_of_their_language() {
        for (lang, expected) in [
            (Lang::Soql, r#"'a\'b"c\\'"#),
            (Lang::Qbo, r#"'a\'b"c\\'"#),
            (Lang::Odata, r#"'a''b"c\'"#),
            (Lang::Scim, r#""a'b\"c\\""#),
            (Lang::Jql, r#""a'b\"c\\""#),
            (Lang::Graphql, r#""a'b\"c\\""#),
            (Lang::Formula, r#""a'b\"c\\""#),
        ] {
            assert_eq!(lang.quoted(r#"a'b"c\"#), expected, "{lang:?}");
        }
        assert!(Lang::from_text("sql").is_err());
    }
}
