//! Logs on standard error: in UTC, as text or JSON. Never a request's URL, a statement or a value of somebody's data. And traces, where
//! the variables of OpenTelemetry ask for them.
//!
//! Only this program's own targets follow the wanted level. Every other crate is capped at `warn`, because HTTP clients
//! and database drivers log what they send at the levels below.

#[cfg(feature = "otel")]
pub(crate) mod otel;
pub(crate) mod signal;
#[cfg(not(feature = "otel"))]
#[path = "telemetry/unbuilt.rs"]
pub(crate) mod otel;

use std::env::{self, VarError};

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::{FilterFn, ParseError, Targets, filter_fn};
use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};
use tracing_subscriber::util::SubscriberInitExt;

/// The variable that says what is logged.
pub(crate) const LOG: &str = "TIEOUT_LOG";
/// The variable that says how.
pub(crate) const LOG_FORMAT: &str = "TIEOUT_LOG_FORMAT";

/// How targets of this program begin.
const OURS: &str = "tieout";

/// What is logged and how.
#[derive(Debug, Clone)]
pub struct Settings {
    levels: Targets,
    json: bool,
    color: bool,
}

/// Why a setting is refused.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// `TIEOUT_LOG`.
    #[error(
        "TIEOUT_LOG is neither a level (warn) nor a list of targets with levels (tieout::run=debug): {0}"
    )]
    Levels(#[from] ParseError),
    /// `TIEOUT_LOG_FORMAT`.
    #[error("TIEOUT_LOG_FORMAT is `text` or `json`, not `{0}`")]
    Format(String),
    /// A variable is not Unicode.
    #[error("TIEOUT_LOG or TIEOUT_LOG_FORMAT is not readable: {0}")]
    Unreadable(VarError),
}

impl Settings {
    /// Reads `TIEOUT_LOG` and `TIEOUT_LOG_FORMAT`; flags win over variables.
    pub fn from_env(verbose: u8, quiet: bool, color: bool) -> Result<Self, SettingError> {
        let variable = |name| match env::var(name) {
            Ok(text) if !text.is_empty() => Ok(Some(text)),
            Ok(_) | Err(VarError::NotPresent) => Ok(None),
            Err(error) => Err(SettingError::Unreadable(error)),
        };
        let (log, format) = (variable(LOG)?, variable(LOG_FORMAT)?);
        Self::new((verbose, quiet), log.as_deref(), format.as_deref(), color)
    }

    fn new(
        (verbose, quiet): (u8, bool),
        log: Option<&str>,
        format: Option<&str>,
        color: bool,
    ) -> Result<Self, SettingError> {
        let ours = |level| Targets::new().with_default(LevelFilter::WARN).with_target(OURS, level);
        let levels = match (verbose, quiet, log) {
            (0, true, _) => Targets::new().with_default(LevelFilter::ERROR),
            (0, false, Some(log)) => log.parse()?,
            (0, false, None) => ours(LevelFilter::WARN),
            (1, ..) => ours(LevelFilter::INFO),
            (2, ..) => ours(LevelFilter::DEBUG),
            (3.., ..) => ours(LevelFilter::TRACE),
        };
        let json = match format {
            None | Some("text") => false,
            Some("json") => true,
            Some(other) => return Err(SettingError::Format(other.to_owned())),
        };
        Ok(Self { levels, json, color })
    }

    /// Our own spans pass down to `info`, so that every line tells its run and domain.
    fn filter(&self) -> FilterFn<impl Fn(&Metadata<'_>) -> bool + use<>> {
        let levels = self.levels.clone();
        let named = levels.iter().map(|(_, level)| level).chain(levels.default_level()).max();
        let most = named.unwrap_or(LevelFilter::OFF).max(LevelFilter::INFO);
        let passes = move |event: &Metadata<'_>| {
            let wanted = levels.would_enable(event.target(), event.level());
            if event.target().starts_with(OURS) {
                wanted || (event.is_span() && *event.level() <= Level::INFO)
            } else {
                // The client of RabbitMQ logs whole messages that come back, and faults that are told here anyway.
                wanted && *event.level() <= Level::WARN && !event.target().starts_with("lapin")
            }
        };
        filter_fn(passes).with_max_level_hint(most)
    }
}

