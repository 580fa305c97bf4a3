//! Every transition as a table, the laws that hold over whole histories, and the limits at their edges.

mod acts;
mod fake;
mod histories;
mod limits;
mod table;
mod whole;
