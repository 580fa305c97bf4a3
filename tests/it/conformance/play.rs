//! Plays a script with the real client: every step is a walk or a look-up, and leaves behind what it saw.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{self, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tieout::config::Config;
use tieout::source::{Client, Coverage, NextStep, Reason, Walk, WalkedPage, lookup};
use tieout::store::{Store, StoreSettings};
use tieout_reconcilers::compare::{CLOCK, KEY, VERSION};
use tieout_reconcilers::define::document::Document;
use tieout_reconcilers::define::problem::Problem;
use tieout_reconcilers::define::provider::ProviderDefinition;
use tieout_reconcilers::instant::{Instant, TimeFormat};
use tieout_reconcilers::key::{Key, text_of};
use tieout_reconcilers::name::Each;
use tieout_reconcilers::page::{Seen, Wanted};
use tieout_reconcilers::reconciler::{Feed, Reconciler};
use tieout_reconcilers::window::{Purpose, Slice, Window};

use super::script::{Script, Step, WalkStep};
use super::stage::{Stage, hosts_in};
use super::traffic::Exchange;

/// Thirty-two bytes that seal what the state store keeps.
const STATE_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A step that was played.
#[derive(Debug)]
pub(super) struct Act {
    pub reconciler: Arc<dyn Reconciler>,
    /// The slice of a walk.
    pub slice: Option<Slice>,
    /// The keys of a look-up.
    pub asked: Vec<String>,
    pub each: String,
    pub traffic: Vec<Exchange>,
    /// The items of each page.
    pub pages: Vec<Vec<Item>>,
    /// What a look-up found.
    pub there: Vec<String>,
    pub gone: Vec<String>,
    pub is_complete: bool,
    pub reasons: Vec<Reason>,
    /// Why a look-up could not tell.
    pub doubts: Vec<String>,
    pub has_ceiling: bool,
    /// What the next run goes on from.
    pub token: Option<String>,
    pub secrets: Vec<String>,
    /// How many walks ran side by side.
    pub at_once: usize,
}

/// An item as far as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub key: String,
    /// As the provider writes it.
    pub clock: Option<String>,
    pub version: Option<String>,
}

impl Act {
    pub(super) fn feed(&self) -> &Feed {
        self.reconciler.feed()
    }

    /// The requests for data, without those for access tokens.
    pub(super) fn calls(&self) -> Vec<&Exchange> {
        self.traffic.iter().filter(|exchange| !exchange.is_login()).collect()
    }

    /// The requests for pages, without the look-ups of single rows.
    pub(super) fn page_calls(&self) -> Vec<&Exchange> {
        let is_look_up = |call: &&Exchange| self.items().any(|item| call.path.ends_with(&item.key));
        self.calls().into_iter().filter(|call| !is_look_up(call)).collect()
    }

    pub(super) fn next_step(&self) -> Option<NextStep> {
        self.reasons.first().map(Reason::next_step)
    }

    /// All items of a walk.
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.pages.iter().flatten()
    }

    /// Items as a script writes them.
    fn lines(&self, like: &[String]) -> Vec<String> {
        let shown = |item: &Item| {
            let mut shown = item.key.clone();
            if like.iter().any(|line| line.contains(" @ ")) {
                let read = item.clock.as_deref().and_then(|text| self.feed().clock_format.read(text));
                let _ = write!(
                    shown,
                    " @ {}",
                    read.map_or("nowhere".to_owned(), |at| TimeFormat::Rfc3339.write(at))
                );
            }
            if like.iter().any(|line| line.contains(" # ")) {
                let _ = write!(shown, " # {}", item.version.as_deref().unwrap_or("none"));
            }
            shown
        };
        self.items().map(shown).collect()
    }
}

/// A configuration with one provider and one domain, in a folder of its own.
struct World {
    _dir: TempDir,
    /// By feed.
    reconcilers: BTreeMap<String, Arc<dyn Reconciler>>,
    client: Client,
}

