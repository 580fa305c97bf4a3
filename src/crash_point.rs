//! Moments at which the process can be killed on purpose, to see that nothing is lost then. A normal build has none of them.
//!
//! They stand before and after every step that is durable or reaches somebody else: `crash_point!("queue.before_send")`. Every
//! transaction that writes has three by itself, `NAME.begun`, `NAME.before_commit` and `NAME.after_commit`.

/// Nothing, unless the feature `failpoints` is on.
#[cfg(not(feature = "failpoints"))]
macro_rules! crash_point {
    ($name:literal) => {};
    ($step:expr, $moment:literal) => {
        let _ = $step;
    };
}

/// A moment at which the process is killed where that was asked for.
#[cfg(feature = "failpoints")]
macro_rules! crash_point {
    ($name:literal) => {
        $crate::crash_point::hit($name, None)
    };
    ($step:expr, $moment:literal) => {
        $crate::crash_point::hit($step, Some($moment))
    };
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::collections::HashMap;
    use std::fs::{File, OpenOptions};
    use std::io::{self, Write as _};
    use std::path::Path;
    use std::sync::{Mutex, PoisonError};

    use rustix::process::{Signal, getpid, kill_process};

    static ARMED: Mutex<Option<Armed>> = Mutex::new(None);

    /// What happens at a crash point.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum End {
        /// The process is killed, as by `kill -9`.
        Kill,
        /// The process stops, until somebody lets it go on.
        Stop,
    }

    struct Armed {
        at: Option<(String, u64, Signal)>,
        log: Option<File>,
        hits: HashMap<String, u64>,
    }

    /// Counts hits from now on: each is added to `log` as `NAME:N` while it happens, and the process ends at the one that `at`
    /// names in the same words.
    pub fn arm(at: Option<(&str, End)>, log: Option<&Path>) -> io::Result<()> {
        let unreadable = || io::Error::new(io::ErrorKind::InvalidInput, "a crash point is NAME:N");
        let at = at.map(|(at, end)| {
            let (name, n) = at.rsplit_once(':').ok_or_else(unreadable)?;
            let signal = if end == End::Kill { Signal::KILL } else { Signal::STOP };
            Ok::<_, io::Error>((name.to_owned(), n.parse().map_err(|_| unreadable())?, signal))
        });
        let log = log.map(|path| OpenOptions::new().create(true).append(true).open(path));
        let armed = Armed { at: at.transpose()?, log: log.transpose()?, hits: HashMap::new() };
        *ARMED.lock().unwrap_or_else(PoisonError::into_inner) = Some(armed);
        Ok(())
    }

    pub(crate) fn hit(step: &str, moment: Option<&str>) {
        let mut armed = ARMED.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(armed) = armed.as_mut() else { return };
        let name = moment.map_or_else(|| step.to_owned(), |moment| format!("{step}.{moment}"));
        let n = armed.hits.entry(name.clone()).or_default();
        *n += 1;
        if let Some(log) = &mut armed.log {
            // One write for a line, so that a kill leaves whole lines.
            let _ = log.write_all(format!("{name}:{n}\n").as_bytes());
        }
        if let Some((_, _, signal)) = armed.at.as_ref().filter(|(at, nth, _)| *at == name && nth == n) {
            let _ = kill_process(getpid(), *signal);
        }
    }
}

#[cfg(feature = "failpoints")]
pub(crate) use armed::hit;
#[cfg(feature = "failpoints")]
pub use armed::{End, arm};
