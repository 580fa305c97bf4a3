//! Reports for tests: each shows one way in which a run ends.

use std::collections::BTreeMap;

use tieout_reconcilers::direction::Direction;
use tieout_reconcilers::discrepancy::{Digest, FieldDiff, Kind};
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::key::Key;
use tieout_reconcilers::money::Money;
use tieout_reconcilers::zone::Zone;
use uuid::Uuid;

use crate::cause::{Cause, Explanation};
use crate::finding::{Finding, Identity, State};
use crate::funnel::{Arrivals, Consumers, Flow, Funnel, Number, days};
use crate::report::{
    Amount, DomainReport, EventCounts, Exit, FollowUp, HeldLine, ItemCounts, Limit, OneSide, Owner,
    PlannedFinding, Requests, RunReport, SCHEMA, Said, Standing, Status, Tonight, Took, Trigger,
};
use crate::store::DecidedCount;

fn run(mode: &str, status: Status, exit: Exit, domains: Vec<DomainReport>) -> RunReport {
    RunReport {
        schema: SCHEMA.into(),
        run_id: Uuid::from_u128(0x019a_a3c0_0000_7000_8000_0000_0000_0001),
        tool_version: "0.1.0".into(),
        mode: mode.into(),
        trigger: Some(Trigger::Systemd),
        args: [("config".to_owned(), Said::Value("prod.yaml".into()))].into(),
        resumes: None,
        successor: None,
        selected: domains.iter().map(|domain| domain.domain.clone()).collect(),
        started_at: "2025-11-21T02:00:00Z".into(),
        finished_at: Some("2025-11-21T02:01:12Z".into()),
        status,
        exit,
        domains,
        warnings: Vec::new(),
    }
}

fn exit(code: u8, reasons: &[&str]) -> Exit {
    Exit { code, reasons: reasons.iter().map(ToString::to_string).collect() }
}

/// 1,904 items that agree.
fn agreeing(name: &str) -> DomainReport {
    DomainReport {
        direction: Direction::Inbound,
        causes: BTreeMap::new(),
        failure: None,
        exit_code: 0,
        overlap: ItemCounts::default(),
        domain: name.into(),
        owner: None,
        definition_sha256: Some("5e".repeat(32)),
        tags: Vec::new(),
        status: Status::Done,
        complete: true,
        ranges: vec![("2025-11-20T00:00:00Z".into(), "2025-11-21T01:45:00Z".into())],
        ceiling: Some("2025-11-21T01:45:00Z".into()),
        settle_seconds: 900,
        verified_through: Some("2025-11-21T01:45:00Z".into()),
        pages: 20,
        api_requests: Requests { ok: 20, throttled: 1, failed: 0 },
        seconds: 9.04,
        stages: BTreeMap::new(),
        items: ItemCounts { upstream: 1_904, local: 1_904, matched: 1_904, ..ItemCounts::default() },
        follow_up: FollowUp::default(),
        tonight: Tonight::default(),
        standing: Standing::default(),
        events: EventCounts::default(),
        amounts: Vec::new(),
        limits: Vec::new(),
        quarantine: None,
        funnel: None,
        problems: Vec::new(),
        notes: Vec::new(),
        findings: Vec::new(),
        findings_not_listed: 0,
        carried_out: None,
        members: None,
        looked_again: None,
        named: None,
        found: crate::report::Found::default(),
        repair_times: Vec::new(),
    }
}

fn planned(key: &str, kind: Kind, state: State) -> PlannedFinding {
    PlannedFinding {
        each: String::new(),
        key: key.into(),
        kind: kind.as_str().into(),
        state: state.as_str().into(),
        episode: 1,
        owner: None,
        fields: Vec::new(),
        reason: None,
        cause: None,
        cause_why: None,
        amount: None,
        currency: None,
        event_type: None,
        event_id: None,
        dead_letter: None,
        clock: None,
    }
}

fn worth(amount: &str, finding: PlannedFinding) -> PlannedFinding {
    PlannedFinding { amount: Some(amount.into()), currency: Some("USD".into()), ..finding }
}

fn sending(event: &str, finding: PlannedFinding) -> PlannedFinding {
    let event_id = Some(Uuid::from_u128(7));
    PlannedFinding { event_type: Some(format!("com.example.{event}")), event_id, ..finding }
}

fn diff(field: &str, local: Option<&str>, upstream: Option<&str>) -> FieldDiff {
    FieldDiff {
        field: field.into(),
        upstream: upstream.map(Into::into),
        local: local.map(Into::into),
        hidden: None,
    }
}

