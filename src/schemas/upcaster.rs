//! What carries data from one version of a schema to the next: an expression in a file, `v1.to-v2.jq`.

use tieout_reconcilers::define::checked::{Fault, FromText};
use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::problem::{Problem, Spot};
use tieout_reconcilers::jq::Expression;

use super::unfit::Unfit;

/// Carries data to the next version.
#[derive(Debug, Clone)]
pub struct Upcaster {
    /// How it is told: `charge/v1.to-v2.jq`.
    pub name: String,
    expression: Expression,
}

impl Upcaster {
    /// Compiles the text of a file.
    pub(super) fn parse(name: String, document: &Document, text: &str) -> Result<Self, Problem> {
        let compiled = Expression::from_text(text.trim());
        let expression = compiled.map_err(|fault| document.problem(spot_of(&fault, text), fault))?;
        Ok(Self { name, expression })
    }

    /// The data of the next version, as JSON text.
    pub fn apply(&self, data: &str) -> Result<String, Unfit> {
        self.expression.of_item(data).map_err(|why| Unfit::NotCarried { name: self.name.clone(), why })
    }
}

/// Where the wrong part stands: its first appearance, and the beginning where it is the end that is wrong.
fn spot_of(fault: &Fault, text: &str) -> Spot {
    let part = fault.part.as_deref().unwrap_or_default();
    let before = text.find(part).map_or("", |at| &text[..at]);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Spot { line, column, length: part.chars().count().max(1) }
}
