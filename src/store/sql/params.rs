//! Lists of numbered parameters for statements over many rows.

/// `($1, $2), ($3, $4)`: a list of `rows` rows of `columns` parameters each, beginning after parameter `after`.
pub(in crate::store) fn rows_of_params(rows: usize, columns: usize, after: usize) -> String {
    let row = |row: usize| {
        let params: Vec<String> =
            (1..=columns).map(|column| format!("${}", after + row * columns + column)).collect();
        format!("({})", params.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// `$3, $4`: a list of `count` parameters, beginning after parameter `after`.
pub(in crate::store) fn params(count: usize, after: usize) -> String {
    (1..=count).map(|number| format!("${}", after + number)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_on() {
        assert_eq!(rows_of_params(2, 2, 1), "($2, $3), ($4, $5)");
        assert_eq!(params(2, 3), "$4, $5");
    }
}
