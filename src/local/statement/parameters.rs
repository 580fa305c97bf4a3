//! Finds the parameters among the tokens of a statement: a colon with a name right behind it.

use std::ops::Range;

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::Token;

use super::lexemes::Lexeme;
use super::{Dialect, Parameter, Purpose, StatementFault, StatementProblem};
use crate::local::error::nearest;

/// A parameter and the bytes it replaces.
type Found = (Parameter, Range<usize>);

/// Finds every parameter, in order, with the names of members' values, and proves that those that the purpose needs are there.
pub(super) fn find(
    lexemes: &[Lexeme],
    dialect: Dialect,
    purpose: Purpose,
) -> Result<(Vec<Found>, Vec<Box<str>>), StatementFault> {
    let mut found = Vec::new();
    let mut names = Vec::new();
    for (index, lexeme) in lexemes.iter().enumerate() {
        if is_placeholder(&lexeme.token, dialect) {
            return Err(lexeme.fault(StatementProblem::OwnPlaceholder(lexeme.token.to_string())));
        }
        match name_at(lexemes, index) {
            Some("each") if purpose == Purpose::Number => {
                return Err(lexeme.fault(StatementProblem::NoValueHere(":each")));
            }
            Some("each") => found.push(each(lexemes, index, &mut names)?),
            Some(name) => found.push(parameter(lexemes, index, name, purpose)?),
            None => {}
        }
    }
    let needed: &[(Parameter, &'static str)] = match purpose {
        Purpose::Rows | Purpose::Number => &[(Parameter::From, ":from"), (Parameter::To, ":to")],
        Purpose::Keys => &[(Parameter::Keys, ":keys")],
        Purpose::Whole => &[],
    };
    let is_there = |wanted: Parameter| found.iter().any(|(parameter, _)| *parameter == wanted);
    match needed.iter().find(|(wanted, _)| !is_there(*wanted)) {
        Some((_, name)) => {
            Err(StatementFault { line: 1, column: 1, problem: StatementProblem::MissingParameter(name) })
        }
        None => Ok((found, names)),
    }
}

/// The names of members' values that a statement uses.
pub(super) fn members(lexemes: &[Lexeme]) -> impl Iterator<Item = &str> {
    (0..lexemes.len()).filter(|index| name_at(lexemes, *index) == Some("each")).filter_map(|index| {
        match &lexemes.get(index + 3)?.token {
            Token::Word(word) => Some(word.value.as_str()),
            _ => None,
        }
    })
}

/// `$1` anywhere, `?1`, `$name` and `@name` in SQLite. In PostgreSQL `?` and `@` are operators.
fn is_placeholder(token: &Token, dialect: Dialect) -> bool {
    matches!(token, Token::Placeholder(_)) || (dialect == Dialect::Sqlite && *token == Token::AtSign)
}

/// The name behind a colon, where it touches the colon.
fn name_at(lexemes: &[Lexeme], index: usize) -> Option<&str> {
    let [colon, name, ..] = &lexemes[index..] else { return None };
    match &name.token {
        Token::Word(word)
            if colon.token == Token::Colon
                && word.quote_style.is_none()
                && colon.range.end == name.range.start =>
        {
            Some(&word.value)
        }
        _ => None,
    }
}

fn parameter(
    lexemes: &[Lexeme],
    index: usize,
    name: &str,
    purpose: Purpose,
) -> Result<Found, StatementFault> {
    let colon = &lexemes[index];
    let whole = colon.range.start..lexemes[index + 1].range.end;
    match (name, purpose) {
        ("from", Purpose::Rows | Purpose::Number) => Ok((Parameter::From, whole)),
        ("to", Purpose::Rows | Purpose::Number) => Ok((Parameter::To, whole)),
        ("keys", Purpose::Keys) => Ok((Parameter::Keys, keys(lexemes, index)?)),
        ("from", Purpose::Keys | Purpose::Whole) => Err(colon.fault(StatementProblem::NoValueHere(":from"))),
        ("to", Purpose::Keys | Purpose::Whole) => Err(colon.fault(StatementProblem::NoValueHere(":to"))),
        ("keys", Purpose::Rows | Purpose::Whole | Purpose::Number) => {
            Err(colon.fault(StatementProblem::NoValueHere(":keys")))
        }
        (other, _) => Err(colon.fault(StatementProblem::UnknownParameter {
            name: other.to_owned(),
            did_you_mean: nearest(other, ["from", "to", "keys"]),
        })),
    }
}

/// `:each.NAME`, whose name keeps the place of its first use.
fn each(lexemes: &[Lexeme], index: usize, names: &mut Vec<Box<str>>) -> Result<Found, StatementFault> {
    let name = match &lexemes[index..] {
        [colon, _, period, name, ..] if period.token == Token::Period => match &name.token {
            Token::Word(word) if word.quote_style.is_none() => {
                Some((word.value.as_str(), colon.range.start..name.range.end))
            }
            _ => None,
        },
        _ => None,
    };
    let Some((name, whole)) = name else {
        return Err(lexemes[index].fault(StatementProblem::NamelessMember));
    };
    let place = names.iter().position(|known| &**known == name).unwrap_or_else(|| {
        names.push(name.into());
        names.len() - 1
    });
    Ok((Parameter::Each(place), whole))
}

/// The bytes of the comparison around `:keys`, which is written anew for each database.
fn keys(lexemes: &[Lexeme], colon: usize) -> Result<Range<usize>, StatementFault> {
    let fault = |problem| Err(lexemes[colon].fault(problem));
    let behind = lexemes.get(colon + 2).filter(|lexeme| lexeme.token == Token::RParen);
    let (Some(end), Some(start)) = (behind, colon.checked_sub(3)) else {
        return fault(StatementProblem::KeysMisplaced);
    };
    let [before, word, paren] = &lexemes[start..colon] else { return fault(StatementProblem::KeysMisplaced) };
    if paren.token != Token::LParen {
        return fault(StatementProblem::KeysMisplaced);
    }
    if word.is_keyword(Keyword::IN) && before.is_keyword(Keyword::NOT) {
        return fault(StatementProblem::KeysNegated);
    }
    if word.is_keyword(Keyword::IN) {
        return Ok(word.range.start..end.range.end);
    }
    if word.is_keyword(Keyword::ANY) && before.token == Token::Eq {
        return Ok(before.range.start..end.range.end);
    }
    fault(StatementProblem::KeysMisplaced)
}
