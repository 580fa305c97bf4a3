//! Domain files that are refused, or accepted with a doubt, and what is said about them.

use std::time::Duration;

use super::{DOMAIN, domain, parse_domain, table};
use crate::compare::{MoneyFields, MoneyRule, Rule, TimeRule};
use crate::discrepancy::{Hidden, Kind};
use crate::funnel::Funnel;
use crate::instant::TimeFormat;
use crate::money::Unit;
use crate::reconciler::{Data, Emission, Orphans, Remedy};

#[test]
fn wrong_domain_files_are_refused_with_place_excerpt_and_advice() {
    let said = table(
        DOMAIN,
        &[
            ("unknown key", "schedule:", "schedul:"),
            (
                "missing key",
                "  keys: SELECT id, total, currency, state FROM orders WHERE id IN (:keys)\n",
                "",
            ),
            ("no local side", "local:", "locale:"),
            ("wrong type", "compare:\n", "compare: [a]\nx:\n"),
            ("bad cron", "0 2 * * *", "0 25 * * *"),
            ("cron with a year", "0 2 * * *", "0 0 2 * * * 2030"),
            ("cron that is words", "0 2 * * *", "nightly"),
            ("cron that never fires", "0 2 * * *", "0 2 30 2 *"),
            ("bad zone", "Europe/London", "Europe/Londn"),
            ("bad catch_up", "zone: Europe/London", "zone: Europe/London, catch_up: all"),
            ("bad jitter", "zone: Europe/London", "zone: Europe/London, jitter: ten"),
            ("jitter over the next time", "zone: Europe/London", "zone: Europe/London, jitter: 23h"),
            ("zone by offset", "Europe/London", "+01:00"),
            ("bad zone of the local side", "  key: id", "  key: id\n  zone: Europe/Londn"),
            (
                "webhooks at an address with a secret in its query",
                "compare:\n",
                "webhooks: {url: \"https://hooks.example.com/in?key=s3cr3t\"}\ncompare:\n",
            ),
            ("webhooks at no address", "compare:\n", "webhooks: {url: hooks.example.com}\ncompare:\n"),
            ("feed without provider", "shop/orders", "orders"),
            ("not a domain name", "domain: shop.orders", "domain: ../orders"),
            (
                "empty query",
                "rows: SELECT id, total, currency, state FROM orders WHERE created_at >= :from AND created_at < :to",
                "rows: \"\"",
            ),
            (
                "nothing compared",
                "compare:\n  total: {upstream: amount}\n  currency: {fold: case}\n  state: {map: {paid: PAID}}\nmoney: {amount: total, currency: currency, minor_units: true}\n",
                "compare: {}\n",
            ),
            ("money of no field", "amount: total", "amount: totl"),
            (
                "money rule without currency",
                "currency: {fold: case}",
                "fee: {money: {upstream: major, currency: curency}}\n  currency: {fold: case}",
            ),
            (
                "contradicting units",
                "total: {upstream: amount}",
                "total: {upstream: amount, money: {upstream: major}}",
            ),
            ("share without percent", "max_ratio: 5%", "max_ratio: 0.05"),
            ("negative count", "max_ratio: 5%", "max_emits: -1"),
            ("start without offset", "max_ratio: 5%", "start: 2025-11-21"),
            ("orphans emitted without an event", "max_ratio: 5%", "orphans: emit"),
            ("unknown orphans", "max_ratio: 5%", "orphans: delete"),
            ("events without a queue", "  queue: billing\n", ""),
            (
                "one event without a queue",
                "  queue: billing\n  missing: {type: com.example.order.created}",
                "  missing: {type: com.example.order.created}\n  mismatched: {type: com.example.order.updated, queue: billing}",
            ),
            ("a queue that no event goes to", "order.created}", "order.created, queue: orders}"),
            ("an event's queue that is no name", "order.created}", "order.created, queue: ../orders}"),
            ("a queue without events", "  missing: {type: com.example.order.created}\n", ""),
            (
                "a schema without a name",
                "type: com.example.order.created",
                "type: com.example.order.created, schema: v1",
            ),
            ("a funnel that counts nothing", "policy:", "funnel: {}\npolicy:"),
            ("a funnel from nowhere", "policy:", "funnel: {from: nowhere}\npolicy:"),
            ("a funnel from two sources", "policy:", "funnel: {from: queue, received: SELECT 1}\npolicy:"),
            ("a funnel with an empty query", "policy:", "funnel: {received: \"\"}\npolicy:"),
            ("known word: notify", "policy:", "notify: {email: a}\npolicy:"),
            ("a direction of its own", "policy:", "direction: both\npolicy:"),
            (
                "an event of the provider about what it lacks",
                "order.created}",
                "order.created, data: original}\ndirection: outbound",
            ),
            ("unknown data", "order.created}", "order.created, data: fat}"),
            (
                "data that is made of nothing known",
                "order.created}",
                "order.created, data: {jq: \"{id, total: zzzzz(1)}\"}}",
            ),
            (
                "an orphan that is mapped",
                "order.created}",
                "order.created}\n  orphaned: {type: gone, data: {jq: .}}",
            ),
            ("orphan with data", "order.created}", "order.created}\n  orphaned: {type: gone, data: full}"),
            ("event type with a space", "com.example.order.created", "order created"),
        ],
        parse_domain,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn wrong_owners_and_tags_are_refused_with_place_excerpt_and_advice() {
    let said = table(
        DOMAIN,
        &[
            ("tags that are one word", "compare:\n", "tags: money\ncompare:\n"),
            ("a tag that is no name", "compare:\n", "tags: [money, Front Office]\ncompare:\n"),
            ("a tag twice", "compare:\n", "tags: [money, cards, money]\ncompare:\n"),
            ("an owner of nothing", "compare:\n", "owner: \" \"\ncompare:\n"),
            ("an owner in two lines", "compare:\n", "owner: \"Payments\\nTeam\"\ncompare:\n"),
            ("several owners", "compare:\n", "owner: [a@example.com, b@example.com]\ncompare:\n"),
        ],
        parse_domain,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn a_privacy_that_would_not_hide_what_it_names_is_refused_with_place_and_advice() {
    let said = table(
        DOMAIN,
        &[
            ("unknown key", "policy:", "privacy: {drp: [state]}\npolicy:"),
            ("a key beside it", "policy:", "privacy: {hash: [state], key: env:KEY}\npolicy:"),
            ("unknown field", "policy:", "privacy: {drop: [stat]}\npolicy:"),
            (
                "unknown field in a list of lines",
                "policy:",
                "privacy:\n  hash:\n    - state\n    - emial\npolicy:",
            ),
            (
                "a field that is hashed and dropped",
                "policy:",
                "privacy: {drop: [state], hash: [state]}\npolicy:",
            ),
            ("a field that is named twice", "policy:", "privacy: {drop: [state, state]}\npolicy:"),
            ("no list", "policy:", "privacy: {drop: state}\npolicy:"),
            ("an amount that is added up", "policy:", "privacy: {hash: [total]}\npolicy:"),
            ("a currency that is added up", "policy:", "privacy: {drop: [currency]}\npolicy:"),
            ("the key column", "state: {map: {paid: PAID}}", "state: {local: id}\nprivacy: {drop: [state]}"),
            (
                "the clock column",
                "state: {map: {paid: PAID}}",
                "state: {local: created_at}\nprivacy: {hash: [state]}",
            ),
            ("nothing to hide", "policy:", "privacy: {}\npolicy:"),
        ],
        parse_domain,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn private_fields_are_marked_where_they_are_compared() {
    let domain = domain(&DOMAIN.replacen("policy:", "privacy: {drop: [state]}\npolicy:", 1));
    let hidden: Vec<_> = domain.fields.fields.iter().map(|field| field.hidden).collect();
    assert_eq!(hidden, [None, None, Some(Hidden::Dropped)]);
    assert!(!domain.fields.are_hashed());
    assert_eq!(domain.hidden.len(), 1);
}

#[test]
fn wrong_compare_rules_are_refused_with_place_excerpt_and_advice() {
    let said = table(
        DOMAIN,
        &[
            ("two rules", "{fold: case}", "{fold: case, time: {as: epoch}}"),
            ("unknown folding", "fold: case", "fold: cases"),
            ("unknown folding in a list", "fold: case", "fold: [case, spaces]"),
            ("folding nothing", "fold: case", "fold: []"),
            ("folding by a mapping", "fold: case", "fold: {case: true}"),
            ("one folded word for two", "{fold: case}", "{fold: case, map: {a: b, A: c}}"),
            ("unknown way to say nothing", "{fold: case}", "{blank: [absent, empty]}"),
            ("nothing by its own sign", "{fold: case}", "{blank: [null]}"),
            ("ignored and compared", "{fold: case}", "{ignore: true, fold: case}"),
            ("ignored and blank", "{fold: case}", "{ignore: true, blank: text}"),
            ("not ignored", "{fold: case}", "{ignore: false}"),
            ("ignored by a word", "{fold: case}", "{ignore: yes please}"),
            ("negative tolerance", "{fold: case}", "{tolerance: -0.01}"),
            ("no tolerance", "{fold: case}", "{tolerance: 0}"),
            ("tolerance of everything", "{fold: case}", "{tolerance: 100%}"),
            ("tolerance in words", "{fold: case}", "{tolerance: a cent}"),
            ("two tolerances of one kind", "{fold: case}", "{tolerance: 0.01 or 0.02}"),
            ("tolerance of money", "{fold: case}", "{tolerance: 0.01, money: {upstream: major}}"),
            ("tolerance of a word", "{fold: case}", "{tolerance: 0.01, map: {a: b}}"),
            ("ordered", "{fold: case}", "{unordered: false}"),
            ("unordered by a word", "{fold: case}", "{unordered: set}"),
            ("split at nothing", "{fold: case}", "{unordered: {split: \"\"}}"),
            ("unordered in an unknown way", "{fold: case}", "{unordered: {join: \",\"}}"),
            ("unordered times", "{fold: case}", "{unordered: true, time: {as: epoch}}"),
            ("jq that is none", "{upstream: amount}", "{upstream: {jq: \".lines | map(\"}}"),
            ("jq that might not end", "{upstream: amount}", "{upstream: {jq: \"[range(.n)] | length\"}}"),
            ("jq with a misspelt filter", "{upstream: amount}", "{upstream: {jq: \".lines | lenght\"}}"),
            ("jq that defines a filter", "{upstream: amount}", "{upstream: {jq: \"def f: f; f\"}}"),
            ("jq that changes the item", "{upstream: amount}", "{upstream: {jq: \".a |= 1\"}}"),
            ("jq that reads the environment", "{upstream: amount}", "{upstream: {jq: env.HOME}}"),
            ("jq with an unknown variable", "{upstream: amount}", "{upstream: {jq: $total}}"),
            ("an expression in another language", "{upstream: amount}", "{upstream: {cel: amount}}"),
            ("upstream that is no text", "{upstream: amount}", "{upstream: [amount]}"),
            ("time without format", "{fold: case}", "{time: {precision: 1s}}"),
        ],
        parse_domain,
    );
    insta::assert_snapshot!(said);
}

#[test]
fn doubtful_domain_files_load_and_say_so() {
    let said = table(
        DOMAIN,
        &[
            ("nothing settles", "max_ratio: 5%", "settle: 0s"),
            ("outbound without a time of change", "policy:", "direction: outbound\npolicy:"),
            ("an event that is never sent", "order.created}", "order.created}\n  orphaned: {type: gone}"),
        ],
        parse_domain,
    );
    insta::assert_snapshot!(said);
}

/// The example that the design gives, without the words that are not supported yet.
#[test]
fn the_example_of_the_design_loads() {
    let domain = domain(
        r#"domain: stripe.charges
feed: stripe/charges          # a shipped provider, or one of yours
schedule: {cron: "0 2 * * *", zone: Europe/London}
local:
  database: app
  rows: SELECT id, amount_minor, currency, status, updated_at FROM charges WHERE created_at >= :from AND created_at < :to
  keys: SELECT id, amount_minor, currency, status, updated_at FROM charges WHERE id IN (:keys)
  key: id
  clock: created_at          # the column filtered by :from and :to
  changed: updated_at        # optional: when the app last wrote the row
  # version: col             # optional: the provider's change marker as stored locally
compare:
  amount:   {upstream: amount, local: amount_minor}
  currency: {fold: case}
  status:   {map: {succeeded: PAID, failed: FAILED}}
money: {amount: amount, currency: currency, minor_units: true}
policy: {settle: 15m, orphans: report, max_emits: 500, max_ratio: 5%, min_items: 1}
emit:
  queue: billing
  missing:    {type: com.example.charge.created, data: full}
  mismatched: {type: com.example.charge.updated, data: full}
"#,
    );
    assert_eq!(domain.warnings, []);
    let names: Vec<&str> = domain.fields.fields.iter().map(|field| &*field.name).collect();
    assert_eq!(names, ["amount", "currency", "status"]);
    assert_eq!(&*domain.fields.fields[0].local, "amount_minor");
    let money = MoneyFields { amount: 0, currency: 1, upstream: Unit::Minor, local: Unit::Minor };
    assert_eq!(domain.fields.money, Some(money));
    assert_eq!(domain.local.rows_place.to_string(), "domain.yaml:6:9");
    assert_eq!(domain.local.changed.as_deref(), Some("updated_at"));
    let emission = Emission {
        queue: "billing".to_owned(),
        event_type: "com.example.charge.updated".to_owned(),
        data: Data::Full,
        schema: None,
    };
    assert_eq!(domain.remedies.of(Kind::Mismatched), Remedy::Emit(emission));
    assert_eq!(domain.remedies.of(Kind::Orphaned), Remedy::Report);
    assert_eq!(domain.remedies.of(Kind::Unreadable), Remedy::Report);
}

#[test]
fn what_is_left_out_has_its_documented_default() {
    let domain = domain(
        "domain: d\nfeed: p/f\nlocal: {database: a, rows: r, keys: k, key: id, clock: c, time: sql}\n\
         compare:\n  plain:\n  at: {time: {as: epoch}}\n  fee: {money: {upstream: minor, local: major, currency: plain}}\n",
    );
    let policy = domain.policy;
    assert_eq!(policy.settle, Duration::from_mins(15));
    assert_eq!(policy.reemit_after, Duration::from_hours(20));
    assert_eq!((policy.max_emits, policy.min_items, policy.orphans), (500, 1, Orphans::Report));
    assert!((policy.max_ratio - 0.05).abs() < f64::EPSILON);
    let rules: Vec<&Rule> = domain.fields.fields.iter().map(|field| &field.rule).collect();
    let time = Rule::Time(TimeRule {
        upstream: TimeFormat::Epoch.into(),
        local: TimeFormat::Sql,
        precision: Duration::from_secs(1),
    });
    let money = Rule::Money(MoneyRule { upstream: Unit::Minor, local: Unit::Major, currency: 0 });
    assert_eq!(rules, [&Rule::Exact, &time, &money]);
    assert_eq!(domain.schedule, None);
    assert_eq!(domain.remedies.of(Kind::Missing), Remedy::Report);
}

#[test]
fn each_kind_may_go_to_a_queue_of_its_own() {
    let text = DOMAIN.replace(
        "order.created}",
        "order.created}\n  mismatched: {type: com.example.order.updated, queue: corrections}",
    );
    let domain = domain(&text);
    let queue_of = |kind| match domain.remedies.of(kind) {
        Remedy::Emit(emission) => emission.queue,
        Remedy::Report => "none".to_owned(),
    };
    let queues = [Kind::Missing, Kind::Mismatched, Kind::Orphaned].map(queue_of);
    assert_eq!(queues, ["billing", "corrections", "none"]);
    let named: Vec<&str> = domain.queues.iter().map(|(queue, _)| queue.as_str()).collect();
    assert_eq!(named, ["billing", "corrections"]);
    assert_eq!(domain.warnings, []);
}

#[test]
fn a_query_over_several_lines_is_kept_as_it_is_with_the_place_of_its_first() {
    let text = DOMAIN.replace(
        "  rows: SELECT id, total, currency, state FROM orders WHERE created_at >= :from AND created_at < :to\n",
        "  rows: |\n    SELECT id\n    FROM orders\n",
    );
    let local = domain(&text).local;
    assert_eq!(local.rows, "SELECT id\nFROM orders");
    assert_eq!((local.rows_place.line, local.rows_place.column), (7, 5));
}

#[test]
fn a_funnel_from_the_queue_needs_one() {
    let (before, _) = DOMAIN.split_once("emit:").unwrap();
    let said =
        table(DOMAIN, &[("no queue", DOMAIN, &format!("{before}funnel: {{from: queue}}\n"))], parse_domain);
    assert!(said.contains("the domain sends no event, so no queue can count any"), "{said}");
}

#[test]
fn a_funnel_counts_in_the_local_database_unless_it_names_another() {
    let counted =
        |block: &str| match domain(&DOMAIN.replacen("policy:", &format!("funnel: {block}\npolicy:"), 1))
            .funnel
        {
            Some(Funnel::Tables(tables)) => {
                let names = tables.counts().map(|(name, _)| name).collect::<Vec<_>>().join(" ");
                format!("{} {names}", tables.database)
            }
            other => format!("{other:?}"),
        };
    assert_eq!(
        counted("{received: SELECT 1, consumed: SELECT 1, failed: SELECT 1}"),
        "app received consumed failed"
    );
    assert_eq!(counted("{database: log, received: SELECT 1, waiting: SELECT 1}"), "log received waiting");
    assert_eq!(counted("{from: queue}"), "Some(Queue)");
}
