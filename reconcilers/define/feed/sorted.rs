//! The words of a feed, sorted by what they are about.

use super::asking::AskingWords;
use super::beside::BesideWords;
use super::file::FeedFile;
use super::items::ItemWords;
use super::walk::WalkWords;
use crate::define::checked::Checked;
use crate::define::each_file::EachFile;
use crate::define::lang::Lang;
use crate::define::request_file::RequestFile;
use crate::reconciler::Validator;

/// The words of a feed.
pub(super) struct Sorted {
    pub(super) walk: WalkWords,
    pub(super) lang: Option<Checked<Lang>>,
    pub(super) each: Option<EachFile>,
    pub(super) asking: AskingWords,
    pub(super) items: ItemWords,
    pub(super) beside: BesideWords,
    pub(super) conditional: Option<Checked<Validator>>,
}

impl FeedFile {
    /// Its words by what they are about. None of them is looked at yet.
    pub(super) fn sorted(self) -> Sorted {
        let own = RequestFile {
            line: self.request,
            query: self.query,
            headers: self.headers,
            body: self.body,
            encode: self.encode,
            graphql: self.graphql,
            vars: self.vars,
            ids_as: None,
        };
        let items = ItemWords {
            rows: self.rows,
            unwrap: self.unwrap,
            explode: self.explode,
            scalar: self.scalar,
            format: self.format,
            unpack: self.unpack,
            children: self.children,
            nested: self.nested,
            gone_if: self.gone_if,
            id: self.id,
            version: self.version,
        };
        Sorted {
            walk: WalkWords {
                next: self.next,
                window: self.window,
                order: self.order,
                mutable: self.mutable,
                overlap: self.overlap_scan,
            },
            lang: self.lang,
            each: self.each,
            asking: AskingWords {
                own,
                job: self.job,
                confirm: self.confirm,
                is_list: self.is_list,
                count: self.count,
            },
            items,
            beside: BesideWords {
                events: self.events,
                webhooks: self.webhooks,
                scopes: self.scopes,
                currencies: self.currencies,
            },
            conditional: self.conditional,
        }
    }
}
