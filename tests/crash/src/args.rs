//! What the harness is asked to do.

use std::path::PathBuf;

use crate::case::Case;
use crate::crew::How;
use crate::scene::Scene;
use crate::shards::PODS;

const USAGE: &str =
    "usage: tests/crash/run [--seed S] [--case SCENE]... [LAYERS] [--workers W] [--report FILE]
       tests/crash/run --replay \"CASE\" [--bug NAME] | --bugs [--bug NAME] | --hits

layers; without any of them it is --kills 120 --pairs 20 --gone 10 --rivals 10
--databases 5 --cuts 5 --terms 10 --chaos 2 --syscalls 10 --trials 1:
  --kills N      kill at N crash points, each in a story of its own; all of them where N is larger
  --pairs N      kill once more while it recovers
  --gone N       kill it so that nobody can know that it is dead, as where its host is gone
  --rivals N     stop it for longer than its lease while another process does the work
  --databases N  crash the database server under it
  --cuts N       cut its connections to the database
  --terms N      ask it to end
  --chaos N      N runs of several processes at once, with all of that at random moments
  --syscalls N   kill at N system calls, under strace
  --trials N     N nights that the pods of one job share out, while they are killed

others:
  --seed S       which world and which sample (default: 1)
  --case SCENE   only these scenes: postgres, lines, sqlite, first, parts, outage
  --replay CASE  play one case again, in the words of a failure, and leave its folder
  --bugs         put mistakes into tieout, one by one, and see that each is noticed
  --bug NAME     only this mistake
  --hits         print the crash points of the story, in their order
  --shards N     how many pods a job has (default: 8)
  --workers W    how many cases are played at a time (default: one for each core)
  --report FILE  write RELIABILITY.md";

/// How much of each layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Layers {
    pub(crate) kills: usize,
    pub(crate) pairs: usize,
    pub(crate) gone: usize,
    pub(crate) rivals: usize,
    pub(crate) databases: usize,
    pub(crate) cuts: usize,
    pub(crate) terms: usize,
    pub(crate) chaos: usize,
    pub(crate) syscalls: usize,
    pub(crate) trials: usize,
}

const SAMPLE: Layers = Layers {
    kills: 120,
    pairs: 20,
    gone: 10,
    rivals: 10,
    databases: 5,
    cuts: 5,
    terms: 10,
    chaos: 2,
    syscalls: 10,
    trials: 1,
};

#[derive(Debug)]
pub(crate) enum Asked {
    Sweep(Layers),
    Replay(How, Case),
    Bugs,
    Hits,
}

#[derive(Debug)]
pub(crate) struct Args {
    pub(crate) asked: Asked,
    /// The one mistake that is made.
    pub(crate) bug: Option<String>,
    pub(crate) seed: u64,
    pub(crate) scenes: Vec<Scene>,
    pub(crate) workers: usize,
    pub(crate) shards: usize,
    pub(crate) report: Option<PathBuf>,
}

impl Args {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let asked = Asked::Sweep(SAMPLE);
        let mut args = Self {
            asked,
            bug: None,
            seed: 1,
            scenes: Vec::new(),
            workers: cores,
            shards: PODS,
            report: None,
        };
        let mut layers = Layers::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--bugs" => {
                    args.asked = Asked::Bugs;
                    continue;
                }
                "--hits" => {
                    args.asked = Asked::Hits;
                    continue;
                }
                _ => {}
            }
            let value = words.next().ok_or(USAGE)?;
            let number = || value.parse::<usize>().map_err(|_| USAGE.to_owned());
            match word.as_str() {
                "--kills" => layers.kills = number()?,
                "--pairs" => layers.pairs = number()?,
                "--gone" => layers.gone = number()?,
                "--rivals" => layers.rivals = number()?,
                "--databases" => layers.databases = number()?,
                "--cuts" => layers.cuts = number()?,
                "--terms" => layers.terms = number()?,
                "--chaos" => layers.chaos = number()?,
                "--syscalls" => layers.syscalls = number()?,
                "--trials" => layers.trials = number()?,
                "--shards" => args.shards = number()?.max(1),
                "--seed" => args.seed = value.parse().map_err(|_| USAGE)?,
                "--workers" => args.workers = number()?.max(1),
                "--case" => args.scenes.push(Scene::from_name(&value).ok_or(USAGE)?),
                "--report" => args.report = Some(value.into()),
                "--replay" => {
                    let (how, case) = how(&value)?;
                    args.asked = Asked::Replay(how, Case::parse(case)?);
                }
                "--bug" => args.bug = Some(value),
                _ => return Err(USAGE.to_owned()),
            }
        }
        if let (Asked::Sweep(asked), true) = (&mut args.asked, layers != Layers::default()) {
            *asked = layers;
        }
        if args.bug.is_some() && matches!(args.asked, Asked::Sweep(_) | Asked::Hits) {
            return Err(USAGE.to_owned());
        }
        if args.scenes.is_empty() {
            args.scenes = Scene::ALL.to_vec();
        }
        Ok(args)
    }
}

/// The way to play a case that its words begin with.
fn how(words: &str) -> Result<(How, &str), String> {
    if let Some(case) = words.strip_prefix("chaos ") {
        return Ok((How::Chaos, case));
    }
    let Some(rest) = words.strip_prefix("shards ") else { return Ok((How::Story, words)) };
    let (number, case) = rest.split_once(' ').ok_or(USAGE)?;
    let n_pods = number.parse().ok().filter(|n| *n > 0).ok_or(USAGE)?;
    Ok((How::Shards(n_pods), case))
}
