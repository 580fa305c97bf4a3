//! Configurations that load, and what they hold.

use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;
use tieout_reconcilers::define::auth::Auth;
use tieout_reconcilers::name::Name;

use super::super::Config;
use super::super::secret::ConfigError;
use super::{CONFIG, DOMAIN, PROVIDER, World};
use crate::queue::QueueSettings;
use crate::source::{Base, Caps, Throughput};

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

#[test]
fn a_configuration_loads_without_any_variable_set_and_names_those_that_are_missing() {
    let world = World::new(CONFIG, &[("reconcilers/a.yaml", DOMAIN)]);
    let loaded = world.loaded();
    assert_eq!(loaded.domains.len(), 1);
    assert_eq!(loaded.domains[0].domain().as_str(), "stripe.charges");
    assert_eq!(loaded.domains[0].local().rows_place.line, 5);
    assert_eq!(loaded.warnings, []);
    let missing: Vec<String> =
        loaded.config.unreadable_references().iter().map(ToString::to_string).collect();
    assert_eq!(
        missing,
        [
            "databases.app.url: the environment variable `TIEOUT_TEST_NO_URL` is not set",
            "providers.stripe.secrets.stripe_key: the environment variable `TIEOUT_TEST_NO_KEY` is not set",
        ]
    );
    let provider = loaded.config.resolve_provider(&name("stripe"));
    assert!(matches!(provider, Err(ConfigError::Unset { .. })));
    assert!(matches!(loaded.config.database_url("nowhere"), Err(ConfigError::Unknown { .. })));
}

#[test]
fn a_schedule_that_is_slower_than_the_provider_forgets_is_a_doubt() {
    let provider = PROVIDER.replace("filter: client}", "filter: client, keep: 12h}");
    let domain = DOMAIN.replace("stripe/charges\n", "shop/orders\nschedule: {cron: 0 2 * * *}\n");
    let config = CONFIG.replace(
        "  stripe:\n    secrets: {stripe_key: env:TIEOUT_TEST_NO_KEY}",
        "  shop: {secrets: {key: env:TIEOUT_TEST_NO_KEY}, var: {shop: a, user: b, account: c}}",
    );
    let warned = |domain: &str| {
        let world = World::new(&config, &[("reconcilers/p.yaml", &provider), ("reconcilers/a.yaml", domain)]);
        let warnings = world.loaded().warnings;
        warnings.iter().filter(|one| one.to_string().contains("two runs are")).count()
    };
    assert_eq!(warned(&domain), 1);
    assert_eq!(warned(&domain.replace("0 2 * * *", "0 */6 * * *")), 0);
}

#[test]
fn relative_paths_begin_at_the_configuration() {
    let world = World::new(CONFIG, &[("reconcilers/a.yaml", DOMAIN)]);
    let config = world.loaded().config;
    let folder = world.folder.path().display();
    assert_eq!(config.state_url().unwrap().expose_secret(), format!("sqlite:{folder}/state.db"));
    let Ok(QueueSettings::Sqlite { path, table }) = config.resolve_queue("billing") else {
        panic!("no queue")
    };
    assert_eq!((path, table.to_string().as_str()), (world.folder.path().join("queue.db"), "events"));
}

#[test]
fn everything_but_a_name_has_a_default() {
    let config = "databases: {app: {url: \"sqlite:a.db\"}}\nqueues:\n  out: {stdout: {}}\n  file: {ndjson: {path: e.ndjson}}\n  pg: {postgres: {url: \"postgres://db.example.com/q\"}}\n";
    let world = World::new(config, &[]);
    let config = world.loaded().config;
    assert!(config.state_url().unwrap().expose_secret().ends_with("/tieout-state.db"));
    assert!(matches!(config.resolve_queue("out"), Ok(QueueSettings::Stdout)));
    assert!(matches!(config.resolve_queue("file"), Ok(QueueSettings::Ndjson { .. })));
    let Ok(QueueSettings::Postgres { table, .. }) = config.resolve_queue("pg") else { panic!("no queue") };
    assert_eq!(table.to_string(), "tieout_events");
    assert!(config.unreadable_references().is_empty());
}

