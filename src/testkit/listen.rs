//! Makes a plan of one domain on a state store of its own while somebody listens, and reads the rows that it was about.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::Value;
use tieout_reconcilers::fan_out::{FanOut, Member};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::name::Each;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::row::Row;
use tieout_reconcilers::scalar::Scalar;
use tieout_reconcilers::window::Window;
use tokio_util::sync::CancellationToken;

use super::play::{Blank, NotPlayed, Setting, night};
use super::recorder::{Heard, Recorder};
use super::staged::Staged;
use crate::local::{Database, EACH, LocalError, MemberValues};
use crate::report::DomainReport;
use crate::run::Mode;
use crate::schemas::Registry;
use crate::source::Client;

/// What is listened to.
pub struct Listening {
    /// The domain.
    pub domain: Arc<dyn Reconciler>,
    /// The client that the recorder listens to.
    pub client: Client,
    /// Who listens.
    pub recorder: Arc<Recorder>,
    /// The local side.
    pub database: Database,
    /// What time it is.
    pub now: Instant,
    /// Where reading begins.
    pub start: Instant,
    /// The schemas of events.
    pub schemas: Arc<Registry>,
    /// Cancelled by a signal.
    pub cancel: CancellationToken,
}

/// Makes the plan. What was heard is with the recorder.
pub async fn listen(listening: &Listening, blank: &Blank) -> Result<DomainReport, NotPlayed> {
    let Listening { domain, client, recorder, database, now, start, schemas, cancel } = listening;
    let staged = Staged::new(Arc::clone(domain), *start, recorder.clone());
    let setting = Setting {
        domain: Arc::new(staged),
        client: client.clone(),
        database: database.clone(),
        now: *now,
        schemas: Arc::clone(schemas),
        mode: Mode::Plan,
        cancel: cancel.clone(),
    };
    night(setting, blank).await.map(|(report, _)| report)
}

/// The rows of a window, and those of the keys that were heard, each as its columns with their values in JSON; and how many values
/// could not be read.
pub async fn rows(
    domain: &dyn Reconciler,
    database: &Database,
    window: Window,
    heard: &Heard,
) -> Result<(Vec<BTreeMap<String, String>>, u64), LocalError> {
    let (mut rows, mut n_faults) = (Vec::new(), 0);
    for (each, values) in members(domain, heard) {
        let reader = database.reader_for(domain.local(), domain.fields(), &values).await?;
        let mut known = BTreeSet::new();
        let mut take = |row: Row<'_>| {
            known.insert(row.key.to_string());
            rows.push(columns(domain, &row, &values));
            ControlFlow::Continue(())
        };
        let read = if domain.feed().timeless {
            reader.whole(&mut take).await?
        } else {
            reader.rows(window, &mut take).await?
        };
        n_faults += read.n_faults();
        let keys = heard.keys.get(&each).into_iter().flatten();
        let others: Vec<Key> = keys.filter(|key| !known.contains(key.as_str())).cloned().collect();
        let mut take = |row: Row<'_>| {
            rows.push(columns(domain, &row, &values));
            ControlFlow::Continue(())
        };
        n_faults += reader.by_keys(&others, &mut take).await?.n_faults();
    }
    let key = &domain.local().key;
    rows.sort_by(|one, other| one.get(key).cmp(&other.get(key)));
    Ok((rows, n_faults))
}

/// Whom the feed was read for.
fn members(domain: &dyn Reconciler, heard: &Heard) -> Vec<(Each, MemberValues)> {
    match domain.fan_out() {
        FanOut::None => vec![(Each::default(), MemberValues::new())],
        FanOut::Members(members) => members.into_iter().map(|one| (one.each, one.values)).collect(),
        FanOut::Feed(parents) => {
            let members = heard.keys.keys().filter_map(|each| Member::called(each, [&*parents.name]));
            members.map(|one| (one.each, one.values)).collect()
        }
    }
}

fn columns(domain: &dyn Reconciler, row: &Row<'_>, values: &MemberValues) -> BTreeMap<String, String> {
    let local = domain.local();
    let text = |text: &str| Value::from(text).to_string();
    let instant = |at: Option<Instant>| at.map_or_else(|| "null".to_owned(), |at| text(&at.to_string()));
    let mut columns: BTreeMap<String, String> = BTreeMap::new();
    let whole: Option<BTreeMap<String, Box<serde_json::value::RawValue>>> =
        row.whole.as_deref().and_then(|whole| serde_json::from_str(whole).ok());
    columns.extend(whole.into_iter().flatten().map(|(name, raw)| (name, raw.get().to_owned())));
    let fields = domain.fields().fields.iter().zip(&row.fields);
    columns.extend(fields.map(|(field, value)| (field.local.to_string(), value.as_sent())));
    columns.insert(local.key.clone(), text(&row.key));
    columns.extend(local.clock.clone().map(|name| (name, instant(row.clock))));
    columns.extend(local.changed.clone().map(|name| (name, instant(row.changed))));
    let version = local.version.clone().filter(|_| row.version != Scalar::Absent);
    columns.extend(version.map(|name| (name, row.version.as_sent())));
    columns.extend(values.iter().map(|(name, value)| (format!("{EACH}{name}"), text(value))));
    columns
}
