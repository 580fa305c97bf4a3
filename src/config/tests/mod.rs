//! Whole configurations: what is refused and how, and what a loaded one holds.

mod aws;
mod bad;
mod good;
mod kafka;
mod lags;
mod notify;
mod pubsub;
mod schema;
mod schemas;
#[cfg(feature = "all-queues")]
mod systems;
mod webhooks;
#[path = "../../../reconcilers/define/tests/whole.rs"]
mod whole;

use std::fmt::Write as _;
use std::path::PathBuf;

use tempfile::TempDir;
use tieout_reconcilers::define::problem::Problem;

use super::{Config, Loaded};

const CONFIG: &str = "state: {url: \"sqlite:state.db\"}
databases:
  app: {url: \"env:TIEOUT_TEST_NO_URL\"}
queues:
  billing: {sqlite: {path: queue.db, table: events}}
providers:
  stripe:
    secrets: {stripe_key: env:TIEOUT_TEST_NO_KEY}
reconcilers: [reconcilers]
";

const DOMAIN: &str = "domain: stripe.charges
feed: stripe/charges
local:
  database: app
  rows: SELECT id, amount FROM charges WHERE created_at >= :from AND created_at < :to
  keys: SELECT id, amount FROM charges WHERE id IN (:keys)
  key: id
  clock: created_at
compare:
  amount:
emit:
  queue: billing
  missing: {type: com.example.charge.created}
";

const PROVIDER: &str = "provider: shop
base: https://{var.shop}.example.com
auth: {basic: {user: \"{var.user}\", password: \"{secret.key}\"}}
headers: {X-Account: \"{var.account}\"}
feeds:
  orders:
    request: GET /orders
    rows: data
    id: id
    next: none
    window: {clock: at, as: epoch, filter: client}
    confirm: {one: \"GET /orders/{id}\", gone: 404}
";

/// A folder with `tieout.yaml` and other files.
struct World {
    folder: TempDir,
}

impl World {
    fn new(config: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files.iter().chain([&("tieout.yaml", config)]) {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tieout.yaml")
    }

    fn load(&self) -> Result<Loaded, Vec<Problem>> {
        let loaded = Config::load(&self.path());
        schema::agrees(&self.path(), loaded.is_ok());
        loaded
    }

    /// What a person would see, without the folder's name.
    fn printed(&self, problems: &[Problem]) -> String {
        let mut text = String::new();
        for problem in problems {
            let _ = writeln!(text, "{problem}");
            if let Some(excerpt) = problem.excerpt() {
                let _ = writeln!(text, "    {excerpt}");
            }
            if let Some(help) = &problem.help {
                let _ = writeln!(text, "    help: {help}");
            }
        }
        let folder = self.folder.path().display().to_string();
        text.replace(&format!("{folder}/"), "").replace(&folder, ".")
    }

    fn problems(&self) -> String {
        match self.load() {
            Ok(loaded) => panic!("loaded: {:?}", loaded.warnings),
            Err(problems) => self.printed(&problems),
        }
    }

    fn loaded(&self) -> Loaded {
        self.load().unwrap_or_else(|problems| panic!("{}", self.printed(&problems)))
    }
}
