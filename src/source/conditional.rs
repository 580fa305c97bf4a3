//! Asks for pages on the condition that they have changed, where the definition says that the provider understands that.
//!
//! "Unchanged" stands for the page that was kept, and for nothing else: it is read, led on from and compared like the same page
//! sent again, so it says nothing about other pages or the local side. It is believed only where this very request carried the
//! validator, and for a week at most.

use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use secrecy::ExposeSecret;
use tieout_reconcilers::define::auth::Auth;
use tieout_reconcilers::instant::Instant;
use tieout_reconcilers::page::{Answer, PageRequest, Response};
use tieout_reconcilers::reconciler::{Reconciler, Validator};
use url::Url;

use super::connect::Side;
use super::error::SourceError;
use super::fetch::Answered;
use super::http::{Client, Fetched, Shared};
use super::kept::{KeptPage, PageName, Shelf};
use super::provider::ProviderSettings;

/// The status that says "unchanged".
const NOT_MODIFIED: u16 = 304;
/// The largest body that is kept, in bytes.
const LARGEST: usize = 2 << 20;
/// How many pages of a walk are kept.
const MOST: u64 = 200;
/// A page that changed less than this before it was sent may change again within the same second, unnoticed.
const SETTLED_SECONDS: u64 = 60;

/// Where a client keeps pages.
#[derive(Debug, Clone)]
pub(super) struct Keeping {
    shelf: Arc<dyn Shelf>,
    /// Whether pages may be put there, and not only taken.
    may_put: bool,
}

impl Keeping {
    /// A shelf from which pages are only taken.
    pub(super) fn on(shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf, may_put: false }
    }
}

impl Client {
    /// The same client, which also puts pages where it takes them from.
    #[must_use]
    pub fn keeping_pages(mut self) -> Self {
        if let Some(keeping) = &mut self.trip.keeping {
            keeping.may_put = true;
        }
        self
    }

    /// Whether there is a place for pages between runs.
    #[must_use]
    pub const fn keeps_pages(&self) -> bool {
        self.trip.keeping.is_some()
    }

    /// Asks for a page of a feed; where the provider says that it is unchanged, the page that was kept is the answer.
    pub(super) async fn fetch_page(
        &self,
        reconciler: &dyn Reconciler,
        request: &PageRequest,
        from: Option<&Url>,
    ) -> Result<Answered, SourceError> {
        let classify = |response: &Response<'_>| reconciler.answer(request, response);
        let (Some(keeping), Some(validator)) = (&self.trip.keeping, reconciler.feed().conditional) else {
            return self.fetch(request, from, classify).await;
        };
        let to = self.resolve(request, from)?;
        if to.side() != Side::Own || request.position.page >= MOST {
            return self.fetch(request, from, classify).await;
        }
        let shared = self.line(&request.each)?.shared;
        let name = page_name(&shared, request, to.url());
        if let Some(kept) = self.kept(keeping, &name, &shared.budget.owner).await {
            let conditional = on_condition(request, validator, &kept);
            let unchanged_or = |response: &Response<'_>| match response.status {
                NOT_MODIFIED => Answer::Read,
                _ => reconciler.answer(request, response),
            };
            match self.fetch(&conditional, from, unchanged_or).await? {
                Answered::Read(fetched) if fetched.status == NOT_MODIFIED => {
                    if means(&fetched, to.url(), validator, &kept) {
                        return Ok(Answered::Read(unchanged(fetched, kept).await));
                    }
                    tracing::info!(provider = %self.provider(), "what is unchanged is not what was asked about");
                }
                answered => return Ok(keeping.put(&shared, &name, (to.url(), validator), answered).await),
            }
        }
        let answered = self.fetch(request, from, classify).await?;
        Ok(keeping.put(&shared, &name, (to.url(), validator), answered).await)
    }

    async fn kept(&self, keeping: &Keeping, name: &PageName, owner: &str) -> Option<KeptPage> {
        match keeping.shelf.take(name).await {
            Ok(kept) => kept.filter(|kept| kept.serves(owner, now())),
            Err(error) => {
                tracing::info!(provider = %self.provider(), %error, "a kept page cannot be read");
                None
            }
        }
    }
}

impl Keeping {
    /// Keeps a page that came whole, if it can be asked about next time.
    async fn put(
        &self,
        shared: &Shared,
        name: &PageName,
        (asked, validator): (&Url, Validator),
        answered: Answered,
    ) -> Answered {
        if let Answered::Read(fetched) = &answered
            && self.may_put
            && let Some(page) = keepable(fetched, asked, validator, &shared.budget.owner)
            && let Err(error) = self.shelf.put(name, &page).await
        {
            tracing::info!(provider = %shared.name, %error, "a page cannot be kept");
        }
        answered
    }
}

