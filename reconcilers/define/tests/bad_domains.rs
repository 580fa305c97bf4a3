//! Domain files that are refused, or accepted with a doubt, and what is said about them.

use std::time::Duration;

use super::{DOMAIN, domain, parse_domain, table};
use crate::compare::{MoneyFields, Rule};
use crate::discrepancy::Kind;
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
            ("cron with seconds", "0 2 * * *", "0 0 2 * * *"),
            ("cron that is words", "0 2 * * *", "nightly"),
            ("cron that never fires", "0 2 * * *", "0 2 30 2 *"),
            ("bad zone", "Europe/London", "Europe/Londn"),
            ("zone by offset", "Europe/London", "+01:00"),
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
            ("two rules", "{fold: case}", "{fold: case, map: {a: b}}"),
            ("unknown folding", "fold: case", "fold: cases"),
            ("known folding", "fold: case", "fold: space"),
            ("known rule: tolerance", "{fold: case}", "{tolerance: 1}"),
            ("known rule: expr", "{fold: case}", "{expr: .a}"),
            ("time without format", "{fold: case}", "{time: {precision: 1s}}"),
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
            ("a queue without events", "  missing: {type: com.example.order.created}\n", ""),
            (
                "known word: schema",
                "type: com.example.order.created",
                "type: com.example.order.created, schema: v1",
            ),
            ("known word: privacy", "policy:", "privacy: {drop: [email]}\npolicy:"),
            ("a direction of its own", "policy:", "direction: both\npolicy:"),
            (
                "an event of the provider about what it lacks",
                "order.created}",
                "order.created, data: original}\ndirection: outbound",
            ),
            ("unknown data", "order.created}", "order.created, data: fat}"),
            ("known data", "order.created}", "order.created, data: mapping}"),
            ("orphan with data", "order.created}", "order.created}\n  orphaned: {type: gone, data: full}"),
            ("event type with a space", "com.example.order.created", "order created"),
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
    let time = Rule::Time {
        upstream: TimeFormat::Epoch.into(),
        local: TimeFormat::Sql,
        precision: Duration::from_secs(1),
    };
    let money = Rule::Money { upstream: Unit::Minor, local: Unit::Major, currency: 0 };
    assert_eq!(rules, [&Rule::Exact, &time, &money]);
    assert_eq!(domain.schedule, None);
    assert_eq!(domain.remedies.of(Kind::Missing), Remedy::Report);
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
