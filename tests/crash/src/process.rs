//! One process of the program that is tried: started with a crash point, watched, stopped and let go on.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

/// A process that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(150);

/// How a process is started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Manner {
    pub(crate) kill_at: Option<String>,
    pub(crate) stop_at: Option<String>,
    pub(crate) bug: Option<&'static str>,
    /// Words before the program, such as a tracer.
    pub(crate) through: Vec<String>,
    pub(crate) has_one_thread: bool,
    /// Further words of its environment.
    pub(crate) more: Vec<(&'static str, String)>,
}

/// What was seen of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Exited(i32),
    Killed,
    Stopped,
    /// It did not end in time, and was killed.
    Hung,
}

/// A process. Where it is not waited for, it is killed.
pub(crate) struct Process {
    pid: Pid,
    hits: PathBuf,
    is_over: bool,
}

impl Process {
    /// Starts `tieout ARGS` in the case's folder. What it says goes into files named for `name`.
    #[expect(clippy::zombie_processes, reason = "`waitpid` waits for it, which tells when it stops, too")]
    pub(crate) fn start(program: &Path, folder: &Path, name: &str, args: &[String], manner: &Manner) -> Self {
        let file = |ending: &str| folder.join(format!("{name}.{ending}"));
        let mut command = match manner.through.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            None => Command::new(program),
        };
        let set = |text: &Option<String>| text.clone().unwrap_or_default();
        command
            .args(args)
            .current_dir(folder)
            .env("SHOP_DATABASE", std::fs::read_to_string(folder.join("url")).unwrap())
            .env("TIEOUT_LOG", "trace")
            // What cannot be delivered is left to the next start sooner than usual.
            .env("TIEOUT_DRAIN", "3s")
            .env("TIEOUT_CRASH", set(&manner.kill_at))
            .env("TIEOUT_STOP", set(&manner.stop_at))
            .env("TIEOUT_BUG", manner.bug.unwrap_or_default())
            .env("TIEOUT_ONE_THREAD", if manner.has_one_thread { "1" } else { "" })
            .env("TIEOUT_CRASH_LOG", file("hits"))
            .envs(manner.more.iter().map(|(name, value)| (name, value)))
            .env_remove("RUST_BACKTRACE")
            .stdin(Stdio::null())
            .stdout(File::create(file("out")).unwrap())
            .stderr(File::create(file("err")).unwrap());
        let child: Child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        Self { pid: Pid::from_child(&child), hits: file("hits"), is_over: false }
    }

    pub(crate) const fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if !self.is_over {
            // It may be over by itself at the same moment.
            let _ = kill_process(self.pid, signal);
        }
    }

    /// Waits until it ends or stops.
    pub(crate) async fn wait(&mut self) -> Seen {
        let pid = self.pid;
        let waited = tokio::task::spawn_blocking(move || {
            loop {
                match waitpid(Some(pid), WaitOptions::UNTRACED) {
                    Ok(Some((_, status))) => return status,
                    Ok(None) | Err(rustix::io::Errno::INTR) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
        tokio::pin!(waited);
        let (status, has_hung) = match tokio::time::timeout(PATIENCE, &mut waited).await {
            Ok(status) => (status.unwrap(), false),
            Err(_) => {
                self.signal(Signal::KILL);
                (waited.await.unwrap(), true)
            }
        };
        self.is_over = !status.stopped();
        match (has_hung, status.exit_status()) {
            (true, _) => Seen::Hung,
            (_, Some(code)) => Seen::Exited(code),
            _ if status.stopped() => Seen::Stopped,
            _ => Seen::Killed,
        }
    }

    /// The crash points that it came to, in their order.
    pub(crate) fn hits(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.hits).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !self.is_over {
            self.signal(Signal::KILL);
            let _ = waitpid(Some(self.pid), WaitOptions::empty());
        }
    }
}
