//! Keywords about objects.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::site::Site;
use super::types::Kinds;
use super::walk::{Pair, Walk, escaped};

/// What names of properties are.
static TEXT: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| json!({ "type": "string" }));

impl<'w> Walk<'w> {
    pub(super) fn objects(&mut self, pair: &Pair<'w, '_>, keyword: &str, said: &'w Value, path: &str) {
        if !pair.kinds.has_any(Kinds::OBJECT) {
            return;
        }
        match keyword {
            "minProperties" => self.at_least(pair, keyword, said, path),
            "maxProperties" => self.at_most(pair, keyword, said, path),
            "required" => self.required(pair, said, path),
            "dependentRequired" => self.dependent(pair, path),
            "properties" => {
                for (name, read) in pair.read.members(keyword) {
                    let candidates: Vec<Site<'w>> =
                        pair.written.iter().filter_map(|site| property(*site, name)).collect();
                    self.any(&candidates, read, &format!("{path}/{}", escaped(name)));
                }
            }
            "patternProperties" => {
                for (pattern, read) in pair.read.members(keyword) {
                    let same = |site: &Site<'w>| site.get(keyword)?.get(pattern).map(|part| site.at(part));
                    let candidates: Vec<Site<'w>> = pair.written.iter().filter_map(same).collect();
                    self.any(&candidates, read, &format!("{path}/{}", escaped(pattern)));
                }
            }
            "additionalProperties" => self.additional(pair, pair.read.at(said), path),
            _ => {
                let names: Vec<Site<'w>> =
                    pair.written.iter().filter_map(|site| site.within("propertyNames")).collect();
                let text = Site { file: "", part: &TEXT };
                let names = if names.is_empty() { vec![text] } else { names };
                self.any(&names, pair.read.at(said), path);
            }
        }
    }

    fn required(&mut self, pair: &Pair<'w, '_>, said: &Value, path: &str) {
        let names = said.as_array().into_iter().flatten().filter_map(Value::as_str);
        for name in names.filter(|name| !is_required(pair, name)) {
            self.breaks(path, format!("`{name}` has to be there now"));
        }
    }

    fn dependent(&mut self, pair: &Pair<'w, '_>, path: &str) {
        for (name, wanted) in pair.read.members("dependentRequired") {
            let was = |with: &Value| {
                pair.written.iter().any(|site| {
                    let old = site.get("dependentRequired").and_then(|old| old.get(name));
                    old.and_then(Value::as_array).is_some_and(|old| old.contains(with))
                })
            };
            let names = wanted.part.as_array().into_iter().flatten();
            for with in names.filter(|with| !was(with)).filter_map(Value::as_str) {
                if !is_required(pair, with) {
                    self.breaks(path, format!("`{with}` has to be there now beside `{name}`"));
                }
            }
        }
    }

    /// `additionalProperties`: every property that the reading side does not describe otherwise.
    fn additional(&mut self, pair: &Pair<'w, '_>, read: Site<'w>, path: &str) {
        let described: BTreeSet<&String> = pair.read.members("properties").map(|(name, _)| name).collect();
        let patterns: BTreeSet<&String> =
            pair.read.members("patternProperties").map(|(name, _)| name).collect();
        let old = |keyword: &'static str| pair.written.iter().flat_map(move |site| site.members(keyword));
        let names: BTreeSet<&String> = old("properties").map(|(name, _)| name).collect();
        for name in names.difference(&described) {
            let candidates: Vec<Site<'w>> =
                pair.written.iter().filter_map(|site| property(*site, name)).collect();
            self.any(&candidates, read, &format!("{path} (`{name}`)"));
        }
        // By pattern: each stands for names that nothing else may describe.
        let gone: BTreeMap<&String, Site<'w>> =
            old("patternProperties").filter(|(pattern, _)| !patterns.contains(pattern)).collect();
        for (pattern, site) in gone {
            self.any(&[site], read, &format!("{path} (names like `{pattern}`)"));
        }
        let rest: Vec<Site<'w>> =
            pair.written.iter().filter_map(|site| site.within("additionalProperties")).collect();
        self.any(&rest, read, path);
    }
}

fn is_required(pair: &Pair<'_, '_>, name: &str) -> bool {
    pair.written.iter().any(|site| site.elements("required").iter().any(|known| known == name))
}

/// What a schema says about one property. Where patterns may say something, nothing is known.
fn property<'w>(site: Site<'w>, name: &str) -> Option<Site<'w>> {
    let own = site.get("properties").and_then(|properties| properties.get(name));
    match own {
        Some(part) => Some(site.at(part)),
        None if site.get("patternProperties").is_some() => None,
        None => site.within("additionalProperties"),
    }
}
