//! The user's SQL: finds `:from`, `:to` and `:keys` with a tokenizer and writes the database's own placeholders.
//!
//! Text in quotes, comments and dollar quotes is never looked into. No value enters the SQL, here or later.

use std::fmt::Write as _;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use self::lexemes::{Lexeme, lexemes};
use super::error::meant;

mod lexemes;
mod parameters;

/// Whose SQL it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

/// What a statement is for, which decides its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The rows of a range: `:from` and `:to`.
    Rows,
    /// The rows of some keys: `:keys`.
    Keys,
}

/// A parameter of the user's SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    /// The first instant of the range.
    From,
    /// The first instant after the range.
    To,
    /// The keys, together with the comparison that they stand in.
    Keys,
}

/// Why a statement is refused before a database sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column} of the SQL: {problem}")]
pub struct StatementFault {
    /// Line in the SQL, from 1.
    pub line: usize,
    /// Column in the SQL, in characters from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: StatementProblem,
}

/// What is wrong with a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementProblem {
    /// A quote, comment or dollar quote has no end.
    #[error("{0}")]
    NotSql(String),
    /// It does something other than read.
    #[error("a statement that reads begins with SELECT, WITH, VALUES or TABLE")]
    NotAQuery,
    /// There is more after a semicolon.
    #[error("there is more than one statement")]
    SeveralStatements,
    /// A placeholder that nothing would be bound to.
    #[error("`{0}` is not a placeholder here; write :from, :to or :keys")]
    OwnPlaceholder(String),
    /// A name that no parameter has.
    #[error("there is no parameter `:{name}`{}", meant(*did_you_mean))]
    UnknownParameter {
        /// The name without its colon.
        name: String,
        /// The nearest parameter.
        did_you_mean: Option<&'static str>,
    },
    /// A parameter of the language that this version does not bind yet.
    #[error("`{0}` is known but not supported yet")]
    NotSupportedYet(String),
    /// A parameter of the other statement.
    #[error("`{0}` has no value in this statement")]
    NoValueHere(&'static str),
    /// A parameter without which the statement reads too much.
    #[error("`{0}` is missing")]
    MissingParameter(&'static str),
    /// Everything but the keys would be read.
    #[error("`NOT IN (:keys)` would read every other row; write `IN (:keys)`")]
    KeysNegated,
    /// The keys stand where a list cannot be bound.
    #[error("`:keys` can only stand in `column IN (:keys)` or `column = ANY(:keys)`")]
    KeysMisplaced,
}

/// A stretch of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    /// The user's own text.
    Text(Box<str>),
    /// A placeholder.
    Parameter(Parameter),
}

/// A checked statement, ready to be written for a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// Each piece with the character offset in the user's SQL at which it starts.
    pieces: Vec<(usize, Piece)>,
    sql: Box<str>,
}

impl Statement {
    /// Checks a statement and finds its parameters.
    pub(super) fn parse(sql: &str, dialect: Dialect, purpose: Purpose) -> Result<Self, StatementFault> {
        let lexemes = lexemes(sql, dialect)?;
        one_query(&lexemes)?;
        let found = parameters::find(&lexemes, dialect, purpose)?;
        let mut pieces = Vec::new();
        let mut done = 0;
        for (parameter, range) in found {
            pieces.push((sql[..done].chars().count(), Piece::Text(sql[done..range.start].into())));
            pieces.push((sql[..range.start].chars().count(), Piece::Parameter(parameter)));
            done = range.end;
        }
        pieces.push((sql[..done].chars().count(), Piece::Text(sql[done..].into())));
        Ok(Self { pieces, sql: sql.into() })
    }

    /// The SQL for PostgreSQL: `$1` and `$2` for the range, or `$1` for all keys as one array.
    pub(super) fn for_postgres(&self) -> String {
        self.pieces.iter().map(|(_, piece)| postgres(piece)).collect()
    }

    /// The SQL for SQLite: `?1` and `?2` for the range, or `?1` to `?n` for `n` keys.
    pub(super) fn for_sqlite(&self, keys: usize) -> String {
        self.pieces.iter().map(|(_, piece)| sqlite(piece, keys)).collect()
    }

    /// Line and column in the user's SQL of a character, from 1, of the SQL for PostgreSQL.
    pub(super) fn position_of(&self, character: usize) -> (usize, usize) {
        let mut left = character.saturating_sub(1);
        let mut origin = self.sql.chars().count();
        for (start, piece) in &self.pieces {
            let length = postgres(piece).chars().count();
            if left < length {
                origin = start + if matches!(piece, Piece::Text(_)) { left } else { 0 };
                break;
            }
            left -= length;
        }
        let before: String = self.sql.chars().take(origin).collect();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
    }
}

fn postgres(piece: &Piece) -> &str {
    match piece {
        Piece::Text(text) => text,
        Piece::Parameter(Parameter::From) => "$1",
        Piece::Parameter(Parameter::To) => "$2",
        Piece::Parameter(Parameter::Keys) => "= ANY($1)",
    }
}

fn sqlite(piece: &Piece, keys: usize) -> String {
    match piece {
        Piece::Text(text) => text.to_string(),
        Piece::Parameter(Parameter::From) => "?1".to_owned(),
        Piece::Parameter(Parameter::To) => "?2".to_owned(),
        Piece::Parameter(Parameter::Keys) => {
            let mut list = String::from("IN (?1");
            for number in 2..=keys {
                // Writing to a String cannot fail.
                let _ = write!(list, ",?{number}");
            }
            list + ")"
        }
    }
}

/// Refuses what is not exactly one statement that reads. The database refuses writes itself; this says it earlier.
fn one_query(lexemes: &[Lexeme]) -> Result<(), StatementFault> {
    let first = lexemes.iter().find(|lexeme| lexeme.token != Token::LParen);
    let reads = [Keyword::SELECT, Keyword::WITH, Keyword::VALUES, Keyword::TABLE];
    match first {
        Some(first) if reads.iter().any(|keyword| first.is_keyword(*keyword)) => {}
        Some(other) => return Err(other.fault(StatementProblem::NotAQuery)),
        None => return Err(StatementFault { line: 1, column: 1, problem: StatementProblem::NotAQuery }),
    }
    let after = lexemes.iter().skip_while(|lexeme| lexeme.token != Token::SemiColon);
    match after.into_iter().find(|lexeme| lexeme.token != Token::SemiColon) {
        Some(second) => Err(second.fault(StatementProblem::SeveralStatements)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
