//! How each column of a server's result is decoded: found out once, by the types that the server says.

use sqlx::{Column, TypeInfo as _};
use tieout_reconcilers::compare::Fields;
use tieout_reconcilers::reconciler::Local;

use super::columns::{Columns, Named};
use super::error::DefinitionFault;
use super::statement::Purpose;

/// What a value is decoded as.
pub(super) trait Decoding: Copy {
    /// Whether such a value can identify a row.
    fn can_be_key(self) -> bool;
}

/// Why the values of a type cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unfit {
    /// There is no way to compare them.
    Type,
    /// They have no zone, and none is declared.
    Zoneless,
}

/// The columns of a result that the domain names, and how each is decoded.
pub(super) struct Decoders<K> {
    pub(super) columns: Columns,
    /// Nothing for the columns that the domain does not name.
    pub(super) kinds: Vec<Option<K>>,
}

impl<K: Decoding> Decoders<K> {
    /// Proves that every column is there and can be decoded, and that the key can be one. `misfit` words why a column cannot be
    /// what it is used for.
    pub(super) fn of<C: Column>(
        result: &[C],
        purpose: Purpose,
        local: &Local,
        fields: &Fields,
        kind_of: impl Fn(&C) -> Result<K, Unfit>,
        misfit: impl Fn(&C, &'static str, Unfit) -> DefinitionFault,
    ) -> Result<Self, DefinitionFault> {
        let types: Vec<String> =
            result.iter().map(|column| column.type_info().name().to_lowercase()).collect();
        let named: Vec<Named<'_>> = result
            .iter()
            .zip(&types)
            .map(|(column, type_name)| Named { name: column.name(), type_name })
            .collect();
        let columns = Columns::of(&named, purpose, local, fields)?;
        let mut kinds = vec![None; result.len()];
        let compared = columns.indices().map(|index| (index, "compared"));
        for (index, use_of) in compared.chain(columns.carried_only().map(|index| (index, "sent"))) {
            let column = &result[index];
            kinds[index] = Some(kind_of(column).map_err(|unfit| misfit(column, use_of, unfit))?);
        }
        let key = columns.key_index();
        if !kinds[key].is_some_and(K::can_be_key) {
            let use_of = if purpose == Purpose::Number { "a number" } else { "a key" };
            return Err(misfit(&result[key], use_of, Unfit::Type));
        }
        Ok(Self { columns, kinds })
    }
}
