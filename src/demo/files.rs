//! The demo's folder: the definitions that tell `tieout` about the provider and the shop, and the names of what else
//! is kept there.
//!
//! Never touches a folder that the demo did not make, nor a file in it that is not the demo's own.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};

const CONFIG: &str = "tieout.yaml";
const KEY: &str = "demo.key";
const SHOP_DB: &str = "shop.db";
const QUEUE_DB: &str = "queue.db";

const STATE_DB: &str = "state.db";

/// By this file a folder is known to be the demo's. Hidden, so that it does not travel with copied definitions.
const MARK: &str = ".made-by-tieout-demo";

/// The base URL in the template of `tieout.yaml`.
const TEMPLATE_BASE: &str = "http://127.0.0.1:8080";

const TEMPLATES: [(&str, &str); 8] = [
    ("demo.provider.yaml", include_str!("files/demo.provider.yaml")),
    (CONFIG, include_str!("files/tieout.yaml")),
    ("charges.yaml", include_str!("files/charges.yaml")),
    ("refunds.yaml", include_str!("files/refunds.yaml")),
    ("customers.yaml", include_str!("files/customers.yaml")),
    ("fixtures/charges/page-1.json", include_str!("files/fixtures/charges/page-1.json")),
    ("fixtures/charges/page-2.json", include_str!("files/fixtures/charges/page-2.json")),
    ("fixtures/charges/rows.csv", include_str!("files/fixtures/charges/rows.csv")),
];

/// The demo's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoFiles {
    dir: PathBuf,
}

/// Why the demo's folder could not be made ready. The user picks or clears another one.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// Something is in the folder, and it was not the demo that put it there.
    #[error("`{0}` is not empty and was not made by the demo")]
    Foreign(PathBuf),
    /// The folder or a file in it could not be read or written.
    #[error("failed to prepare `{path}`: {source}")]
    Access {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DemoFiles {
    /// Makes the folder `dir`, or removes what an earlier demo left in it.
    pub fn prepare(dir: &Path) -> Result<Self, FilesError> {
        let access = |source| FilesError::Access { path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(access)?;
        let mark = dir.join(MARK);
        if mark.is_file() {
            remove_leftovers(dir)?;
        } else if fs::read_dir(dir).map_err(access)?.next().is_some() {
            return Err(FilesError::Foreign(dir.to_owned()));
        }
        fs::write(&mark, "").map_err(access)?;
        Ok(Self { dir: dir.to_owned() })
    }

    /// Writes the definitions, pointing at the provider at `base_url`, and the key, readable by its owner alone.
    pub fn write(&self, base_url: &str, key: &SecretString) -> Result<(), FilesError> {
        for (name, template) in TEMPLATES {
            let text = template.replace(TEMPLATE_BASE, base_url);
            let path = self.dir.join(name);
            let made = path.parent().map_or(Ok(()), fs::create_dir_all);
            made.and_then(|()| fs::write(&path, text))
                .map_err(|source| FilesError::Access { path, source })?;
        }
        let path = self.dir.join(KEY);
        write_private(&path, key.expose_secret()).map_err(|source| FilesError::Access { path, source })
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `tieout.yaml`, the file to load.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.dir.join(CONFIG)
    }

    /// The shop's database.
    #[must_use]
    pub fn shop_db(&self) -> PathBuf {
        self.dir.join(SHOP_DB)
    }

    /// The database with the queue table `tieout_events`.
    #[must_use]
    pub fn queue_db(&self) -> PathBuf {
        self.dir.join(QUEUE_DB)
    }
}

/// Removes the demo's own files, SQLite's companions of its databases included.
fn remove_leftovers(dir: &Path) -> Result<(), FilesError> {
    let databases = [SHOP_DB, QUEUE_DB, STATE_DB]
        .into_iter()
        .flat_map(|name| ["", "-wal", "-shm", "-journal"].map(|companion| format!("{name}{companion}")));
    let written = TEMPLATES.iter().map(|(name, _)| (*name).to_owned()).chain([KEY.to_owned()]);
    for name in databases.chain(written) {
        let path = dir.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(FilesError::Access { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use tempfile::TempDir;

    use super::*;

    fn read(files: &DemoFiles, name: &str) -> Value {
        serde_saphyr::from_str(&fs::read_to_string(files.dir().join(name)).unwrap()).unwrap()
    }

    #[test]
    fn the_definitions_are_yaml_and_point_at_the_running_provider() {
        let home = TempDir::new().unwrap();
        let files = DemoFiles::prepare(&home.path().join("tieout-demo")).unwrap();
        files.write("http://127.0.0.1:54321", &SecretString::from("sk_demo_x")).unwrap();
        let config = read(&files, "tieout.yaml");
        assert_eq!(config["providers"]["demo"]["base"], "http://127.0.0.1:54321");
        let provider = read(&files, "demo.provider.yaml");
        for (file, feed) in
            [("charges.yaml", "charges"), ("refunds.yaml", "refunds"), ("customers.yaml", "customers")]
        {
            let domain = read(&files, file);
            assert_eq!(domain["feed"], format!("demo/{feed}"));
            assert!(provider["feeds"][feed].is_object());
            assert!(config["queues"].get(domain["emit"]["queue"].as_str().unwrap()).is_some());
            assert!(config["databases"].get(domain["local"]["database"].as_str().unwrap()).is_some());
        }
        assert_eq!(fs::read_to_string(files.dir().join(KEY)).unwrap(), "sk_demo_x");
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_readable_by_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;

        let home = TempDir::new().unwrap();
        let files = DemoFiles::prepare(home.path()).unwrap();
        files.write("http://127.0.0.1:54321", &SecretString::from("sk_demo_x")).unwrap();
        assert_eq!(fs::metadata(files.dir().join(KEY)).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_earlier_demo_is_cleared_away_and_a_foreign_folder_is_left_alone() {
        let home = TempDir::new().unwrap();
        let files = DemoFiles::prepare(&home.path().join("tieout-demo")).unwrap();
        files.write("http://127.0.0.1:54321", &SecretString::from("sk_demo_x")).unwrap();
        fs::write(files.shop_db(), "old books").unwrap();
        fs::write(files.dir().join("mine.yaml"), "domain: mine").unwrap();
        DemoFiles::prepare(files.dir()).unwrap();
        assert!(!files.shop_db().exists());
        assert!(!files.config().exists());
        assert!(files.dir().join("mine.yaml").exists());

        let foreign = home.path().join("shop");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join(SHOP_DB), "somebody's books").unwrap();
        assert!(matches!(DemoFiles::prepare(&foreign), Err(FilesError::Foreign(_))));
        assert!(foreign.join(SHOP_DB).exists());
    }

    #[test]
    fn a_folder_that_cannot_be_made_says_why() {
        let home = TempDir::new().unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        let error = DemoFiles::prepare(&home.path().join("file/tieout-demo")).unwrap_err().to_string();
        assert!(error.ends_with("file/tieout-demo`: Not a directory (os error 20)"), "{error}");
    }
}
