//! A statement of a domain before any database has seen it.

use tieout_reconcilers::reconciler::{Local, Place};

use super::database::MemberValues;
use super::error::LocalError;
use super::statement::{Dialect, Purpose, Statement};

/// A statement of a domain.
pub(super) struct Draft {
    pub(super) purpose: Purpose,
    pub(super) statement: Statement,
    /// Where it stands in the definition.
    pub(super) place: Place,
    /// The values of the member of the fan-out.
    pub(super) each: Vec<Box<str>>,
}

impl Draft {
    /// Checks the text of one of the domain's statements.
    pub(super) fn parse(
        dialect: Dialect,
        purpose: Purpose,
        local: &Local,
        member: &MemberValues,
    ) -> Result<Self, LocalError> {
        let (sql, place) = match purpose {
            Purpose::Rows | Purpose::Whole | Purpose::Number => (&local.rows, &local.rows_place),
            Purpose::Keys => (&local.keys, &local.keys_place),
        };
        let statement = Statement::parse(sql, dialect, purpose)
            .and_then(|statement| Ok((statement.values_of(member)?, statement)))
            .map_err(|fault| LocalError::Definition { place: place.clone(), fault: fault.into() });
        let (each, statement) = statement?;
        Ok(Self { purpose, statement, place: place.clone(), each })
    }

    /// Both statements of a domain: the one for its rows, and the one by key.
    pub(super) fn both(
        dialect: Dialect,
        local: &Local,
        member: &MemberValues,
    ) -> Result<[Self; 2], LocalError> {
        let rows = Self::parse(dialect, Purpose::of_rows(local), local, member)?;
        Ok([rows, Self::parse(dialect, Purpose::Keys, local, member)?])
    }
}
