//! When the next request of a budget may be sent, from all that is known about it. Pure: it never waits.

use std::time::Duration;

use tieout_reconcilers::define::limits::Allowance;
use tokio::time::Instant;

use super::accepted::Accepted;
use super::brake::Brake;
use super::bucket::{AN_AGE, Bucket};
use super::stock::Stock;
use super::trouble::{Attempts, Trouble, Verdict, pause};
use crate::going::WaitsFor;
use crate::source::provider::Caps;
use tieout_reconcilers::pace::{Seen, Told};

/// The share of the permitted rate that is aimed at: clocks and networks are not exact.
const AIM: f64 = 0.995;
/// From this burst on, one of it is kept for requests that reach the provider closer together than they were sent.
const SPARE_FROM: f64 = 4.0;
/// How late a request may go out and still count as sent in time, where no burst is declared.
const LATE: Duration = Duration::from_millis(20);
/// Shorter pauses are no instruction that would excuse a retry.
const LEAST_OBEYED: Duration = Duration::from_secs(1);

/// How seldom a provider is asked how much is left.
const QUOTA_EVERY: Duration = Duration::from_mins(5);
/// How soon it is asked again because it has counted anew.
const QUOTA_ANEW: Duration = Duration::from_secs(10);

/// Whether a request may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ready {
    /// Now.
    Now,
    /// Not before.
    At(Instant),
    /// Not before one that is under way is answered.
    AfterAnAnswer,
    /// Not within the time that a run waits, as the provider says or shows.
    TooLate(Duration),
    /// Not within the time that a run waits, by what is declared or because of failures.
    TooSlow(Duration),
}

/// A request that may be sent, and counts as sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ticket {
    sent: Instant,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Ended {
    /// The provider answered, be it with a refusal of this request.
    Answered,
    /// The provider asked for fewer requests.
    Throttled(Option<Duration>),
    /// The provider could not answer; it may have said when to come back.
    Failed(Option<Duration>),
    /// The provider is out of service for everybody; it may have said when to come back.
    OutOfService(Option<Duration>),
}

/// What is known about a budget.
#[derive(Debug)]
pub(super) struct Budget {
    caps: Caps,
    reserve: f64,
    /// Whether the declared rate is shared with other processes, and kept where they all see it.
    is_shared: bool,
    /// The declared rate, as it is aimed at.
    declared: Option<f64>,
    /// The declared rate, as the provider permits it.
    permitted: Option<f64>,
    late: Duration,
    bucket: Option<Bucket>,
    stock: Option<(Stock, Told)>,
    brake: Option<Brake>,
    trouble: Trouble,
    accepted: Accepted,
    /// Until when the provider wants to be left alone.
    held: Option<Instant>,
    /// The same where the provider asked for it because it has trouble.
    comes_back: Option<Instant>,
    /// Pauses in a row, without an answer between them.
    pauses: u32,
    last_cut: Option<Instant>,
    under_way: u32,
    has_answered: bool,
    quota: Option<Asked>,
}

/// The last time that the provider was asked how much is left.
#[derive(Debug, Clone, Copy)]
struct Asked {
    at: Instant,
    has_told: bool,
}

impl Budget {
    pub(super) fn new(allowance: &Allowance, caps: &Caps, now: Instant) -> Self {
        let share = 1.0 - allowance.reserve;
        let declared = allowance.per_second.map(|per_second| per_second * share * AIM);
        let burst = allowance.burst.map(|burst| f64::from(burst.get()) * share);
        let depth = burst.map_or(1.0, |burst| if burst < SPARE_FROM { burst.max(1.0) } else { burst - 1.0 });
        Self {
            caps: caps.clone(),
            reserve: allowance.reserve,
            is_shared: false,
            declared,
            permitted: allowance.per_second,
            late: if burst.is_none() { LATE } else { Duration::ZERO },
            bucket: declared.map(|per_second| Bucket::new(per_second, depth, now)),
            stock: None,
            brake: None,
            trouble: Trouble::default(),
            accepted: Accepted::new(now),
            held: None,
            comes_back: None,
            pauses: 0,
            last_cut: None,
            under_way: 0,
            has_answered: false,
            quota: None,
        }
    }

