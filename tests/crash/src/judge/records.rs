//! What tieout wrote about itself: every run that began has its row and came to an end, the last report says what is stored, the
//! coverage has no hole, no fence was broken.

use serde_json::Value;

use crate::play::Play;
use crate::watch;

pub(super) async fn judge(play: &mut Play<'_>) {
    every_run_is_over(play).await;
    the_last_report_is_true(play).await;
    nothing_is_left_uncovered(play).await;
    if play.place.state.is_postgres() {
        for what in play.place.state.texts(&format!("SELECT what FROM {}", watch::TABLE)).await {
            play.played.wrong.false_(what);
        }
    }
    for domain in play.place.state.texts("SELECT domain FROM leases WHERE holder IS NOT NULL").await {
        play.played.wrong.lost(format!("the lease of {domain} was not given back in the end"));
    }
}

async fn every_run_is_over(play: &mut Play<'_>) {
    let rows = play.place.state.rows("SELECT run_id, status FROM runs").await;
    for row in &rows {
        if row[1].as_deref() == Some("running") {
            play.played
                .wrong
                .lost(format!("the run {} never came to an end", row[0].clone().unwrap_or_default()));
        }
    }
    let came_to = |moment: &str| {
        let hit = format!("run.begin.{moment}:1");
        play.played.hits.iter().filter(|(_, hits)| hits.contains(&hit)).count()
    };
    let (least, most) = (came_to("after_commit"), came_to("before_commit"));
    if rows.len() < least {
        play.played.wrong.lost(format!("{} runs are recorded, and {least} began", rows.len()));
    }
    let is_cut_short = |hits: &&Vec<String>| {
        hits.contains(&"run.begin.after_commit:1".to_owned())
            && !hits.contains(&"run.finish.before_commit:1".to_owned())
    };
    let only_kills = !play.played.was_uproar() && play.case.points.iter().all(crate::point::Point::is_kill);
    let cut_short = play.played.hits.iter().map(|(_, hits)| hits).filter(is_cut_short).count();
    let interrupted = rows.iter().filter(|row| row[1].as_deref() == Some("interrupted")).count();
    if only_kills && interrupted < cut_short {
        play.played
            .wrong
            .false_(format!("{cut_short} runs were killed, and {interrupted} are recorded as interrupted"));
    }
    let has_rival = play.case.points.iter().any(|point| point.deed == crate::point::Deed::Rival);
    if rows.len() > most && !has_rival && !play.played.was_uproar() {
        play.played.wrong.duplicate(format!("{} runs are recorded, and {most} began", rows.len()));
    }
}

/// How the findings stand, per domain, in the report and in the tables.
async fn the_last_report_is_true(play: &mut Play<'_>) {
    let sql =
        "SELECT report FROM runs WHERE report IS NOT NULL ORDER BY started_at DESC, run_id DESC LIMIT 1";
    let Some(report) = play.place.state.texts(sql).await.pop() else {
        return play.played.wrong.lost("no report is stored");
    };
    let report: Value = serde_json::from_str(&report).unwrap();
    for domain in report["domains"].as_array().into_iter().flatten() {
        let name = domain["domain"].as_str().unwrap_or_default();
        for state in ["suspected", "open", "emitted", "held", "recurring", "ignored"] {
            let sql = format!("SELECT COUNT(*) FROM findings WHERE domain = '{name}' AND state = '{state}'");
            let stored = play.place.state.number(&sql).await;
            if domain["standing"][state].as_u64() != Some(stored) {
                let says = &domain["standing"][state];
                play.played.wrong.false_(format!(
                    "{name}: the report says that {says} findings are {state}, and {stored} are"
                ));
            }
        }
        let status = domain["status"].as_str().unwrap_or_default();
        if status != "done" {
            play.played.wrong.lost(format!("{name} is {status} in the last run: {}", domain["problems"]));
        }
    }
}

/// What was read is one range without a hole.
async fn nothing_is_left_uncovered(play: &mut Play<'_>) {
    for domain in ["shop.charges", "shop.refunds"] {
        let sql = format!("SELECT COUNT(*) FROM coverage WHERE domain = '{domain}'");
        let ranges = play.place.state.number(&sql).await;
        if ranges != 1 {
            play.played.wrong.lost(format!("{domain} is covered by {ranges} ranges instead of one"));
        }
    }
}
