//! Settings as a table.

use super::escape::safe;
use super::grid::{Grid, page};

/// `tieout config show`: name, value and origin of each setting.
#[must_use]
pub fn settings(rows: impl IntoIterator<Item = [String; 3]>) -> String {
    let mut grid = Grid::new(0).titles(["SETTING", "VALUE", "FROM"]);
    for row in rows {
        grid.row(row.map(|cell| safe(&cell).into_owned()));
    }
    page(&grid.lines())
}