    /// The same, whose declared rate is kept elsewhere.
    pub(super) fn sharing_its_rate(self) -> Self {
        Self { is_shared: true, bucket: None, ..self }
    }

    /// Whether the provider should be asked how much is left before the next request: at first, seldom after, and when it
    /// has counted anew. In a pause and in trouble nobody asks for anything.
    pub(super) fn wants_quota(&self, now: Instant) -> bool {
        let is_left_alone = self.held.is_some_and(|end| end > now) || self.trouble.next().is_some();
        let is_due = self.quota.is_none_or(|Asked { at, has_told }| {
            let since = now.saturating_duration_since(at);
            let is_anew = self.stock.is_some_and(|(stock, _)| stock.was_counted_anew_by(now));
            since >= QUOTA_EVERY || (has_told && is_anew && since >= QUOTA_ANEW)
        });
        is_due && !is_left_alone
    }

    /// Learns what the provider says when it is asked how much is left; nothing where it does not say.
    pub(super) fn told(&mut self, quota: Option<&Seen>, now: Instant) {
        self.quota = Some(Asked { at: now, has_told: quota.is_some() });
        let Some(Seen { reading, reset, told }) = quota else { return };
        let reset = reset.map(|reset| now + reset.min(AN_AGE));
        let unknown = || (Stock::new(reading, reset, self.permitted, self.under_way, now), *told);
        let (stock, _) = self.stock.get_or_insert_with(unknown);
        stock.tell(reading, reset, self.under_way, now);
    }

    /// When a request may be sent.
    pub(super) fn ready(&mut self, now: Instant) -> Ready {
        self.ease(now);
        if let Some(next) = self.trouble.next()
            && self.under_way > 0
            && next <= now
        {
            return Ready::AfterAnAnswer;
        }
        // What an unknown provider permits is asked with one request, and not with all.
        if !self.has_answered && self.declared.is_none() && self.under_way > 0 {
            return Ready::AfterAnAnswer;
        }
        let bucket = self.bucket.map(|bucket| bucket.ready_at(now));
        let asked = self.held.max(self.stocked(now));
        let at = asked.max(self.trouble.next()).max(bucket).unwrap_or(now);
        let too_long = |at: Instant| at.saturating_duration_since(now) > self.caps.max_wait;
        let seconds = Duration::from_secs(at.saturating_duration_since(now).as_secs() + 1);
        match at {
            _ if at <= now => Ready::Now,
            _ if !too_long(at) => Ready::At(at),
            _ if asked.is_some_and(too_long) => Ready::TooLate(seconds),
            _ => Ready::TooSlow(seconds),
        }
    }

    /// What a wait until then is for.
    pub(super) fn waits_for(&self, at: Instant) -> WaitsFor {
        let is_trouble = [self.trouble.next(), self.comes_back].contains(&Some(at));
        if is_trouble { WaitsFor::Outage } else { WaitsFor::Limit }
    }

    /// When the provider's own numbers permit it. A usual header that would end the run is not believed: it may mean
    /// something else here, and the provider can still refuse.
    fn stocked(&self, now: Instant) -> Option<Instant> {
        let (stock, told) = self.stock?;
        let at = stock.ready_at(self.reserve, now);
        let believed = told == Told::Declared || at.saturating_duration_since(now) <= self.caps.max_wait;
        believed.then_some(at)
    }

    /// Lets the brake come up.
    fn ease(&mut self, now: Instant) {
        let Some(brake) = self.brake else { return };
        if let Some(bucket) = &mut self.bucket {
            bucket.set_rate(brake.per_second(now), now);
        }
        if brake.is_off(now) {
            self.brake = None;
            self.bucket = self.bucket.filter(|_| !self.is_shared);
        }
    }

    /// Counts a request as sent. It was due at `due`, if it had to wait.
    pub(super) fn take(&mut self, due: Option<Instant>, now: Instant) -> Ticket {
        if let Some(bucket) = &mut self.bucket {
            // A timer wakes a little late, and where there is no burst that time would be lost with each request.
            let earliest = now.checked_sub(self.late).unwrap_or(now);
            bucket.take(due.unwrap_or(now).clamp(earliest, now));
        }
        if let Some((stock, _)) = &mut self.stock {
            stock.take(now);
        }
        self.under_way += 1;
        Ticket { sent: now }
    }

