//! `tieout daemon`: runs of domains when their schedules say so, and dead letters when their time has come, until somebody asks it to end.
mod keeper;
mod retrying;
mod scheduled;
mod setup;
mod window;

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use keeper::Keeper;
use setup::Setup;

use super::desk::Desk;
use super::failure::Failure;
use super::scope::Manner;
use super::select::Domains;
use crate::daemon::Heartbeat;
use crate::report::exit;

/// `tieout daemon`.
#[derive(Debug, Clone, PartialEq, Args)]
pub struct DaemonArgs {
    /// Which domains; those that have a schedule count.
    #[command(flatten)]
    pub domains: Domains,
    /// How its runs work.
    #[command(flatten)]
    pub manner: Manner,
    /// How long each run delivers waiting events before it ends; what is left goes out with the next run
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration, env = "TIEOUT_DRAIN", hide_env_values = true)]
    pub drain: Duration,
    /// Answer `/metrics`, `/healthz` and `/readyz` on this address and port too; there is no login
    #[arg(long, value_name = "ADDRESS", env = "TIEOUT_LISTEN", hide_env_values = true)]
    pub listen: Option<SocketAddr>,
}

/// Carries `daemon` out. That somebody asks it to end is its normal end.
pub(super) async fn daemon(desk: &Desk, args: &DaemonArgs) -> Result<u8, Failure> {
    let unheard = |error: std::io::Error| Failure::failed("signals", error.to_string());
    // Before anything else: until somebody listens, a SIGHUP ends the process.
    let mut hangups = signal(SignalKind::hangup()).map_err(unheard)?;
    let setup = Setup::load(desk, &args.domains)?;
    let mut keeper = Keeper::open(desk, args, setup).await?;
    let mut heartbeat = Heartbeat::start().map_err(unheard)?;
    keeper.begin().await;
    loop {
        tokio::select! {
            biased;
            () = desk.signals.token().cancelled() => break,
            hangup = hangups.recv() => if hangup.is_some() {
                keeper.reload().await;
            },
            () = keeper.run_ended() => {}
            beat = heartbeat.beat() => match beat {
                Some(beat) => keeper.hears_of(beat.jump).await,
                None => return Err(Failure::failed("heartbeat", "the heartbeat of the daemon has ended")),
            },
        }
        heartbeat.wake_at(keeper.tick().await);
    }
    keeper.end().await;
    Ok(exit::DONE)
}
