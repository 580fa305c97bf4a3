//! Which of OpenTelemetry's signals its variables ask for.

use std::env;

/// What can be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Traces,
    Metrics,
}

impl Signal {
    const fn word(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
        }
    }

    /// Whether it is wanted, or why it cannot be had although it is.
    pub(crate) fn is_wanted(self) -> Result<bool, String> {
        self.is_wanted_by(|name| env::var(name).ok().filter(|text| !text.is_empty()))
    }

    fn is_wanted_by(self, variable: impl Fn(&str) -> Option<String>) -> Result<bool, String> {
        let own = |end: &str| format!("OTEL_EXPORTER_OTLP_{}_{end}", self.word());
        let either =
            |end: &str| variable(&own(end)).or_else(|| variable(&format!("OTEL_EXPORTER_OTLP_{end}")));
        let is_off = variable("OTEL_SDK_DISABLED").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let exporter = variable(&format!("OTEL_{}_EXPORTER", self.word()));
        let is_left_out = exporter.is_some_and(|exporter| exporter != "otlp");
        if is_off || is_left_out || either("ENDPOINT").is_none() {
            return Ok(false);
        }
        match either("PROTOCOL") {
            Some(protocol) if protocol != "http/protobuf" => Err(format!(
                "OTLP is sent as http/protobuf, and not as `{protocol}`: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf and the port of the \
                 collector that takes it (4318)"
            )),
            _ if cfg!(feature = "otel") => Ok(true),
            _ => Err("this tieout was built without the feature `otel`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(signal: Signal, set: &[(&str, &str)]) -> Result<bool, String> {
        signal
            .is_wanted_by(|name| set.iter().find(|(key, _)| *key == name).map(|(_, text)| (*text).to_owned()))
    }

    const ENDPOINT: (&str, &str) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");

    #[test]
    fn nothing_is_sent_unless_an_endpoint_is_named() {
        assert_eq!(wanted(Signal::Traces, &[]), Ok(false));
        let metrics_alone = [("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:4318/v1/metrics")];
        assert_eq!(wanted(Signal::Traces, &metrics_alone), Ok(false));
        for off in [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")] {
            assert_eq!(wanted(Signal::Traces, &[ENDPOINT, off]), Ok(false));
        }
    }

    #[cfg(feature = "otel")]
    #[test]
    fn what_an_endpoint_is_named_for_is_sent() {
        assert_eq!(wanted(Signal::Traces, &[ENDPOINT]), Ok(true));
        assert_eq!(wanted(Signal::Metrics, &[ENDPOINT, ("OTEL_TRACES_EXPORTER", "none")]), Ok(true));
    }

    #[test]
    fn a_protocol_that_is_not_spoken_is_said() {
        let grpc = ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
        assert!(wanted(Signal::Metrics, &[ENDPOINT, grpc]).unwrap_err().contains("http/protobuf"));
    }

    #[cfg(not(feature = "otel"))]
    #[test]
    fn a_tieout_that_cannot_send_says_so() {
        assert!(wanted(Signal::Traces, &[ENDPOINT]).unwrap_err().contains("without the feature `otel`"));
    }
}
