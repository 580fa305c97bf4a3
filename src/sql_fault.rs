//! What a failed statement means for whoever sent it, sorted from the drivers' codes. It never retries and never prints.

use sqlx::Error;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;
use sqlx::sqlite::SqliteError;

/// What to make of a failed statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SqlFault {
    /// The database cannot work now: not there, restarting, out of connections.
    Unreachable,
    /// There is no room left for what is written.
    Full,
    /// The database takes no writes: a standby, or one that is set so.
    ReadOnly,
    /// Login, grant or mode are refused; asking again is useless.
    Refused,
    /// Another transaction was in the way; the same statement may work next time.
    Conflict,
    /// A table or its schema does not exist.
    MissingTable,
    /// A table has other columns, types or constraints than the statement needs.
    Shape,
    /// This value cannot be stored.
    Data,
    /// A constraint forbids this row.
    Rejected,
    /// This row is larger than the database allows.
    TooLarge,
    /// The database is damaged, or holds what cannot be read.
    Corrupt,
    /// None of these.
    Other,
}

/// What an error of the driver says. PostgreSQL's own adds a line, which is one of PostgreSQL's source.
pub(crate) fn words(error: &Error) -> String {
    match error {
        Error::Database(answer) => match answer.try_downcast_ref::<PgDatabaseError>() {
            Some(answer) => answer.message().to_owned(),
            None => error.to_string(),
        },
        _ => error.to_string(),
    }
}

/// Sorts an error of the driver.
pub(crate) fn sort(error: &Error) -> SqlFault {
    match error {
        Error::Database(error) => sort_answer(error.as_ref()),
        Error::Io(_)
        | Error::Tls(_)
        | Error::Protocol(_)
        | Error::PoolTimedOut
        | Error::PoolClosed
        | Error::WorkerCrashed
        | Error::BeginFailed => SqlFault::Unreachable,
        Error::ColumnDecode { .. } | Error::Decode(_) => SqlFault::Corrupt,
        Error::Configuration(_) => SqlFault::Refused,
        _ => SqlFault::Other,
    }
}

fn sort_answer(error: &dyn DatabaseError) -> SqlFault {
    if let Some(error) = error.try_downcast_ref::<PgDatabaseError>() {
        return sqlstate(error.code());
    }
    let code = error.try_downcast_ref::<SqliteError>().and_then(|error| error.code()?.parse().ok());
    code.map_or(SqlFault::Other, sqlite_code)
}

/// Classes of SQLSTATE, from PostgreSQL's table of error codes.
fn sqlstate(code: &str) -> SqlFault {
    match code {
        "42501" | "3D000" => SqlFault::Refused,
        "25006" => SqlFault::ReadOnly,
        "53100" => SqlFault::Full,
        "55P03" | "57014" => SqlFault::Conflict,
        "42P01" | "3F000" => SqlFault::MissingTable,
        "42703" | "42P10" | "42804" | "42883" => SqlFault::Shape,
        _ => match code.get(..2) {
            Some("08" | "53" | "57" | "58") => SqlFault::Unreachable,
            Some("28") => SqlFault::Refused,
            Some("40") => SqlFault::Conflict,
            Some("22") => SqlFault::Data,
            Some("23") => SqlFault::Rejected,
            Some("54") => SqlFault::TooLarge,
            Some("XX") => SqlFault::Corrupt,
            _ => SqlFault::Other,
        },
    }
}

/// Primary result codes of SQLite; an extended code holds its primary one in the lowest byte.
fn sqlite_code(code: i32) -> SqlFault {
    match code & 0xff {
        13 => SqlFault::Full,
        8 => SqlFault::ReadOnly,
        7 | 10 | 14 => SqlFault::Unreachable,
        3 | 23 => SqlFault::Refused,
        5 | 6 => SqlFault::Conflict,
        18 => SqlFault::TooLarge,
        19 => SqlFault::Rejected,
        20 => SqlFault::Data,
        11 | 26 => SqlFault::Corrupt,
        _ => SqlFault::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_by_what_to_do_next() {
        for (code, fault) in [
            ("08006", SqlFault::Unreachable),
            ("57P01", SqlFault::Unreachable),
            ("53300", SqlFault::Unreachable),
            ("28P01", SqlFault::Refused),
            ("42501", SqlFault::Refused),
            ("25006", SqlFault::ReadOnly),
            ("53100", SqlFault::Full),
            ("40P01", SqlFault::Conflict),
            ("55P03", SqlFault::Conflict),
            ("42P01", SqlFault::MissingTable),
            ("42P10", SqlFault::Shape),
            ("22P05", SqlFault::Data),
            ("23514", SqlFault::Rejected),
            ("54000", SqlFault::TooLarge),
            ("42601", SqlFault::Other),
        ] {
            assert_eq!(sqlstate(code), fault, "{code}");
        }
    }

    #[test]
    fn an_extended_sqlite_code_is_sorted_by_its_primary_one() {
        assert_eq!(sqlite_code(0x205), SqlFault::Conflict);
        assert_eq!(sqlite_code(0x813), SqlFault::Rejected);
        assert_eq!(sqlite_code(1), SqlFault::Other);
    }
}
