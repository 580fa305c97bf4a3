//! A FAKE in the place of a provider that somebody does not have yet: it lists the charges of a file, as the simulated provider
//! lists its own, for every configuration that says `simulated`.
//!
//! The file is read anew for each request, so whoever edits it edits what the provider has. It listens on loopback alone, on a thread of
//! its own, until the process ends.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io, thread};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Router, middleware};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::charges;
use super::ledger::{Entry, Ledger};
use super::refusal::Refusal;

/// The fakes of this process, by their files. One that was started is asked by every later run of a daemon.
static LISTENING: Mutex<BTreeMap<PathBuf, SocketAddr>> = Mutex::new(BTreeMap::new());

/// Why there is no fake.
#[derive(Debug, thiserror::Error)]
pub enum StandInError {
    /// The file cannot be read.
    #[error("the charges of the fake provider cannot be read from {}: {why}", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// No port of the loopback interface could be had.
    #[error("the fake provider cannot listen on the loopback interface: {0}")]
    Listen(#[from] io::Error),
}

/// What the fake must know of a charge.
#[derive(Deserialize)]
struct Charge {
    id: String,
    /// Epoch seconds.
    created: i64,
}

/// The address of the fake that lists the charges of `file`, a JSON array of objects with an `id` and `created` in epoch seconds.
pub fn stand_in(file: &Path) -> Result<Url, StandInError> {
    let wrong = |why: String| StandInError::File { file: file.to_owned(), why };
    let file = fs::canonicalize(file).map_err(|error| wrong(error.to_string()))?;
    entries(&file).map_err(wrong)?;
    let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
    let address = match listening.get(&file) {
        Some(address) => *address,
        None => *listening.entry(file.clone()).or_insert(listen(file)?),
    };
    let not_an_address = |error: url::ParseError| StandInError::Listen(io::Error::other(error));
    format!("http://{address}").parse().map_err(not_an_address)
}

fn listen(file: PathBuf) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::Builder::new().name("fake-provider".to_owned()).spawn(move || {
        runtime.block_on(async move {
            let served =
                async { axum::serve(tokio::net::TcpListener::from_std(listener)?, routes(file)).await };
            if let Err(error) = served.await {
                tracing::warn!("the fake provider has ended: {error}");
            }
        });
    })?;
    Ok(address)
}

fn routes(file: PathBuf) -> Router {
    let ledger = Arc::new(Ledger::default());
    Router::new()
        .route("/v1/charges", get(charges::list))
        .route("/v1/charges/{id}", get(charges::one))
        .fallback(async || Refusal::NoSuchRoute)
        .with_state(Arc::clone(&ledger))
        .layer(middleware::from_fn_with_state((ledger, file), read_anew))
}

/// Puts what the file holds now on the shelf, before a request is answered from it.
async fn read_anew(
    State((ledger, file)): State<(Arc<Ledger>, PathBuf)>,
    request: Request,
    next: Next,
) -> Response {
    match entries(&file) {
        Ok(entries) => ledger.charges.replace(entries),
        Err(why) => {
            tracing::warn!("the charges of the fake provider cannot be read from {}: {why}", file.display());
            return Refusal::Broken.into_response();
        }
    }
    next.run(request).await
}

fn entries(file: &Path) -> Result<Vec<Entry>, String> {
    let text = fs::read(file).map_err(|error| error.to_string())?;
    let items: Vec<Value> = serde_json::from_slice(&text).map_err(|error| error.to_string())?;
    let entry = |data: Value| {
        let Charge { id, created } = Charge::deserialize(&data).map_err(|error| error.to_string())?;
        Ok(Entry { clock: created, id, data })
    };
    items.into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn ids(url: &Url) -> Vec<String> {
        let page: Value = reqwest::get(url.join("v1/charges").unwrap()).await.unwrap().json().await.unwrap();
        let items = page["data"].as_array().unwrap_or_else(|| panic!("{page}"));
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn it_lists_what_its_file_holds_now_at_one_address() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("charges.json");
        fs::write(&file, r#"[{"id": "ch_1", "created": 10}, {"id": "ch_2", "created": 20}]"#).unwrap();
        let url = stand_in(&file).unwrap();
        assert_eq!(ids(&url).await, ["ch_2", "ch_1"], "newest first");
        fs::write(&file, r#"[{"id": "ch_3", "created": 30}]"#).unwrap();
        assert_eq!(ids(&url).await, ["ch_3"]);
        assert_eq!(stand_in(&file).unwrap(), url);

        fs::write(&file, "[").unwrap();
        let answer = reqwest::get(url.join("v1/charges").unwrap()).await.unwrap();
        assert_eq!(answer.status(), 500);
    }

    #[test]
    fn a_file_that_is_not_there_or_holds_something_else_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("charges.json");
        assert!(stand_in(&file).unwrap_err().to_string().contains("charges.json"));
        fs::write(&file, r#"[{"id": "ch_1"}]"#).unwrap();
        assert!(stand_in(&file).unwrap_err().to_string().contains("created"));
    }
}