/// Everything that was played, or what went wrong first.
pub(super) async fn play(folder: &Path, script: &str, provider: &str) -> Result<(Script, Vec<Act>), String> {
    let wrong = |error: serde_saphyr::Error| format!("script.yaml: {error}");
    let parsed: Script = serde_saphyr::from_str(script).map_err(wrong)?;
    let provider = &instead(provider, &parsed)?;
    let filled = parsed
        .vars
        .iter()
        .fold(provider.to_owned(), |text, (name, value)| text.replace(&format!("{{var.{name}}}"), value));
    let hosts = [hosts_in(&filled), parsed.hosts.clone()].concat();
    let stage = Stage::build(folder, hosts).await;
    let script: Script = serde_saphyr::from_str(&stage.localised(script)).map_err(wrong)?;
    let world = world(&script, &stage.localised(provider_text(provider, &filled))).await?;
    let mut acts = Vec::new();
    for (at, step) in script.steps.iter().enumerate() {
        let act =
            act(&world, &stage, &script, step).await.map_err(|wrong| format!("step {}: {wrong}", at + 1))?;
        acts.push(act);
    }
    Ok((script, acts))
}

/// The provider as the script wants it; what it wants to change must be there.
fn instead(provider: &str, script: &Script) -> Result<String, String> {
    script.instead.iter().try_fold(provider.to_owned(), |text, (from, to)| {
        if text.contains(from) { Ok(text.replace(from, to)) } else { Err(format!("there is no `{from}`")) }
    })
}

/// A provider whose base holds a variable can only be put on loopback with the variable filled in.
fn provider_text<'t>(written: &'t str, filled: &'t str) -> &'t str {
    let in_host = hosts_in(written).iter().any(|host| host.contains("{var."));
    if in_host { filled } else { written }
}

async fn world(script: &Script, provider: &str) -> Result<World, String> {
    let dir = TempDir::new().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    let name = provider.lines().find_map(|line| line.strip_prefix("provider: ")).expect("a name").trim();
    write("provider.yaml", provider);
    let definition = ProviderDefinition::parse(&Document::new("provider.yaml", provider));
    let definition = definition.map_err(|problems| said(&problems))?;
    let feeds: BTreeSet<&String> =
        script.steps.iter().filter_map(|step| step.feed.as_ref()).chain([&script.feed]).collect();
    for feed in feeds {
        let names = definition.feeds.iter().find(|(name, _)| name.as_str() == feed.as_str());
        let names = names.map(|(_, definition)| definition.each_names()).unwrap_or_default();
        let keyed = names.iter().fold(String::new(), |sql, name| format!("{sql} AND {name} = :each.{name}"));
        let domain = format!(
            "domain: conformance.{feed}\nfeed: {name}/{feed}\nlocal:\n  database: app\n  \
             rows: SELECT id, field FROM t WHERE at >= :from AND at < :to{keyed}\n  \
             keys: SELECT id, field FROM t WHERE id IN (:keys){keyed}\n  key: id\n  clock: at\n\
             compare: {{field: {{upstream: {field}}}}}\n",
            field = script.field,
        );
        write(&format!("{feed}.yaml"), &domain);
    }
    let mut settings = serde_json::json!({"allow_private": true, "secrets": {}, "var": {}});
    for (secret, value) in &script.secrets {
        let value = if value == "{an RSA key}" { private_key() } else { value.clone() };
        write(secret, &value);
        settings["secrets"][secret] = format!("file:{secret}").into();
    }
    for (var, value) in &script.vars {
        if provider.contains(&format!("{{var.{var}}}")) {
            settings["var"][var] = value.clone().into();
        }
    }
    if !script.each.is_empty() {
        settings["each"] = serde_json::json!(script.each);
    }
    let config = format!(
        "state: {{url: \"sqlite:{dir}/state.db\", key: \"file:state_key\"}}\n\
         databases: {{app: {{url: \"sqlite:app.db\"}}}}\n\
         providers: {{{name}: {settings}}}\nreconcilers: [.]\n",
        dir = dir.path().display()
    );
    write("state_key", STATE_KEY);
    write("tieout.yaml", &config);
    let loaded = Config::load(&dir.path().join("tieout.yaml"));
    let loaded =
        loaded.map_err(|problems| said(&problems).replace(&format!("{}/", dir.path().display()), ""))?;
    let settings: StoreSettings = loaded.config.state_url().unwrap().expose_secret().parse().unwrap();
    let store = Store::open(&settings).await.unwrap();
    let mut clients = tieout::cli::clients(&loaded.config, &loaded.domains, Some(&store));
    let (_, client) = clients.pop_first().expect("a client");
    let client = client.map_err(|failure| format!("{failure:?}"))?.for_run(None);
    let by_feed = |domain: Arc<dyn Reconciler>| {
        (domain.domain().as_str().trim_start_matches("conformance.").to_owned(), domain)
    };
    Ok(World { reconcilers: loaded.domains.into_iter().map(by_feed).collect(), client, _dir: dir })
}