#[test]
fn a_provider_is_resolved_with_its_secrets_which_do_not_print() {
    let config = "databases: {app: {url: \"sqlite:a.db\"}}
queues: {billing: {stdout: {}}}
providers:
  shop:
    allow_private: true
    secrets: {key: \"file:keys/shop\"}
    var: {shop: acme, user: me@example.com}
reconcilers: [shop.yaml, a.yaml]
";
    let domain = DOMAIN.replace("stripe/charges", "shop/orders");
    let world =
        World::new(config, &[("shop.yaml", PROVIDER), ("a.yaml", &domain), ("keys/shop", "hunter2\n")]);
    let loaded = world.loaded();
    let shop = loaded.config.resolve_provider(&name("shop")).unwrap();
    assert!(matches!(&shop.base, Base::Fixed(base) if base.as_str() == "https://acme.example.com/"));
    assert!(shop.allow_private && shop.headers.is_empty(), "the header's variable is unset");
    let Some(Auth::Basic { user, password: Some(password) }) = &shop.auth else { panic!("not basic") };
    assert_eq!((user.expose_secret(), password.expose_secret()), ("me@example.com", "hunter2"));
    assert!(!format!("{:?} {loaded:?}", shop.auth).contains("hunter2"));
}

#[test]
fn caps_replace_the_defaults_one_by_one() {
    let caps = "caps: {page_bytes: 1000, attempts: 2, retry_base: 10ms, throughput: {bytes_per_second: 7, over: 3s}}";
    let config = CONFIG.replace("    secrets:", &format!("    {caps}\n    secrets:"));
    let world = World::new(&config, &[("reconcilers/a.yaml", DOMAIN)]);
    let found = world.loaded().config.providers[&name("stripe")].caps.clone();
    let expected = Caps {
        page_bytes: 1000,
        attempts: 2,
        retry_base: Duration::from_millis(10),
        throughput: Throughput { bytes_per_second: 7, over: Duration::from_secs(3) },
        ..Caps::default()
    };
    assert_eq!(found, expected);
}

#[test]
fn the_key_of_the_pseudonyms_is_read_when_it_is_needed_and_must_be_long_enough() {
    let pseudonyms = |key: &str| {
        let config = format!("privacy: {{key: {key}}}\n{CONFIG}");
        let long = "k".repeat(32);
        let world = World::new(
            &config,
            &[("reconcilers/a.yaml", DOMAIN), ("long", &long), ("short", "hunter2"), ("empty", "")],
        );
        let config = world.loaded().config;
        let said = config.pseudonyms().map(|made| made.is_some()).map_err(|error| error.to_string());
        let listed: Vec<String> = config.unreadable_references().iter().map(ToString::to_string).collect();
        assert_eq!(said.is_err(), listed.iter().any(|error| error.starts_with("privacy.key")), "{listed:?}");
        said
    };
    let refused = |why: &str| Err(format!("privacy.key: {why}"));
    assert_eq!(pseudonyms("file:long"), Ok(true));
    assert_eq!(pseudonyms("file:empty"), refused("the secret is empty"));
    let short = "it must be at least 32 characters long; make one with `openssl rand -hex 32`";
    assert_eq!(pseudonyms("file:short"), refused(short));
    let unset = "the environment variable `TIEOUT_TEST_NO_KEY` is not set";
    assert_eq!(pseudonyms("env:TIEOUT_TEST_NO_KEY"), refused(unset));
}

#[test]
fn a_variable_cannot_turn_the_base_to_another_host() {
    let config = "databases: {app: {url: \"sqlite:a.db\"}}
queues: {billing: {stdout: {}}}
providers: {shop: {secrets: {key: env:KEY}, var: {shop: \"evil.example.net/\", user: me}}}
reconcilers: [shop.yaml]
";
    let world = World::new(config, &[("shop.yaml", PROVIDER)]);
    let config = world.loaded().config;
    let secret = |text: &str| std::fs::write(world.folder.path().join("key"), text).unwrap();
    secret("x");
    let mut config = config;
    let shop = config.providers.get_mut(&name("shop")).unwrap();
    shop.secrets.insert("key".to_owned(), super::super::secret::SecretRef::File("key".into()));
    let error = config.resolve_provider(&name("shop")).unwrap_err();
    assert!(error.to_string().starts_with("providers.shop.var.shop: it may hold letters"), "{error}");
}

#[test]
fn a_provider_of_ones_own_replaces_the_shipped_one_whole() {
    let own = PROVIDER
        .replace("provider: shop", "provider: stripe")
        .replace("{var.shop}", "pay")
        .replace("{var.user}", "u");
    let config = CONFIG.replace("stripe_key: env:TIEOUT_TEST_NO_KEY", "key: env:KEY");
    let domain = DOMAIN.replace("stripe/charges", "stripe/orders");
    let world = World::new(&config, &[("reconcilers/own.yaml", &own), ("reconcilers/a.yaml", &domain)]);
    assert_eq!(world.loaded().domains.len(), 1);
    let world = World::new(&config, &[("reconcilers/own.yaml", &own), ("reconcilers/a.yaml", DOMAIN)]);
    assert!(world.problems().contains("there is no feed `charges`"), "{}", world.problems());
}

#[test]
fn the_configuration_itself_may_lie_among_the_definitions() {
    let config = CONFIG.replace("[reconcilers]", "[., ./a.yaml]");
    let world = World::new(&config, &[("a.yaml", DOMAIN), (".hidden.yaml", "x: y")]);
    assert_eq!(world.loaded().domains.len(), 1);
}

/// The dialect that the integration test against localstripe uses.
#[test]
fn the_localstripe_dialect_loads_without_a_doubt() {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/localstripe/localstripe.provider.yaml");
    let config = format!(
        "databases: {{app: {{url: env:DB}}}}\nqueues: {{billing: {{stdout: {{}}}}}}\n\
         providers: {{localstripe: {{base: \"http://127.0.0.1:9/v1\", allow_private: true, secrets: {{api_key: env:K}}}}}}\n\
         reconcilers: [a.yaml, {}]\n",
        root.display()
    );
    let world = World::new(&config, &[("a.yaml", &DOMAIN.replace("stripe/charges", "localstripe/charges"))]);
    let loaded = Config::load(&world.path()).unwrap();
    assert_eq!(loaded.warnings, []);
    assert!(loaded.domains[0].feed().absence_is_evidence());
}

/// A provider whose refresh token is good once, on a base that its token names.
const ROTATING: &str = "provider: shop
base: \"{token.instance_url}/v1\"
hosts: [\"*.my.example.com\"]
auth:
  oauth:
    grant: refresh_token
    token_url: https://login.{var.zone}.example.com/token
    client: shop
    refresh: \"{secret.refresh}\"
    rotate: true
feeds:
  orders:
    request: GET /orders
    rows: data
    id: id
    next: none
    window: {clock: at, as: epoch, filter: client}
    confirm: {one: \"GET /orders/{id}\", gone: 404}
";

fn rotating(state: &str, zone: &str) -> World {
    let config = format!(
        "{state}databases: {{app: {{url: \"sqlite:a.db\"}}}}
queues: {{billing: {{stdout: {{}}}}}}
providers: {{shop: {{secrets: {{refresh: file:refresh}}, var: {{zone: {zone}}}}}}}
reconcilers: [shop.yaml, a.yaml]
"
    );
    let domain = DOMAIN.replace("stripe/charges", "shop/orders");
    World::new(
        &config,
        &[("shop.yaml", ROTATING), ("a.yaml", &domain), ("refresh", "hunter2"), ("key", "k3y")],
    )
}

#[test]
fn a_rotating_token_without_a_key_to_keep_it_under_is_refused() {
    let said = rotating("", "eu").problems();
    assert!(said.contains("the refresh token of the provider `shop` is good once"), "{said}");
    assert!(said.contains("add `state: {key: env:TIEOUT_STATE_KEY}` to tieout.yaml"), "{said}");
}

#[test]
fn a_base_that_a_token_names_is_resolved_with_its_hosts_and_the_key_of_the_state() {
    let world = rotating("state: {key: file:key}\n", "eu");
    let config = world.loaded().config;
    assert_eq!(config.state_key().unwrap().unwrap().expose_secret(), "k3y");
    let shop = config.resolve_provider(&name("shop")).unwrap();
    assert!(matches!(&shop.base, Base::FromToken { path, .. } if path == "/v1"), "{:?}", shop.base);
    assert!(shop.hosts[0].admits(&"https://acme.my.example.com/".parse().unwrap()));
    let Some(Auth::Oauth(oauth)) = &shop.auth else { panic!("not oauth") };
    assert_eq!(oauth.token_url.expose_secret(), "https://login.eu.example.com/token");
    assert!(!format!("{shop:?}").contains("hunter2"));
}

#[test]
fn a_variable_cannot_turn_the_token_request_to_another_host() {
    let world = rotating("state: {key: file:key}\n", "\"evil.example.net/\"");
    let config = world.loaded().config;
    let error = config.resolve_provider(&name("shop")).unwrap_err();
    assert!(error.to_string().starts_with("providers.shop.var.zone: it may hold letters"), "{error}");
}
