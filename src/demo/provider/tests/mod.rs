//! The simulated provider seen from outside, over HTTP.

mod paging;
mod refusals;
mod weather;

use chrono::{DateTime, Utc};
use reqwest::{Client, Response, StatusCode, Url};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{Manners, Provider};
use crate::demo::population::Population;

fn now() -> DateTime<Utc> {
    "2026-11-21T09:30:00Z".parse().unwrap()
}

/// A running provider, its population, and a client that holds the key.
struct World {
    population: Population,
    provider: Provider,
    client: Client,
}

impl World {
    async fn with(manners: Manners) -> Self {
        let population = Population::seeded(7, now());
        let provider = Provider::start(&population, manners).await.unwrap();
        Self { population, provider, client: Client::new() }
    }

    async fn get(&self, target: &str, query: &[(&str, &str)]) -> Response {
        let url = Url::parse(self.provider.base_url()).unwrap().join(target).unwrap();
        let request = self.client.get(url).bearer_auth(self.provider.key().expose_secret()).query(query);
        request.send().await.unwrap()
    }

    async fn json(&self, target: &str, query: &[(&str, &str)]) -> Value {
        let response = self.get(target, query).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.json().await.unwrap()
    }
}

fn ids(items: &Value) -> Vec<String> {
    items.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}
