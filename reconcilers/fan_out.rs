//! Feeds that are read once for each of several accounts, channels or repositories.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compare::FIELDS;
use crate::items::ItemView;
use crate::key::{self, Key};
use crate::name::Each;
use crate::reconciler::Reconciler;

/// How often a feed is read.
#[derive(Debug, Clone, Default)]
pub enum FanOut {
    /// Once.
    #[default]
    None,
    /// Once for each of these.
    Members(Vec<Member>),
    /// Once for each item of another feed.
    Feed(Parents),
}

/// One account, channel or repository that a feed is read for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What it is called in slices, findings and events.
    pub each: Each,
    /// What `{each.NAME}` in requests and `:each.NAME` in SQL stand for.
    pub values: BTreeMap<Box<str>, Box<str>>,
}

impl Member {
    /// A member with these values; nothing where there is none, or where one of them could not be part of a key.
    ///
    /// With one value the member is called by it; with several, by all of them in the order of their names, in the
    /// way of a composite key.
    #[must_use]
    pub fn new(values: BTreeMap<Box<str>, Box<str>>) -> Option<Self> {
        let name = match values.values().map(AsRef::as_ref).collect::<Vec<_>>().as_slice() {
            [] => return None,
            [only] => Key::checked(only),
            several => Key::of_parts(several.iter().copied()),
        };
        Some(Self { each: Each::stored(name.ok()?.as_str()), values })
    }

    /// The member that is called so, in a fan-out with values of these names.
    #[must_use]
    pub fn called<'n>(each: &Each, names: impl IntoIterator<Item = &'n str>) -> Option<Self> {
        let mut names: Vec<&str> = names.into_iter().collect();
        names.sort_unstable();
        let values: Vec<String> = match names.as_slice() {
            [_] => vec![each.as_str().to_owned()],
            _ => key::parts(each.as_str()).map(std::borrow::Cow::into_owned).collect(),
        };
        if names.len() != values.len() {
            return None;
        }
        Self::new(names.into_iter().map(Into::into).zip(values.into_iter().map(Into::into)).collect())
    }
}

/// The feed whose items are the members of another feed's fan-out.
#[derive(Debug, Clone)]
pub struct Parents {
    /// Reads the other feed. It has no local side and nothing is compared: its pages are walked and nothing else. Only a
    /// complete walk says who all the members are.
    pub feed: Arc<dyn Reconciler>,
    /// What the value of an item is called: the NAME of `{each.NAME}`.
    pub name: Box<str>,
}

impl Parents {
    /// The member that an item of the other feed stands for; nothing where it has no such value.
    #[must_use]
    pub fn member(&self, item: ItemView<'_>) -> Option<Member> {
        let value = Key::from_json(item.slot(FIELDS)).ok()?;
        Member::new([(self.name.clone(), value.as_str().into())].into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn member(values: &[(&str, &str)]) -> Option<Member> {
        Member::new(values.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect())
    }

    #[test]
    fn a_member_is_called_by_its_value_or_by_all_of_them() {
        assert_eq!(member(&[("repo", "acme/web:x")]).unwrap().each.as_str(), "acme/web:x");
        assert_eq!(member(&[("region", "eu"), ("account", "a:1")]).unwrap().each.as_str(), "a%3A1:eu");
        assert_eq!(member(&[]), None);
        assert_eq!(member(&[("repo", "")]), None);
        assert_eq!(Member::called(&Each::stored("a:b"), ["x", "y", "z"]), None);
    }

    proptest! {
        #[test]
        fn the_name_of_a_member_gives_its_values_back(values in prop::collection::btree_map("[a-z]{1,5}", "[ -~é]{1,12}", 1..4)) {
            let values: BTreeMap<Box<str>, Box<str>> = values.into_iter().map(|(k, v)| (k.into(), v.into())).collect();
            let member = Member::new(values).unwrap();
            let called = Member::called(&member.each, member.values.keys().map(AsRef::as_ref));
            prop_assert_eq!(called, Some(member));
        }
    }
}