/// A day that is over and adds up, one that goes on and of which not everything is known, and two queues.
pub(crate) fn funnel() -> Funnel {
    let days = days(Zone::named("Europe/London").unwrap(), Instant::from_micros(1_763_690_400_000_000), 2);
    let told = Arrivals {
        received: Some(48_211),
        consumed: Some(48_190),
        failed: Some(12),
        waiting: Some(Number::Known(0)),
    };
    let more = Arrivals { received: Some(3), consumed: Some(5), failed: Some(0), waiting: None };
    let some = Arrivals { consumed: None, ..more };
    let decided = DecidedCount { repaired: 3, unrepaired: 1, dead: 1, undelivered: 2, superseded: 1 };
    let why = "consumed: charges.yaml:9:13: the SQL gives no row\u{1b}".to_owned();
    let lag = |queue: &str, waiting: Option<u64>, taken: Option<u64>, why: Option<&str>| Consumers {
        queue: queue.to_owned(),
        waiting: waiting.into(),
        taken: taken.into(),
        why: why.map(ToOwned::to_owned),
    };
    Funnel {
        days: vec![
            Flow::of(&days[0], told, Some(decided), Vec::new()),
            Flow::of(&days[0], more, Some(DecidedCount::default()), Vec::new()),
            Flow::of(&days[1], some, None, vec![why]),
        ],
        consumers: vec![
            lag("billing", Some(10_312), Some(7), None),
            lag("orders", Some(2), None, None),
            lag("archive", None, None, Some("the broker does not tell")),
        ],
    }
}

/// One domain, everything equal.
pub(crate) fn in_sync() -> RunReport {
    run("run", Status::Done, exit(0, &[]), vec![agreeing("stripe.charges")])
}

/// All kinds of findings in one domain of 48,211 items.
fn differing(state: State) -> DomainReport {
    let mismatched = PlannedFinding {
        fields: vec![
            diff("amount", Some("9000"), Some("10000")),
            diff("description", Some("\"Pro plan \""), Some("\"Pro plan\"")),
            diff("coupon", None, Some("\"WELCOME\"")),
        ],
        ..planned("ch_3Q7b", Kind::Mismatched, state)
    };
    DomainReport {
        causes: [("never_sent".to_owned(), 1), ("not_received".to_owned(), 3)].into(),
        items: ItemCounts {
            upstream: 48_211,
            local: 48_187,
            matched: 48_184,
            mismatched: 1,
            missing: 3,
            orphaned: 1,
            pending: OneSide { upstream: 22, local: 0 },
            unreadable: OneSide { upstream: 1, local: 1 },
            ignored: OneSide::default(),
        },
        events: EventCounts { planned: 4, ..EventCounts::default() },
        amounts: vec![Amount {
            currency: "USD".into(),
            upstream: "90211.10".into(),
            local: "89813.20".into(),
            difference: "397.90".into(),
            missing: "402.90".into(),
            mismatched: "10.00".into(),
            orphaned: "15.00".into(),
            unexplained: "0.00".into(),
        }],
        limits: vec![Limit { text: "max_emits: 4 of at most 500".into(), tripped: false }],
        findings: vec![
            sending("charge.created", worth("120.00", planned("ch_3Q9x", Kind::Missing, state))),
            sending("charge.created", worth("82.90", planned("ch_3Q9y", Kind::Missing, state))),
            sending("charge.created", worth("200.00", planned("ch_3Q9z", Kind::Missing, state))),
            sending("charge.updated", worth("10.00", mismatched)),
            worth("15.00", planned("ch_3P1k", Kind::Orphaned, State::Open)),
            PlannedFinding {
                reason: Some("currency: expected a currency of ISO 4217, found another text".into()),
                ..planned("ch_3Q2z", Kind::Unreadable, State::Open)
            },
            planned("ch_3R00", Kind::Missing, State::Suspected),
        ],
        findings_not_listed: 21,
        pages: 483,
        seconds: 72.3,
        ..agreeing("stripe.charges")
    }
}

/// Events were sent, and earlier ones did their work.
pub(crate) fn emitted() -> RunReport {
    let domain = DomainReport {
        events: EventCounts { planned: 4, emitted: 4, ..EventCounts::default() },
        follow_up: FollowUp { checked: 7, repaired: 5, healed: 1, emitted_not_repaired: 1, recurring: 0 },
        tonight: Tonight {
            new: 3,
            reopened: 1,
            repaired: 5,
            healed: 1,
            time_to_detect: Some(Took { median_seconds: 21_600, worst_seconds: 90_000, of: 4 }),
            time_to_repair: Some(Took { median_seconds: 86_400, worst_seconds: 259_200, of: 6 }),
            ..Tonight::default()
        },
        standing: Standing {
            emitted: 5,
            ignored: 2,
            still_open: 1,
            oldest: Some("2025-11-18T02:00:00Z".into()),
            owners: vec![Owner { owner: "ada".into(), findings: 1 }],
            ..Standing::default()
        },
        ..differing(State::Emitted)
    };
    run("run", Status::Done, exit(0, &[]), vec![domain])
}

/// A domain that could not be read to its end, and one that could.
pub(crate) fn partial() -> RunReport {
    let cut = DomainReport {
        status: Status::Partial,
        complete: false,
        verified_through: None,
        problems: vec!["page 17: the cursor repeats, so the end of the list was not proven".into()],
        ..agreeing("shop.orders")
    };
    let reasons = ["partial:shop.orders"];
    run("run", Status::Partial, exit(3, &reasons), vec![agreeing("stripe.charges"), cut])
}

