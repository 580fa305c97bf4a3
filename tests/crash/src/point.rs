//! Where a case is disturbed and how, in the words of a replay: `night1@commit.before_commit:2` or `approve@claim.begun:1=database`.

use std::fmt;
use std::str::FromStr;

/// A step of the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// The first run: everything is found, and refunds are held.
    Night1,
    /// An approval with a number that is not true, which must change nothing.
    Refused,
    /// The approval.
    Approve,
    /// A run after the approval, where something could not be delivered before.
    Again,
    /// What the queue lost is sent again.
    Refill,
    /// The second run: most is repaired, and something new is found.
    Night2,
    /// The third run, when all is quiet but for something new.
    Night3,
    /// The fourth run, with nothing new.
    Night4,
}

impl Step {
    pub(crate) const ALL: [Self; 8] = [
        Self::Night1,
        Self::Refused,
        Self::Approve,
        Self::Again,
        Self::Refill,
        Self::Night2,
        Self::Night3,
        Self::Night4,
    ];

    /// The steps that are disturbed; what follows shows that all is well again.
    pub(crate) const DISTURBED: [Self; 5] =
        [Self::Night1, Self::Refused, Self::Refill, Self::Approve, Self::Night2];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Night1 => "night1",
            Self::Refused => "refused",
            Self::Approve => "approve",
            Self::Again => "again",
            Self::Refill => "refill",
            Self::Night2 => "night2",
            Self::Night3 => "night3",
            Self::Night4 => "night4",
        }
    }

    /// What the provider has meanwhile.
    pub(crate) const fn stage(self) -> usize {
        match self {
            Self::Night1 | Self::Refused | Self::Approve | Self::Again | Self::Refill => 0,
            Self::Night2 => 1,
            Self::Night3 | Self::Night4 => 2,
        }
    }
}

/// What happens at a crash point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Deed {
    /// The process is killed.
    Kill,
    /// The process is killed, and nobody can know that it is dead: its host is gone.
    Gone,
    /// The process is stopped for longer than its lease, another one does the work, and it goes on.
    Rival,
    /// The database server crashes and starts again.
    Database,
    /// Every connection to the database is cut.
    Cut,
    /// The process is asked to end, as a cluster does.
    Term,
    /// The process is killed at a system call.
    Syscall,
}

impl Deed {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Kill, "kill"),
        (Self::Gone, "gone"),
        (Self::Rival, "rival"),
        (Self::Database, "database"),
        (Self::Cut, "cut"),
        (Self::Term, "term"),
        (Self::Syscall, "syscall"),
    ];

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(deed, _)| *deed == self).map_or("", |(_, name)| name)
    }
}

/// A disturbance.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Point {
    pub(crate) step: Step,
    /// A crash point and the number of its hit, as `NAME:N`.
    pub(crate) hit: String,
    pub(crate) deed: Deed,
}

impl Point {
    pub(crate) fn kill(step: Step, hit: &str) -> Self {
        Self { step, hit: hit.to_owned(), deed: Deed::Kill }
    }

    /// Whether the process is killed there.
    pub(crate) fn is_kill(&self) -> bool {
        matches!(self.deed, Deed::Kill | Deed::Gone | Deed::Syscall)
    }

    /// The crash point without the number of its hit.
    pub(crate) fn place(&self) -> &str {
        self.hit.rsplit_once(':').map_or(self.hit.as_str(), |(name, _)| name)
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.step.name(), self.hit)?;
        if self.deed == Deed::Kill { Ok(()) } else { write!(f, "={}", self.deed.name()) }
    }
}

impl FromStr for Point {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a point: write STEP@NAME:N or STEP@NAME:N=DEED");
        let (step, rest) = text.split_once('@').ok_or_else(wrong)?;
        let step = Step::ALL.into_iter().find(|known| known.name() == step).ok_or_else(wrong)?;
        let (hit, deed) = rest.split_once('=').unwrap_or((rest, "kill"));
        let deed = Deed::ALL.iter().find(|(_, name)| *name == deed).ok_or_else(wrong)?.0;
        Ok(Self { step, hit: hit.to_owned(), deed })
    }
}
