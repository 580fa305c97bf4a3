//! Which domains a channel is about: what its patterns come to among those that are defined.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tieout_reconcilers::define::checked::Fault;
use tieout_reconcilers::define::document::Problems;
use tieout_reconcilers::define::words;
use tieout_reconcilers::name::Name;
use tieout_reconcilers::reconciler::Reconciler;

use super::ChannelConfig;
use crate::config::pattern::{Choice, Pattern, TAG};

/// Tells every channel that has patterns which domains it is about. A pattern that fits none is a mistake: nobody would be told.
pub(in crate::config) fn about(
    channels: &mut BTreeMap<Name, Option<ChannelConfig>>,
    domains: &[Arc<dyn Reconciler>],
    problems: &mut Problems<'_>,
) {
    // What is wrong with the definitions was said already.
    if domains.is_empty() || !problems.problems.is_empty() {
        return;
    }
    let known: Vec<Choice<'_>> = domains.iter().map(|domain| Choice::of(domain.as_ref())).collect();
    for channel in channels.values_mut().flatten().filter(|channel| !channel.patterns.is_empty()) {
        for (spot, pattern) in &channel.patterns {
            if !known.iter().any(|one| pattern.fits(one)) {
                problems.add(*spot, fits_none(pattern, &known));
            }
        }
        let is_meant = |one: &&Choice<'_>| channel.patterns.iter().any(|(_, pattern)| pattern.fits(one));
        let meant = known.iter().filter(is_meant).map(|one| one.name.to_string()).collect();
        channel.wishes.domains = Some(meant);
    }
}

fn fits_none(pattern: &Pattern, known: &[Choice<'_>]) -> Fault {
    let tags: BTreeSet<&str> = known.iter().flat_map(|one| one.tags).map(Name::as_str).collect();
    let (what, help) = match pattern {
        Pattern::Tag(tag) if tags.is_empty() => {
            let help = "no domain has any tag; a domain file says `tags: [money]`".to_owned();
            (format!("no domain has the tag `{tag}`"), help)
        }
        Pattern::Tag(tag) => {
            let tags: Vec<&str> = tags.into_iter().collect();
            (format!("no domain has the tag `{tag}`"), words::advice(tag, &tags))
        }
        Pattern::Glob(glob) => {
            let text = glob.glob().glob();
            let names: Vec<&str> = known.iter().map(|one| one.name.as_str()).collect();
            let help = if tags.contains(text) {
                format!("did you mean the tag, `{TAG}{text}`?")
            } else {
                words::advice(text, &names)
            };
            (format!("no domain matches `{text}`"), help)
        }
    };
    Fault::new(what).with_help(help)
}
