//! Files that only their owner may read, because they hold business data. It never changes the mode of a file that exists.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file for reading and appending; where it does not exist, it is created with mode 0600.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_new_file_is_private_and_an_old_one_keeps_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let new = folder.path().join("new");
        assert_eq!(open(&new).unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);

        std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert_eq!(open(&new).unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o640);
    }
}
