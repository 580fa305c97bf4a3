//! Provider files to begin with: an API of the user's own choice, by how its lists are paged.

use clap::ValueEnum;
use tieout_reconcilers::name::Name;

/// How an API leads to its next page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Template {
    /// A token in the answer asks for the next page
    Cursor,
    /// The id of the last row asks for the next page
    LastId,
    /// Pages have numbers, from 1
    PageNumber,
    /// Pages begin at a row
    Offset,
    /// A `Link` header names the next page
    LinkHeader,
    /// A link in the answer names the next page
    NextUrl,
    /// Everything is on one page
    OnePage,
}

/// What stands around the next page, which is the same for all of them.
const FRAME: &str = include_str!("templates/frame.provider.yaml");

impl Template {
    /// The parameters that ask for a page, and where its answer says how to go on.
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Cursor => (
                "limit: \"{size}\", cursor: \"{cursor}\"",
                "{cursor: next_cursor, more: has_more, size: 100}   # <- the token in the answer, and whether there is more",
            ),
            Self::LastId => (
                "limit: \"{size}\", starting_after: \"{cursor}\"",
                "{cursor: \"last:id\", more: has_more, size: 100}   # <- the last row's id asks for the next page",
            ),
            Self::PageNumber => (
                "per_page: \"{size}\", page: \"{page}\"",
                "{page: 1, total: total?, size: 100}   # <- the first number; `total` proves that all rows were seen, where the answer has it",
            ),
            Self::Offset => (
                "limit: \"{size}\", offset: \"{offset}\"",
                "{offset: 0, step: rows, total: total?, size: 100}   # <- `total` proves that all rows were seen, where the answer has it",
            ),
            Self::LinkHeader => {
                ("limit: \"{size}\"", "{link: next, size: 100}   # the `Link` header of RFC 8288")
            }
            Self::NextUrl => {
                ("limit: \"{size}\"", "{url: links.next, size: 100}   # <- where the answer has the link")
            }
            Self::OnePage => ("", "none"),
        }
    }

    /// The provider file, with a feed.
    pub(super) fn to_yaml(self, provider: &Name, feed: &Name, schema: &str) -> String {
        let (page, next) = self.words();
        let page = if page.is_empty() { String::new() } else { format!("{page}, ") };
        let values = [
            ("@SCHEMA@", super::domain::schema_lines(schema)),
            ("@PROVIDER@", provider.to_string()),
            ("@SECRET@", secret_of(provider)),
            ("@FEED@", feed.to_string()),
            ("@PAGE@", page),
            ("@NEXT@", next.to_owned()),
        ];
        values.iter().fold(FRAME.to_owned(), |text, (mark, value)| text.replace(mark, value))
    }
}

fn secret_of(provider: &Name) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    provider.as_str().chars().map(fits).collect::<String>() + "_key"
}
