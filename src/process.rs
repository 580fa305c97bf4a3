//! Which process this is, and proof that another one is dead. Without proof nobody is taken for dead: a lease that is not renewed
//! lapses by itself.
//!
//! A number alone proves nothing: numbers are given out again, and every container counts from 1. So a process is named by the boot
//! of its kernel, the namespace that its number counts in, the number, and when it began.

use std::fmt;
use std::str::FromStr;

/// A process of some host, now or in the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Which boot of which kernel.
    boot: String,
    /// In which namespace the number counts.
    namespace: String,
    number: i32,
    /// Ticks from the boot to its start.
    began: u64,
}

/// The text names no process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a process")]
pub struct NotAProcess;

/// What the kernel says of a process number.
enum Seen {
    /// Nobody has it.
    Nobody,
    /// Somebody has it who began then, in ticks, and may have ended since without anybody having looked.
    Somebody { began: u64, has_ended: bool },
    /// Somebody has it, and more is not shown.
    Unknown,
}

impl Process {
    /// This process. Nothing where the system does not say enough to prove a death by.
    #[must_use]
    pub fn this() -> Option<Self> {
        let number = i32::try_from(std::process::id()).ok()?;
        let Seen::Somebody { began, .. } = seen(number) else { return None };
        let (boot, namespace) = place()?;
        Some(Self { boot, namespace, number, began })
    }

    /// Whether it is dead for sure. A process of another host, or of another container, never is.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        place().is_some_and(|(boot, namespace)| {
            boot == self.boot && namespace == self.namespace && !self.may_live(&seen(self.number))
        })
    }

    fn may_live(&self, seen: &Seen) -> bool {
        match seen {
            Seen::Nobody => false,
            Seen::Somebody { began, has_ended } => *began == self.began && !has_ended,
            Seen::Unknown => true,
        }
    }
}

/// The boot and the namespace that this process lives in.
fn place() -> Option<(String, String)> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some((boot.trim().to_owned(), namespace.to_str()?.to_owned()))
}

fn seen(number: i32) -> Seen {
    let Some(pid) = rustix::process::Pid::from_raw(number) else { return Seen::Unknown };
    // The signal 0 asks whether there is somebody, also where `/proc` hides the processes of others.
    if rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH) {
        return Seen::Nobody;
    }
    let stat = std::fs::read_to_string(format!("/proc/{number}/stat"));
    stat.ok().and_then(|stat| read(&stat)).unwrap_or(Seen::Unknown)
}

/// Reads `NUMBER (NAME) STATE ... BEGAN ...`. A name may hold anything, so what counts stands behind its last bracket.
fn read(stat: &str) -> Option<Seen> {
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let (state, began) = (fields.first()?, fields.get(19)?.parse().ok()?);
    Some(Seen::Somebody { began, has_ended: matches!(*state, "Z" | "X") })
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { boot, namespace, number, began } = self;
        write!(f, "{boot} {namespace} {number} {began}")
    }
}

impl FromStr for Process {
    type Err = NotAProcess;

    fn from_str(text: &str) -> Result<Self, NotAProcess> {
        let mut words = text.split(' ');
        let mut word = || words.next().ok_or(NotAProcess);
        Ok(Self {
            boot: word()?.to_owned(),
            namespace: word()?.to_owned(),
            number: word()?.parse().map_err(|_| NotAProcess)?,
            began: word()?.parse().map_err(|_| NotAProcess)?,
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn whoever_asks_is_alive_and_has_a_name_that_can_be_kept() {
        let this = Process::this().unwrap();
        assert!(!this.is_dead());
        assert_eq!(this.to_string().parse(), Ok(this));
        assert_eq!("nobody".parse::<Process>(), Err(NotAProcess));
    }

    #[test]
    fn a_process_is_dead_once_it_has_ended_also_while_nobody_has_collected_it() {
        let mut child = Command::new("sleep").arg("60").stdout(Stdio::null()).spawn().unwrap();
        let number = i32::try_from(child.id()).unwrap();
        let Seen::Somebody { began, .. } = seen(number) else { panic!("the child is not seen") };
        let named = Process { number, began, ..Process::this().unwrap() };
        assert!(!named.is_dead());
        child.kill().unwrap();
        while !named.is_dead() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(named.is_dead(), "nobody has its number now");
    }

    #[test]
    fn who_has_the_number_of_another_is_not_that_one() {
        let this = Process::this().unwrap();
        assert!(Process { began: this.began + 1, ..this.clone() }.is_dead());
    }

    #[test]
    fn nothing_is_known_of_another_boot_or_another_container() {
        let dead = Process { began: 0, ..Process::this().unwrap() };
        assert!(dead.is_dead());
        assert!(!Process { boot: "another".to_owned(), ..dead.clone() }.is_dead());
        assert!(!Process { namespace: "pid:[1]".to_owned(), ..dead }.is_dead());
    }

    #[test]
    fn a_name_with_brackets_hides_nothing() {
        let stat = "7 (a) b) (c) R 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20 21";
        assert!(matches!(read(stat), Some(Seen::Somebody { began: 4711, has_ended: false })));
        assert!(read("7 (a").is_none());
    }
}