    /// A request is not under way any more.
    pub(super) fn done(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    /// Learns from an answer, while its request still counts as under way.
    pub(super) fn see(&mut self, seen: Option<&Seen>, now: Instant) {
        self.has_answered = true;
        if let Some(bucket) = &mut self.bucket {
            bucket.answered(now);
        }
        let Some(Seen { reading, reset, told }) = seen else { return };
        let reset = reset.map(|reset| now + reset.min(AN_AGE));
        let others = self.under_way.saturating_sub(1);
        match &mut self.stock {
            Some((stock, _)) => stock.see(reading, reset, others, now),
            None => self.stock = Some((Stock::new(reading, reset, self.permitted, others, now), *told)),
        }
    }

    /// The provider answered.
    pub(super) fn answered(&mut self, now: Instant) {
        self.trouble.over();
        self.pauses = 0;
        self.accepted.count(now);
    }

    /// The provider asked for fewer requests.
    pub(super) fn throttled(
        &mut self,
        ticket: Ticket,
        attempts: Attempts,
        asked: Option<Duration>,
        random: f64,
        now: Instant,
    ) -> Verdict {
        // Requests that were under way when the first one was refused say nothing new.
        let is_news = self.last_cut.is_none_or(|cut| ticket.sent > cut);
        self.pauses += u32::from(is_news);
        let own = pause(&self.caps, self.pauses, random);
        let length = asked.map_or(own, |asked| if asked < LEAST_OBEYED { asked.max(own) } else { asked });
        let end = if is_news || asked.is_some() { self.hold(length, now) } else { now };
        if is_news {
            self.cut(end, now);
        }
        let patience = if asked.is_some() { self.caps.max_wait } else { self.caps.outage };
        if length > self.caps.max_wait {
            return Verdict::TooLong(length);
        }
        self.trouble.paused(attempts, &self.caps, patience, now)
    }

    /// Sends less after a pause that ends at `end`.
    fn cut(&mut self, end: Instant, now: Instant) {
        self.last_cut = Some(now);
        if let Some((stock, _)) = &mut self.stock {
            stock.start_again(end, self.reserve);
        } else {
            let accepted = f64::from(self.accepted.in_the_last_second(now));
            match &mut self.brake {
                // Where nothing was taken in between, the pause was too short, and not the rate too high.
                Some(brake) if self.pauses == 1 => brake.refused(accepted, now, end),
                Some(_) => {}
                None => self.brake = Some(Brake::new(self.declared, accepted, end)),
            }
            self.bucket.get_or_insert_with(|| Bucket::new(1.0, 1.0, now));
        }
        if let Some(bucket) = &mut self.bucket {
            bucket.start_again(end);
        }
    }

    /// Sends nothing for a while: the provider meant all of our requests.
    fn hold(&mut self, pause: Duration, now: Instant) -> Instant {
        let end = now + pause.min(AN_AGE);
        *self.held.insert(self.held.map_or(end, |held| held.max(end)))
    }

    /// The provider could not answer.
    pub(super) fn failed(
        &mut self,
        attempts: Attempts,
        asked: Option<Duration>,
        random: f64,
        now: Instant,
    ) -> Verdict {
        match asked.filter(|asked| *asked >= LEAST_OBEYED) {
            Some(asked) => self.come_back(attempts, asked, now),
            None => self.trouble.failed(attempts, &self.caps, random, now),
        }
    }

    /// The provider is out of service: it says nothing about the pace, and everybody waits.
    pub(super) fn out_of_service(
        &mut self,
        attempts: Attempts,
        asked: Option<Duration>,
        random: f64,
        now: Instant,
    ) -> Verdict {
        match asked.filter(|asked| *asked >= LEAST_OBEYED) {
            Some(asked) => self.come_back(attempts, asked, now),
            None => self.trouble.out_of_service(attempts, &self.caps, random, now),
        }
    }

    /// The provider named the time, so coming back then is no load that it did not agree to.
    fn come_back(&mut self, attempts: Attempts, asked: Duration, now: Instant) -> Verdict {
        self.comes_back = Some(self.hold(asked, now));
        if asked > self.caps.max_wait {
            return Verdict::TooLong(asked);
        }
        self.trouble.paused(attempts, &self.caps, self.caps.max_wait, now)
    }
}
