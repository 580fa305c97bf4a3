//! The programs that are compared, each run to its end, measured, and checked. A run that read or found anything but
//! what there is is an error, never a figure.

mod comparison;
mod loops;
mod process;
mod tieout;

pub use comparison::{Comparison, Tables, comparison, comparison_with_file, part_of_comparison, reladiff};
pub use loops::{merger, reader};
pub use tieout::{Reconciliation, tieout};
