//! `tieout generate alerts` and `tieout generate dashboard`: what `deploy/` has for Prometheus and Grafana, of the version that runs.

use clap::Args;
use url::Url;

use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::report::exit;

const ALERTS: &str = include_str!("../../../deploy/alerts/tieout.rules.yaml");
const DASHBOARD: &str = include_str!("../../../deploy/grafana/tieout.json");

/// The page that the alerts lead to as they are shipped.
const RUNBOOK: &str = "https://example.com/tieout/runbook.html";

/// `tieout generate alerts`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AlertsArgs {
    /// The page that the alerts lead to: `runbook.html` of the book where you keep it, or a runbook of yours with the same headings
    #[arg(long, value_name = "URL", default_value = RUNBOOK, env = "TIEOUT_RUNBOOK", hide_env_values = true, value_parser = page)]
    pub runbook: Url,
}

/// The address of a page, without a place in it.
fn page(text: &str) -> Result<Url, String> {
    let mut url: Url = text.parse().map_err(|error| format!("{error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("an address that begins with http:// or https://".to_owned());
    }
    // Each alert names its own place in it; and braces would be read by Prometheus.
    url.set_fragment(None);
    if url.as_str().contains(['{', '}']) {
        return Err("no braces: Prometheus would take them for a template".to_owned());
    }
    Ok(url)
}

/// Carries `generate alerts` out: the rules go to standard output.
pub(super) fn alerts(desk: &Desk, args: &AlertsArgs) -> Result<u8, Failure> {
    desk.output.write(&leading_to(&args.runbook))?;
    Ok(exit::DONE)
}

/// Carries `generate dashboard` out: it goes to standard output.
pub(super) fn dashboard(desk: &Desk) -> Result<u8, Failure> {
    desk.output.write(DASHBOARD)?;
    Ok(exit::DONE)
}

fn leading_to(runbook: &Url) -> String {
    ALERTS.replace(RUNBOOK, runbook.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alerts_are_the_ones_that_are_shipped_unless_another_runbook_is_named() {
        assert_eq!(leading_to(&page(RUNBOOK).unwrap()), ALERTS);
        let ours = leading_to(&page("https://wiki.example.com/ops?page=tieout#top").unwrap());
        let links = |text: &str, page: &str| text.matches(&format!("runbook_url: {page}#tieout")).count();
        assert_eq!(links(&ours, "https://wiki.example.com/ops?page=tieout"), links(ALERTS, RUNBOOK));
        assert_eq!(ours.matches("runbook_url: ").count(), links(ALERTS, RUNBOOK));
        assert!(!ours.contains(RUNBOOK));
    }

    #[test]
    fn what_is_no_page_is_no_runbook() {
        for wrong in ["runbook.html", "file:///srv/runbook.html", "https://example.com/?q={{ $value }}", ""] {
            assert!(page(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn the_dashboard_is_json_that_grafana_can_tell_from_others() {
        let dashboard: serde_json::Value = serde_json::from_str(DASHBOARD).unwrap();
        assert_eq!(dashboard["uid"], "tieout");
        assert!(!dashboard["panels"].as_array().unwrap().is_empty());
    }
}
