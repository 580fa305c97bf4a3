//! A third-party API that is honest until a server of the library bends it: charges in memory, every way of paging.
//!
//! It knows what it holds and remembers which rows it really delivered. It never knows what is expected.

use serde_json::{Value, json};

use crate::http::{Asked, Reply};

/// How the feed is paged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paging {
    /// `starting_after=<last id>` and `has_more`.
    Keyset,
    /// `cursor=<next>`.
    Cursor,
    /// `page=<n>`, from 1.
    Page,
    /// `offset=<n>`, from 0.
    Offset,
    /// A `Link` header.
    Link,
    /// `next_url` in the body.
    Url,
    /// None: a job leaves files.
    Export,
}

/// One item of the API.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Item {
    pub(crate) value: Value,
    /// Whether the list shows it already; a look-up always does.
    pub(crate) listed: bool,
}

impl Item {
    pub(crate) fn id(&self) -> String {
        text(&self.value["id"])
    }

    pub(crate) fn created(&self) -> i64 {
        self.value["created"].as_i64().unwrap_or_default()
    }
}

/// The text of an id, whatever its type.
pub(crate) fn text(id: &Value) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

/// What the API holds and what it did.
pub(crate) struct Api {
    pub(crate) paging: Paging,
    /// Its own origin, and the origin of somebody else.
    pub(crate) origin: String,
    pub(crate) elsewhere: String,
    pub(crate) items: Vec<Item>,
    /// List requests so far, the one that is being answered included.
    pub(crate) asks: usize,
    /// Look-ups so far, the one that is being answered included.
    pub(crate) looks: usize,
    /// What a server of the library wants to remember.
    pub(crate) known: std::collections::BTreeSet<String>,
    /// The rows of pages that were delivered whole and readable.
    pub(crate) delivered: Vec<Value>,
    /// What it held when it gave out a token of a change feed, by the token's number.
    pub(crate) snapshots: Vec<Vec<Value>>,
}

/// A page before it is written.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    pub(crate) rows: Vec<Value>,
    pub(crate) more: bool,
    /// The cursor of the next page.
    pub(crate) next: Option<String>,
    pub(crate) next_url: Option<String>,
    pub(crate) total: usize,
    pub(crate) pages: usize,
}

impl Page {
    pub(crate) fn body(&self) -> Value {
        json!({
            "data": self.rows, "has_more": self.more, "next": self.next, "next_url": self.next_url,
            "total": self.total, "pages": self.pages,
        })
    }
}

impl Api {
    /// Delivers a page whole: what it shows counts as seen.
    pub(crate) fn deliver(&mut self, page: &Page) -> Reply {
        self.deliver_as(page, page.body())
    }

    /// Delivers another body as the answer that shows the rows of a page.
    pub(crate) fn deliver_as(&mut self, page: &Page, body: impl ToString) -> Reply {
        self.delivered.extend(page.rows.iter().cloned());
        let reply = Reply::json(200, body);
        match &page.next_url {
            Some(next) => reply.with("link", format!("<{next}>; rel=\"next\"")),
            None => reply,
        }
    }

    /// The honest answer to a list request.
    pub(crate) fn honest(&mut self, asked: &Asked) -> Reply {
        if self.paging == Paging::Export {
            return self.export(asked);
        }
        let page = self.page(asked);
        self.deliver(&page)
    }

    /// The page that an honest API answers with.
    pub(crate) fn page(&self, asked: &Asked) -> Page {
        let number = |name: &str| asked.query(name).map(|text| text.parse::<i64>().unwrap());
        let (from, to) =
            (number("created[gte]").unwrap_or(i64::MIN), number("created[lt]").unwrap_or(i64::MAX));
        let mut rows = self.listed(from, to);
        if asked.query("sort").as_deref() == Some("id") {
            rows.sort_by_key(|item| item.id());
        }
        if let Some(last) = asked.query("id[gt]") {
            rows.retain(|item| item.id() > last);
        }
        let size = usize::try_from(number("limit").unwrap_or(10)).unwrap();
        let start = self.start(asked, &rows, size);
        let shown: Vec<&Item> = rows.iter().skip(start).take(size).copied().collect();
        let more = start + shown.len() < rows.len();
        let next = shown.last().filter(|_| more).map(|last| format!("{}~{}", last.created(), last.id()));
        let mut url = asked.url.clone();
        let next_url = next.as_ref().map(|next| {
            let others: Vec<_> =
                asked.url.query_pairs().into_owned().filter(|(name, _)| name != "cursor").collect();
            url.query_pairs_mut().clear().extend_pairs(others).append_pair("cursor", next);
            format!("{}{}?{}", self.origin, url.path(), url.query().unwrap_or_default())
        });
        Page {
            rows: shown.iter().map(|item| item.value.clone()).collect(),
            more,
            next,
            next_url,
            total: rows.len(),
            pages: rows.len().div_ceil(size),
        }
    }

    /// What the list shows of a range, newest first.
    pub(crate) fn listed(&self, from: i64, to: i64) -> Vec<&Item> {
        let in_range = |item: &&Item| item.listed && (from..to).contains(&item.created());
        let mut rows: Vec<&Item> = self.items.iter().filter(in_range).collect();
        rows.sort_by_key(|item| std::cmp::Reverse((item.created(), item.id())));
        rows
    }

    fn start(&self, asked: &Asked, rows: &[&Item], size: usize) -> usize {
        let number = |name: &str| asked.query(name).map(|text| text.parse::<usize>().unwrap());
        match self.paging {
            Paging::Keyset => asked
                .query("starting_after")
                .map_or(0, |id| rows.iter().position(|item| item.id() == id).map_or(0, |place| place + 1)),
            Paging::Page => (number("page").unwrap_or(1).max(1) - 1) * size,
            Paging::Offset => number("offset").unwrap_or(0),
            Paging::Cursor | Paging::Link | Paging::Url | Paging::Export => {
                asked.query("cursor").map_or(0, |cursor| {
                    // Servers of the library mark cursors that lead to the same place.
                    let (created, id) = cursor.trim_end_matches('!').split_once('~').unwrap();
                    let anchor = (created.parse::<i64>().unwrap(), id.to_owned());
                    rows.iter().filter(|item| (item.created(), item.id()) >= anchor).count()
                })
            }
        }
    }

    /// What an honest API answers to a look-up.
    pub(crate) fn look_up(&self, asked: &Asked) -> Reply {
        let id = asked.url.path_segments().and_then(Iterator::last).unwrap_or_default();
        let decoded = url::form_urlencoded::parse(id.as_bytes()).next().map(|(id, _)| id);
        match self.find(&decoded.unwrap_or_default()) {
            Some(item) => Reply::json(200, &item.value),
            None => gone(),
        }
    }

    pub(crate) fn find(&self, id: &str) -> Option<&Item> {
        self.items.iter().find(|item| item.id() == id)
    }

    pub(crate) fn value(&mut self, id: &str) -> &mut Value {
        &mut self.items.iter_mut().find(|item| item.id() == id).expect("a known item").value
    }

    pub(crate) fn insert(&mut self, value: Value) {
        self.items.push(Item { value, listed: true });
    }

    pub(crate) fn delete(&mut self, id: &str) {
        self.items.retain(|item| item.id() != id);
    }
}

/// How the API says that an item does not exist.
pub(crate) fn gone() -> Reply {
    Reply::json(404, json!({ "error": { "code": "resource_missing", "message": "No such charge" } }))
}

/// How the API hands out an access token.
pub(crate) fn token(token: &str) -> Reply {
    Reply::json(200, json!({ "access_token": token, "token_type": "bearer", "expires_in": 3600 }))
}
