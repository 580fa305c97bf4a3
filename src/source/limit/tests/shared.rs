//! What several processes send within a limit that they share, and what one does when the ledger fails or the limit is far off.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use tieout_reconcilers::define::limits::{Allowance, Limits};
use tieout_reconcilers::instant::Instant as TheirInstant;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

use super::super::{Ask, Gates, Granted, Ledger, LedgerFault, Sharing};
use crate::going::Going;
use crate::source::SourceError;
use crate::source::provider::Caps;

/// A ledger in memory that takes so long for an answer.
#[derive(Debug)]
struct Book {
    born: Instant,
    next: Mutex<Option<TheirInstant>>,
    takes: Duration,
    asked: Mutex<u32>,
    fails: bool,
}

impl Book {
    fn that_takes(takes: Duration) -> Self {
        Self { born: Instant::now(), next: Mutex::default(), takes, asked: Mutex::default(), fails: false }
    }
}

impl Ledger for Book {
    fn ask(&self, ask: Ask) -> BoxFuture<'_, Result<Granted, LedgerFault>> {
        async move {
            *self.asked.lock().unwrap() += 1;
            sleep(self.takes / 2).await;
            if self.fails {
                return Err(LedgerFault("it is away".to_owned()));
            }
            let now = TheirInstant::from_micros(4_711) + self.born.elapsed();
            let granted = {
                let mut next = self.next.lock().unwrap();
                let (granted, after) = ask.decide(*next, now);
                *next = Some(after);
                granted
            };
            sleep(self.takes / 2).await;
            Ok(granted)
        }
        .boxed()
    }
}

fn limits(per_second: f64) -> Limits {
    let everywhere = Allowance { per_second: Some(per_second), ..Allowance::default() };
    Limits { everywhere, ..Limits::default() }
}

fn process(ledger: Arc<dyn Ledger>, per_second: f64) -> Gates {
    let sharing = Sharing { ledger, owner: "shop".to_owned() };
    Gates::new(&limits(per_second), &Caps::default(), Some(&sharing))
}

async fn send(gates: &Gates, deadline: Option<Instant>) -> Result<Instant, SourceError> {
    let url = Url::parse("https://api.example.com/orders").unwrap();
    let permit = gates.enter("/orders", &url, deadline, &Going::default()).await?;
    let sent = Instant::now();
    permit.see(None);
    Ok(sent)
}

/// When processes send that want to send as much as they may, until the end.
async fn busy(
    ledger: &Arc<Book>,
    per_second: f64,
    processes: usize,
    lanes: usize,
    time: Duration,
) -> Vec<Instant> {
    let end = Instant::now() + time;
    let mut all = JoinSet::new();
    for _ in 0..processes {
        let gates = Arc::new(process(Arc::clone(ledger) as Arc<dyn Ledger>, per_second));
        for _ in 0..lanes {
            let gates = Arc::clone(&gates);
            all.spawn(async move {
                let mut sent = Vec::new();
                while Instant::now() < end {
                    sent.push(send(&gates, None).await.unwrap());
                    sleep(Duration::from_millis(30)).await;
                }
                sent
            });
        }
    }
    let mut sent: Vec<Instant> = all.join_all().await.concat();
    sent.retain(|at| *at < end);
    sent.sort_unstable();
    sent
}

fn most_in(sent: &[Instant], window: Duration) -> usize {
    let seen = |(first, from): (usize, &Instant)| {
        sent[first..].iter().take_while(|at| **at < *from + window).count()
    };
    sent.iter().enumerate().map(seen).max().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn eight_processes_together_send_what_one_may_and_no_more() {
    for (takes, used) in [(0, 97), (4, 97), (40, 97), (400, 90)] {
        let ledger = Arc::new(Book::that_takes(Duration::from_millis(takes)));
        let sent = busy(&ledger, 40.0, 8, 4, Duration::from_mins(1)).await;
        assert!(sent.len() >= 60 * 40 * used / 100, "{} with {takes} ms", sent.len());
        for (seconds, most) in [(1, 40), (6, 240), (10, 400)] {
            let seen = most_in(&sent, Duration::from_secs(seconds));
            assert!(seen <= most, "{seen} in {seconds} s with {takes} ms");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fast_limit_does_not_cost_a_question_for_each_request() {
    let ledger = Arc::new(Book::that_takes(Duration::from_millis(2)));
    let sent = busy(&ledger, 1_000.0, 1, 64, Duration::from_secs(10)).await;
    let asked = *ledger.asked.lock().unwrap() as usize;
    assert!(sent.len() >= 9_000, "{}", sent.len());
    assert!(asked * 10 <= sent.len(), "{asked} questions for {} requests", sent.len());
}

#[tokio::test(start_paused = true)]
async fn what_a_process_was_given_that_died_is_lost_and_nobody_else_s() {
    let ledger = Arc::new(Book::that_takes(Duration::ZERO));
    let (dying, living) = (process(ledger.clone(), 1.0), process(ledger, 1.0));
    let mut sent = vec![send(&dying, None).await.unwrap()];
    // It has taken a moment, and dies before that comes.
    assert!(send(&dying, None).now_or_never().is_none());
    drop(dying);
    for _ in 0..3 {
        sent.push(send(&living, None).await.unwrap());
    }
    assert!(most_in(&sent, Duration::from_secs(1)) == 1, "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn a_moment_beyond_the_deadline_or_the_longest_wait_is_not_waited_for() {
    let ledger = Arc::new(Book::that_takes(Duration::ZERO));
    let gates = process(ledger, 1.0 / 3_600.0);
    send(&gates, None).await.unwrap();
    let late = send(&gates, None).await.unwrap_err();
    assert!(matches!(late, SourceError::NotSoon { .. }), "{late}");

    let gates = process(Arc::new(Book::that_takes(Duration::ZERO)), 0.1);
    send(&gates, None).await.unwrap();
    let soon = Instant::now() + Duration::from_secs(1);
    assert_eq!(send(&gates, Some(soon)).await, Err(SourceError::OutOfTime));
    sleep_until(soon + Duration::from_secs(10)).await;
    assert!(send(&gates, None).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn without_the_ledger_nothing_is_sent() {
    let book = Book { fails: true, ..Book::that_takes(Duration::ZERO) };
    let refused = send(&process(Arc::new(book), 1.0), None).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the state store did not say when the next request may be sent: it is away"
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_without_a_rate_is_asked_of_nobody() {
    let ledger = Arc::new(Book { fails: true, ..Book::that_takes(Duration::ZERO) });
    let sharing = Sharing { ledger: ledger.clone(), owner: "shop".to_owned() };
    let gates = Gates::new(&Limits::default(), &Caps::default(), Some(&sharing));
    assert!(send(&gates, None).await.is_ok());
    assert_eq!(*ledger.asked.lock().unwrap(), 0);
}
