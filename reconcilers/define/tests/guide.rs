//! What the guide to domains says of compare rules is true: every example loads, and judges the pairs beside it as it says.

use std::fmt::Write as _;

use super::{PROVIDER, on_feed, provider};
use crate::define::definition::{Definition, Settings};
use crate::jq::Expression;
use crate::key::Key;
use crate::name::Each;
use crate::page::Seen;
use crate::reconciler::Reconciler;
use crate::row::Row;
use crate::scalar::Scalar;

const GUIDE: &str = include_str!("../../../docs/domains.md");

/// An example: its `compare` block, and pairs of an item and a row with what is said of them.
struct Example {
    compare: &'static str,
    pairs: Vec<[&'static str; 3]>,
}

fn examples() -> Vec<Example> {
    let parts = GUIDE.split("```yaml\n").skip(1).filter(|part| part.starts_with("compare:"));
    let example = |part: &'static str| {
        let (compare, rest) = part.split_once("```").unwrap();
        let is_table = |line: &&str| line.starts_with('|');
        let table = rest.lines().skip_while(|line| !is_table(line)).take_while(is_table);
        Example { compare, pairs: table.skip(2).map(cells).collect() }
    };
    parts.map(example).collect()
}

fn cells(line: &'static str) -> [&'static str; 3] {
    let cells: Vec<&str> =
        line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect();
    cells.try_into().unwrap_or_else(|cells| panic!("three cells: {cells:?}"))
}

fn definition(compare: &str) -> Definition {
    let local = "local: {database: app, rows: r, keys: k, key: id, clock: created_at}";
    let domain = format!("domain: shop.orders\nfeed: shop/orders\n{local}\n{compare}");
    on_feed(&provider(PROVIDER), &domain, &Settings::default())
}

/// What a definition says of an item beside a row.
fn verdict(definition: &Definition, upstream: &str, local: &str) -> &'static str {
    let key = Key::checked("k").unwrap();
    let confirm = definition.confirm(&Each::default(), &[key.clone().into()]).remove(0);
    let item = upstream.replacen('{', r#"{"id":"k","created_at":"2025-11-21T00:00:00Z","#, 1);
    let found = definition.read_confirm(&confirm, &super::ok(item.as_bytes())).unwrap().remove(0);
    let Seen::Item(items, raw) = found.seen else { panic!("no item: {upstream}") };
    let local: serde_json::Map<String, serde_json::Value> = serde_json::from_str(local).unwrap();
    let fields = &definition.fields().fields;
    let columns: Vec<String> = fields
        .iter()
        .map(|field| local.get(&*field.local).map_or("null".to_owned(), ToString::to_string))
        .collect();
    let fields = columns.iter().map(|raw| Scalar::from_json(Some(raw))).collect();
    let row =
        Row { key: "k".into(), clock: None, changed: None, version: Scalar::Absent, fields, whole: None };
    match definition.fields().judge(&key, Some((items.get(0).unwrap(), &raw)), Some(&row)) {
        None => "equal",
        Some(found) if found.kind.as_str() == "mismatched" => "different",
        Some(_) => "unreadable",
    }
}

#[test]
fn every_compare_rule_of_the_guide_judges_as_the_guide_says() {
    let examples = examples();
    assert_eq!(examples.len(), 9, "one for each rule");
    let mut wrong = String::new();
    for example in &examples {
        let definition = definition(example.compare);
        assert!(example.pairs.len() >= 2, "{}", example.compare);
        for [upstream, local, said] in &example.pairs {
            let found = verdict(&definition, upstream, local);
            if found != *said {
                let _ = writeln!(wrong, "{upstream} and {local} are {found}, and not {said}");
            }
        }
    }
    assert_eq!(wrong, "");
}

#[test]
fn the_guide_names_every_filter_of_an_expression() {
    let (_, list) = GUIDE.split_once("It may call ").unwrap();
    let (list, _) = list.split_once('.').unwrap();
    let named: Vec<&str> = list.split(',').map(|name| name.trim().trim_matches('`')).collect();
    assert_eq!(named, Expression::parse("nonsense").unwrap_err().known);
}
