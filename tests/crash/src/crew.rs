//! The workers: each has a server of its own and plays one case after another. What goes wrong is told at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::mpsc::unbounded_channel;

use crate::case::Case;
use crate::judge::Reference;
use crate::play::{Play, Played, Stage};
use crate::scene::Scene;
use crate::shards;
use crate::tally::Tally;

/// What undisturbed stories come to, by scene and seed.
pub(crate) type References = BTreeMap<(Scene, u64), Reference>;

/// A way to play a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// The story, disturbed at crash points.
    Story,
    /// Several processes at once.
    Chaos,
    /// So many pods of one job.
    Shards(usize),
}

pub(crate) struct Crew {
    stages: Vec<Arc<Stage>>,
}

impl Crew {
    pub(crate) async fn hire(n: usize, bug: Option<&'static str>) -> Self {
        let mut stages = Vec::new();
        for _ in 0..n {
            stages.push(Arc::new(crate::stage::stage(bug, false).await));
        }
        Self { stages }
    }

    /// One of them, for what needs the machine for itself.
    pub(crate) fn one(&self) -> Self {
        Self { stages: self.stages.iter().take(1).cloned().collect() }
    }

    /// The same workers, who let tieout make a mistake.
    pub(crate) fn with_bug(&self, bug: Option<&'static str>) -> Self {
        let stages = self.stages.iter().map(|stage| Arc::new(stage.with_bug(bug))).collect();
        Self { stages }
    }

    /// Plays all cases, each as it came out; stops early where `is_enough` says so.
    pub(crate) async fn play(
        &self,
        how: How,
        cases: Vec<Case>,
        references: &Arc<References>,
        tally: &mut Tally,
        is_enough: impl Fn(&Tally) -> bool,
    ) -> Vec<(Case, Played)> {
        let cases = Arc::new(Mutex::new(VecDeque::from(cases)));
        let (done, mut came) = unbounded_channel();
        for stage in &self.stages {
            let (stage, cases, done) = (Arc::clone(stage), Arc::clone(&cases), done.clone());
            let references = Arc::clone(references);
            tokio::spawn(async move {
                loop {
                    let Some(case) = cases.lock().unwrap().pop_front() else { break };
                    let played = alone(&stage, how, &case, &references).await;
                    if done.send((case, played)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(done);
        let mut all = Vec::new();
        while let Some((case, played)) = came.recv().await {
            tally.take(how, &case, &played);
            all.push((case, played));
            if is_enough(tally) {
                cases.lock().unwrap().clear();
            }
        }
        all
    }
}

/// Plays a case; a harness that fails over it is a violation too.
pub(crate) async fn alone(stage: &Arc<Stage>, how: How, case: &Case, references: &Arc<References>) -> Played {
    let (stage, known, wanted) = (Arc::clone(stage), Arc::clone(references), case.clone());
    let began = Instant::now();
    let played = tokio::spawn(async move {
        let reference = known.get(&(wanted.scene, wanted.seed));
        match how {
            How::Story => Play::story(&stage, &wanted, reference).await,
            How::Chaos => Play::chaos(&stage, &wanted).await,
            How::Shards(n_pods) => shards::trial(&stage, &wanted, n_pods).await,
        }
    });
    let mut played = played.await.unwrap_or_else(|error| {
        let mut played = Played::default();
        played.wrong.lost(format!("the harness itself failed: {error}"));
        played
    });
    played.seconds = began.elapsed().as_secs_f64();
    played
}
