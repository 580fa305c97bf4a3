//! The tokens of a statement that mean something, with their byte ranges. White space and comments are left out.

use std::ops::Range;

use sqlparser::dialect::{MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Location, Token, Tokenizer};

use super::{Dialect, StatementFault, StatementProblem};

/// A token and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Lexeme {
    /// The token.
    pub(super) token: Token,
    /// Its bytes in the SQL.
    pub(super) range: Range<usize>,
    at: Location,
}

impl Lexeme {
    /// Whether it is a keyword, not a quoted name that looks like one.
    pub(super) fn is_keyword(&self, keyword: Keyword) -> bool {
        matches!(&self.token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
    }

    /// A fault at its place.
    pub(super) fn fault(&self, problem: StatementProblem) -> StatementFault {
        fault(self.at, problem)
    }
}

fn fault(at: Location, problem: StatementProblem) -> StatementFault {
    let number = |n| usize::try_from(n).unwrap_or(usize::MAX);
    StatementFault { line: number(at.line), column: number(at.column), problem }
}

/// Splits a statement into its tokens.
pub(super) fn lexemes(sql: &str, dialect: Dialect) -> Result<Vec<Lexeme>, StatementFault> {
    let tokens = match dialect {
        Dialect::Postgres => Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize_with_location(),
        Dialect::Sqlite => Tokenizer::new(&SQLiteDialect {}, sql).tokenize_with_location(),
        Dialect::MySql => Tokenizer::new(&MySqlDialect {}, sql).tokenize_with_location(),
    };
    let tokens = tokens.map_err(|e| fault(e.location, StatementProblem::NotSql(e.message)))?;
    let offsets = Offsets::of(sql);
    let meaningful = tokens.into_iter().filter(|token| !matches!(token.token, Token::Whitespace(_)));
    Ok(meaningful
        .map(|token| Lexeme {
            range: offsets.byte(token.span.start)..offsets.byte(token.span.end),
            at: token.span.start,
            token: token.token,
        })
        .collect())
}

/// The byte offset of every character, line by line.
struct Offsets(Vec<Vec<usize>>);

impl Offsets {
    fn of(sql: &str) -> Self {
        let mut lines = vec![Vec::new()];
        for (offset, character) in sql.char_indices() {
            if let Some(line) = lines.last_mut() {
                line.push(offset);
            }
            if character == '\n' {
                lines.push(Vec::new());
            }
        }
        if let Some(line) = lines.last_mut() {
            line.push(sql.len());
        }
        Self(lines)
    }

    fn byte(&self, at: Location) -> usize {
        let index = |n: u64| usize::try_from(n).unwrap_or(usize::MAX).wrapping_sub(1);
        let end = || self.0.last().and_then(|line| line.last()).copied().unwrap_or_default();
        let on_line = self.0.get(index(at.line)).and_then(|line| line.get(index(at.column)));
        on_line.copied().unwrap_or_else(end)
    }
}
