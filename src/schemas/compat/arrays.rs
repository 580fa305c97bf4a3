//! Keywords about lists.

use serde_json::Value;

use super::site::Site;
use super::types::Kinds;
use super::walk::{Pair, Walk};

impl<'w> Walk<'w> {
    pub(super) fn arrays(&mut self, pair: &Pair<'w, '_>, keyword: &str, said: &'w Value, path: &str) {
        if !pair.kinds.has_any(Kinds::ARRAY) {
            return;
        }
        match keyword {
            "minItems" => self.at_least(pair, keyword, said, path),
            "maxItems" => self.at_most(pair, keyword, said, path),
            "uniqueItems" => {
                let was = pair.written.iter().any(|site| site.get(keyword) == Some(&Value::Bool(true)));
                if *said == Value::Bool(true) && !was {
                    self.breaks(path, "elements have to differ now");
                }
            }
            "prefixItems" => {
                for (at, part) in pair.read.elements(keyword).iter().enumerate() {
                    let candidates: Vec<Site<'w>> =
                        pair.written.iter().filter_map(|site| element(*site, at)).collect();
                    self.any(&candidates, pair.read.at(part), &format!("{path}/{at}"));
                }
            }
            _ => self.rest_of_items(pair, pair.read.at(said), path),
        }
    }

    /// `items`: everything behind the elements that have a schema of their own.
    fn rest_of_items(&mut self, pair: &Pair<'w, '_>, read: Site<'w>, path: &str) {
        let begins = pair.read.elements("prefixItems").len();
        let own =
            pair.written.iter().map(|site| site.elements("prefixItems").len()).max().unwrap_or_default();
        for at in begins..own {
            let candidates: Vec<Site<'w>> =
                pair.written.iter().filter_map(|site| element(*site, at)).collect();
            self.any(&candidates, read, path);
        }
        let rest: Vec<Site<'w>> = pair.written.iter().filter_map(|site| site.within("items")).collect();
        self.any(&rest, read, path);
    }
}

/// What a schema says about one element.
fn element(site: Site<'_>, at: usize) -> Option<Site<'_>> {
    site.elements("prefixItems").get(at).map(|part| site.at(part)).or_else(|| site.within("items"))
}
