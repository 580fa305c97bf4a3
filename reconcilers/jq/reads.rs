//! Which members of an item an expression looks at, so that only they are kept of it.

use std::collections::BTreeSet;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::Part;

/// What is read of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// All of it.
    Whole,
    /// These members.
    Members(BTreeSet<Box<str>>),
}

/// Filters that do not look at their value, but hand it to their argument.
const HAND_ON: &[&str] = &["add", "first", "last", "isempty"];
/// Filters that do not look at their value at all.
const BLIND: &[&str] = &["empty", "null", "true", "false"];

impl Reads {
    pub(super) fn of(term: &Term<&str>) -> Self {
        let mut members = BTreeSet::new();
        if only_members(term, &mut members) { Self::Members(members) } else { Self::Whole }
    }
}

/// Collects the members that a term reads of the item it is given; false where it looks at more than members.
fn only_members(term: &Term<&str>, into: &mut BTreeSet<Box<str>>) -> bool {
    match term {
        Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => true,
        Term::Id | Term::Recurse | Term::Def(..) => false,
        Term::Str(_, parts) => parts.iter().all(|part| match part {
            StrPart::Term(inner) => only_members(inner, into),
            _ => true,
        }),
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) | Term::TryCatch(inner, _) => {
            only_members(inner, into)
        }
        Term::Obj(members) => members.iter().all(|(name, value)| match value {
            Some(value) => only_members(name, into) && only_members(value, into),
            None => matches!(name, Term::Var(_)) || keep(name, into),
        }),
        // What stands behind a pipe is given what came out before it.
        Term::BinOp(left, BinaryOp::Pipe(None), _) => only_members(left, into),
        Term::BinOp(left, _, right) => only_members(left, into) && only_members(right, into),
        Term::Fold(_, values, _, arguments) => {
            only_members(values, into) && arguments.first().is_none_or(|init| only_members(init, into))
        }
        Term::IfThenElse(cases, otherwise) => {
            let mut all =
                cases.iter().flat_map(|(condition, then)| [condition, then]).chain(otherwise.as_deref());
            otherwise.is_some() && all.all(|inner| only_members(inner, into))
        }
        Term::Call(name, arguments) if HAND_ON.contains(name) && !arguments.is_empty() => {
            arguments.iter().all(|inner| only_members(inner, into))
        }
        Term::Call(name, _) => BLIND.contains(name),
        Term::Path(head, path) => {
            let mut parts = path.0.iter().map(|(part, _)| part);
            let is_known = match (&**head, parts.next()) {
                (Term::Id, Some(Part::Index(name))) => keep(name, into),
                (Term::Id, _) => false,
                (head, first) => only_members(head, into) && first.is_none_or(|part| of_part(part, into)),
            };
            is_known && parts.all(|part| of_part(part, into))
        }
    }
}

/// What a part of a path is calculated from.
fn of_part(part: &Part<Term<&str>>, into: &mut BTreeSet<Box<str>>) -> bool {
    match part {
        Part::Index(at) => only_members(at, into),
        Part::Range(from, to) => from.iter().chain(to).all(|at| only_members(at, into)),
    }
}

/// Keeps the member of a plain name.
fn keep(name: &Term<&str>, into: &mut BTreeSet<Box<str>>) -> bool {
    match name {
        Term::Str(None, parts) => match parts.as_slice() {
            [StrPart::Str(name)] => {
                into.insert((*name).into());
                true
            }
            _ => false,
        },
        _ => false,
    }
}
