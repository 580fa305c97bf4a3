//! How a read of a server's rows ended, where it did not fail.

use super::error::LocalError;

/// How a read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// With the last row.
    Whole,
    /// Whoever takes the rows had enough.
    Told,
    /// The server did not end a statement that it had promised to end.
    Silent,
    /// The result no longer has the columns that were looked at before.
    Reshaped,
}

/// Why a read was cut short although columns were proven: somebody changed a table meanwhile.
pub(super) const RESHAPED: &str =
    "the columns of its result have changed since they were looked at; the next run looks again";

/// An outcome of a driver's that is not the driver's error.
pub(super) type Ended = Result<Ending, sqlx::Error>;

impl Ending {
    /// Whether the connection can be used again: what is left of a result could be long, and a silent server stays so.
    pub(super) const fn leaves_it_usable(self) -> bool {
        matches!(self, Self::Whole)
    }

    /// The read, or why it is none; `interrupted` makes the error of a database.
    pub(super) fn of<T>(self, read: T, interrupted: impl Fn(Self) -> LocalError) -> Result<T, LocalError> {
        match self {
            Self::Whole | Self::Told => Ok(read),
            Self::Silent | Self::Reshaped => Err(interrupted(self)),
        }
    }
}
