use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regex_lite::Regex;

use super::*;
use crate::report::exit;

/// What the sources raise: the pattern takes the code, and stands in files whose path holds the second text.
const RAISES: [(&str, &str); 8] = [
    (r#"Failure::(?:failed|usage)\(\s*"([a-z_]+)""#, "src/cli/"),
    (r#"Failure::exiting\(\s*[^,"]+,\s*"([a-z_]+)""#, "src/cli/"),
    (r#"const NOBODY: &str = "([a-z_]+)""#, "src/cli/member.rs"),
    (r#"(?:say|push)\(\(?[^,"]+, "([a-z_]+)""#, "src/run/finish.rs"),
    (r#"Self::[A-Za-z|: ()_]+ => "([a-z_]+)""#, "src/run/outcome.rs"),
    (r#"DIED: &str = "([a-z_]+)""#, "src/report/exit.rs"),
    (r#"format!\("(contradiction):"#, "src/report/seal.rs"),
    (
        r#"(?:class: |=> \(|bury\([^,]+, |dead\(|SCHEMA: &str = )"([a-z_]+)""#,
        "src/queue/ src/relay/ src/dead_letter/class.rs",
    ),
];

fn sources(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") && name != "tests.rs" {
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
            found.insert(path.to_string_lossy().into_owned(), text);
        }
    }
}

fn all_sources() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    files
}

/// Every code that some source raises.
fn raised() -> BTreeSet<String> {
    let files = all_sources();
    let mut raised = BTreeSet::new();
    for (pattern, places) in RAISES {
        let pattern = Regex::new(pattern).unwrap();
        let known = raised.len();
        for (_, text) in files.iter().filter(|(path, _)| places.split(' ').any(|place| path.contains(place)))
        {
            raised.extend(pattern.captures_iter(text).map(|found| found[1].to_owned()));
        }
        assert!(raised.len() > known, "nothing is raised by {pattern}");
    }
    raised
}

#[test]
fn every_code_that_is_raised_is_explained_and_no_other() {
    let explained: BTreeSet<String> = all().map(|code| code.code.to_owned()).collect();
    let raised = raised();
    let unexplained: Vec<_> = raised.difference(&explained).collect();
    let never: Vec<_> = explained.difference(&raised).collect();
    assert!(unexplained.is_empty(), "say in src/report/codes what these mean: {unexplained:?}");
    assert!(never.is_empty(), "nothing raises these any more: {never:?}");
}

#[test]
fn a_code_is_explained_once_and_in_its_place() {
    for chapter in CHAPTERS {
        for group in chapter.groups {
            assert!(group.is_sorted_by(|a, b| a.code < b.code), "{}: {group:?}", chapter.title);
        }
    }
    let codes: Vec<&str> = all().map(|code| code.code).collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    for code in all() {
        assert_eq!(find(code.code), Some(code));
        let is_fragment = |text: &str| !text.ends_with('.') && !text.starts_with(char::is_uppercase);
        assert!(is_fragment(code.means) && is_fragment(code.help), "{code:?}");
    }
}

#[test]
fn a_code_names_the_exit_codes_that_it_is_raised_with() {
    let raised = Regex::new(r#"Failure::(failed|usage)\(\s*"([a-z_]+)""#).unwrap();
    for (path, text) in all_sources().iter().filter(|(path, _)| path.contains("src/cli/")) {
        for found in raised.captures_iter(text) {
            let exit = if &found[1] == "usage" { exit::USAGE } else { exit::FAILED };
            assert!(find(&found[2]).is_some_and(|code| code.exits.contains(&exit)), "{path}: {}", &found[2]);
        }
    }
}
