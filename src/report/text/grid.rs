//! Columns without borders; a table is never cut or wrapped to a width, so that it survives a log and a paste.

use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, presets};
use indicatif::HumanCount;

/// Rows of cells laid out in columns, two spaces apart, `indent` spaces from the left.
pub(super) struct Grid {
    table: Table,
    indent: u16,
    right: Vec<usize>,
    rare: Vec<usize>,
}

impl Grid {
    /// A grid without rows.
    pub(super) fn new(indent: u16) -> Self {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        Self { table, indent, right: Vec::new(), rare: Vec::new() }
    }

    /// Puts a line of titles above the rows.
    pub(super) fn titles<const N: usize>(mut self, titles: [&str; N]) -> Self {
        self.table.set_header(titles);
        self
    }

    /// Aligns these columns to the right, as figures are.
    pub(super) fn figures(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.right.extend(columns);
        self
    }

    /// Leaves each of these columns out, with its title, where no row has anything in it.
    pub(super) fn hidden_where_empty(mut self, columns: impl IntoIterator<Item = usize>) -> Self {
        self.rare.extend(columns);
        self
    }

    /// Adds a row. Its cells must be free of control characters.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.table.add_row(cells);
    }

    /// One line for the titles and one for each row.
    pub(super) fn lines(mut self) -> Vec<String> {
        if self.table.is_empty() {
            return Vec::new();
        }
        let is_empty = |column| {
            let mut cells = self.table.row_iter().filter_map(|row| row.cell_iter().nth(column));
            cells.all(|cell| cell.content().is_empty())
        };
        let hidden: Vec<usize> = self.rare.iter().copied().filter(|column| is_empty(*column)).collect();
        for (at, column) in self.table.column_iter_mut().enumerate() {
            column.set_padding((if at == 0 { self.indent } else { 0 }, 2));
            if hidden.contains(&at) {
                column.set_constraint(ColumnConstraint::Hidden);
            }
            if self.right.contains(&at) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.table.lines().map(|line| line.trim_end().to_owned()).collect()
    }
}

/// A number with its thousands apart.
pub(super) fn figure(number: u64) -> String {
    HumanCount(number).to_string()
}

/// A number with the thing that it counts.
pub(super) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", figure(number))
}

/// Joins lines, each ended.
pub(super) fn page(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
}
