//! The name of a queue's table: an identifier from the configuration, checked and quoted, never text in a statement.

use std::fmt;
use std::str::FromStr;

/// PostgreSQL cuts off longer identifiers.
const MAX_LEN: usize = 63;

/// Why a text is not a table's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a table name: use letters, digits and `_`, not starting with a digit, with at most one schema before it"
)]
pub struct NotATable(String);

/// A table's name, with or without its schema: `[A-Za-z_][A-Za-z0-9_]*`, once or twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableName {
    schema: Option<String>,
    table: String,
}

impl TableName {
    /// The quoted name of the index of waiting events, which lives in its table's schema.
    pub(super) fn waiting_index(&self) -> String {
        const SUFFIX: &str = "_waiting";
        let table: String = self.table.chars().take(MAX_LEN - SUFFIX.len()).collect();
        format!("\"{table}{SUFFIX}\"")
    }

    /// Whether it names a schema.
    pub(super) const fn has_schema(&self) -> bool {
        self.schema.is_some()
    }

    /// The quoted schema and table.
    pub(super) fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("\"{schema}\".\"{}\"", self.table),
            None => format!("\"{}\"", self.table),
        }
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
        if !is_identifier(table) || !schema.is_none_or(is_identifier) {
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
        for bad in ["", "1a", "a b", "a;drop", "a\"b", "a.b.c", ".a", "a.", "é", &"x".repeat(64)] {
            assert!(bad.parse::<TableName>().is_err(), "{bad:?} was accepted");
        }
        assert_eq!("billing.Events".parse::<TableName>().unwrap().quoted(), r#""billing"."Events""#);
        assert_eq!(TableName::default().quoted(), r#""tieout_events""#);
    }
}
