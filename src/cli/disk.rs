//! Whether there is room where a run writes: the state in SQLite, the reports, and what it puts aside while it works.

use std::path::{Path, PathBuf};

use super::check::Tested;
use super::wire;
use crate::config::Config;
use crate::report::exit;
use crate::store::StoreSettings;

/// Below this, a run may end in the middle of a write: what a busy night puts aside, and room for the state's own log.
const LEAST: u64 = 256 << 20;

/// Looks at each place once.
pub(super) fn places(config: &Config) -> Vec<Tested> {
    let state = match wire::store_settings(config) {
        Ok(StoreSettings::Sqlite { path }) => path.parent().map(Path::to_owned),
        _ => None,
    };
    let places = [
        ("disk of the state store", state),
        ("disk of the reports", config.report_folder.clone()),
        ("disk of what is put aside", Some(std::env::temp_dir())),
    ];
    places.into_iter().filter_map(|(what, place)| Some(room(what, &place?))).collect()
}

fn room(what: &str, place: &Path) -> Tested {
    let place = if place.as_os_str().is_empty() { PathBuf::from(".") } else { place.to_owned() };
    let shown = place.display();
    match rustix::fs::statvfs(&place) {
        Ok(disk) => told(what, &shown.to_string(), disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => Tested::failed(
            what,
            format!("`{shown}` cannot be looked at: {error}; make the folder, and let this user write there"),
            exit::FAILED,
        ),
    }
}

fn told(what: &str, place: &str, free: u64) -> Tested {
    let said = format!("{} MiB free in `{place}`", free >> 20);
    if free < LEAST {
        return Tested::warning(what, format!("{said}; make room for at least {} MiB", LEAST >> 20));
    }
    Tested::ok(what, said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::TestResult;

    #[test]
    fn a_disk_that_is_nearly_full_is_a_doubt_and_a_folder_that_is_not_there_a_failure() {
        assert_eq!(
            told("disk", "/var", 10 << 20).detail,
            "10 MiB free in `/var`; make room for at least 256 MiB"
        );
        assert_eq!(told("disk", "/var", 1 << 30).result, TestResult::Ok);
        assert_eq!(room("disk", Path::new("/no/such/folder")).result, TestResult::Failed);
    }
}
