//! Puts a step behind every part of an expression, so that whatever is repeated is paid for.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Part, Path};

use super::machine::{ORDERED, STEP};

type Parsed<'s> = Term<&'s str>;

/// The same expression, paying for each of its steps.
pub(super) fn metered(term: Parsed<'_>) -> Parsed<'_> {
    behind(parts(term), STEP)
}

fn behind<'s>(term: Parsed<'s>, meter: &'static str) -> Parsed<'s> {
    let meter = Term::Call(meter, Vec::new());
    Term::BinOp(Box::new(term), BinaryOp::Pipe(None), Box::new(meter))
}

/// Pays for the parts of a term and not yet for itself.
fn parts(term: Parsed<'_>) -> Parsed<'_> {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Def(..) => term,
        Term::Str(format, parts) => Term::Str(format, parts.into_iter().map(of_text).collect()),
        Term::Arr(inner) => Term::Arr(inner.map(|inner| Box::new(metered(*inner)))),
        Term::Obj(members) => Term::Obj(members.into_iter().map(member).collect()),
        Term::Neg(inner) => Term::Neg(Box::new(metered(*inner))),
        Term::BinOp(left, operator, right) => {
            let (left, right) = match operator {
                BinaryOp::Cmp(_) => (Box::new(compared(*left)), Box::new(compared(*right))),
                _ => (Box::new(metered(*left)), Box::new(metered(*right))),
            };
            Term::BinOp(left, operator, right)
        }
        Term::Label(name, inner) => Term::Label(name, Box::new(metered(*inner))),
        Term::Fold(name, values, pattern, arguments) => {
            Term::Fold(name, Box::new(metered(*values)), pattern, all(arguments))
        }
        Term::TryCatch(inner, caught) => {
            Term::TryCatch(Box::new(metered(*inner)), caught.map(|inner| Box::new(metered(*inner))))
        }
        Term::IfThenElse(cases, otherwise) => Term::IfThenElse(
            cases.into_iter().map(|(condition, then)| (metered(condition), metered(then))).collect(),
            otherwise.map(|inner| Box::new(metered(*inner))),
        ),
        Term::Call(name, arguments) => Term::Call(name, all(arguments)),
        Term::Path(head, path) => {
            Term::Path(Box::new(head_of(*head)), Path(path.0.into_iter().map(step).collect()))
        }
    }
}

/// One side of a comparison.
fn compared(term: Parsed<'_>) -> Parsed<'_> {
    behind(parts(term), ORDERED)
}

fn all(terms: Vec<Parsed<'_>>) -> Vec<Parsed<'_>> {
    terms.into_iter().map(metered).collect()
}

/// The way into the value itself costs what is found there, and not the whole value at each member.
fn head_of(head: Parsed<'_>) -> Parsed<'_> {
    if let Term::Id = head { head } else { metered(head) }
}

fn step<O>((part, optional): (Part<Parsed<'_>>, O)) -> (Part<Parsed<'_>>, O) {
    let part = match part {
        Part::Index(at) => Part::Index(metered(at)),
        Part::Range(from, to) => Part::Range(from.map(metered), to.map(metered)),
    };
    (part, optional)
}

fn of_text<'s>(part: StrPart<&'s str, Parsed<'s>>) -> StrPart<&'s str, Parsed<'s>> {
    if let StrPart::Term(inner) = part { StrPart::Term(metered(inner)) } else { part }
}

/// A member without a value stands for the one of its own name.
fn member<'s>((name, value): (Parsed<'s>, Option<Parsed<'s>>)) -> (Parsed<'s>, Option<Parsed<'s>>) {
    match value {
        None => (name, None),
        Some(value) => (metered(name), Some(metered(value))),
    }
}