/// What a page is kept under: everything that makes its request what it is, but the credential.
fn page_name(shared: &Shared, request: &PageRequest, to: &Url) -> PageName {
    let own = request.headers.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    let theirs = shared.headers.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    let parts = [request.method.as_str(), to.as_str(), request.each.as_str()];
    let request = digest(parts.into_iter().chain(own).chain(theirs));
    PageName { provider: shared.name.clone(), request }
}

/// A digest of the configured credential: what one account was sent is not what another has.
pub(super) fn owner_of(settings: &ProviderSettings) -> String {
    let shown = settings.auth.as_ref().map(Auth::texts).unwrap_or_default();
    let certificate = settings.tls.iter().flat_map(|tls| [&tls.cert, &tls.key]);
    digest(shown.into_iter().chain(certificate).map(ExposeSecret::expose_secret))
}

/// A digest of texts that keeps them apart.
fn digest<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut context = Context::new(&SHA256);
    for text in texts {
        context.update(&(text.len() as u64).to_be_bytes());
        context.update(text.as_bytes());
    }
    STANDARD_NO_PAD.encode(context.finish())
}

fn now() -> Instant {
    Instant::from(chrono::Utc::now())
}

const fn header_of(validator: Validator) -> (&'static str, &'static str) {
    match validator {
        Validator::Etag => ("etag", "if-none-match"),
        Validator::Modified => ("last-modified", "if-modified-since"),
    }
}

fn on_condition(request: &PageRequest, validator: Validator, kept: &KeptPage) -> PageRequest {
    let mut request = request.clone();
    request.headers.push((header_of(validator).1.to_owned(), kept.validator.clone()));
    request
}

/// Whether "unchanged" is about the page that was asked for, in the state that was kept.
fn means(fetched: &Fetched, asked: &Url, validator: Validator, kept: &KeptPage) -> bool {
    let response = fetched.response();
    let named = response.header(header_of(validator).0);
    fetched.url == *asked && named.is_none_or(|named| named.trim() == kept.validator)
}

/// The page that was kept, with what the provider says about it today.
async fn unchanged(mut fetched: Fetched, kept: KeptPage) -> Fetched {
    let is_new = |name: &String| fetched.headers.iter().any(|(known, _)| known == name);
    let old: Vec<_> = kept.headers.into_iter().filter(|(name, _)| !is_new(name)).collect();
    fetched.headers.extend(old);
    fetched.held.grow(kept.body.len()).await;
    fetched.held.whole(kept.body.len());
    fetched.body = Bytes::from(kept.body);
    fetched.status = 200;
    fetched
}

/// A page as it may be kept; nothing where the provider does not want that, or could not be asked about it.
fn keepable(fetched: &Fetched, asked: &Url, validator: Validator, owner: &str) -> Option<KeptPage> {
    let response = fetched.response();
    let says = |name: &str, word: &str| {
        let words = response.header(name).unwrap_or_default().to_ascii_lowercase();
        words.split(',').any(|said| said.trim() == word)
    };
    if fetched.status != 200 || fetched.url != *asked || fetched.body.len() > LARGEST {
        return None;
    }
    if says("cache-control", "no-store") || says("vary", "*") {
        return None;
    }
    let headers = fetched.headers.iter().filter(|(name, _)| name != "set-cookie").cloned().collect();
    Some(KeptPage {
        validator: validator_of(&response, validator)?,
        owner: owner.to_owned(),
        read_at: now(),
        headers,
        body: String::from_utf8(fetched.body.to_vec()).ok()?,
    })
}

/// What the provider calls this state of the page, where that tells it from every other state.
fn validator_of(response: &Response<'_>, validator: Validator) -> Option<String> {
    let text = response.header(header_of(validator).0)?.trim();
    let is_usable = match validator {
        Validator::Etag => {
            let quoted = text.strip_prefix("W/").unwrap_or(text);
            quoted.len() > 2 && quoted.starts_with('"') && quoted.ends_with('"')
        }
        Validator::Modified => {
            let date = |text: &str| httpdate::parse_http_date(text).ok();
            let sent = response.header("date").and_then(date);
            let rested = sent.zip(date(text)).and_then(|(sent, changed)| sent.duration_since(changed).ok());
            rested.is_some_and(|rested| rested.as_secs() >= SETTLED_SECONDS)
        }
    };
    is_usable.then(|| text.to_owned())
}
