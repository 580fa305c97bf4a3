//! Files that are made anew, all of them or none: nothing that is there is ever touched, and what cannot be finished leaves nothing behind.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use tempfile::TempPath;

use super::failure::Failure;

/// A file that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewFile {
    /// Its path below the folder that it is laid into.
    pub(super) path: PathBuf,
    /// What it holds.
    pub(super) content: Vec<u8>,
}

impl NewFile {
    /// A file of a text.
    pub(super) fn text(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self { path: path.into(), content: text.into().into_bytes() }
    }
}

/// Files and folders that were made. They go again where nobody says that they stay.
#[derive(Debug)]
#[must_use]
pub(super) struct Laid {
    files: Vec<PathBuf>,
    /// In the order in which they were made.
    folders: Vec<PathBuf>,
}

impl Laid {
    /// What was made stays.
    pub(super) fn stay(mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        // A folder into which somebody else has put something stays.
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Makes files below `folder`, and the folders that they need. `advice` says what to do where one of them is there already.
pub(super) fn lay(folder: &Path, files: &[NewFile], advice: &str) -> Result<Laid, Failure> {
    let at = |file: &NewFile| folder.join(&file.path);
    let there: Vec<PathBuf> = files.iter().map(at).filter(|path| path.symlink_metadata().is_ok()).collect();
    if !there.is_empty() {
        return Err(exist(&there, advice));
    }
    let unwritable = |path: &Path, error: &io::Error| {
        let message = format!("{} cannot be written: {error}\nnothing was written", path.display());
        Failure::usage("unwritable", message)
    };
    let mut laid = Laid { files: Vec::new(), folders: Vec::new() };
    let mut begun = Vec::new();
    for file in files {
        let path = at(file);
        let written = make_folders(&path, &mut laid).and_then(|()| write_beside(&path, &file.content));
        begun.push((written.map_err(|error| unwritable(&path, &error))?, path));
    }
    for (begun, path) in begun {
        match begun.persist_noclobber(&path) {
            Ok(()) => laid.files.push(path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(exist(&[path], advice));
            }
            Err(error) => return Err(unwritable(&path, &error.error)),
        }
    }
    Ok(laid)
}

fn exist(paths: &[PathBuf], advice: &str) -> Failure {
    let listed: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let (verb, them) = if let [_] = paths { ("is", "it") } else { ("are", "them") };
    let message = format!(
        "{} {verb} there already; nothing was written\nmove {them} away, or {advice}",
        listed.join(", ")
    );
    Failure::usage("file_exists", message)
}

fn make_folders(path: &Path, laid: &mut Laid) -> io::Result<()> {
    let path = env::current_dir()?.join(path);
    let missing: Vec<&Path> = path.ancestors().skip(1).take_while(|folder| !folder.exists()).collect();
    for folder in missing.into_iter().rev() {
        fs::create_dir(folder)?;
        laid.folders.push(folder.to_owned());
    }
    Ok(())
}

/// Writes a file under a name of its own, in the folder where it will be.
fn write_beside(path: &Path, content: &[u8]) -> io::Result<TempPath> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".tieout-");
    // As any other file: what everybody may read is the umask's to say.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file.into_temp_path())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> [NewFile; 2] {
        [NewFile::text("tieout.yaml", "a"), NewFile::text("deep/er/charges.yaml", "b")]
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn what_nobody_keeps_leaves_nothing_behind() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("recon");
        drop(lay(&folder, &files(), "wait").unwrap());
        assert!(names(home.path()).is_empty());
        lay(&folder, &files(), "wait").unwrap().stay();
        assert_eq!(names(&folder), ["deep", "tieout.yaml"]);
        assert_eq!(fs::read_to_string(folder.join("deep/er/charges.yaml")).unwrap(), "b");
    }

    #[test]
    fn a_file_that_is_there_stays_and_no_other_is_made() {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("deep/er")).unwrap();
        fs::write(home.path().join("deep/er/charges.yaml"), "mine").unwrap();
        let failure = lay(home.path(), &files(), "wait").unwrap_err();
        assert_eq!((failure.exit, failure.code), (2, "file_exists"));
        assert!(failure.message.contains("charges.yaml is there already"), "{failure}");
        assert_eq!(names(home.path()), ["deep"]);
        assert_eq!(fs::read_to_string(home.path().join("deep/er/charges.yaml")).unwrap(), "mine");
    }

    #[test]
    fn where_a_folder_cannot_be_made_nothing_is() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("deep"), "a file").unwrap();
        let failure = lay(home.path(), &files(), "wait").unwrap_err();
        assert_eq!((failure.exit, failure.code), (2, "unwritable"));
        assert_eq!(names(home.path()), ["deep"]);
    }
}