/// A key of this moment, in PEM.
fn private_key() -> String {
    let pair = rsa::KeyPair::generate(KeySize::Rsa2048).unwrap();
    let text = STANDARD.encode(AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap().as_ref());
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

/// What is wrong with the provider, and else with what stands on it.
fn said(problems: &[Problem]) -> String {
    let of_provider = problems.iter().any(|problem| problem.file.ends_with("provider.yaml"));
    let told = problems.iter().filter(|problem| !of_provider || problem.file.ends_with("provider.yaml"));
    told.map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

async fn act(world: &World, stage: &Stage, script: &Script, step: &Step) -> Result<Act, String> {
    let feed = step.feed.as_ref().unwrap_or(&script.feed);
    let mut act = Act {
        reconciler: Arc::clone(&world.reconcilers[feed]),
        slice: None,
        asked: Vec::new(),
        each: step.each.clone(),
        traffic: Vec::new(),
        pages: Vec::new(),
        there: Vec::new(),
        gone: Vec::new(),
        is_complete: true,
        reasons: Vec::new(),
        doubts: Vec::new(),
        has_ceiling: false,
        token: None,
        secrets: script.secrets.values().cloned().collect(),
        at_once: 1,
    };
    match (&step.walk, &step.confirm) {
        (Some(walk), None) => {
            stage.set(&step.traffic, walk.at_once == 1);
            walk_of(world, step, walk, &mut act).await;
        }
        (None, Some(keys)) => {
            stage.set(&step.traffic, false);
            look_up(world, step, keys, &mut act).await;
        }
        _ => return Err("a step is either `walk` or `confirm`".to_owned()),
    }
    let played = stage.take();
    act.traffic = played.seen;
    let mut wrong = played.faults;
    check(step, &act, &mut wrong);
    if wrong.is_empty() { Ok(act) } else { Err(wrong.join("\n    ")) }
}

fn slice(step: &Step, walk: &WalkStep) -> Slice {
    let at = |text: &str| TimeFormat::Rfc3339.read(text).unwrap_or_else(|| panic!("{text} is no instant"));
    let window = Window::new(at(&walk.from), at(&walk.to)).expect("a window");
    Slice {
        each: Each::stored(&step.each),
        token: walk.token.as_deref().map(Into::into),
        ..Slice::new(window, Purpose::Coverage)
    }
}

async fn walk_of(world: &World, step: &Step, walk: &WalkStep, act: &mut Act) {
    let slice = slice(step, walk);
    let start = || Walk::start(world.client.clone(), Arc::clone(&act.reconciler), slice.clone());
    let mut walks: Vec<Walk> = (0..walk.at_once).map(|_| start()).collect();
    act.at_once = walk.at_once;
    for mut walk in walks.drain(..) {
        while let Some(page) = walk.next().await {
            take_page(&page, act);
        }
        let walked = walk.end().await;
        act.token = walked.token.or(act.token.take());
        if let Coverage::Partial(reasons) = walked.coverage {
            act.is_complete = false;
            act.reasons.extend(reasons);
        }
    }
    act.slice = Some(slice);
}

fn take_page(page: &WalkedPage, act: &mut Act) {
    let text = |slot: Option<&str>| {
        slot.filter(|raw| *raw != "null")
            .map(|raw| text_of(raw).map_or_else(|_| raw.to_owned(), Cow::into_owned))
    };
    let item = |item: tieout_reconcilers::items::ItemView<'_>| Item {
        key: text(item.slot(KEY)).unwrap_or_default(),
        clock: text(item.slot(CLOCK)),
        version: text(item.slot(VERSION)),
    };
    act.pages.push(page.items.iter().map(item).collect());
    act.gone.extend(page.gone.iter().map(ToString::to_string));
    act.has_ceiling |= page.ceiling.is_some();
}

async fn look_up(world: &World, step: &Step, keys: &[String], act: &mut Act) {
    let at = |text: &str| TimeFormat::Rfc3339.read(text).unwrap_or_else(|| panic!("{text} is no instant"));
    let wanted = |line: &String| match line.split_once(" @ ") {
        Some((key, clock)) => Wanted { key: Key::checked(key).expect("a key"), clock: Some(at(clock)) },
        None => Key::checked(line).expect("a key").into(),
    };
    let items: Vec<Wanted> = keys.iter().map(wanted).collect();
    let found = lookup(&world.client, act.reconciler.as_ref(), &Each::stored(&step.each), &items).await;
    for one in found.confirmed {
        match one.seen {
            Seen::Item(..) => act.there.push(one.key.to_string()),
            Seen::Gone => act.gone.push(one.key.to_string()),
            Seen::Unreadable(why) => act.doubts.push(why),
        }
    }
    act.there.sort();
    act.gone.sort();
    act.is_complete = act.doubts.is_empty() && found.failed.is_empty();
    act.reasons.extend(found.failed.into_iter().map(|(_, reason)| reason));
    act.asked = items.iter().map(|item| item.key.to_string()).collect();
}

fn check(step: &Step, act: &Act, wrong: &mut Vec<String>) {
    let mut same = |what: &str, expected: &[String], got: &[String]| {
        if expected != got {
            wrong.push(format!("{what}: {got:?} and not {expected:?}"));
        }
    };
    let items = if step.walk.is_some() { act.lines(&step.items) } else { act.there.clone() };
    same("items", &step.items, &items);
    same("gone", &step.gone, &act.gone);
    if step.saves != act.token {
        wrong.push(format!("it saves {:?} and not {:?}", act.token, step.saves));
    }
    let said: Vec<String> = act.reasons.iter().map(ToString::to_string).chain(act.doubts.clone()).collect();
    let ends = if act.is_complete { "complete".to_owned() } else { said.join("; ") };
    if !ends.contains(&step.ends) {
        wrong.push(format!("it ends with `{ends}` and not `{}`", step.ends));
    }
}

/// The first request of another window than the one of a walk.
pub(super) fn first_of(act: &Act, from: Instant, to: Instant) -> Exchange {
    use tieout_reconcilers::page::Target;
    let window = Window::new(from, to).expect("a window");
    let slice = Slice { each: Each::stored(&act.each), ..Slice::new(window, Purpose::Coverage) };
    let request = act.reconciler.first_page(&slice);
    let (path, query) = match request.target {
        Target::Path { path, query } => (path, query),
        Target::Link(link) => (link, Vec::new()),
    };
    Exchange {
        host: String::new(),
        method: request.method.as_str().to_owned(),
        path,
        query,
        headers: request.headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect(),
        body: request.body.map(|body| body.text).unwrap_or_default(),
        at: std::time::SystemTime::UNIX_EPOCH,
        status: 0,
        answered: std::collections::BTreeMap::new(),
        answer: String::new(),
        takes_ms: 0,
    }
}
