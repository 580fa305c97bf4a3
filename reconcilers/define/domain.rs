//! A domain file: what only the user knows about one reconciliation.

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;

use super::checked::{Checked, Fault, FromText, Ordered, Placed, Word};
use super::compare::{self, FieldFile, MoneyFile};
use super::document::{Document, Problems};
use super::emit_file::{EmitFile, Remedies};
use super::feed::FeedDefinition;
use super::funnel_file::FunnelFile;
use super::kinship::{self, Owner};
use super::policy_file::PolicyFile;
use super::privacy_file::{self, PrivacyFile};
use super::problem::{Problem, Spot};
use super::received_file::ReceivedFile;
use super::schedule::ScheduleFile;
use super::tests_file::{self, TestDefinition, TestFile};
use super::webhooks_file::{OwnWebhooks, OwnWebhooksFile};
use crate::compare::{Field, Fields, Rule};
use crate::direction::Direction;
use crate::funnel::Funnel;
use crate::instant::TimeFormat;
use crate::name::{DomainName, FeedName, Name};
use crate::path::Path;
use crate::received::Received;
use crate::reconciler::{Local, Policy};
use crate::schedule::Schedule;
use crate::schema_id::SchemaId;

/// One reconciliation: a feed of a provider on one side, a query of yours on the other.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DomainFile {
    /// What the domain is called.
    domain: Checked<Name>,
    /// Whom to ask about it, such as an address or a team.
    owner: Option<Checked<Owner>>,
    /// Words that it shares with other domains, to be chosen by: `--select tag:finance`.
    #[serde(default)]
    tags: Vec<Checked<Name>>,
    /// The feed on the one side, as `provider/feed`.
    feed: Checked<FeedName>,
    /// Which side is the truth: `inbound` is the feed, `outbound` your rows.
    #[schemars(extend("default" = "inbound"))]
    direction: Option<Checked<Direction>>,
    /// When it runs.
    schedule: Option<ScheduleFile>,
    /// The rows on the other side.
    local: LocalFile,
    /// Your table of received webhooks, by which a finding says where its change was lost.
    received: Option<ReceivedFile>,
    /// The webhook endpoint of the provider that this domain counts on, for `tieout doctor`.
    webhooks: Option<Placed<OwnWebhooksFile>>,
    /// How many webhooks were received, consumed and not consumed on a day.
    funnel: Option<Placed<FunnelFile>>,
    /// What is compared, by the names that findings and reports have for it.
    compare: Placed<Ordered<Option<FieldFile>>>,
    /// Which fields are amounts whose differences reports add up.
    money: Option<Placed<MoneyFile>>,
    /// What people must not see.
    privacy: Option<Placed<PrivacyFile>>,
    /// What happens to differences.
    #[serde(default)]
    policy: PolicyFile,
    /// Which events are sent; without it a domain only reports.
    emit: Option<Placed<EmitFile>>,
    /// What `tieout test` tries: recorded pages and rows, and what is to come of them.
    #[serde(default)]
    tests: Vec<TestFile>,
}

/// The rows of the application.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LocalFile {
    /// The database of `tieout.yaml` that they are in.
    database: Checked<Name>,
    /// The query for every row of a range: `:from` belongs to it, `:to` does not.
    rows: Checked<SqlText>,
    /// The query for the same columns by key: `IN (:keys)`, or `= ANY(:keys)` in PostgreSQL.
    keys: Checked<SqlText>,
    /// The column that holds the feed's `id`.
    key: Checked<ColumnName>,
    /// The column that `:from` and `:to` filter: the same instant as the feed's clock. Left out where the feed has none.
    clock: Option<Checked<ColumnName>>,
    /// The column that says when the application last wrote the row.
    changed: Option<Checked<ColumnName>>,
    /// The column with the provider's change marker as it was stored.
    version: Option<Checked<ColumnName>>,
    /// How texts and numbers of the rows stand for instants.
    #[schemars(extend("default" = "rfc3339"))]
    time: Option<Checked<TimeFormat>>,
    /// Whose clocks times and dates without a zone were written by.
    zone: Option<Checked<Tz>>,
}

/// SQL as the user wrote it; the local side checks it against its database.
#[derive(Debug, Clone)]
pub(super) struct SqlText(pub(super) String);

impl FromText for SqlText {
    const WHAT: &'static str = "query in SQL";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let text = text.trim();
        if text.is_empty() { Err(Fault::new("the query is empty")) } else { Ok(Self(text.to_owned())) }
    }
}

/// The name of a column in the result of the user's queries.
#[derive(Debug, Clone)]
pub(super) struct ColumnName(pub(super) String);

impl FromText for ColumnName {
    const WHAT: &'static str = "name of a column";

