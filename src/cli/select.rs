//! Which domains a command is about: named, by pattern, by tag, and without those that are left out. What matches nothing is an
//! error, and so is a selection of which nothing is left; neither is ever a run that did nothing and was green.

use std::collections::BTreeSet;

use clap::Args;
use tieout_reconcilers::name::{DomainName, Name};

use super::failure::Failure;
use crate::config::pattern::{Choice, Pattern, TAG};

/// How many known names an error lists.
const LISTED: usize = 20;

/// From which likeness on a name is suggested; 1 is equality.
const ALIKE: f64 = 0.8;

/// Domains that may be named; all are meant where none is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Domains {
    /// Domains, by name, glob (`stripe.*`) or tag (`tag:money`); all when left out
    #[arg(value_name = "DOMAIN")]
    pub domains: Vec<String>,
    /// More of them, and fewer.
    #[command(flatten)]
    pub picking: Picking,
}

/// Domains that have to be named.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct NamedDomains {
    /// Domains, by name, glob (`stripe.*`) or tag (`tag:money`)
    #[arg(value_name = "DOMAIN", required_unless_present = "select")]
    pub domains: Vec<String>,
    /// More of them, and fewer.
    #[command(flatten)]
    pub picking: Picking,
}

/// What flags add to domains, and take from them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Args)]
pub struct Picking {
    /// The same as DOMAIN, as a flag: a name, a glob or `tag:money`; may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub select: Vec<String>,
    /// Leave these out: a name, a glob or `tag:money`; may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
}

/// Patterns of domains.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// What is meant; everything where it is empty.
    any_of: Vec<String>,
    /// What of it is not.
    none_of: Vec<String>,
}

impl Selection {
    fn of(domains: &[String], picking: &Picking) -> Self {
        let any_of = domains.iter().chain(&picking.select).cloned().collect();
        Self { any_of, none_of: picking.exclude.clone() }
    }

    /// Whether everything is meant.
    pub(super) const fn is_everything(&self) -> bool {
        self.any_of.is_empty() && self.none_of.is_empty()
    }
}

impl From<&Domains> for Selection {
    fn from(domains: &Domains) -> Self {
        Self::of(&domains.domains, &domains.picking)
    }
}

impl From<&NamedDomains> for Selection {
    fn from(domains: &NamedDomains) -> Self {
        Self::of(&domains.domains, &domains.picking)
    }
}

impl From<Vec<String>> for Selection {
    fn from(any_of: Vec<String>) -> Self {
        Self { any_of, none_of: Vec::new() }
    }
}

impl From<&[String]> for Selection {
    fn from(any_of: &[String]) -> Self {
        any_of.to_vec().into()
    }
}

/// The domains that are wanted, in the order of `known`.
pub fn select<'a>(wanted: &Selection, known: &[Choice<'a>]) -> Result<Vec<&'a DomainName>, Failure> {
    if known.is_empty() {
        return Err(Failure::usage(
            "no_domains",
            "no domain is defined: `reconcilers:` names no domain file",
        ));
    }
    let (any_of, none_of) = (patterns(&wanted.any_of, known)?, patterns(&wanted.none_of, known)?);
    let is_meant = |one: &&Choice<'_>| any_of.is_empty() || any_of.iter().any(|pattern| pattern.fits(one));
    let meant: Vec<&Choice<'a>> = known.iter().filter(is_meant).collect();
    let is_left = |one: &&&Choice<'_>| !none_of.iter().any(|pattern| pattern.fits(one));
    let left: Vec<&DomainName> = meant.iter().filter(is_left).map(|one| one.name).collect();
    if left.is_empty() {
        let excluded = listed(meant.iter().map(|one| one.name.as_str()));
        let message = format!("`--exclude` leaves nothing of what is selected: {excluded}");
        return Err(Failure::usage("all_excluded", message));
    }
    Ok(left)
}

