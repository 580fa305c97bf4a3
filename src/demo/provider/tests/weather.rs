//! The rate limit, the injected faults, the date, and the end of service.

use std::num::NonZeroU32;
use std::time::SystemTime;

use reqwest::StatusCode;
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::Trouble;
use super::{Manners, World};

#[tokio::test]
async fn a_request_over_the_limit_is_told_to_come_back_in_a_second() {
    let (once_a_second, two) = (NonZeroU32::MIN, NonZeroU32::new(2).unwrap());
    let world = World::with(Manners { per_second: once_a_second, burst: two, ..Manners::flawless() }).await;
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(world.get("/v1/refunds", &[]).await);
    }
    assert_eq!(answers[0].status(), StatusCode::OK);
    let throttled: Vec<_> =
        answers.iter().filter(|it| it.status() == StatusCode::TOO_MANY_REQUESTS).collect();
    assert!(!throttled.is_empty());
    assert!(throttled.iter().all(|it| it.headers()["retry-after"] == "1"));
    assert_eq!(world.provider.traffic().throttled, throttled.len() as u64);
}

#[tokio::test]
async fn every_fault_strikes_once() {
    let world = World::with(Manners { faults: Manners::ordinary().faults, ..Manners::flawless() }).await;
    let mut struck = Vec::new();
    for path in ["/v1/charges", "/v1/refunds", "/v1/customers"] {
        for nth in 1..=6_u64 {
            let response = world.get(path, &[]).await;
            let status = response.status();
            if status != StatusCode::OK {
                let retry_after = response.headers().get("retry-after").cloned();
                struck.push((
                    path,
                    nth,
                    status.as_u16(),
                    retry_after.map(|it| it.to_str().unwrap().to_owned()),
                ));
            } else if response.bytes().await.is_err() {
                struck.push((path, nth, 200, None));
            }
        }
    }
    assert_eq!(
        struck,
        [
            ("/v1/charges", 3, 500, None),
            ("/v1/refunds", 2, 200, None),
            ("/v1/customers", 2, 503, Some("1".to_owned()))
        ]
    );
    assert_eq!(world.provider.traffic().faults, 3);
}

#[tokio::test]
async fn a_truncated_answer_starts_like_the_whole_one_and_promises_its_length() {
    let mut manners = Manners { faults: Manners::ordinary().faults, ..Manners::flawless() };
    manners.faults.retain(|fault| fault.trouble == Trouble::Truncated);
    manners.faults[0].nth = 1;
    let world = World::with(manners).await;

    let address = world.provider.base_url().strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let key = world.provider.key().expose_secret();
    let request =
        format!("GET /v1/refunds HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut received = String::new();
    stream.read_to_string(&mut received).await.unwrap();

    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    let whole = world.get("/v1/refunds", &[]).await.text().await.unwrap();
    assert!(head.to_lowercase().contains(&format!("content-length: {}", whole.len())));
    assert_eq!(body, &whole[..whole.len() / 2]);
}

#[tokio::test]
async fn every_answer_is_dated() {
    let world = World::with(Manners::flawless()).await;
    let response = world.get("/v1/refunds", &[]).await;
    let date = httpdate::parse_http_date(response.headers()["date"].to_str().unwrap()).unwrap();
    let off = SystemTime::now().duration_since(date).unwrap_or_else(|ahead| ahead.duration());
    assert!(off.as_secs() < 5, "{off:?}");
}

#[tokio::test]
async fn a_stopped_provider_no_longer_answers() {
    let world = World::with(Manners::flawless()).await;
    world.get("/v1/refunds", &[]).await.bytes().await.unwrap();
    let url = format!("{}/v1/refunds", world.provider.base_url());
    world.provider.stop().await;
    assert!(world.client.get(url).send().await.unwrap_err().is_connect());
}
