//! An expression, compiled once and evaluated for each item.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use jaq_core::load::parse::{Def, Term};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars};

use super::check::{BadExpression, parse};
use super::filters::{definitions, functions};
use super::machine::{BUDGET, Budget, Machine};
use super::meter::metered;
use super::reads::Reads;
use super::value::Val;

/// The filter that an expression becomes.
const DERIVED: &str = "derived";

/// What is calculated from an item.
#[derive(Clone)]
pub struct Expression {
    text: Box<str>,
    reads: Reads,
    program: Arc<Filter<Machine>>,
}

/// Why an expression gives no value for an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Underivable {
    /// It reports an error, or what it reads is no clear JSON of a reasonable size.
    Failed,
    /// It gives nothing.
    Nothing,
    /// It gives several values.
    Several,
    /// It takes too many steps.
    TooLong,
}

impl Underivable {
    const ALL: [Self; 4] = [Self::Failed, Self::Nothing, Self::Several, Self::TooLong];

    /// What stands in the place of the value: no JSON, so that nothing takes it for one.
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Failed => "!failed",
            Self::Nothing => "!nothing",
            Self::Several => "!several",
            Self::TooLong => "!too long",
        }
    }

    /// What a mark stands for.
    #[must_use]
    pub fn of_mark(raw: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.mark() == raw)
    }

    /// What was found in the place of a value.
    #[must_use]
    pub const fn said(self) -> &'static str {
        match self {
            Self::Failed => "an expression that fails on this item",
            Self::Nothing => "an expression without a value",
            Self::Several => "an expression with several values",
            Self::TooLong => "an expression that takes too many steps",
        }
    }
}

impl Expression {
    /// Compiles a text.
    pub fn parse(text: &str) -> Result<Self, BadExpression> {
        let term = parse(text)?;
        let reads = Reads::of(&term);
        let program = Arc::new(compile(term)?);
        Ok(Self { text: text.into(), reads, program })
    }

    /// What it looks at.
    #[must_use]
    pub const fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The one value that it gives for an item, as JSON text. `members` are those that [`Self::reads`] names, as JSON text
    /// where the item has them.
    pub fn of_members<'m>(
        &self,
        members: impl Iterator<Item = (&'m str, &'m str)>,
    ) -> Result<String, Underivable> {
        let members: Option<Vec<_>> =
            members.map(|(name, raw)| Some((name.into(), Val::from_json(raw)?))).collect();
        self.evaluate(Val::object(members.ok_or(Underivable::Failed)?))
    }

    /// The one value that it gives for an item, whose JSON text is all there.
    pub fn of_item(&self, raw: &str) -> Result<String, Underivable> {
        self.evaluate(Val::from_json(raw).ok_or(Underivable::Failed)?)
    }

    fn evaluate(&self, item: Val) -> Result<String, Underivable> {
        if matches!(item, Val::Refused) {
            return Err(Underivable::Failed);
        }
        let left = Cell::new(BUDGET);
        let context = Ctx::<Machine>::new(Budget::new(&self.program.lut, &left), Vars::new([]));
        let mut values = self.program.id.run((context, item));
        let (first, second) = (values.next(), values.next());
        // An expression may catch the error of a step that it cannot pay, and go on with what it has.
        if left.get() == 0 {
            return Err(Underivable::TooLong);
        }
        match (first, second) {
            (None, _) => Err(Underivable::Nothing),
            (Some(Err(_) | Ok(Val::Refused)), _) => Err(Underivable::Failed),
            (Some(Ok(value)), None) => Ok(value.to_string()),
            (Some(Ok(_)), Some(_)) => Err(Underivable::Several),
        }
    }
}

fn compile(term: Term<&str>) -> Result<Filter<Machine>, BadExpression> {
    let derived = Def { name: DERIVED, args: Vec::new(), body: term };
    let prelude: Vec<Def<&str>> = definitions().chain([derived]).map(paying).collect();
    let arena = Arena::default();
    let internal = || BadExpression::new("the expression cannot be compiled", "");
    let modules =
        Loader::new(prelude).load(&arena, File { code: DERIVED, path: () }).map_err(|_| internal())?;
    Compiler::default().with_funs(functions()).compile(modules).map_err(|errors| {
        let undefined = errors.into_iter().flat_map(|(_, undefined)| undefined).next();
        undefined.map_or_else(internal, |(name, what)| {
            BadExpression::new(format!("there is no {} `{name}`", what.as_str()), name)
        })
    })
}

fn paying(definition: Def<&str>) -> Def<&str> {
    Def { body: metered(definition.body), ..definition }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}

/// One text has one meaning.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Expression {}