    fn from_text(text: &str) -> Result<Self, Fault> {
        if text.trim().is_empty() {
            return Err(Fault::new("a column has a name"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A domain, compiled; its feed, database and queue are still names.
#[derive(Debug, Clone)]
pub struct DomainDefinition {
    /// Its name.
    pub name: DomainName,
    /// Whom to ask about it.
    pub owner: Option<String>,
    /// What it is chosen by besides its name.
    pub tags: Vec<Name>,
    /// Which feed is its upstream side.
    pub feed: FeedName,
    /// When it runs.
    pub schedule: Option<Schedule>,
    /// The local side.
    pub local: Local,
    /// The team's table of received webhooks.
    pub received: Option<Received>,
    /// What it says about the webhooks that it lives on.
    pub webhooks: Option<OwnWebhooks>,
    /// Where it finds out what became of what the application received.
    pub funnel: Option<Funnel>,
    /// The compared fields.
    pub fields: Fields,
    /// What the team decided about findings.
    pub policy: Policy,
    /// What is done about discrepancies.
    pub remedies: Remedies,
    /// The queues that it names, and where.
    pub queues: Vec<(Name, Spot)>,
    /// The schemas that its events name, and where.
    pub schemas: Vec<(Spot, SchemaId)>,
    /// The hidden ones of the compared fields, by their places, and where each is named.
    pub hidden: Vec<(usize, Spot)>,
    /// Its tests.
    pub tests: Vec<TestDefinition>,
    /// What is legal and rarely meant.
    pub warnings: Vec<Problem>,
    /// Where the names stand that others have to know.
    pub spots: DomainSpots,
    /// The file, to say more about it.
    pub document: Document,
}

/// Where a domain names things that are defined elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DomainSpots {
    /// The domain's own name.
    pub name: Spot,
    /// Its feed.
    pub feed: Spot,
    /// Its database.
    pub database: Spot,
    /// Its table of received webhooks, if it has one.
    pub received: Option<Spot>,
    /// Its webhooks, if it says anything about them.
    pub webhooks: Option<Spot>,
    /// What it sends, if it sends anything.
    pub emit: Option<Spot>,
    /// The database of its funnel, if it names one.
    pub funnel: Option<Spot>,
}

impl DomainDefinition {
    /// The name of the domain in a file, as far as that can be said of one that is wrong.
    #[must_use]
    pub fn name_in(document: &Document) -> Option<DomainName> {
        document.word_behind("domain:")?.parse().ok()
    }

    /// The same domain, reading only some members of the rows of another feed: nothing is compared, and nothing is sent.
    #[must_use]
    pub(super) fn reading(&self, feed: &Name, members: &[Path]) -> Self {
        let fields = members.iter().map(|path| Field::named(path, Rule::Exact)).collect();
        Self {
            feed: FeedName { provider: self.feed.provider.clone(), feed: feed.clone() },
            fields: Fields::of(fields),
            schedule: None,
            received: None,
            webhooks: None,
            funnel: None,
            hidden: Vec::new(),
            tests: Vec::new(),
            warnings: Vec::new(),
            ..self.clone()
        }
    }

    /// Reads a domain file.
    pub fn parse(document: &Document) -> Result<Self, Vec<Problem>> {
        let file: DomainFile = document.read().map_err(|problem| vec![problem])?;
        let mut problems = Problems::of(document);
        let definition = Self::compile(file, &mut problems);
        let (mut definition, warnings) = problems.finish(definition)?;
        definition.warnings = warnings;
        Ok(definition)
    }

    /// What is wrong where the domain hides what every finding on a feed shows.
    #[must_use]
    pub fn shown_in_spite(&self, feed: &FeedDefinition) -> Option<Problem> {
        let (spot, fault) = privacy_file::misfit(&self.fields, &self.hidden, feed)?;
        Some(self.document.problem(spot, fault))
    }

    /// A domain that compares nothing and sends nothing, to look at a feed by itself.
    #[must_use]
    pub fn of_feed(feed: FeedName) -> Self {
        let document = Document::new(feed.to_string(), "");
        let policy = PolicyFile::default().compile(&mut Problems::of(&document));
        let name = format!("{}.{}", feed.provider, feed.feed).parse();
        Self {
            name: name.unwrap_or_else(|_| feed.feed.clone()),
            owner: None,
            tags: Vec::new(),
            feed,
            schedule: None,
            local: Local::default(),
            received: None,
            webhooks: None,
            funnel: None,
            fields: Fields::default(),
            policy,
            remedies: Remedies::default(),
            queues: Vec::new(),
            schemas: Vec::new(),
            hidden: Vec::new(),
            tests: Vec::new(),
            warnings: Vec::new(),
            spots: DomainSpots::default(),
            document,
        }
    }

    fn compile(file: DomainFile, problems: &mut Problems<'_>) -> Option<Self> {
        let spots = DomainSpots {
            name: file.domain.spot,
            feed: file.feed.spot,
            database: file.local.database.spot,
            received: file.received.as_ref().map(ReceivedFile::spot),
            webhooks: file.webhooks.as_ref().map(|webhooks| webhooks.spot),
            emit: file.emit.as_ref().map(|emit| emit.spot),
            funnel: file.funnel.as_ref().and_then(|funnel| funnel.value.database_spot()),
        };
        let (name, feed) = (problems.take(file.domain), problems.take(file.feed));
        let owner = problems.take_option(file.owner).map(|owner| owner.0);
        let tags = kinship::tags(file.tags, problems);
        let schedule = file.schedule.map(|schedule| schedule.compile(problems));
        let local = file.local.compile(problems);
        let local_time = local.as_ref().map(|local| local.time).unwrap_or_default();
        let direction_spot = file.direction.as_ref().map(|direction| direction.spot).unwrap_or_default();
        let direction = problems.take_option(file.direction).unwrap_or_default();
        if let Some(local) = &local {
            warn_undated(direction, local, direction_spot, problems);
        }
        let received = file.received.map(|file| file.compile(local.as_ref(), direction, problems));
        let webhooks = file.webhooks.map(|webhooks| webhooks.value.compile(problems));
        let has_queue = file.emit.is_some();
        let funnel = file
            .funnel
            .map(|Placed { value, spot }| value.compile(spot, local.as_ref(), has_queue, problems));
        let compare_spot = file.compare.spot;
        if file.compare.value.0.is_empty() {
            problems.add(compare_spot, Fault::new("no field is compared"));
        }
        let fields = compare::compile(file.compare.value, file.money, local_time, problems);
        let mut fields = fields.map(|fields| Fields { direction, ..fields });
        let hidden = match &mut fields {
            Some(fields) => privacy_file::hide(file.privacy, fields, local.as_ref(), problems),
            None => Vec::new(),
        };
        let policy = file.policy.compile(problems);
        let queues = file.emit.as_ref().map(|emit| emit.value.queues()).unwrap_or_default();
        let schemas = file.emit.as_ref().map(|emit| emit.value.schemas()).unwrap_or_default();
        let remedies = match file.emit {
            Some(emit) => {
                let spot = emit.spot;
                emit.value.compile(spot, (policy.orphans, direction), problems)
            }
            None => Some(Remedies::report_only(policy.orphans, spots.name, problems)),
        };
        let tests = tests_file::compile(file.tests, problems);
        Some(Self {
            name: name?,
            owner,
            tags,
            feed: feed?,
            schedule: match schedule {
                Some(schedule) => Some(schedule?),
                None => None,
            },
            local: local?,
            received: match received {
                Some(received) => Some(received?),
                None => None,
            },
            webhooks,
            funnel: match funnel {
                Some(funnel) => Some(funnel?),
                None => None,
            },
            fields: fields?,
            policy,
            remedies: remedies?,
            queues,
            schemas,
            hidden,
            tests,
            warnings: Vec::new(),
            spots,
            document: problems.document.clone(),
        })
    }
}

impl Word for Direction {
    const WHAT: &'static str = "direction";

    fn words() -> Vec<(&'static str, Self)> {
        vec![("inbound", Self::Inbound), ("outbound", Self::Outbound)]
    }
}

/// Rows that are sent need a time of their change: what was written just now may still be on its way.
fn warn_undated(direction: Direction, local: &Local, spot: Spot, problems: &mut Problems<'_>) {
    if direction == Direction::Outbound && local.changed.is_none() {
        let fault = Fault::new(
            "nothing says when a row was written, so every difference has to be seen for a while before it counts",
        );
        problems.warn(spot, fault.with_help("say `local: {changed: updated_at}`"));
    }
}

impl LocalFile {
    fn compile(self, problems: &mut Problems<'_>) -> Option<Local> {
        let (rows_place, keys_place) =
            (problems.document.place(self.rows.spot), problems.document.place(self.keys.spot));
        let mut column = |checked: Checked<ColumnName>| problems.take(checked).map(|column| column.0);
        let key = column(self.key);
        let clock = self.clock.and_then(&mut column);
        let (changed, version) = (self.changed.and_then(&mut column), self.version.and_then(&mut column));
        let (rows, keys) = (problems.take(self.rows), problems.take(self.keys));
        let database = problems.take(self.database);
        let time = match self.time {
            Some(time) => problems.take(time)?,
            None => TimeFormat::default(),
        };
        let zone = problems.take_option(self.zone).map(Into::into);
        Some(Local {
            database: database?.to_string(),
            rows: rows?.0,
            rows_place,
            keys: keys?.0,
            keys_place,
            key: key?,
            clock,
            changed,
            version,
            time,
            zone,
        })
    }
}
