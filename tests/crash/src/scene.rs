//! What a case plays on: where the state is kept, what kind of queue there is, and what is special.

/// Where tieout keeps its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// PostgreSQL, brought up to date beforehand.
    Postgres,
    /// PostgreSQL without any of tieout's tables.
    Blank,
    /// A SQLite file, which is not there yet.
    Sqlite,
}

/// Where events go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Queue {
    /// A table, which keeps every id once.
    Table,
    /// A file, which keeps whatever it is given, also twice.
    Lines,
}

/// A scene, by the name that `--case` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scene {
    /// State, shop and queue in PostgreSQL.
    Postgres,
    /// The same with a queue that keeps duplicates.
    Lines,
    /// State, shop and queue in SQLite files.
    Sqlite,
    /// The very first run, which makes tieout's tables.
    First,
    /// A slice with more findings than are stored at once.
    Parts,
    /// The queue's table is away for the first run.
    Outage,
}

impl Scene {
    pub(crate) const ALL: [Self; 6] =
        [Self::Postgres, Self::Lines, Self::Sqlite, Self::First, Self::Parts, Self::Outage];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Lines => "lines",
            Self::Sqlite => "sqlite",
            Self::First => "first",
            Self::Parts => "parts",
            Self::Outage => "outage",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scene| scene.name() == name)
    }

    pub(crate) const fn state(self) -> State {
        match self {
            Self::Sqlite => State::Sqlite,
            Self::First => State::Blank,
            _ => State::Postgres,
        }
    }

    pub(crate) const fn queue(self) -> Queue {
        match self {
            Self::Lines => Queue::Lines,
            _ => Queue::Table,
        }
    }
}