/// Sends the logs of this process to `writer`, and its traces to a collector. A second call changes nothing.
pub fn init<W>(settings: &Settings, writer: W)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (traces, unsent) = match otel::layer() {
        Ok(traces) => (traces, None),
        Err(why) => (None, Some(why)),
    };
    let _ = Registry::default().with(traces).with(logs(settings, writer)).try_init();
    if let Some(why) = unsent {
        tracing::warn!(why, "no traces are sent");
    }
}

/// Sends the traces that have not been sent, in a bounded time. That they cannot be is a warning.
pub async fn end() {
    let ended = tokio::task::spawn_blocking(otel::end).await;
    if let Ok(Err(why)) = ended {
        tracing::warn!(why, "not all traces were sent");
    }
}

/// The W3C `traceparent` of what is being done, where that is traced.
#[must_use]
pub fn traceparent() -> Option<String> {
    otel::traceparent()
}

fn logs<S, W>(settings: &Settings, writer: W) -> impl Layer<S> + Send + Sync + use<S, W>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer).with_ansi(settings.color && !settings.json);
    let layer = if settings.json {
        layer.json().flatten_event(true).with_current_span(false).with_span_list(true).boxed()
    } else {
        layer.boxed()
    };
    layer.with_filter(settings.filter())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};
    use tracing::subscriber::with_default;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(text)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written while `happens`.
    fn logged(settings: &Settings, happens: impl FnOnce()) -> String {
        let log = Log::default();
        let writer = log.clone();
        with_default(Registry::default().with(logs(settings, move || writer.clone())), happens);
        let bytes = log.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn settings(verbose: u8, log: Option<&str>, format: Option<&str>) -> Settings {
        Settings::new((verbose, false), log, format, false).unwrap()
    }

    fn chatter() {
        tracing::trace!(target: "hyper::client", "https://key:secret@example.com");
        tracing::debug!(target: "reqwest::connect", "https://example.com/?token=secret");
        tracing::info!(target: "sqlx::query", "SELECT 'secret'");
        tracing::warn!(target: "h2", "connection lost");
        tracing::trace!(target: "tieout::source", "page read");
        tracing::warn!(target: "tieout::run", "domain is partial");
    }

    #[test]
    fn other_crates_never_log_what_they_send() {
        for settings in [settings(3, None, None), settings(0, Some("trace"), None)] {
            let log = logged(&settings, chatter);
            assert!(!log.contains("secret"), "{log}");
            assert!(log.contains("connection lost") && log.contains("page read"), "{log}");
        }
    }

    #[test]
    fn warnings_are_the_default_and_flags_win_over_the_variable() {
        let log = logged(&settings(0, None, None), chatter);
        assert!(log.contains("domain is partial") && !log.contains("page read"), "{log}");
        assert!(logged(&settings(3, Some("off"), None), chatter).contains("page read"));
        let quiet = Settings::new((0, true), Some("trace"), None, false).unwrap();
        assert_eq!(logged(&quiet, chatter), "");
    }

    #[test]
    fn every_line_of_a_run_tells_its_run_and_domain_in_utc() {
        let speak = || {
            let _run = tracing::info_span!(target: "tieout::run", "run", run_id = "019").entered();
            let _domain =
                tracing::info_span!(target: "tieout::run", "domain", domain = "stripe.charges").entered();
            tracing::warn!(target: "tieout::run", pages = 3, "partial");
        };
        let json: serde_json::Value =
            serde_json::from_str(&logged(&settings(0, None, Some("json")), speak)).unwrap();
        assert_eq!(json["message"], "partial");
        assert_eq!(json["pages"], 3);
        assert_eq!(
            (&json["spans"][0]["run_id"], &json["spans"][1]["domain"]),
            (&"019".into(), &"stripe.charges".into())
        );
        assert!(json["timestamp"].as_str().unwrap().ends_with('Z'));
        let text = logged(&settings(0, None, None), speak);
        assert!(text.contains("run{run_id=\"019\"}:domain{domain=\"stripe.charges\"}"), "{text}");
    }

    #[test]
    fn a_log_line_cannot_steer_a_terminal() {
        let text = logged(&settings(0, None, None), || {
            tracing::warn!(target: "tieout::run", reason = "\u{1b}[2J", "odd \u{1b}[31m{}", "\u{1b}[2J");
        });
        assert!(!text.contains('\u{1b}'), "{text:?}");
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_refused() {
        assert!(matches!(
            Settings::new((0, false), Some("a=b=c"), None, false),
            Err(SettingError::Levels(_))
        ));
        assert!(matches!(Settings::new((0, false), None, Some("xml"), false), Err(SettingError::Format(_))));
    }
}
