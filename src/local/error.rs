//! What can go wrong on the local side, sorted by what the caller does next. No message holds a value from a row, a
//! key or a password.

use std::sync::Arc;

use tieout_reconcilers::reconciler::Place;

use super::statement::StatementFault;

/// Why the local side cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LocalError {
    /// Nobody answers. A later run may succeed.
    #[error("database `{database}` cannot be reached: {reason}")]
    Unreachable {
        /// The database's name in the configuration.
        database: Arc<str>,
        /// What happened.
        reason: String,
    },
    /// The read was cut short: a timeout, a lock, a restart. A later run may succeed.
    #[error("database `{database}` did not finish the read: {reason}")]
    Interrupted {
        /// The database's name in the configuration.
        database: Arc<str>,
        /// What happened.
        reason: String,
    },
    /// The login or a right is refused. Only a person can help, and the reason says how.
    #[error("database `{database}` refuses: {reason}")]
    Rejected {
        /// The database's name in the configuration.
        database: Arc<str>,
        /// What is refused, and the grant that is missing.
        reason: String,
    },
    /// The domain's SQL or its column names are wrong.
    #[error("{place}: {fault}")]
    Definition {
        /// Where the SQL stands.
        place: Place,
        /// What is wrong with it.
        fault: DefinitionFault,
    },
    /// The configuration of the database is wrong.
    #[error("database `{database}` is configured wrongly: {reason}")]
    Configuration {
        /// The database's name in the configuration.
        database: Arc<str>,
        /// What is wrong with it.
        reason: String,
    },
}

/// What is wrong with a domain's local SQL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DefinitionFault {
    /// Its text is refused before any database sees it.
    #[error(transparent)]
    Statement(#[from] StatementFault),
    /// The result lacks a column that the domain names.
    #[error("the SQL gives no column `{column}`, only {}{}", quoted(available), meant(did_you_mean.as_deref()))]
    MissingColumn {
        /// The column that the domain names.
        column: Box<str>,
        /// The columns of the result.
        available: Vec<Box<str>>,
        /// The nearest of them.
        did_you_mean: Option<Box<str>>,
    },
    /// The result has a named column more than once.
    #[error("the SQL gives more than one column `{0}`; name them apart with AS")]
    AmbiguousColumn(Box<str>),
    /// A named column has a type that cannot be compared.
    #[error("column `{column}` has the type {type_name}, which cannot be {use_of}; {hint}")]
    ColumnType {
        /// The column.
        column: Box<str>,
        /// Its type in the database.
        type_name: Box<str>,
        /// What it was to be.
        use_of: &'static str,
        /// What to write instead.
        hint: Box<str>,
    },
    /// A time or date without a zone, and no zone is declared.
    #[error(
        "{what} has the type {type_name}, which stands for no instant without a zone; say under `local` which clock your application \
         writes it by, as in `zone: UTC`"
    )]
    Zoneless {
        /// The column or parameter, as in messages.
        what: Box<str>,
        /// Its type in the database.
        type_name: Box<str>,
    },
    /// The database takes a parameter for a type that it cannot be written as.
    #[error("`{parameter}` would have to be of the type {type_name}; {hint}")]
    ParameterType {
        /// The parameter with its colon.
        parameter: &'static str,
        /// The type that the database infers.
        type_name: Box<str>,
        /// What to write instead.
        hint: &'static str,
    },
    /// It is to give one number and gives something else.
    #[error(
        "the SQL gives {0} where one row with one whole number, from 0 up, is wanted, as in `SELECT count(*) FROM ...`"
    )]
    NotANumber(Box<str>),
    /// The database refuses the SQL.
    #[error("{}{reason}", position(*at))]
    Refused {
        /// Line and column in the SQL, from 1, where the database says.
        at: Option<(usize, usize)>,
        /// The database's own words.
        reason: String,
    },
}

fn quoted(names: &[Box<str>]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

/// The end of a message that suggests a name.
pub(super) fn meant(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn position(at: Option<(usize, usize)>) -> String {
    at.map_or_else(String::new, |(line, column)| format!("line {line}, column {column} of the SQL: "))
}

/// The known name that is nearest to a wrong one, if one is near.
pub(super) fn nearest<'n>(wrong: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let fold = |name: &str| name.to_lowercase().replace('_', "");
    let distance = |name: &&str| strsim::osa_distance(&fold(wrong), &fold(name));
    known.into_iter().min_by_key(distance).filter(|name| distance(name) <= 1 + wrong.len() / 4)
}
