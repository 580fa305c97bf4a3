//! The demo finds exactly what it planted and sees it repaired.

use std::process::Command;

#[test]
fn the_demo_finds_what_it_planted_and_sees_it_repaired() {
    let dir = tempfile::TempDir::new().unwrap();
    let output =
        Command::new(env!("CARGO_BIN_EXE_tieout")).arg("demo").current_dir(dir.path()).output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stdout}\n{stderr}");
    assert!(stdout.contains("exactly what was planted"), "{stdout}");
    let next = Command::new(env!("CARGO_BIN_EXE_tieout"))
        .args(["findings", "list", "--state", "repaired"])
        .current_dir(dir.path().join("tieout-demo"))
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&next.stdout).contains("repaired"), "{next:?}");
}
