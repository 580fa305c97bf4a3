//! A feed as it is meant, made of its words.

use super::FeedDefinition;
use super::asking::Surroundings;
use super::beside::Beside;
use super::file::FeedFile;
use super::parts::Parts;
use super::requests::Requests;
use super::sorted::Sorted;
use crate::define::conditional;
use crate::define::document::Problems;
use crate::define::each_file::{EachDefinition, EachFile};
use crate::define::job::JobDefinition;
use crate::define::limits::Limits;
use crate::define::lint;
use crate::define::problem::Spot;
use crate::define::template::Template;
use crate::path::Path;
use crate::reconciler::Feed;

impl FeedDefinition {
    /// `headers` are the provider's headers that differ between the members of a fan-out, `limits` what it permits.
    pub(in crate::define) fn compile(
        file: FeedFile,
        headers: &[(String, Template)],
        limits: &Limits,
        spot: Spot,
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        let earlier = std::mem::take(&mut problems.warnings);
        let Sorted { walk, lang, each, asking, items, beside, conditional } = file.sorted();
        let walk = walk.compile(asking.comes_in(spot, problems), spot, problems);
        let lang = problems.take_option(lang);
        let each_spot = each.as_ref().map_or(spot, EachFile::spot);
        let each = each.and_then(|each| each.compile(problems));
        let asking = asking.begin(spot, problems);
        let items = items.compile(spot, problems);
        let mut parts = Parts::of(walk, items, problems)?;
        parts.lint(asking.is_export(), beside.follows_events(), problems);
        let rekey = parts.rekey(problems);
        let beside = beside.compile(parts.keys.id.len(), problems);
        let requests = asking.compile(&parts, Surroundings { headers, lang, spot }, problems)?;
        let feed = &mut parts.window.feed;
        feed.jobs = requests.job.as_ref().map(JobDefinition::jobs).unwrap_or_default();
        feed.conditional = conditional::compile(conditional, feed, &requests.request, problems);
        let path = requests.usual().sample_path();
        lint::outlives(&parts.paging, limits.on(&path), parts.spots.next, problems);
        parts.keys.must_be_in(&requests.confirm, problems);
        let mut definition = Self::of(parts, rekey, requests, each, beside);
        definition.check_each(each_spot, problems);
        definition.warnings = std::mem::replace(&mut problems.warnings, earlier);
        Some(definition)
    }

    /// Everything put together.
    fn of(
        Parts { paging, window, rows, keys, spots: _ }: Parts,
        rekey: Option<Path>,
        Requests { request, job, confirm, count }: Requests,
        each: Option<EachDefinition>,
        Beside { events, webhooks, scopes, currencies }: Beside,
    ) -> Self {
        Self {
            feed: Feed { confirm_after: confirm.after, look_up_by: confirm.look_up_by(), ..window.feed },
            rows,
            id: keys.id,
            clock: window.clock,
            version: keys.version,
            warnings: Vec::new(),
            request,
            job,
            paging,
            edges: window.edges,
            ceiling: window.ceiling,
            rekey,
            confirm,
            each,
            count,
            events,
            webhooks,
            scopes,
            currencies,
        }
    }
}
