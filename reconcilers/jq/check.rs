//! Reads the text of an expression, and refuses what none may do: define filters, change values, or call a filter that
//! might not end or that reads anything but its value.

use jaq_core::load::lex::{Lexer, StrPart, Tok, Token};
use jaq_core::load::parse::{BinaryOp, Parser, Pattern, Term};
use jaq_core::path::Part;

use super::filters::KNOWN;

/// The longest expression, in bytes.
const MAX_TEXT: usize = 1_000;
/// How many parts of an expression may lie in each other. Whoever parses, compiles or evaluates one goes as deep, on the
/// stack of any thread.
const MAX_NESTING: usize = 50;
/// Behind these a part begins that may hold another one, beside the brackets.
const OPENING: &[&str] = &["-", "as", "def", "foreach", "if", "label", "reduce", "try"];

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadExpression {
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// The part of the text that is wrong; empty for its end.
    pub part: String,
    /// The filters that are allowed, where an unknown one was called.
    pub known: Vec<&'static str>,
}

impl BadExpression {
    pub(super) fn new(message: impl Into<String>, part: &str) -> Self {
        Self { message: message.into(), part: part.to_owned(), known: Vec::new() }
    }
}

/// Parses a text and checks all of it.
pub(super) fn parse(text: &str) -> Result<Term<&str>, BadExpression> {
    if text.len() > MAX_TEXT {
        return Err(BadExpression::new(format!("the expression has more than {MAX_TEXT} bytes"), ""));
    }
    if text.bytes().filter(|byte| b"([{".contains(byte)).count() > MAX_NESTING {
        return Err(too_nested());
    }
    let tokens = Lexer::new(text).lex().map_err(|errors| {
        let (expected, found) = errors
            .into_iter()
            .next()
            .map_or(("an expression", ""), |(expected, found)| (expected.as_str(), found));
        unexpected(expected, first_char(found))
    })?;
    if opened(&tokens) > MAX_NESTING {
        return Err(too_nested());
    }
    let term = Parser::new(&tokens).parse(Parser::term).map_err(|errors| {
        let (expected, found) =
            errors.into_iter().next().map_or(("an expression", ""), |(expected, found)| {
                (expected.as_str(), found.map_or("", |token| token.as_str()))
            });
        unexpected(expected, found)
    })?;
    check(&term, 0).map(|()| term)
}

fn unexpected(expected: &str, found: &str) -> BadExpression {
    let expected = if expected == "nothing" { "the end" } else { expected };
    let message = match found {
        "" => format!("expected {expected}, found the end of the expression"),
        found => format!("expected {expected}, found `{found}`"),
    };
    BadExpression::new(message, found)
}

fn too_nested() -> BadExpression {
    BadExpression::new(format!("the expression has more than {MAX_NESTING} parts in each other"), "")
}

/// How many parts begin that may hold others, whether they are closed or not.
fn opened(tokens: &[Token<&str>]) -> usize {
    let one = |Token(text, kind): &Token<&str>| match kind {
        Tok::Block(inner) => 1 + opened(inner),
        Tok::Str(parts) => parts.iter().map(in_text).sum(),
        _ => usize::from(OPENING.contains(text)),
    };
    tokens.iter().map(one).sum()
}

fn in_text(part: &StrPart<&str, Token<&str>>) -> usize {
    if let StrPart::Term(inner) = part { opened(std::slice::from_ref(inner)) } else { 0 }
}

fn first_char(text: &str) -> &str {
    text.char_indices().nth(1).map_or(text, |(end, _)| &text[..end])
}

/// `depth` is how many parts a term lies in.
fn check(term: &Term<&str>, depth: usize) -> Result<(), BadExpression> {
    if depth > MAX_NESTING {
        return Err(too_nested());
    }
    let depth = depth + 1;
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => Ok(()),
        Term::Def(definitions, _) => {
            let name = definitions.first().map_or("", |definition| definition.name);
            Err(BadExpression::new("an expression defines no filters of its own", name))
        }
        Term::Str(Some(format), _) => Err(unknown(format, 0)),
        Term::Str(None, parts) => {
            let terms = parts.iter().filter_map(|part| match part {
                StrPart::Term(inner) => Some(inner),
                _ => None,
            });
            all(terms, depth)
        }
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) => check(inner, depth),
        Term::Obj(members) => {
            all(members.iter().flat_map(|(name, value)| [Some(name), value.as_ref()]).flatten(), depth)
        }
        Term::BinOp(left, operator, right) => {
            check(left, depth)?;
            is_calm(operator, depth)?;
            check(right, depth)
        }
        Term::Fold(_, values, pattern, arguments) => {
            check(values, depth)?;
            of_pattern(pattern, depth)?;
            all(arguments, depth)
        }
        Term::TryCatch(inner, caught) => {
            all([Some(inner), caught.as_ref()].into_iter().flatten().map(|it| &**it), depth)
        }
        Term::IfThenElse(cases, otherwise) => {
            let cases = cases.iter().flat_map(|(condition, then)| [condition, then]);
            all(cases.chain(otherwise.as_deref()), depth)
        }
        Term::Call(name, arguments) => {
            let is_it = |(known, count): &(&str, usize)| known == name && *count == arguments.len();
            if !KNOWN.iter().any(is_it) {
                return Err(unknown(name, arguments.len()));
            }
            all(arguments, depth)
        }
        Term::Path(head, path) => {
            check(head, depth)?;
            path.0.iter().try_for_each(|(part, _)| match part {
                Part::Index(at) => check(at, depth),
                Part::Range(from, to) => all(from.iter().chain(to), depth),
            })
        }
    }
}

fn all<'t, 's: 't>(
    terms: impl IntoIterator<Item = &'t Term<&'s str>>,
    depth: usize,
) -> Result<(), BadExpression> {
    terms.into_iter().try_for_each(|term| check(term, depth))
}

/// Whether an operator only calculates.
fn is_calm(operator: &BinaryOp<&str>, depth: usize) -> Result<(), BadExpression> {
    let sign = match operator {
        BinaryOp::Assign | BinaryOp::UpdateMath(_) => "=",
        BinaryOp::Update => "|=",
        BinaryOp::UpdateAlt => "//=",
        BinaryOp::Pipe(Some(pattern)) => return of_pattern(pattern, depth),
        _ => return Ok(()),
    };
    Err(BadExpression::new("an expression changes nothing", sign))
}

fn of_pattern(pattern: &Pattern<&str>, depth: usize) -> Result<(), BadExpression> {
    match pattern {
        Pattern::Var(_) => Ok(()),
        Pattern::Arr(inner) => inner.iter().try_for_each(|inner| of_pattern(inner, depth)),
        Pattern::Obj(members) => members.iter().try_for_each(|(name, inner)| {
            check(name, depth)?;
            of_pattern(inner, depth)
        }),
    }
}

fn unknown(name: &str, arguments: usize) -> BadExpression {
    let counts: Vec<String> =
        KNOWN.iter().filter(|(known, _)| *known == name).map(|(_, count)| count.to_string()).collect();
    let message = match counts.as_slice() {
        [] => format!("`{name}` is no filter of an expression"),
        counts => {
            format!("`{name}` is called with {arguments} arguments and takes {}", counts.join(" or "))
        }
    };
    let names: std::collections::BTreeSet<&'static str> = KNOWN.iter().map(|(name, _)| *name).collect();
    BadExpression { known: names.into_iter().collect(), ..BadExpression::new(message, name) }
}
