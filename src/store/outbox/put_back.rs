//! Puts dead letters back, so that the relay delivers them once more: the same ids, in their order, where their findings still need them
//! or a person wants them sent all the same. A finding is changed by that as by any delivery: only an open one that is about the event.

use std::time::Duration;

use tieout_reconcilers::instant::Instant;
use uuid::Uuid;

use super::due::still_due;
use super::fate::{self, Fate, Fates, Over, hold, judge, of, settle};
use super::pending::LetGo;
use super::recheck::{Check, recheck, write};
use crate::store::again::Twice;
use crate::store::database::Store;
use crate::store::error::StoreError;
use crate::store::findings;
use crate::store::sql::{Tx, Value, args, params};

/// Events of one transaction.
const BATCH: usize = 1_000;

/// Who puts back what is due by its schedule, as histories name it.
pub const ITSELF: &str = "tieout";

/// What histories say of that.
const BY_ITSELF: &str = "by itself";

/// And what of events that nobody needs any more, sent or not.
const FORCED: &str = "forced";
const SUPERSEDED: &str = "superseded";

/// How dead letters are put back.
#[derive(Debug, Clone, Default)]
pub struct PutBack {
    /// Who wants that, for the history.
    pub by: By,
    /// How far apart the events are sent.
    pub pause: Duration,
    /// What becomes of those that nobody needs any more.
    pub over: Over,
}

/// Who wants dead letters to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum By {
    /// The retry job: what is not due, because somebody else was faster, is left as it is and has no fate.
    #[default]
    Itself,
    /// A person.
    Person {
        /// Who.
        name: String,
        /// What they say about it.
        note: Option<String>,
    },
}

impl By {
    /// The name for histories.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Itself => ITSELF,
            Self::Person { name, .. } => name,
        }
    }

    fn note(&self) -> Option<&str> {
        match self {
            Self::Itself => Some(BY_ITSELF),
            Self::Person { note, .. } => note.as_deref(),
        }
    }
}

impl Store {
    /// What would become of events now. Nothing is changed.
    pub async fn fates(&self, ids: &[Uuid]) -> Result<Fates, StoreError> {
        let mut fates = Fates::new();
        for batch in ids.chunks(BATCH) {
            let mut tx = self.read().await?;
            fates.extend(judge(&mut tx, &values(batch), Over::LeftOut).await?);
        }
        Ok(fates)
    }

    /// What would become of events that were put back now. Nothing is changed.
    pub async fn fates_put_back(
        &self,
        ids: &[Uuid],
        over: Over,
        check: Check<'_>,
    ) -> Result<Fates, StoreError> {
        let mut fates = Fates::new();
        for batch in ids.chunks(BATCH) {
            let mut tx = self.read().await?;
            let mut judged = judge(&mut tx, &values(batch), over).await?;
            recheck(&mut tx, &mut judged, check).await?;
            fates.extend(judged);
        }
        Ok(fates)
    }

    /// Puts dead letters back, as far as `check` finds that they may be sent. Those whose finding does not need them any more become
    /// `superseded`, where nobody forces them; of the others that are not dead nothing is changed.
    pub async fn put_back(&self, ids: &[Uuid], how: &PutBack, check: Check<'_>) -> Result<Fates, StoreError> {
        let mut fates = Fates::new();
        let mut before = 0;
        for batch in ids.chunks(BATCH) {
            // Done twice it is as if done once, but for the answer: what was put back is found waiting.
            let done = self.again(Twice::IsTwice, || self.put_back_once(batch, how, check, before)).await?;
            before += u32::try_from(fate::put_back(&done).len()).unwrap_or(u32::MAX);
            fates.extend(done);
        }
        Ok(fates)
    }

    async fn put_back_once(
        &self,
        batch: &[Uuid],
        how: &PutBack,
        check: Check<'_>,
        before: u32,
    ) -> Result<Vec<(Uuid, Fate)>, StoreError> {
        let mut ids = values(batch);
        let mut tx = self.write("dead.put_back").await?;
        hold(&mut tx, &ids).await?;
        let now = tx.now().await?;
        if how.by == By::Itself {
            // Between the question and this, another one may have put it back, and it may have died again.
            ids = values(&still_due(&mut tx, &ids, now).await?);
        }
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut fates = settle(&mut tx, &ids, how.over, now).await?;
        let ready = recheck(&mut tx, &mut fates, check).await?;
        write(&mut tx, &ready).await?;
        let wanted = fate::put_back(&fates);
        if !wanted.is_empty() {
            revive(&mut tx, &wanted, now + how.pause * before, how.pause).await?;
        }
        tell(&mut tx, &fates, ("retry", how.by.name(), how.by.note()), now).await?;
        tx.commit().await?;
        Ok(fates)
    }
}

/// Says in the histories of their findings who did what to events, and which of them nobody needed any more. What was superseded before
/// is as it was.
pub(super) async fn tell(
    tx: &mut Tx,
    fates: &[(Uuid, Fate)],
    (act, actor, note): (&str, &str, Option<&str>),
    now: Instant,
) -> Result<(), StoreError> {
    let what = |word: &str| note.map_or_else(|| word.to_owned(), |note| format!("{word}: {note}"));
    let (forced, superseded) = (what(FORCED), what(SUPERSEDED));
    let notes = [
        (Fate::Eligible, note),
        (Fate::Forced, Some(forced.as_str())),
        (Fate::Superseded, Some(superseded.as_str())),
    ];
    for (fate, note) in notes {
        let events = of(fates, fate);
        if !events.is_empty() {
            findings::note_events(tx, &events, (act, actor, note), now).await?;
        }
    }
    Ok(())
}

/// Makes dead letters pending; those that are to be sent apart from each other are due one after the other.
async fn revive(tx: &mut Tx, ids: &[Value<'_>], from: Instant, pause: Duration) -> Result<(), StoreError> {
    let lots: Vec<&[Value<'_>]> = if pause.is_zero() { vec![ids] } else { ids.chunks(1).collect() };
    let mut due = from;
    for lot in lots {
        let set = "state = 'pending', class = NULL, retries = retries + 1, finished_at = NULL";
        let of = format!("event_id IN ({})", params(lot.len(), 1));
        let args = [args![due].as_slice(), lot].concat();
        LetGo { set, of: &of, due: "$1" }.run(tx, &args).await?;
        due = due + pause;
    }
    Ok(())
}

pub(super) fn values(ids: &[Uuid]) -> Vec<Value<'static>> {
    ids.iter().copied().map(Value::from).collect()
}
