//! Sends a batch by calls of which some are on their way at once, and hears what became of each event.

use std::collections::{HashMap, HashSet};

use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::time::Instant;

use super::calls::{Limits, Load, rounds};
use super::said::Said;
use super::service::{Parcel, Service};
use crate::queue::binding::too_large;
use crate::queue::{Delivery, Outcome, QueueFault};
use crate::store::Outgoing;

/// Whom a batch is sent to, and how.
pub(super) struct Sending<'s, S: Service> {
    pub(super) service: &'s S,
    pub(super) client: &'s S::Client,
    pub(super) limits: Limits,
    /// Calls on their way at once.
    pub(super) at_once: usize,
    /// When no call is begun any more.
    pub(super) until: Instant,
}

/// What is known of a batch.
#[derive(Debug, Default)]
pub(super) struct Known {
    outcomes: Vec<Option<Outcome>>,
    /// Why it goes no further.
    pub(super) stop: Option<Stop>,
    /// Whether some entry was put off for the number of calls.
    pub(super) is_busy: bool,
}

/// Why a batch goes no further.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Said(Said),
    /// The claims on the events would lapse.
    Late,
}

/// What a call says of one of its events.
enum Verdict {
    Event(Result<(), Said>),
    Stop(Stop),
}

impl Verdict {
    /// What a call says of an event by failing.
    fn of_call(said: Said) -> Self {
        if said.is_about_messages() { Self::Event(Err(said)) } else { Self::Stop(Stop::Said(said)) }
    }
}

impl<S: Service> Sending<'_, S> {
    pub(super) async fn send(&self, batch: &[Outgoing]) -> Known {
        let mut known = Known { outcomes: vec![None; batch.len()], ..Known::default() };
        let mut parcels = Vec::with_capacity(batch.len());
        for (event, outcome) in batch.iter().zip(&mut known.outcomes) {
            let parcel = self.service.parcel(event).and_then(|parcel| self.fits(parcel));
            parcels.push(parcel.map_err(|never| *outcome = Some(never)).ok());
        }
        let mut held = HashSet::new();
        for round in rounds(&loads(&parcels), self.limits) {
            let groups: Vec<(usize, &str)> =
                round.iter().flatten().filter_map(|at| Some((*at, group(&parcels, *at)?))).collect();
            known.hold_back(&groups, &held);
            self.send_round(round, &parcels, &mut known).await;
            held.extend(groups.into_iter().filter(|(at, _)| !known.is_over(*at)).map(|(_, group)| group));
        }
        known
    }

    fn fits(&self, parcel: Parcel<S::Entry>) -> Result<Parcel<S::Entry>, Outcome> {
        if parcel.size > self.limits.message {
            return Err(too_large(parcel.size, self.limits.message));
        }
        Ok(parcel)
    }

    /// Makes the calls of a round. After a fault none is begun any more, and what those on their way say still counts.
    async fn send_round(
        &self,
        round: Vec<Vec<usize>>,
        parcels: &[Option<Parcel<S::Entry>>],
        known: &mut Known,
    ) {
        let (mut waiting, mut on_their_way) = (round.into_iter(), FuturesUnordered::new());
        loop {
            if Instant::now() >= self.until && waiting.len() > 0 {
                known.stop.get_or_insert(Stop::Late);
            }
            let at_once = if known.stop.is_none() { self.at_once } else { 0 };
            let free = at_once.saturating_sub(on_their_way.len());
            for call in waiting.by_ref().take(free) {
                let call: Vec<usize> = call.into_iter().filter(|at| known.outcomes[*at].is_none()).collect();
                on_their_way.push(self.call(call, parcels));
            }
            let Some(verdicts) = on_their_way.next().await else { break };
            for (at, verdict) in verdicts {
                known.note(at, verdict);
            }
        }
    }

    /// Makes a call. Where the service refuses the whole for what may be one of its events, each is sent alone, to learn which.
    async fn call(&self, call: Vec<usize>, parcels: &[Option<Parcel<S::Entry>>]) -> Vec<(usize, Verdict)> {
        match self.try_call(&call, parcels).await {
            Ok(verdicts) => verdicts,
            Err(said) if said.is_about_messages() && call.len() > 1 => self.apart(call, parcels).await,
            Err(said) => call.into_iter().map(|at| (at, Verdict::of_call(said.clone()))).collect(),
        }
    }

    async fn apart(&self, call: Vec<usize>, parcels: &[Option<Parcel<S::Entry>>]) -> Vec<(usize, Verdict)> {
        let mut verdicts = Vec::with_capacity(call.len());
        for at in call {
            if Instant::now() >= self.until {
                verdicts.push((at, Verdict::Stop(Stop::Late)));
            } else {
                match self.try_call(&[at], parcels).await {
                    Ok(alone) => verdicts.extend(alone),
                    Err(said) => verdicts.push((at, Verdict::of_call(said))),
                }
            }
            if matches!(verdicts.last(), Some((_, Verdict::Stop(_)))) {
                break;
            }
        }
        verdicts
    }

    async fn try_call(
        &self,
        call: &[usize],
        parcels: &[Option<Parcel<S::Entry>>],
    ) -> Result<Vec<(usize, Verdict)>, Said> {
        let parcels = call.iter().filter_map(|at| parcels[*at].as_ref());
        let entries = parcels.zip(0..).map(|(parcel, id): (&Parcel<S::Entry>, usize)| {
            S::numbered(parcel.entry.clone(), id.to_string())
        });
        let entries: Vec<S::Entry> = entries.collect();
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.service.send(self.client, entries).await;
        crash_point!("aws_queue.after_call");
        let mut answers: HashMap<String, Result<(), Said>> = answers?.into_iter().collect();
        let verdict = |(id, at): (usize, &usize)| {
            let answer = answers.remove(&id.to_string());
            (*at, Verdict::Event(answer.unwrap_or_else(|| Err(Said::nothing()))))
        };
        Ok(call.iter().enumerate().map(verdict).collect())
    }
}

