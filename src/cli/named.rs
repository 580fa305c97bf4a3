//! Which findings a command is about: named one by one, or read from a file, each found in the state store.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use super::failure::Failure;
use super::list;
use super::values::FindingPath;
use super::wire;
use crate::finding::Identity;
use crate::store::Store;

/// Which findings.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct Named {
    /// Findings, as `findings list` writes them
    #[arg(value_name = "DOMAIN/KEY", required_unless_present = "keys_from")]
    pub findings: Vec<FindingPath>,
    /// Read more of them: one DOMAIN/KEY a line, or the lines of `findings list --format jsonl`; `-` is stdin
    #[arg(long, value_name = "FILE")]
    pub keys_from: Option<PathBuf>,
    /// Whose, where the feed is read for several: what `findings list` writes in brackets
    #[arg(long, value_name = "MEMBER")]
    pub each: Option<String>,
}

/// A finding as somebody wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wanted {
    path: FindingPath,
    each: Option<String>,
}

/// What is used of a line of `findings list --format jsonl`.
#[derive(Deserialize)]
struct Line {
    domain: String,
    key: String,
    each: String,
}

impl Named {
    /// The findings that are meant. A name that fits nothing, or several members, is an error.
    pub(super) async fn find(&self, store: &Store) -> Result<BTreeSet<Identity>, Failure> {
        let mut ids = BTreeSet::new();
        for wanted in self.wanted()? {
            ids.insert(found(store, &wanted).await?);
        }
        Ok(ids)
    }

    fn wanted(&self) -> Result<Vec<Wanted>, Failure> {
        let named = self.findings.iter().map(|path| Wanted { path: path.clone(), each: self.each.clone() });
        let mut wanted: Vec<Wanted> = named.collect();
        if let Some(file) = &self.keys_from {
            wanted.extend(lines(&list::read(file)?, self.each.as_deref())?);
        }
        if wanted.is_empty() {
            return Err(Failure::usage("no_findings", "the list names no finding"));
        }
        Ok(wanted)
    }
}

/// The findings of a list; empty lines say nothing.
fn lines(text: &str, each: Option<&str>) -> Result<Vec<Wanted>, Failure> {
    let found =
        |(at, line): (usize, &str)| wanted(line.trim(), each).map_err(|why| list::wrong_line(at, why));
    list::lines(text).map(found).collect()
}

fn wanted(line: &str, each: Option<&str>) -> Result<Wanted, String> {
    if !line.starts_with('{') {
        return Ok(Wanted { path: line.parse()?, each: each.map(ToOwned::to_owned) });
    }
    let line: Line = serde_json::from_str(line).map_err(|error| format!("not a finding: {error}"))?;
    let path = format!("{}/{}", line.domain, line.key).parse()?;
    Ok(Wanted { path, each: Some(line.each) })
}

async fn found(store: &Store, wanted: &Wanted) -> Result<Identity, Failure> {
    let FindingPath { domain, key } = &wanted.path;
    let path = format!("{domain}/{key}");
    let all = store.of_every_member(domain, key).await.map_err(|error| wire::store_failure(&error))?;
    let ids: Vec<Identity> = all.into_iter().map(|finding| finding.id).collect();
    let is_meant = |id: &&Identity| wanted.each.as_deref().is_none_or(|each| id.each.as_str() == each);
    let mut meant: Vec<&Identity> = ids.iter().filter(is_meant).collect();
    match (meant.pop(), meant.is_empty()) {
        (Some(id), true) => Ok(id.clone()),
        (Some(_), false) => {
            let members = ids.iter().map(|id| id.each.as_str()).collect::<Vec<_>>().join(", ");
            Err(Failure::usage(
                "several_members",
                format!("`{path}` was found for several members; say with `--each` which one: {members}"),
            ))
        }
        (None, _) if ids.is_empty() => {
            Err(Failure::usage("no_such_finding", format!("nothing was ever found about `{path}`")))
        }
        (None, _) => {
            let members = ids.iter().map(|id| id.each.as_str()).collect::<Vec<_>>().join(", ");
            let message = format!("nothing was found about `{path}` for that member, but for: {members}");
            Err(Failure::usage("no_such_finding", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Result<Vec<String>, String> {
        let wanted = lines(text, None).map_err(|failure| failure.message)?;
        let line = |one: &Wanted| {
            format!("{}/{} {}", one.path.domain, one.path.key, one.each.as_deref().unwrap_or("-"))
        };
        Ok(wanted.iter().map(line).collect())
    }

    #[test]
    fn a_list_has_names_or_the_lines_that_the_list_of_findings_writes() {
        let text = "shop.orders/o_1\n\n  shop.orders/a/b \n\
                    {\"type\":\"finding\",\"domain\":\"shop.orders\",\"each\":\"acct_1\",\"key\":\"o_2\",\"state\":\"held\"}\n";
        assert_eq!(told(text).unwrap(), ["shop.orders/o_1 -", "shop.orders/a/b -", "shop.orders/o_2 acct_1"]);
    }

    #[test]
    fn a_line_that_is_no_finding_is_named_by_its_number() {
        assert!(told("shop.orders/o_1\nnonsense\n").unwrap_err().starts_with("line 2: expected DOMAIN/KEY"));
        assert!(told("{\"domain\":1}").unwrap_err().starts_with("line 1: not a finding"));
    }
}
