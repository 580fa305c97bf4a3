//! The scripts of `tests/node`: programs that others wrote, asked about what tieout writes and sends.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// What a script said, and whether it agreed.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) is_good: bool,
    pub(crate) said: String,
}

/// Runs a script of `tests/node` on a text.
pub(crate) fn judge(script: &str, args: &[&str], text: &str) -> Verdict {
    let folder: PathBuf = std::env::var_os("TIEOUT_TEST_NODE_FOLDER")
        .expect(
            "TIEOUT_TEST_NODE_FOLDER names a folder with the packages of tests/node; tests/run installs them",
        )
        .into();
    let mut command = Command::new("node");
    // What a script imports is looked for where it is run.
    command.current_dir(folder).args(["--input-type=module", "--eval", script, "--"]).args(args);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().expect("Node.js is there; tests/run installs it");
    // A script that could not even begin has hung up, and says why.
    let _ = running.stdin.take().unwrap().write_all(text.as_bytes());
    let output = running.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Verdict { is_good: output.status.success(), said: String::from_utf8(said).unwrap() }
}
