//! What a definition's paths say about a format: the columns that a table must have, and which elements of XML are lists.

use super::layout::Layout;
use crate::format::{Elements, Format};
use crate::path::Path;
use crate::projection::{AROUND, At, Nested, RowShape, Rows};

/// The format with the names that the definition uses: those that a table must have, and what XML leaves open.
pub(super) fn with_names(format: &Format, shape: &RowShape, layout: &Layout, nested: &[Nested]) -> Format {
    match format {
        Format::Table { separator, .. } => {
            let named = layout.slots.iter().flatten().filter_map(Path::split_first);
            let mut columns: Vec<Box<str>> = Vec::new();
            for (first, _) in named {
                if !first.starts_with(AROUND) && columns.iter().all(|known| **known != *first) {
                    columns.push(first.into());
                }
            }
            Format::Table { separator: *separator, columns }
        }
        Format::Xml(_) => Format::Xml(elements(shape, layout, nested)),
        other => other.clone(),
    }
}

fn elements(shape: &RowShape, layout: &Layout, nested: &[Nested]) -> Elements {
    let mut elements = Elements::default();
    let places: Vec<&At> = match &shape.rows {
        Rows::Array(at) | Rows::Map(at) | Rows::One(at) => vec![at],
        Rows::Tagged(lists) => lists.iter().map(|(_, at)| at).collect(),
    };
    for at in places {
        if !matches!(shape.rows, Rows::One(_) | Rows::Map(_)) {
            elements.lists.push(at.path.clone());
        }
        let outer = shape.unwrap.as_ref().map_or_else(|| at.path.clone(), |inner| at.path.join(inner));
        let row = shape.explode.as_ref().map_or_else(|| outer.clone(), |list| outer.join(&list.at.path));
        elements.lists.extend(shape.explode.iter().map(|_| row.clone()));
        elements.lists.extend(nested.iter().map(|list| row.join(&list.rows.path)));
        for path in layout.slots.iter().flatten() {
            let around = path.below(&Path::of_member(AROUND));
            let named = around.map_or_else(|| row.join(path), |path| outer.join(&path));
            elements.objects.extend(named.attribute_of());
        }
    }
    elements
}