fn group<E>(parcels: &[Option<Parcel<E>>], at: usize) -> Option<&str> {
    parcels[at].as_ref()?.group.as_deref()
}

fn loads<E>(parcels: &[Option<Parcel<E>>]) -> Vec<Load<'_>> {
    let places = parcels.iter().enumerate();
    let loads = places.filter_map(|(at, parcel)| {
        let parcel = parcel.as_ref()?;
        Some(Load { at, size: parcel.size, group: parcel.group.as_deref() })
    });
    loads.collect()
}

impl Known {
    fn note(&mut self, at: usize, verdict: Verdict) {
        match verdict {
            Verdict::Event(Ok(())) => self.outcomes[at] = Some(Outcome::Acknowledged),
            Verdict::Event(Err(said)) => {
                self.is_busy |= said.is_busy();
                self.outcomes[at] = said.outcome();
                if self.outcomes[at].is_none() {
                    self.stop.get_or_insert(Stop::Said(said));
                }
            }
            Verdict::Stop(stop) => {
                self.stop.get_or_insert(stop);
            }
        }
    }

    /// Lets the events of some groups wait, because an earlier one of theirs does.
    fn hold_back(&mut self, events: &[(usize, &str)], held: &HashSet<&str>) {
        for (at, _) in events.iter().filter(|(_, group)| held.contains(group)) {
            self.outcomes[*at] = Some(Outcome::NotNow("an earlier event of its group waits".to_owned()));
        }
    }

    /// Whether an event is delivered or given up.
    fn is_over(&self, at: usize) -> bool {
        matches!(self.outcomes[at], Some(Outcome::Acknowledged | Outcome::Dead { .. }))
    }

