//! The user's SQL: finds `:from`, `:to`, `:keys` and `:each.NAME` with a tokenizer and writes the database's own placeholders.
//!
//! Text in quotes, comments and dollar quotes is never looked into. No value enters the SQL, here or later.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;
use tieout_reconcilers::reconciler::Local;

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
    /// MySQL and MariaDB.
    MySql,
}

/// What a statement is for, which decides its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The rows of a range: `:from` and `:to`.
    Rows,
    /// The rows of some keys: `:keys`.
    Keys,
    /// All rows: no parameter but those of the member.
    Whole,
    /// One number about a range, of all members together: `:from` and `:to`.
    Number,
}

impl Purpose {
    /// What `rows` is for: without a clock it names no range.
    pub(super) fn of_rows(local: &Local) -> Self {
        if local.clock.is_some() { Self::Rows } else { Self::Whole }
    }
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
    /// A value of the member of the fan-out, by its place among the names that the statement uses.
    Each(usize),
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
    /// A member of a fan-out by itself.
    #[error("`:each` needs the name of a value, such as `:each.account`")]
    NamelessMember,
    /// A value that the feed's members do not have.
    #[error("the feed has no `:each.{0}`")]
    UnknownMember(String),
    /// A statement that would read the rows of all members.
    #[error(
        "the feed is read for each `{0}` by itself, and the statement does not use `:each.{0}`: the rows of the others would look orphaned"
    )]
    MemberUnused(String),
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

/// Why a domain's statement does not fit the members that its feed is read for, before it is known whose SQL it is.
#[must_use]
pub fn misfit(sql: &str, names: &BTreeSet<Box<str>>) -> Option<StatementProblem> {
    let parsed = [Dialect::Postgres, Dialect::Sqlite, Dialect::MySql]
        .into_iter()
        .find_map(|dialect| lexemes(sql, dialect).ok());
    // What is no SQL at all is told by the database's own check.
    let used: BTreeSet<Box<str>> = parameters::members(&parsed?).map(Into::into).collect();
    let unknown = used.difference(names).next().map(|name| StatementProblem::UnknownMember(name.to_string()));
    let unused = names.difference(&used).next().map(|name| StatementProblem::MemberUnused(name.to_string()));
    unknown.or(unused)
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
    purpose: Purpose,
    /// Each `NAME` of `:each.NAME`, in the order of their first use.
    each: Vec<Box<str>>,
}

impl Statement {
    /// Checks a statement and finds its parameters.
    pub(super) fn parse(sql: &str, dialect: Dialect, purpose: Purpose) -> Result<Self, StatementFault> {
        let lexemes = lexemes(sql, dialect)?;
        one_query(&lexemes)?;
        let (found, each) = parameters::find(&lexemes, dialect, purpose)?;
        let mut pieces = Vec::new();
        let mut done = 0;
        for (parameter, range) in found {
            pieces.push((sql[..done].chars().count(), Piece::Text(sql[done..range.start].into())));
            pieces.push((sql[..range.start].chars().count(), Piece::Parameter(parameter)));
            done = range.end;
        }
        pieces.push((sql[..done].chars().count(), Piece::Text(sql[done..].into())));
        Ok(Self { pieces, sql: sql.into(), purpose, each })
    }

    /// The values that the statement wants of a member, in the order of their placeholders. Every value has to be used.
    pub(super) fn values_of(
        &self,
        member: &BTreeMap<Box<str>, Box<str>>,
    ) -> Result<Vec<Box<str>>, StatementFault> {
        let fault = |problem| StatementFault { line: 1, column: 1, problem };
        if let Some(unused) = member.keys().find(|name| !self.each.contains(name)) {
            return Err(fault(StatementProblem::MemberUnused(unused.to_string())));
        }
        let value = |name: &str| {
            let unknown = || fault(StatementProblem::UnknownMember(name.to_owned()));
            member.get(name).cloned().ok_or_else(unknown)
        };
        self.each.iter().map(|name| value(name)).collect()
    }

    /// The SQL for PostgreSQL: `$1` and `$2` for the range, or `$1` for all keys as one array.
    pub(super) fn for_postgres(&self) -> String {
        self.pieces.iter().map(|(_, piece)| self.postgres(piece)).collect()
    }

    /// The SQL for SQLite: `?1` and `?2` for the range, or `?1` to `?n` for `n` keys.
    pub(super) fn for_sqlite(&self, keys: usize) -> String {
        self.pieces.iter().map(|(_, piece)| self.sqlite(piece, keys)).collect()
    }

    /// The SQL for MySQL: `?` for every use of a parameter, and for `n` keys `n` times how a key is written.
    pub(super) fn for_mysql(&self, keys: usize, key: &str) -> String {
        let written = self.pieces.iter().map(|(_, piece)| match piece {
            Piece::Text(text) => Cow::Borrowed(&**text),
            Piece::Parameter(Parameter::Keys) => {
                let list = vec![key; keys.max(1)];
                format!("IN ({})", list.join(",")).into()
            }
            Piece::Parameter(_) => "?".into(),
        });
        written.collect()
    }

    /// Every use of a parameter, in order, for a database whose placeholders have no numbers.
    pub(super) fn uses(&self) -> impl Iterator<Item = Parameter> {
        self.pieces.iter().filter_map(|(_, piece)| match piece {
            Piece::Text(_) => None,
            Piece::Parameter(parameter) => Some(*parameter),
        })
    }

    /// Line and column in the user's SQL of a character, from 1, of the SQL for PostgreSQL.
    pub(super) fn position_of(&self, character: usize) -> (usize, usize) {
        let mut left = character.saturating_sub(1);
        let mut origin = self.sql.chars().count();
        for (start, piece) in &self.pieces {
            let length = self.postgres(piece).chars().count();
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

    fn postgres<'p>(&self, piece: &'p Piece) -> Cow<'p, str> {
        match piece {
            Piece::Text(text) => Cow::Borrowed(text),
            Piece::Parameter(Parameter::From) => "$1".into(),
            Piece::Parameter(Parameter::To) => "$2".into(),
            Piece::Parameter(Parameter::Keys) => "= ANY($1)".into(),
            Piece::Parameter(Parameter::Each(place)) => format!("${}", self.before_each(1) + place).into(),
        }
    }

    fn sqlite<'p>(&self, piece: &'p Piece, keys: usize) -> Cow<'p, str> {
        match piece {
            Piece::Text(text) => Cow::Borrowed(text),
            Piece::Parameter(Parameter::From) => "?1".into(),
            Piece::Parameter(Parameter::To) => "?2".into(),
            Piece::Parameter(Parameter::Keys) => {
                let mut list = String::from("IN (?1");
                for number in 2..=keys {
                    // Writing to a String cannot fail.
                    let _ = write!(list, ",?{number}");
                }
                (list + ")").into()
            }
            Piece::Parameter(Parameter::Each(place)) => format!("?{}", self.before_each(keys) + place).into(),
        }
    }

    /// The number of the first value of a member, behind the range or the keys.
    const fn before_each(&self, keys: usize) -> usize {
        match self.purpose {
            Purpose::Rows | Purpose::Number => 3,
            Purpose::Keys => keys + 1,
            Purpose::Whole => 1,
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
