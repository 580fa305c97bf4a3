//! A mistake in the program ends what it was about and nothing else: where it happened stands in the report.

use std::any::Any;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, Once, PoisonError};

use futures::FutureExt as _;
use tokio::task::JoinError;

use super::outcome::Failure;

/// Where the newest mistake happened. The error that carries one from task to task does not say.
static WHERE: Mutex<Option<String>> = Mutex::new(None);

/// From now on, notes where mistakes happen, and logs them.
pub(super) fn note_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            note(info);
            before(info);
        }));
    });
}

fn note(info: &PanicHookInfo<'_>) {
    let at = info.location().map(ToString::to_string);
    *WHERE.lock().unwrap_or_else(PoisonError::into_inner) = at;
}

/// Does some work. What it had begun in the state store and not committed is undone where it made a mistake.
pub(super) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|panic| {
        let at = WHERE.lock().unwrap_or_else(PoisonError::into_inner).take();
        let at = at.map(|at| format!("at {at}: ")).unwrap_or_default();
        Failure::Panicked(format!("{at}{}", words(panic.as_ref())))
    })
}

/// What came of a task; nothing where it was given up. Its mistake is the mistake of whoever waited for it.
pub(super) fn landed<T>(task: Result<T, JoinError>) -> Option<T> {
    match task.map_err(JoinError::try_into_panic) {
        Ok(done) => Some(done),
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        Err(Err(_given_up)) => None,
    }
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let owned = panic.downcast_ref::<String>().map(String::as_str);
    owned.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no words")
}
