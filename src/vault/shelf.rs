//! Keeps pages in the state store, encrypted: they hold other people's data.

use futures::future::{BoxFuture, FutureExt as _};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tieout_reconcilers::instant::Instant;

use super::seal::{NotAKey, Seal};
use crate::source::kept::{KeptPage, PageName, Shelf, ShelfFault};
use crate::store::{Store, StoreError};

/// The state store as a place for pages.
#[derive(Debug)]
pub struct StoreShelf {
    store: Store,
    seal: Seal,
}

/// A page as it is sealed.
#[derive(Serialize, Deserialize)]
struct Written {
    validator: String,
    owner: String,
    read_us: i64,
    headers: Vec<(String, String)>,
    body: String,
}

impl StoreShelf {
    /// The state store with the key that seals what is kept in it.
    pub fn new(store: Store, key: &SecretString) -> Result<Self, NotAKey> {
        Ok(Self { store, seal: Seal::of_pages(key)? })
    }

    fn write(&self, name: &PageName, page: &KeptPage) -> Option<String> {
        let written = Written {
            validator: page.validator.clone(),
            owner: page.owner.clone(),
            read_us: page.read_at.micros(),
            headers: page.headers.clone(),
            body: page.body.clone(),
        };
        self.seal.close(&bound_to(name), serde_json::to_vec(&written).ok()?)
    }

    /// What does not open was written with another key, and is as good as nothing.
    fn read(&self, name: &PageName, sealed: &str) -> Option<KeptPage> {
        let opened = self.seal.open(&bound_to(name), sealed)?;
        let Written { validator, owner, read_us, headers, body } = serde_json::from_slice(&opened).ok()?;
        Some(KeptPage { validator, owner, read_at: Instant::from_micros(read_us), headers, body })
    }
}

impl Shelf for StoreShelf {
    fn take<'s>(&'s self, name: &'s PageName) -> BoxFuture<'s, Result<Option<KeptPage>, ShelfFault>> {
        async move {
            let sealed = self.store.kept_page(name.provider.as_str(), &name.request).await;
            Ok(sealed.map_err(|error| fault(&error))?.and_then(|sealed| self.read(name, &sealed)))
        }
        .boxed()
    }

    fn put<'s>(&'s self, name: &'s PageName, page: &'s KeptPage) -> BoxFuture<'s, Result<(), ShelfFault>> {
        async move {
            let sealed = self.write(name, page);
            let sealed = sealed.ok_or_else(|| ShelfFault("the page cannot be encrypted".to_owned()))?;
            let kept = self.store.keep_page(name.provider.as_str(), &name.request, &sealed).await;
            kept.map_err(|error| fault(&error))
        }
        .boxed()
    }
}

fn bound_to(name: &PageName) -> String {
    format!("{} {}", name.provider, name.request)
}

fn fault(error: &StoreError) -> ShelfFault {
    ShelfFault(error.with_causes())
}
