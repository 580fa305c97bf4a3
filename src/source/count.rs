//! Asks a provider how many rows a slice has: a hint, and evidence of nothing.

use tieout_reconcilers::page::PageRequest;
use tieout_reconcilers::reconciler::Reconciler;
use tieout_reconcilers::window::Slice;

use super::fetch::Answered;
use super::http::Client;

/// How many rows the provider says a slice has, or why it did not say; nothing where it cannot be asked.
pub async fn count(
    client: &Client,
    reconciler: &dyn Reconciler,
    slice: &Slice,
) -> Option<Result<u64, String>> {
    let request = reconciler.count_request(slice)?;
    let said = ask(client, reconciler, &request).await;
    Some(said.map_err(|why| format!("{}: {why}", client.describe(&request, None))))
}

async fn ask(client: &Client, reconciler: &dyn Reconciler, request: &PageRequest) -> Result<u64, String> {
    let answered = client.fetch(request, None, |response| reconciler.answer(request, response)).await;
    match answered.map_err(|error| error.to_string())? {
        Answered::Read(fetched) => {
            reconciler.read_count(&fetched.response()).ok_or_else(|| "the answer holds no count".to_owned())
        }
        Answered::Partly(_, why) => Err(why),
        Answered::Empty(_) => Err("the answer is empty".to_owned()),
    }
}
