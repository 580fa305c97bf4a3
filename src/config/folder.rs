//! Finds and reads the definition files that the configuration points at.

use std::path::{Component, Path, PathBuf};

use tieout_reconcilers::define::document::{Document, MAX_BYTES};
use tieout_reconcilers::define::problem::Problem;

/// Reads a file for what it may hold.
pub(crate) fn read(path: &Path) -> Result<String, Problem> {
    let shown = shown(path);
    let length = std::fs::metadata(path).map(|found| found.len());
    if length.is_ok_and(|length| length > MAX_BYTES as u64) {
        return Err(Problem::of_file(&shown, format!("the file is larger than {MAX_BYTES} bytes")));
    }
    std::fs::read(path)
        .map_err(|error| Problem::of_file(&shown, format!("the file cannot be read: {error}")))
        .and_then(|bytes| {
            String::from_utf8(bytes).map_err(|_| Problem::of_file(&shown, "the file is not UTF-8 text"))
        })
}

/// Reads a definition file.
pub(super) fn document(path: &Path) -> Result<Document, Problem> {
    read(path).map(|text| Document::new(shown(path), &text))
}

/// The YAML files of a folder, sorted by name, or the one file that the path names; `except` is left out.
pub(super) fn definitions(path: &Path, except: &Path) -> Result<Vec<PathBuf>, std::io::Error> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        let is_yaml = file.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
        let is_hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if is_yaml && !is_hidden && file.is_file() && !is_same(&file, except) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

pub(super) fn is_same(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// A path as it is shown: without the dots that joining leaves in it.
pub(super) fn shown(path: &Path) -> String {
    let clean: PathBuf = path.components().filter(|part| !matches!(part, Component::CurDir)).collect();
    clean.display().to_string()
}
