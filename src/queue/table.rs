//! The name of a queue's table: an identifier from the configuration, checked and quoted, never text in a statement.

use std::fmt;
use std::str::FromStr;

/// PostgreSQL cuts off longer identifiers.
const MAX_LEN: usize = 63;

/// What stands beside a table is named after it, so its own name leaves room for the longest end, `_versions`.
const MAX_TABLE: usize = MAX_LEN - "_versions".len();

/// Why a text is not a table's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a table name: use at most {MAX_TABLE} letters, digits and `_`, not starting with a digit, with at most one \
     schema before it"
)]
pub struct NotATable(String);

/// A table's name, with or without its schema: `[A-Za-z_][A-Za-z0-9_]*`, once or twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    schema: Option<String>,
    table: String,
}

impl TableName {
    /// The table without its schema and without quotes.
    pub(crate) fn bare(&self) -> &str {
        &self.table
    }

    /// What stands before the names in its schema: the quoted schema and a dot, or nothing.
    pub(crate) fn schema_prefix(&self) -> String {
        self.schema.as_ref().map_or_else(String::new, |schema| format!("\"{schema}\"."))
    }

    /// Whether it names a schema.
    pub(crate) const fn has_schema(&self) -> bool {
        self.schema.is_some()
    }

    /// The quoted schema and table.
    pub(super) fn quoted(&self) -> String {
        format!("{}\"{}\"", self.schema_prefix(), self.table)
    }
}

impl Default for TableName {
    fn default() -> Self {
        Self { schema: None, table: "tieout_events".to_owned() }
    }
}

impl FromStr for TableName {
    type Err = NotATable;

    fn from_str(text: &str) -> Result<Self, NotATable> {
        let (schema, table) =
            text.split_once('.').map_or((None, text), |(schema, table)| (Some(schema), table));
        if !is_identifier(table) || table.len() > MAX_TABLE || !schema.is_none_or(is_identifier) {
            return Err(NotATable(text.to_owned()));
        }
        Ok(Self { schema: schema.map(str::to_owned), table: table.to_owned() })
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.table),
            None => f.write_str(&self.table),
        }
    }
}

fn is_identifier(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts_well && text.len() <= MAX_LEN && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_name_cannot_carry_sql() {
        for bad in [
            "",
            "1a",
            "a b",
            "a;drop",
            "a\"b",
            "a.b.c",
            ".a",
            "a.",
            "é",
            &"x".repeat(55),
            &format!("{}.a", "x".repeat(64)),
        ] {
            assert!(bad.parse::<TableName>().is_err(), "{bad:?} was accepted");
        }
        assert_eq!("billing.Events".parse::<TableName>().unwrap().quoted(), r#""billing"."Events""#);
        assert_eq!(TableName::default().quoted(), r#""tieout_events""#);
    }
}
