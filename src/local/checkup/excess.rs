//! A right that reading does not need.

/// A right that reading does not need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excess {
    /// What the login may do, such as `may write `public.charges` (INSERT, DELETE)`.
    pub may: String,
    /// How to take it away.
    pub cure: String,
}

/// A table that the login may write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Writable {
    /// The table with its schema, as SQL writes it.
    pub(super) table: String,
    /// Its name alone.
    pub(super) name: String,
    /// What is allowed, such as `INSERT, DELETE`; nothing where all of it is the login's own.
    pub(super) rights: Option<String>,
}

/// How many tables are named that no statement reads; the others are counted.
const NAMED: usize = 3;

/// What can be written: each table that is read by itself, and the others together.
pub(super) fn writable(tables: Vec<Writable>, statements: &[&str], login: &str) -> Vec<Excess> {
    let words: Vec<String> = statements.iter().flat_map(|sql| words(sql)).collect();
    let is_read = |table: &Writable| words.contains(&table.name.to_lowercase());
    let (read, others): (Vec<_>, Vec<_>) = tables.into_iter().partition(is_read);
    let mut excess: Vec<Excess> = read.iter().map(|table| of_read(table, login)).collect();
    if !others.is_empty() {
        let named: Vec<&str> = others.iter().take(NAMED).map(|other| other.table.as_str()).collect();
        let more = if others.len() > NAMED { ", ..." } else { "" };
        excess.push(Excess {
            may: format!(
                "may write {} that no domain reads: {}{more}",
                tables_of(others.len()),
                named.join(", ")
            ),
            cure: "read with a login of its own, as deploy/ makes one".to_owned(),
        });
    }
    excess
}

fn of_read(table: &Writable, login: &str) -> Excess {
    let Writable { table, rights, .. } = table;
    match rights {
        Some(rights) => Excess {
            may: format!("may write `{table}`, which a domain reads ({rights})"),
            cure: format!("REVOKE {rights} ON {table} FROM {login}, or from the role or PUBLIC that has it"),
        },
        None => Excess {
            may: format!("owns `{table}`, which a domain reads, and may write and drop it"),
            cure: format!("read with a login of its own: GRANT SELECT ON {table} TO another role"),
        },
    }
}

fn tables_of(count: usize) -> String {
    if count == 1 { "one table".to_owned() } else { format!("{count} tables") }
}

/// What may be the name of a table in a statement.
fn words(sql: &str) -> impl Iterator<Item = String> {
    sql.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '$').map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str, rights: Option<&str>) -> Writable {
        Writable { table: format!("public.{name}"), name: name.to_owned(), rights: rights.map(str::to_owned) }
    }

    #[test]
    fn a_table_that_is_read_is_named_by_itself_and_the_others_are_counted() {
        let tables = ["a", "b", "Charges", "c", "d"].map(|name| table(name, Some("INSERT"))).to_vec();
        let found = writable(tables, &["SELECT id FROM charges WHERE at >= :from"], "reader");
        insta::assert_debug_snapshot!(found, @r#"
        [
            Excess {
                may: "may write `public.Charges`, which a domain reads (INSERT)",
                cure: "REVOKE INSERT ON public.Charges FROM reader, or from the role or PUBLIC that has it",
            },
            Excess {
                may: "may write 4 tables that no domain reads: public.a, public.b, public.c, ...",
                cure: "read with a login of its own, as deploy/ makes one",
            },
        ]
        "#);
        assert!(writable(Vec::new(), &["SELECT 1"], "reader").is_empty());
        assert!(
            writable(vec![table("t", None)], &["SELECT 1 FROM \"t\""], "reader")[0].may.starts_with("owns")
        );
    }
}