/// A safety limit keeps the events back.
pub(crate) fn held() -> RunReport {
    let items =
        ItemCounts { upstream: 9_880, local: 5_570, matched: 5_570, missing: 4_310, ..ItemCounts::default() };
    let reason = Some("max_ratio".to_owned());
    let finding = sending("order.created", planned("o_1", Kind::Missing, State::Held));
    let domain = DomainReport {
        status: Status::Held,
        items,
        events: EventCounts { planned: 4_310, held: 4_310, ..EventCounts::default() },
        limits: vec![Limit {
            text: "max_ratio: 4310 of 9880 items (43.6%) are over 5.0%".into(),
            tripped: true,
        }],
        findings: vec![PlannedFinding { reason, ..finding }],
        findings_not_listed: 4_309,
        standing: Standing {
            held: 4_310,
            held_sets: vec![HeldLine {
                run_id: Uuid::from_u128(0x019a_a3c0_0000_7000_8000_0000_0000_0001),
                events: 4_310,
                findings: 4_310,
                reason: Some("max_ratio".into()),
                since: Some("2025-11-20T02:00:00Z".into()),
            }],
            ..Standing::default()
        },
        ..agreeing("shop.orders")
    };
    run("run", Status::Held, exit(5, &["limit_tripped:shop.orders"]), vec![domain])
}

/// Nothing was read: the provider rejected the key.
pub(crate) fn rejected() -> RunReport {
    let domain = DomainReport {
        status: Status::Failed,
        complete: false,
        failure: Some("credentials_rejected".into()),
        exit_code: 7,
        items: ItemCounts::default(),
        verified_through: None,
        pages: 0,
        problems: vec!["the provider rejected the credentials: 401".into()],
        ..agreeing("adyen.payouts")
    };
    run("run", Status::Failed, exit(7, &["credentials_rejected:adyen.payouts"]), vec![domain])
}

/// All kinds of findings, before anything is sent.
pub(crate) fn plan() -> RunReport {
    let domains =
        vec![DomainReport { findings_not_listed: 0, ..differing(State::Open) }, agreeing("stripe.refunds")];
    run("plan", Status::Done, exit(4, &["differences:stripe.charges"]), domains)
}

/// Everything that comes from outside tries to steer the terminal or to forge a line.
pub(crate) fn hostile() -> RunReport {
    let evil = "\u{1b}[2J\u{1b}]0;owned\u{7}\r\nDONE (exit 0)\u{202e}";
    let finding = PlannedFinding {
        reason: Some(evil.into()),
        cause: Some(evil.into()),
        cause_why: Some(evil.into()),
        amount: Some(evil.into()),
        currency: Some(evil.into()),
        event_type: Some(evil.into()),
        owner: Some(evil.into()),
        fields: vec![diff(evil, Some(evil), Some(evil))],
        ..planned(evil, Kind::Mismatched, State::Open)
    };
    let domain = DomainReport {
        domain: evil.into(),
        status: Status::Partial,
        complete: false,
        verified_through: Some(evil.into()),
        ceiling: Some(evil.into()),
        ranges: vec![(evil.into(), evil.into())],
        amounts: vec![Amount {
            currency: evil.into(),
            unexplained: evil.into(),
            ..differing(State::Open).amounts[0].clone()
        }],
        limits: vec![Limit { text: evil.into(), tripped: true }],
        standing: Standing {
            oldest: Some(evil.into()),
            owners: vec![Owner { owner: evil.into(), findings: 1 }],
            ..Standing::default()
        },
        problems: vec![evil.into()],
        findings: vec![finding.clone(), PlannedFinding { state: evil.into(), kind: evil.into(), ..finding }],
        ..agreeing("")
    };
    let report = run("run", Status::Partial, exit(3, &[evil]), vec![domain]);
    RunReport { tool_version: evil.into(), started_at: evil.into(), ..report }
}

/// A mismatched finding in some state.
pub(crate) fn finding(state: State) -> Finding {
    let at = |second: i64| Instant::from_micros((1_763_690_400 + second) * 1_000_000);
    Finding {
        id: Identity {
            domain: "stripe.charges".parse().unwrap(),
            each: tieout_reconcilers::name::Each::default(),
            key: Key::checked("ch_3Q7b").unwrap(),
        },
        kind: Kind::Mismatched,
        state,
        episode: 1,
        reemissions: 0,
        digest: Digest::of("{}"),
        fields: vec![
            diff("amount", Some("9000"), Some("10000")),
            diff("note", Some("\"a\u{1b}[2J \""), None),
        ],
        reason: None,
        cause: Some(
            Explanation::of(Cause::NotReceived).because("evt_1Ab is not among the received webhooks"),
        ),
        amount: Some(Money { currency: "USD".into(), minor: 1_000 }),
        clock: Some(at(-3_600)),
        first_seen: at(0),
        last_seen: at(60),
        acknowledged_at: None,
        closed_at: None,
        event_id: Some(Uuid::from_u128(7)),
        run_id: Uuid::from_u128(0x019a_a3c0_0000_7000_8000_0000_0000_0001),
        occurred_at: Some(at(-3_600)),
        held_by: None,
        ignored: None,
        owner: None,
        interventions: 0,
    }
}