    /// What is told of the batch. Behind the last event of which something is known, nothing is told; one before it of which nothing is known
    /// is as if there had been no room for it.
    pub(super) fn told(self, fault: Option<QueueFault>) -> Delivery {
        let n_told = self.outcomes.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
        let unknown = || Outcome::NotNow("a call failed that it was in, or was to follow".to_owned());
        let outcomes = self.outcomes.into_iter().take(n_told).map(|outcome| outcome.unwrap_or_else(unknown));
        Delivery { outcomes: outcomes.collect(), fault }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use aws_config::SdkConfig;

    use super::super::said::Kind;
    use super::super::service::Answers;
    use super::*;
    use crate::queue::tests::event;

    /// A service that answers as it is told. An entry is the subject of its event, and the group as well where there is one behind a slash.
    struct Told<F> {
        answer: F,
        /// The calls as they came.
        calls: Mutex<Vec<Vec<String>>>,
        on_their_way: AtomicUsize,
        most_at_once: AtomicUsize,
    }

    /// What a call says of its entries, in their order, or of itself.
    type Answer = Result<Vec<Result<(), Said>>, Said>;

    impl<F: Fn(&[String]) -> Answer> Told<F> {
        fn by(answer: F) -> Self {
            let [on_their_way, most_at_once] = [0, 0].map(AtomicUsize::new);
            Self { answer, calls: Mutex::default(), on_their_way, most_at_once }
        }
    }

    impl<F: Fn(&[String]) -> Answer + Send + Sync> Service for Told<F> {
        type Client = ();
        type Entry = String;

        const NOUN: &'static str = "stub";
        const SYSTEM: &'static str = "stub";
        const RIGHT: &'static str = "stub:Send";

        fn place(&self) -> String {
            "stub".to_owned()
        }

        fn connect(&self, _: &SdkConfig) {}

        async fn look(&self, (): &()) -> Result<Option<usize>, Said> {
            Ok(None)
        }

        fn parcel(&self, event: &Outgoing) -> Result<Parcel<String>, Outcome> {
            let group = event.subject.split_once('/').map(|(group, _)| group.to_owned());
            Ok(Parcel { entry: event.subject.clone(), size: event.payload.len(), group })
        }

        fn numbered(entry: String, _: String) -> String {
            entry
        }

        async fn send(&self, (): &(), entries: Vec<String>) -> Result<Answers, Said> {
            let at_once = self.on_their_way.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(at_once, Ordering::SeqCst);
            self.calls.lock().unwrap().push(entries.clone());
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.on_their_way.fetch_sub(1, Ordering::SeqCst);
            let answers = (self.answer)(&entries)?;
            Ok(answers.into_iter().enumerate().map(|(id, answer)| (id.to_string(), answer)).collect())
        }
    }

    fn said(kind: Kind) -> Said {
        Said { kind, what: "why".to_owned() }
    }

    fn batch(subjects: impl IntoIterator<Item = impl ToString>) -> Vec<Outgoing> {
        subjects.into_iter().map(|subject| event(&subject.to_string(), "{}")).collect()
    }

    async fn send(service: &Told<impl Fn(&[String]) -> Answer + Send + Sync>, batch: &[Outgoing]) -> Known {
        let until = Instant::now() + Duration::from_secs(42);
        let limits = Limits::of(None);
        Sending { service, client: &(), limits, at_once: 3, until }.send(batch).await
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_calls_are_on_their_way_than_may_be_and_every_event_is_sent_once() {
        let service = Told::by(|entries| Ok(vec![Ok(()); entries.len()]));
        let batch = batch(0..95);
        let delivery = send(&service, &batch).await.told(None);
        assert_eq!(delivery.outcomes, vec![Outcome::Acknowledged; 95]);
        let mut sent = service.calls.into_inner().unwrap().concat();
        sent.sort_unstable_by_key(|subject| subject.parse::<usize>().unwrap());
        assert_eq!(sent, batch.iter().map(|event| event.subject.clone()).collect::<Vec<_>>());
        assert_eq!(service.most_at_once.into_inner(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_fault_no_call_is_begun() {
        let service = Told::by(|_| Err(said(Kind::Broken)));
        let known = send(&service, &batch(0..95)).await;
        assert_eq!(known.stop, Some(Stop::Said(said(Kind::Broken))));
        assert_eq!(known.told(None).outcomes, []);
        assert_eq!(service.calls.into_inner().unwrap().len(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn what_calls_beside_one_that_failed_say_still_counts() {
        let service = Told::by(|entries| {
            let is_second = entries.iter().any(|subject| subject == "10");
            if is_second { Err(said(Kind::Broken)) } else { Ok(vec![Ok(()); entries.len()]) }
        });
        let outcomes = send(&service, &batch(0..30)).await.told(None).outcomes;
        let is_delivered = |outcome: &Outcome| *outcome == Outcome::Acknowledged;
        assert!(outcomes[..10].iter().chain(&outcomes[20..]).all(is_delivered), "{outcomes:?}");
        assert!(outcomes[10..20].iter().all(|one| matches!(one, Outcome::NotNow(_))), "{outcomes:?}");
        assert_eq!(outcomes.len(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_takes_too_long_stops_before_its_claim_lapses() {
        let service = Told::by(|entries| Ok(vec![Ok(()); entries.len()]));
        let known = send(&service, &batch(0..2_000)).await;
        assert_eq!(known.stop, Some(Stop::Late));
        let delivery = known.told(None);
        assert_eq!(delivery.outcomes, vec![Outcome::Acknowledged; 42 * 3 * 10]);
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_group_one_event_is_on_its_way_and_none_overtakes_one_that_waits() {
        let service = Told::by(|entries| {
            let answer = |subject: &String| match subject.as_str() {
                "a/0" => Err(said(Kind::Unknown)),
                "b/0" => Err(said(Kind::Bad)),
                _ => Ok(()),
            };
            Ok(entries.iter().map(answer).collect())
        });
        let batch = batch(["a/0", "b/0", "c/0", "a/1", "b/1", "c/1", "a/2", "c/2"]);
        let outcomes = send(&service, &batch).await.told(None).outcomes;
        let is_delivered = |outcome: &Outcome| *outcome == Outcome::Acknowledged;
        assert_eq!(
            outcomes.iter().map(is_delivered).collect::<Vec<_>>(),
            [false, false, true, false, true, true, false, true]
        );
        assert!(matches!(outcomes[0], Outcome::Retry(_)) && matches!(outcomes[1], Outcome::Dead { .. }));
        assert!(matches!(outcomes[3], Outcome::NotNow(_)) && matches!(outcomes[6], Outcome::NotNow(_)));
        let calls = service.calls.into_inner().unwrap();
        assert_eq!(calls, [vec!["a/0", "b/0", "c/0"], vec!["b/1", "c/1"], vec!["c/2"]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_refused_for_one_event_is_made_again_for_each() {
        let service = Told::by(|entries| {
            if entries.iter().any(|subject| subject == "3") {
                return Err(said(Kind::TooLarge));
            }
            Ok(vec![Ok(()); entries.len()])
        });
        let outcomes = send(&service, &batch(0..5)).await.told(None).outcomes;
        let dead = Outcome::Dead { class: "too_large", reason: "why".to_owned() };
        let mut expected = vec![Outcome::Acknowledged; 5];
        expected[3] = dead;
        assert_eq!((outcomes, service.calls.into_inner().unwrap().len()), (expected, 6));
    }
}
