//! `like` and `preset`: feeds that take over the words of another one, or of a family of APIs, before anything is read
//! from them.

use super::checked::{Fault, FromText};
use super::document::{Document, Problems};
use super::preset::Preset;
use super::problem::{Problem, Spot};
use super::words;
use super::yaml_tree::{Member, Node, NodeKind, Written};

/// The word for another feed whose words are taken over.
pub(super) const LIKE: &str = "like";
/// The word for a family of APIs.
pub(super) const PRESET: &str = "preset";

/// The provider file with the words of every feed in it; the same document where no feed takes over any.
pub(super) fn expanded(document: &Document) -> Result<Document, Vec<Problem>> {
    let file: Node = document.read().map_err(|problem| vec![problem])?;
    let file = file.with_numbers(&|spot| document.written_at(spot));
    let takes_over = |member: &Member| member.value.get(LIKE).or(member.value.get(PRESET)).is_some();
    let Some(feeds) = file.get("feeds").filter(|feeds| feeds.members().iter().any(takes_over)) else {
        return Ok(document.clone());
    };
    let mut problems = Problems::of(document);
    let whole = feeds.members().iter().map(|member| {
        let value = whole(feeds, &member.value, &mut vec![&member.key], &mut problems);
        Member { value: value.unwrap_or_else(|| member.value.clone()), ..member.clone() }
    });
    let whole = NodeKind::Map(whole.collect());
    let members = file.members().iter().map(|member| match member.key.as_str() {
        "feeds" => Member { value: Node { spot: member.value.spot, kind: whole.clone() }, ..member.clone() },
        _ => member.clone(),
    });
    let expanded = Node { spot: file.spot, kind: NodeKind::Map(members.collect()) };
    if !problems.problems.is_empty() {
        return Err(problems.problems);
    }
    let mut written = Written::default();
    expanded.write(&mut written);
    Ok(document.clone().reading(written.text, written.spots))
}

/// A feed with everything that it takes over; nothing after a problem was noted. `way` names the feeds that led to it.
fn whole<'n>(
    feeds: &'n Node,
    feed: &'n Node,
    way: &mut Vec<&'n str>,
    problems: &mut Problems<'_>,
) -> Option<Node> {
    let mut base: Option<Node> = None;
    if let Some(name) = feed.get(PRESET) {
        base = Some(preset(name, problems)?);
    }
    if let Some(name) = feed.get(LIKE) {
        let other = like(feeds, name, way, problems)?;
        base = Some(match base {
            Some(base) => base.changed_by(other),
            None => other,
        });
    }
    let Some(base) = base else { return Some(feed.clone()) };
    let own = feed.members().iter().filter(|member| !matches!(member.key.as_str(), LIKE | PRESET));
    let own = Node { spot: feed.spot, kind: NodeKind::Map(own.cloned().collect()) };
    Some(base.changed_by(own))
}

fn preset(name: &Node, problems: &mut Problems<'_>) -> Option<Node> {
    let preset = Preset::from_text(word(name, PRESET, problems)?);
    let preset = preset.map_err(|fault| problems.add(name.spot, fault)).ok()?;
    // Its words stand nowhere in this file: what is wrong with them is said where they are taken over.
    let words: Result<Node, Problem> = Document::new(PRESET, preset.words()).read();
    words.map(|words| words.standing_at(name.spot)).map_err(|problem| problems.problems.push(problem)).ok()
}

fn like<'n>(
    feeds: &'n Node,
    name: &'n Node,
    way: &mut Vec<&'n str>,
    problems: &mut Problems<'_>,
) -> Option<Node> {
    let text = word(name, LIKE, problems)?;
    if let Some(start) = way.iter().position(|known| *known == text) {
        let names: Vec<String> = way[start..].iter().chain([&text]).map(|name| format!("`{name}`")).collect();
        problems.add(name.spot, Fault::new(format!("{} are like each other", names.join(", "))));
        return None;
    }
    let Some(other) = feeds.get(text) else {
        let known: Vec<&str> = feeds.members().iter().map(|member| member.key.as_str()).collect();
        let fault = Fault::new(format!("there is no feed `{text}`"));
        problems.add(name.spot, fault.with_help(words::advice(text, &known)));
        return None;
    };
    way.push(text);
    let whole = whole(feeds, other, way, problems);
    way.pop();
    whole
}

fn word<'n>(node: &'n Node, key: &str, problems: &mut Problems<'_>) -> Option<&'n str> {
    let text = node.text();
    if text.is_none() {
        let spot: Spot = node.spot;
        problems.add(spot, Fault::new(format!("`{key}` is a single name")));
    }
    text
}
