//! Why a process ended, in the file that Kubernetes shows with its pod: `kubectl describe pod` has it after the pod is gone from the logs.
//!
//! It is said as well as everything else and not instead, so that it cannot be written is a warning.

use std::borrow::Cow;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Where Kubernetes puts the file, unless a container says otherwise.
const OF_A_POD: &str = "/dev/termination-log";

/// What Kubernetes gives to every container.
const SIGN_OF_A_POD: &str = "KUBERNETES_SERVICE_HOST";

/// The variable of `--termination-log`, for those who end before flags are understood.
const VARIABLE: &str = "TIEOUT_TERMINATION_LOG";

/// What Kubernetes reads of the file.
const MOST: usize = 4096;

/// Where the last words go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastWords {
    file: Option<PathBuf>,
}

impl LastWords {
    /// Into the file that somebody names, or else into the one of the pod that this process runs in.
    #[must_use]
    pub fn into(named: Option<&Path>) -> Self {
        let variable = || std::env::var_os(VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from);
        let named = named.map(Path::to_owned).or_else(variable);
        Self::choose(named, std::env::var_os(SIGN_OF_A_POD).is_some(), Path::new(OF_A_POD))
    }

    fn choose(named: Option<PathBuf>, is_in_a_pod: bool, of_a_pod: &Path) -> Self {
        let found = || (is_in_a_pod && of_a_pod.exists()).then(|| of_a_pod.to_owned());
        Self { file: named.or_else(found) }
    }

    /// Writes the end of `text` in the place of what was said before.
    pub fn say(&self, text: &str) {
        let Some(file) = &self.file else { return };
        if let Err(error) = write(file, &shortened(text)) {
            tracing::warn!("the last words cannot be written into {}: {error}", file.display());
        }
    }
}

/// Into the file itself: the one of a pod is a mount, which cannot be replaced.
fn write(file: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new().write(true).create(true).truncate(true).open(file)?.write_all(text.as_bytes())
}

/// The first line, which says how it ended, and the last ones that fit.
fn shortened(text: &str) -> Cow<'_, str> {
    let text = text.trim_end();
    match text.split_once('\n') {
        Some((first, rest)) if text.len() > MOST && first.len() < MOST / 2 => {
            format!("{first}\n{}", end_of(rest, MOST - first.len() - 1)).into()
        }
        _ => end_of(text, MOST).into(),
    }
}

/// The last lines that fit, or as much of the last line as fits.
fn end_of(text: &str, most: usize) -> &str {
    let Some(mut from) = text.len().checked_sub(most) else { return text };
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let cut = &text[from..];
    cut.split_once('\n').map_or(cut, |(_half, whole)| whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_verdict_and_the_end_are_kept_in_whole_lines() {
        let lines = (0..1_000).map(|line| format!("  line {line}\n")).collect::<Vec<_>>().concat();
        let kept = shortened(&format!("PARTIAL (exit 3)\n{lines}")).into_owned();
        assert!(kept.len() <= MOST && kept.len() > MOST - 20, "{}", kept.len());
        assert!(kept.starts_with("PARTIAL (exit 3)\n  line ") && kept.ends_with("\n  line 999"), "{kept}");
        assert_eq!(shortened("PARTIAL (exit 3)\n"), "PARTIAL (exit 3)");
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_between_letters() {
        let long = format!("a{}", "é".repeat(MOST));
        assert_eq!(shortened(&long).len(), MOST);
        assert!(shortened(&format!("{long}\nend")).len() <= MOST);
    }

    #[test]
    fn only_a_pod_has_a_file_that_nobody_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("termination-log");
        let named = || Some(PathBuf::from("/elsewhere"));
        assert_eq!(LastWords::choose(None, true, &file).file, None);
        fs::write(&file, "").unwrap();
        assert_eq!(LastWords::choose(None, false, &file).file, None);
        assert_eq!(LastWords::choose(None, true, &file).file, Some(file.clone()));
        assert_eq!(LastWords::choose(named(), true, &file).file, named());
    }

    #[test]
    fn later_words_take_the_place_of_earlier_ones_in_the_same_file() {
        use std::os::unix::fs::MetadataExt as _;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("termination-log");
        let words = LastWords { file: Some(file.clone()) };
        words.say("HELD (exit 5)\n  next  tieout approve latest --dry-run\n");
        let inode = fs::metadata(&file).unwrap().ino();
        words.say("DONE\n");
        assert_eq!(fs::read_to_string(&file).unwrap(), "DONE");
        assert_eq!(fs::metadata(&file).unwrap().ino(), inode);
        // A folder takes no words, and nothing comes of that.
        LastWords { file: Some(folder.path().to_owned()) }.say("DONE\n");
    }
}
