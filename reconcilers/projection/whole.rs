//! Whole values, for the few items that are handed on as they were sent.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::shape::{MAX_DEPTH, ShapeFault, text_of, where_it_broke};
use crate::path::Path;

/// The raw rows of a page, by their place, for the few that are handed on whole.
pub fn raw_rows(body: &[u8], rows: &Path, wanted: &[usize]) -> Result<Vec<Box<str>>, ShapeFault> {
    let mut at = text_of(body)?;
    for member in rows.members() {
        // Names are copied, since an escape in one of them would otherwise be an error.
        let members: BTreeMap<String, &RawValue> =
            serde_json::from_str(at).map_err(|e| where_it_broke(&e))?;
        at = members.get(member).ok_or_else(|| ShapeFault::NoRows(rows.to_string()))?.get();
    }
    let all: Vec<&RawValue> =
        serde_json::from_str(at).map_err(|_| ShapeFault::RowsNotArray(rows.to_string()))?;
    wanted.iter().filter_map(|&index| all.get(index)).map(|raw| shallow(raw.get())).collect()
}

/// Takes a value that will be handed on, unless it nests too deeply for those who read it.
pub fn shallow(raw: &str) -> Result<Box<str>, ShapeFault> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in raw.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(ShapeFault::TooDeep);
        }
    }
    Ok(raw.into())
}
