//! Lists of parameters for statements over many rows.

/// `(?, ?), (?, ?)`: a list of `rows` rows of `columns` parameters each. SQLite takes a number for a name, and looks each name up among
/// all others, so they have none.
pub(super) fn rows_of_params(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    vec![row.as_str(); rows].join(", ")
}

/// `$3, $4`: a list of `count` parameters, beginning after parameter `after`.
pub(in crate::store) fn params(count: usize, after: usize) -> String {
    (1..=count).map(|number| format!("${}", after + number)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_on_and_those_of_rows_are_not_numbered() {
        assert_eq!(params(2, 3), "$4, $5");
        assert_eq!(rows_of_params(2, 3), "(?, ?, ?), (?, ?, ?)");
    }
}
