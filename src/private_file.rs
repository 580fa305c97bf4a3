//! Files that only their owner may read, because they hold business data. It never changes the mode of a file that exists, and
//! never leaves half of a file under its name.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Opens a file for reading and appending; where it does not exist, it is created with mode 0600.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a file under a name, in the place of one that is there, so that whoever looks sees all of it or what was there before,
/// also after a loss of power. What was begun and not finished has a name of its own, which begins with a dot.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_with(path, content, |_| Ok(()))
}

/// The same for a file that holds nothing private: everybody may read it, as an exporter under another account has to.
pub(crate) fn replace_for_all(path: &Path, content: &[u8]) -> io::Result<()> {
    replace_with(path, content, |file| {
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        Ok(())
    })
}

fn replace_with(
    path: &Path,
    content: &[u8],
    open_up: impl FnOnce(&File) -> io::Result<()>,
) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut begun = tempfile::Builder::new().prefix(".tieout-").tempfile_in(folder)?;
    begun.write_all(content)?;
    open_up(begun.as_file())?;
    begun.as_file().sync_all()?;
    begun.persist(path).map_err(|error| error.error)?;
    // The name is in the folder, and lasts once that is written.
    File::open(folder)?.sync_all()
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

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.json");
        replace(&path, b"the first, which is longer").unwrap();
        replace(&path, b"the second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"the second");
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(replace(&folder.path().join("nowhere/report.json"), b"").is_err());

        replace_for_all(&path, b"the third").unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o644);
    }
}
