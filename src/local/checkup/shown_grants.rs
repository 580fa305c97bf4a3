//! Reads what `SHOW GRANTS` says. Its lines may hold the hash of a password, so none is ever repeated.

use super::excess::{Excess, Writable, writable};

/// Rights that reading may need, or that change nothing.
const HARMLESS: [&str; 5] = ["USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "EXECUTE"];

/// One line: some rights on something.
#[derive(Debug, PartialEq, Eq)]
struct Grant<'g> {
    rights: Vec<&'g str>,
    /// Such as `*.*` or `app.charges`, without quotes.
    object: String,
    may_pass_on: bool,
}

/// What goes beyond reading. `login` is the account as SQL writes it.
pub(super) fn excess(lines: &[String], statements: &[&str], login: &str) -> Vec<Excess> {
    let mut excess = Vec::new();
    let mut tables = Vec::new();
    for line in lines {
        let Some(grant) = read(line) else {
            excess.extend(role(line, login));
            continue;
        };
        let Grant { object, .. } = &grant;
        let beyond: Vec<&str> =
            grant.rights.iter().copied().filter(|right| !HARMLESS.contains(&bare(right))).collect();
        match (beyond.is_empty(), object.rsplit_once('.')) {
            (true, _) => {}
            (false, Some((_, name))) if name != "*" => tables.push(Writable {
                table: object.clone(),
                name: name.to_owned(),
                rights: Some(beyond.join(", ")),
            }),
            (false, _) => excess.push(Excess {
                may: format!("may do more than read on `{object}`: {}", beyond.join(", ")),
                cure: format!(
                    "REVOKE {} ON {object} FROM {login}, or read with a login of its own",
                    beyond.join(", ")
                ),
            }),
        }
        if grant.rights.contains(&"SELECT") && object == "*.*" {
            excess.push(Excess {
                may: "may read every database of the server".to_owned(),
                cure: format!("REVOKE SELECT ON *.* FROM {login} and grant it on the tables that are read"),
            });
        }
        if grant.may_pass_on {
            excess.push(Excess {
                may: format!("may pass on its rights on `{object}`"),
                cure: format!("REVOKE GRANT OPTION ON {object} FROM {login}"),
            });
        }
    }
    excess.extend(writable(tables, statements, login));
    excess
}

/// A grant of a role, whose own rights are not shown here.
fn role(line: &str, login: &str) -> Option<Excess> {
    let (role, _) = line.strip_prefix("GRANT ")?.split_once(" TO ")?;
    let role = role.replace(['`', '\''], "");
    Some(Excess {
        may: format!("has the role `{role}`, whose rights are not looked into"),
        cure: format!("grant SELECT to {login} itself, or look with SHOW GRANTS FOR {role}"),
    })
}

fn read(line: &str) -> Option<Grant<'_>> {
    let (rights, rest) = line.strip_prefix("GRANT ")?.split_once(" ON ")?;
    let (object, rest) = rest.split_once(" TO ")?;
    Some(Grant {
        rights: rights_of(rights),
        object: object.replace('`', ""),
        may_pass_on: rest.contains("WITH GRANT OPTION"),
    })
}

/// Splits at commas outside brackets: `INSERT (a, b), DELETE` is two rights.
fn rights_of(list: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let outside = |c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    };
    list.split(outside).map(str::trim).collect()
}

/// A right without the columns that it is limited to.
fn bare(right: &str) -> &str {
    right.split_once('(').map_or(right, |(right, _)| right).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(lines: &[&str]) -> Vec<String> {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let excess = excess(&lines, &["SELECT id FROM charges"], "'reader'@'%'");
        excess.into_iter().map(|excess| excess.may).collect()
    }

    #[test]
    fn what_deploy_grants_is_no_excess() {
        let lines = [
            "GRANT USAGE ON *.* TO `reader`@`%` IDENTIFIED BY PASSWORD '*0123'",
            "GRANT SELECT ON `app`.`charges` TO `reader`@`%`",
            "GRANT SELECT (id, amount) ON `app`.`orders` TO `reader`@`%`",
        ];
        assert!(found(&lines).is_empty());
    }

    #[test]
    fn everything_beyond_reading_is_named_and_no_hash_is_repeated() {
        let lines = [
            "GRANT ALL PRIVILEGES ON *.* TO `root`@`%` IDENTIFIED BY PASSWORD '*0123' WITH GRANT OPTION",
            "GRANT SELECT ON *.* TO `reader`@`%`",
            "GRANT SELECT, INSERT (id, amount), DELETE ON `app`.`charges` TO `reader`@`%`",
            "GRANT UPDATE ON `app`.`other` TO `reader`@`%`",
            "GRANT CREATE, SELECT ON `app`.* TO `reader`@`%`",
            "GRANT `writers` TO `reader`@`%`",
        ];
        assert_eq!(
            found(&lines),
            [
                "may do more than read on `*.*`: ALL PRIVILEGES",
                "may pass on its rights on `*.*`",
                "may read every database of the server",
                "may do more than read on `app.*`: CREATE",
                "has the role `writers`, whose rights are not looked into",
                "may write `app.charges`, which a domain reads (INSERT (id, amount), DELETE)",
                "may write one table that no domain reads: app.other",
            ]
        );
    }
}
