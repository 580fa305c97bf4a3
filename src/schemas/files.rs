//! The files of a registry by what their names say. It reads no file.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use tieout_reconcilers::define::problem::Problem;
use tieout_reconcilers::name::Name;
use tieout_reconcilers::schema_id::SchemaId;

/// The files of one schema.
#[derive(Debug, Default)]
pub(super) struct FamilyFiles {
    pub(super) folder: PathBuf,
    pub(super) versions: BTreeMap<u32, PathBuf>,
    /// By the older version.
    pub(super) upcasters: BTreeMap<u32, PathBuf>,
    pub(super) compat: Option<PathBuf>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Version(u32),
    Upcaster(u32),
    Compat,
    /// It is for people.
    Beside,
}

/// Every file of the registry, by the name of its schema; what is none is a problem.
pub(super) fn find(folder: &Path, problems: &mut Vec<Problem>) -> io::Result<BTreeMap<Name, FamilyFiles>> {
    let mut families = BTreeMap::new();
    for path in entries(folder)? {
        match named(&path).parse::<Name>() {
            Ok(name) if path.is_dir() => {
                families.insert(name, family(&path, problems)?);
            }
            Err(error) if path.is_dir() => problems.push(problem(&path, error.to_string())),
            _ if is_beside(&path) => {}
            _ => {
                let help = "a schema has a folder of its own: `schemas/charge/v1.json`";
                problems.push(problem(&path, "a file of no schema").with_help(help));
            }
        }
    }
    Ok(families)
}

fn family(folder: &Path, problems: &mut Vec<Problem>) -> io::Result<FamilyFiles> {
    let mut files = FamilyFiles { folder: folder.to_owned(), ..FamilyFiles::default() };
    for path in entries(folder)? {
        match role(&path) {
            Some(Role::Version(version)) => drop(files.versions.insert(version, path)),
            Some(Role::Upcaster(from)) => drop(files.upcasters.insert(from, path)),
            Some(Role::Compat) => files.compat = Some(path),
            Some(Role::Beside) => {}
            None => {
                let help =
                    "the files of a schema are `v1.json`, `v2.json`, ..., `v1.to-v2.jq` and `compat.yaml`";
                problems.push(problem(&path, "a wrong name for a file of the registry").with_help(help));
            }
        }
    }
    problems.extend(gaps(&files));
    Ok(files)
}

/// Versions follow each other, and an upcaster lies between two of them.
fn gaps(files: &FamilyFiles) -> Vec<Problem> {
    let mut problems = Vec::new();
    let (Some(first), Some(last)) = (files.versions.keys().next(), files.versions.keys().next_back()) else {
        let fault = problem(&files.folder, "a schema without a version");
        return vec![fault.with_help("add `v1.json`, or remove the folder")];
    };
    // One of them is named, however many are missing: a mistyped number is not a thousand problems.
    if let Some(missing) = (*first..*last).find(|version| !files.versions.contains_key(version)) {
        let message = format!("`v{missing}.json` is missing between `v{first}.json` and `v{last}.json`");
        problems.push(problem(&files.folder, message).with_help("versions follow each other without a gap"));
    }
    for (from, path) in &files.upcasters {
        if let Some(missing) =
            [*from, from + 1].into_iter().find(|version| !files.versions.contains_key(version))
        {
            problems.push(problem(path, format!("there is no `v{missing}.json` beside this upcaster")));
        }
    }
    problems
}

fn role(path: &Path) -> Option<Role> {
    if is_beside(path) {
        return Some(Role::Beside);
    }
    let name = named(path);
    if name == "compat.yaml" {
        return Some(Role::Compat);
    }
    if let Some(version) = name.strip_suffix(".json") {
        return SchemaId::version_of(version).map(Role::Version);
    }
    let (from, to) = name.strip_suffix(".jq")?.split_once(".to-")?;
    let (from, to) = (SchemaId::version_of(from)?, SchemaId::version_of(to)?);
    (Some(to) == from.checked_add(1)).then_some(Role::Upcaster(from))
}

fn is_beside(path: &Path) -> bool {
    let name = named(path);
    name.starts_with('.') || name.eq_ignore_ascii_case("readme.md")
}

fn named(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn problem(path: &Path, message: impl Into<String>) -> Problem {
    Problem::of_file(&path.display().to_string(), message)
}

/// Sorted, so that what is said is the same on every machine.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    Ok(paths)
}