/// The patterns of some words, each of which fits something.
fn patterns(words: &[String], known: &[Choice<'_>]) -> Result<Vec<Pattern>, Failure> {
    words.iter().map(|word| pattern(word, known)).collect()
}

fn pattern(word: &str, known: &[Choice<'_>]) -> Result<Pattern, Failure> {
    let read = Pattern::read(word);
    let pattern = read.map_err(|error| Failure::usage("bad_pattern", format!("not a pattern: {error}")))?;
    match &pattern {
        fitting if known.iter().any(|one| fitting.fits(one)) => Ok(pattern),
        Pattern::Tag(tag) => Err(no_such_tag(tag, known)),
        Pattern::Glob(_) => Err(no_match(word, known)),
    }
}

fn no_match(pattern: &str, known: &[Choice<'_>]) -> Failure {
    let names = || known.iter().map(|one| one.name.as_str());
    let is_tag = known.iter().any(|one| one.tags.iter().any(|tag| tag.as_str() == pattern));
    let hint = if is_tag { meant(&format!("{TAG}{pattern}")) } else { nearest(pattern, names()) };
    let message = format!("no domain matches `{pattern}`{hint}\nknown domains: {}", listed(names()));
    Failure::usage("no_such_domain", message)
}

fn no_such_tag(tag: &str, known: &[Choice<'_>]) -> Failure {
    let tags: BTreeSet<&str> = known.iter().flat_map(|one| one.tags).map(Name::as_str).collect();
    let said = if tags.is_empty() {
        "\nno domain has any; a domain file says `tags: [money]`".to_owned()
    } else {
        format!("{}\nknown tags: {}", nearest(tag, tags.iter().copied()), listed(tags.iter().copied()))
    };
    Failure::usage("no_such_tag", format!("no domain has the tag `{tag}`{said}"))
}

/// A question about the name that is most like a word, where one is like it.
fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    let likeness = |name: &str| strsim::jaro_winkler(word, name);
    let nearest = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    nearest.filter(|name| likeness(name) >= ALIKE).map(meant).unwrap_or_default()
}

fn meant(word: &str) -> String {
    format!("; did you mean `{word}`?")
}

/// The first names of some, and how many more there are.
fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = match names.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    names.take(LISTED).collect::<Vec<_>>().join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three domains with their tags.
    fn selected_of(
        known: &[(&str, &[&str])],
        any_of: &[&str],
        none_of: &[&str],
    ) -> Result<Vec<String>, Failure> {
        let known: Vec<(Name, Vec<Name>)> = known
            .iter()
            .map(|(name, tags)| {
                (name.parse().unwrap(), tags.iter().map(|tag| tag.parse().unwrap()).collect())
            })
            .collect();
        let choices: Vec<Choice<'_>> = known.iter().map(|(name, tags)| Choice { name, tags }).collect();
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect();
        let wanted = Selection { any_of: words(any_of), none_of: words(none_of) };
        Ok(select(&wanted, &choices)?.into_iter().map(ToString::to_string).collect())
    }

    fn selected(any_of: &[&str], none_of: &[&str]) -> Result<Vec<String>, Failure> {
        let known: [(&str, &[&str]); 3] =
            [("stripe.charges", &["money", "cards"]), ("stripe.refunds", &["money"]), ("shop.orders", &[])];
        selected_of(&known, any_of, none_of)
    }

    #[test]
    fn globs_select_in_the_order_of_the_definitions_and_each_domain_once() {
        assert_eq!(selected(&[], &[]).unwrap(), ["stripe.charges", "stripe.refunds", "shop.orders"]);
        assert_eq!(
            selected(&["shop.*", "stripe.c*", "*charges"], &[]).unwrap(),
            ["stripe.charges", "shop.orders"]
        );
    }

    #[test]
    fn tags_and_globs_add_up_and_what_is_excluded_is_left_out_of_all_of_them() {
        assert_eq!(selected(&["tag:money"], &[]).unwrap(), ["stripe.charges", "stripe.refunds"]);
        assert_eq!(selected(&["shop.*", "tag:cards"], &[]).unwrap(), ["stripe.charges", "shop.orders"]);
        assert_eq!(selected(&[], &["tag:money"]).unwrap(), ["shop.orders"]);
        assert_eq!(selected(&["tag:money"], &["*.refunds", "shop.orders"]).unwrap(), ["stripe.charges"]);
    }

    #[test]
    fn a_pattern_without_a_match_names_what_there_is() {
        let failure = selected(&["stripe.*", "stripe.charge"], &[]).unwrap_err();
        assert_eq!((failure.exit, failure.code), (2, "no_such_domain"));
        assert_eq!(
            failure.message,
            "no domain matches `stripe.charge`; did you mean `stripe.charges`?\n\
             known domains: stripe.charges, stripe.refunds, shop.orders"
        );
        assert!(!selected(&["zzz"], &[]).unwrap_err().message.contains("did you mean"));
        assert_eq!(selected(&[], &["shop.order"]).unwrap_err().code, "no_such_domain", "an exclusion too");
        assert!(selected(&["money"], &[]).unwrap_err().message.contains("did you mean `tag:money`?"));
    }

    #[test]
    fn a_tag_that_no_domain_has_names_those_that_there_are() {
        for (any_of, none_of) in [(["tag:mony"].as_slice(), [].as_slice()), (&[], &["tag:mony"])] {
            let failure = selected(any_of, none_of).unwrap_err();
            assert_eq!((failure.exit, failure.code), (2, "no_such_tag"));
            assert_eq!(
                failure.message,
                "no domain has the tag `mony`; did you mean `money`?\nknown tags: cards, money"
            );
        }
        for unknown in ["tag:", "tag:Money", "tag:mon*", "tag: money"] {
            assert_eq!(selected(&[unknown], &[]).unwrap_err().code, "no_such_tag", "{unknown}");
        }
        let none = selected_of(&[("shop.orders", &[])], &["tag:money"], &[]).unwrap_err();
        assert_eq!(
            none.message,
            "no domain has the tag `money`\nno domain has any; a domain file says `tags: [money]`"
        );
    }

    #[test]
    fn a_selection_of_which_nothing_is_left_is_refused() {
        let failure = selected(&["tag:money"], &["stripe.*"]).unwrap_err();
        assert_eq!((failure.exit, failure.code), (2, "all_excluded"));
        assert_eq!(
            failure.message,
            "`--exclude` leaves nothing of what is selected: stripe.charges, stripe.refunds"
        );
        assert_eq!(selected(&[], &["*"]).unwrap_err().code, "all_excluded");
    }

    #[test]
    fn a_broken_pattern_and_an_empty_configuration_are_usage_errors() {
        assert_eq!(selected(&["stripe.[a"], &[]).unwrap_err().code, "bad_pattern");
        assert_eq!(selected(&[], &["stripe.[a"]).unwrap_err().code, "bad_pattern");
        assert_eq!(select(&Selection::default(), &[]).unwrap_err().code, "no_domains");
    }
}
