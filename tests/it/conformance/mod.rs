//! Whether a definition without code can speak to each API of the matrix, proved by scripts in the APIs' documented shapes.
//!
//! `matrix.json` says which mechanisms reconciling the main object of an API needs. An API is covered when its script plays
//! through with the real client and every one of those mechanisms was seen at work by its law (`laws`).

mod laws;
mod play;
mod script;
mod stage;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use play::Act;
use script::Script;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// The folder beside this file.
    folder: String,
    /// The mechanisms, by code.
    needs: String,
    /// Why the API is not covered, where it is not.
    open: Option<String>,
}

/// Plays the script of a folder. What a shipped provider answers lies in its own folder.
async fn played(folder: &str) -> Result<(Script, Vec<Act>), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("tests/it/conformance").join(folder);
    let script = read(&folder.join("script.yaml"))?;
    let shipped = script.lines().find_map(|line| line.strip_prefix("shipped: "));
    let home = shipped.map_or_else(|| folder.clone(), |name| root.join("reconcilers").join(name.trim()));
    play::play(&home, &script, &read(&home.join("provider.yaml"))?).await
}

/// Every code that was not exercised, or what went wrong before.
async fn verdict(row: &Row) -> Result<(), String> {
    let (script, acts) = played(&row.folder).await?;
    let mut open: BTreeSet<&str> = row.needs.split(' ').collect();
    for (at, step) in script.steps.iter().enumerate() {
        for code in &step.shows {
            laws::shows(code, &acts[..=at]).map_err(|wrong| format!("step {}: {wrong}", at + 1))?;
            open.remove(code.as_str());
        }
    }
    let open: Vec<&str> = open.into_iter().collect();
    if open.is_empty() { Ok(()) } else { Err(format!("not exercised: {}", open.join(", "))) }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

fn matrix() -> BTreeMap<String, Row> {
    serde_json::from_str(include_str!("matrix.json")).unwrap()
}

#[tokio::test]
async fn no_law_holds_where_nothing_happens() {
    let (_, acts) = played("nothing").await.unwrap();
    let matrix = matrix();
    let needs = matrix.values().flat_map(|row| row.needs.split(' '));
    // Exports make no API readable that is not readable without them, so the matrix does not name them.
    let codes: BTreeSet<&str> = needs.chain(["P12", "E11", "E12"]).collect();
    assert!(codes.len() > 60, "{codes:?}");
    for acts in [&acts[..1], &acts[..]] {
        let held: Vec<&&str> = codes.iter().filter(|code| laws::shows(code, acts).is_ok()).collect();
        // A walk without a window is what W9 stands for.
        let expected: &[&&str] = if acts.len() == 1 { &[&"W9"] } else { &[] };
        assert_eq!(held, expected);
    }
}

/// What became of an API: a line of the table that `tests/run conformance` prints, or what is wrong.
async fn line(folder: &str) -> Result<String, String> {
    let matrix = matrix();
    let (api, row) = matrix.iter().find(|(_, row)| row.folder == folder).expect("a row of the matrix");
    match (verdict(row).await, &row.open) {
        (Ok(()), None) => Ok(format!("covered: {api}")),
        (Ok(()), Some(_)) => Err(format!("{api} is covered: take its `open` out of matrix.json")),
        (Err(why), None) => Err(format!("{api}:\n    {why}")),
        (Err(why), Some(open)) => Ok(format!("not covered: {api}: {open} ({})", why.trim_start())),
    }
}

/// One test for each folder, so that they run side by side and a failure says which API it is about.
macro_rules! apis {
    ($($folder:ident)*) => {
        mod api {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $folder() {
                let line = super::line(stringify!($folder)).await.unwrap_or_else(|wrong| panic!("{wrong}"));
                let table = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("conformance");
                std::fs::create_dir_all(&table).unwrap();
                std::fs::write(table.join(stringify!($folder)), line + "\n").unwrap();
            })*
        }

        #[test]
        fn every_api_of_the_matrix_is_played() {
            let matrix = matrix();
            let rows: BTreeSet<&str> = matrix.values().map(|row| row.folder.as_str()).collect();
            assert_eq!(rows, BTreeSet::from([$(stringify!($folder)),*]));
        }
    };
}

apis! {
    stripe stripe_search shopify_rest shopify_graphql github_rest github_graphql gitlab hubspot
    salesforce xero quickbooks square paypal adyen braintree zendesk intercom slack twilio sendgrid
    mailchimp jira notion airtable woocommerce bigcommerce chargebee recurly plaid amazon_sp_api
    google_calendar microsoft_graph odata scim jsonapi
}
