//! Refused requests, all in the provider's one error shape.

use reqwest::StatusCode;
use serde_json::Value;

use super::{Manners, World};

#[tokio::test]
async fn an_unknown_id_is_a_404_in_the_providers_own_shape() {
    let world = World::with(Manners::flawless()).await;
    for path in ["/v1/charges/ch_0", "/v1/refunds/re_0", "/v1/customers/cus_0"] {
        let response = world.get(path, &[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], "resource_missing");
    }
    let response = world.get("/v2/charges", &[]).await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], "unknown_route");
}

#[tokio::test]
async fn nonsense_is_refused_in_the_providers_own_shape() {
    let world = World::with(Manners::flawless()).await;
    for (path, name, value) in [
        ("/v1/charges", "limit", "101"),
        ("/v1/charges", "created[gte]", "yesterday"),
        ("/v1/charges", "created[gt]", "1"),
        ("/v1/refunds", "page", "0"),
        ("/v1/customers", "cursor", "elsewhere"),
    ] {
        let response = world.get(path, &[(name, value)]).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{path} {name}={value}");
        assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], "parameter_invalid");
    }
}

#[tokio::test]
async fn nobody_gets_in_without_the_key() {
    let world = World::with(Manners::flawless()).await;
    let url = format!("{}/v1/charges", world.provider.base_url());
    for request in [world.client.get(&url), world.client.get(&url).bearer_auth("sk_demo_wrong")] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(response.json::<Value>().await.unwrap()["error"]["code"], "invalid_key");
    }
    assert_eq!(world.provider.traffic().unauthorised, 2);
}
