//! Expressions that are refused before any item is read.

use super::*;

fn why(text: &str) -> String {
    let bad = Expression::parse(text).err().unwrap_or_else(|| panic!("{text} was accepted"));
    format!("{bad} ({})", bad.part)
}

#[test]
fn what_might_not_end_or_reads_the_world_is_no_filter() {
    for name in [
        "range(10)",
        "range(0; 1e9)",
        "repeat(.)",
        "while(true; .)",
        "until(false; .)",
        "recurse",
        "recurse(.)",
        "env",
        "input",
        "inputs",
        "now",
        "halt",
        "halt_error",
        "debug",
        "stderr",
        "input_filename",
        "getpath([])",
        "path(.)",
        "del(.a)",
        "walk(.)",
        "tojson",
        "fromjson",
        "implode",
        "combinations",
        "test(\"a\")",
        "strptime(\"x\")",
        "localtime",
        "splits(\"a\")",
        "limit(1; repeat(1))",
        "@base64",
        "$__prog_args",
        "import(1)",
        "derived",
        "skip(1; .)",
        "paths",
        "setpath([]; 1)",
        "to_entries(1)",
    ] {
        assert!(Expression::parse(name).is_err(), "{name} was accepted");
        assert!(
            Expression::parse(&format!("[.[] | {name}] | length")).is_err(),
            "{name} was accepted inside"
        );
        assert!(Expression::parse(&format!("try ({name}) catch 1")).is_err(), "{name} was accepted in a try");
        assert!(Expression::parse(&format!(". as [$x] | {{a: (\"\\({name})\")}}")).is_err(), "{name}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let table = [
        "",
        "(",
        ".a)",
        ".a |",
        ".[",
        "\"a",
        "reduce .a as $x",
        "def f: f; f",
        "def f: [f]; f",
        ".a = 1",
        ".a |= 1",
        ".a += 1",
        ".a //= 1",
        "$x",
        "nonsense",
        "map",
        "length(1)",
        "@text",
        "@json \"x\"",
        "break $out",
        "1 as",
        "if . then 1",
        ".a..b",
        "§",
        "range(3)",
        "{a: range(3)}",
        "{(env): 1}",
    ];
    let said: Vec<String> = table.iter().map(|text| format!("{text:<20} {}", why(text))).collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn an_expression_may_be_long_and_not_too_long() {
    let sum = |n: usize| vec![".a"; n].join("+");
    assert!(Expression::parse(&sum(50)).is_ok());
    assert_eq!(why(&sum(60)), "the expression has more than 50 parts in each other ()");
    assert_eq!(why(&"(".repeat(51)), "the expression has more than 50 parts in each other ()");
    assert_eq!(why(&"- ".repeat(51)), "the expression has more than 50 parts in each other ()");
    assert_eq!(why(&sum(400)), "the expression has more than 1000 bytes ()");
}
