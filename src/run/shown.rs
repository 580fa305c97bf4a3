//! The items that tonight's pages have shown and compared: an older event about one of them tells nothing new.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use tieout_reconcilers::clock_format::ClockFormat;
use tieout_reconcilers::compare::KEY;
use tieout_reconcilers::items::Items;
use tieout_reconcilers::key::{Key, text_of};
use tieout_reconcilers::window::Window;

use crate::key_set::hash;

/// How many are remembered; those beyond are looked up although a page has shown them.
const MAX_SHOWN: usize = 250_000;

/// Hashes of their keys.
#[derive(Debug, Clone, Default)]
pub(super) struct ShownTonight(Arc<Mutex<HashSet<u128>>>);

impl ShownTonight {
    /// Takes note of a page. What lies outside the window is not compared, whatever a page shows.
    pub(super) fn saw(&self, page: &Items, clock: &ClockFormat, window: Window) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let compared = page.iter().filter(|item| clock.of(*item).is_some_and(|at| window.contains(at)));
        let keys = compared.filter_map(|item| text_of(item.slot(KEY)?).ok());
        for key in keys.take(MAX_SHOWN.saturating_sub(shown.len())) {
            shown.insert(hash(&key));
        }
    }

    /// Whether this is the first time that a key is asked for tonight, and no page has shown it.
    pub(super) fn is_news(&self, key: &Key) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(hash(key.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use tieout_reconcilers::compare::{CLOCK, FIELDS};
    use tieout_reconcilers::instant::{Instant, TimeFormat};
    use tieout_reconcilers::path::Path;
    use tieout_reconcilers::projection::{At, Projection};

    use super::*;

    fn page(body: &str) -> Items {
        let path = |text: &str| Path::try_from(text.to_owned()).unwrap();
        let mut slots = vec![None; FIELDS];
        (slots[KEY], slots[CLOCK]) = (Some(path("id")), Some(path("at")));
        Projection::new(&At::required(path("data")), &slots, &[], 100).read(body.as_bytes()).unwrap().items
    }

    #[test]
    fn only_what_was_compared_is_no_news_and_everything_is_news_once() {
        let at = |second: i64| Instant::from_micros(second * 1_000_000);
        let shown = ShownTonight::default();
        let body = r#"{"data": [{"id": "in", "at": 10}, {"id": "before", "at": 9}, {"id": "after", "at": 20}, {"id": "undated"}]}"#;
        shown.saw(&page(body), &TimeFormat::Epoch.into(), Window::new(at(10), at(20)).unwrap());
        let is_news = |key: &str| shown.is_news(&Key::checked(key).unwrap());
        assert_eq!(
            ["in", "before", "after", "undated", "other"].map(is_news),
            [false, true, true, true, true]
        );
        assert!(!is_news("other"));
    }
}
