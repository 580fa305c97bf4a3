//! `tieout generate alerts` and `tieout generate dashboard`: what `deploy/` has for Prometheus and Grafana, of the version that runs.

use clap::Args;
use clap::builder::BoolishValueParser;
use url::Url;

use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::report::exit;

const ALERTS: &str = include_str!("../../../deploy/alerts/tieout.rules.yaml");
const BY_OTLP: &str = include_str!("../../../deploy/alerts/tieout-otlp.rules.yaml");
const DASHBOARD: &str = include_str!("../../../deploy/grafana/tieout.json");

/// What stands in an alert as it is shipped, where its link to a runbook comes. Whoever installs the rules knows the page, and nobody else.
const NOWHERE: &str = "# runbook_url: RUNBOOK";

/// What stands in the dashboard as it is shipped, in the place of links. Those of panels stand further in.
const NO_LINKS: &str = "\n \"links\": [],\n";

/// `tieout generate alerts`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct AlertsArgs {
    /// The page that the alerts lead to: `runbook.html` of the book where you keep it, or a runbook of yours with the same headings; to none when left out
    #[arg(long, value_name = "URL", env = "TIEOUT_RUNBOOK", hide_env_values = true, value_parser = page)]
    pub runbook: Option<Url>,

    /// For metrics that are sent by OTLP once a night and not scraped: with rules that tell the last point of each until the next one
    #[arg(long, env = "TIEOUT_ALERTS_OTLP", hide_env_values = true, value_parser = BoolishValueParser::new())]
    pub otlp: bool,
}

/// `tieout generate dashboard`.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct DashboardArgs {
    /// The page that the dashboard links to, as in `generate alerts`; to none when left out
    #[arg(long, value_name = "URL", env = "TIEOUT_RUNBOOK", hide_env_values = true, value_parser = page)]
    pub runbook: Option<Url>,
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
    let rules = leading_to(args.runbook.as_ref());
    desk.output.write(&if args.otlp { with_last_points(&rules) } else { rules })?;
    Ok(exit::DONE)
}

/// Carries `generate dashboard` out: it goes to standard output.
pub(super) fn dashboard(desk: &Desk, args: &DashboardArgs) -> Result<u8, Failure> {
    desk.output.write(&linked_to(args.runbook.as_ref()))?;
    Ok(exit::DONE)
}

fn leading_to(runbook: Option<&Url>) -> String {
    runbook.map_or_else(|| ALERTS.to_owned(), |page| ALERTS.replace(NOWHERE, &format!("runbook_url: {page}")))
}

/// The dashboard with a link beside its variables.
fn linked_to(runbook: Option<&Url>) -> String {
    let Some(page) = runbook else { return DASHBOARD.to_owned() };
    let link = serde_json::json!([{
        "title": "Runbook", "type": "link", "url": page, "icon": "doc", "tooltip": "What to do about each alert", "targetBlank": true,
    }]);
    DASHBOARD.replace(NO_LINKS, &format!("\n \"links\": {link},\n"))
}

/// The groups of both files as one.
fn with_last_points(rules: &str) -> String {
    let (about, groups) = BY_OTLP.split_once("groups:\n").unwrap_or_default();
    format!("{rules}\n{about}{groups}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{ALL, MetricKind};

    #[test]
    fn every_gauge_that_is_sent_once_a_night_is_told_until_the_next_one() {
        let gauges = ALL.iter().filter(|metric| metric.kind == MetricKind::Gauge);
        let sent: Vec<&str> =
            gauges.map(|metric| metric.name).filter(|name| *name != "tieout_metrics_push_failures").collect();
        let told: Vec<&str> =
            BY_OTLP.lines().filter_map(|line| line.strip_prefix("      - record: ")).collect();
        assert_eq!(told, sent);
        let lines: Vec<&str> = BY_OTLP.lines().collect();
        for (name, expr) in
            told.iter().zip(lines.iter().filter_map(|line| line.strip_prefix("        expr: ")))
        {
            let held = if *name == "tieout_build_info" { "26h" } else { "3d" };
            assert_eq!(expr, format!("last_over_time({name}{{via=\"\"}}[{held}])"));
        }
    }

    #[test]
    fn the_alerts_for_otlp_are_those_that_are_shipped_and_further_groups() {
        let both = with_last_points(ALERTS);
        assert!(both.starts_with(ALERTS));
        assert_eq!(both.lines().filter(|line| *line == "groups:").count(), 1);
        let groups = |text: &str| text.lines().filter(|line| line.starts_with("  - name: ")).count();
        assert_eq!(groups(&both), groups(ALERTS) + groups(BY_OTLP));
    }

    #[test]
    fn the_alerts_are_the_ones_that_are_shipped_unless_a_runbook_is_named() {
        assert_eq!(leading_to(None), ALERTS);
        let links =
            |text: &str, link: &str| text.lines().filter(|line| line.trim_start().starts_with(link)).count();
        let places = links(ALERTS, NOWHERE);
        assert_eq!((links(ALERTS, "runbook_url: "), places > 10), (0, true));
        let ours = leading_to(Some(&page("https://wiki.example.com/ops?page=tieout#top").unwrap()));
        assert_eq!(links(&ours, "runbook_url: https://wiki.example.com/ops?page=tieout#tieout"), places);
        assert_eq!(links(&ours, NOWHERE), 0);
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

    #[test]
    fn the_dashboard_links_to_the_runbook_that_is_named_and_to_nothing_else() {
        assert_eq!(linked_to(None), DASHBOARD);
        let linked = linked_to(Some(&page("https://wiki.example.com/ops?page=\"tieout\"").unwrap()));
        let mut linked: serde_json::Value = serde_json::from_str(&linked).unwrap();
        let links = linked["links"].take();
        assert_eq!(links[0]["url"], "https://wiki.example.com/ops?page=%22tieout%22");
        assert_eq!(links.as_array().unwrap().len(), 1);
        linked["links"] = serde_json::json!([]);
        assert_eq!(linked, serde_json::from_str::<serde_json::Value>(DASHBOARD).unwrap());
    }
}
