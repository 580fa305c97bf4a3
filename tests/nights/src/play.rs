//! Plays a world from its first night to its last and lets the judge look after each.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tieout::clock::Clock;
use tieout_reconcilers::instant::Instant;
use tokio::sync::{Mutex, oneshot};

use crate::consumer::Consumer;
use crate::files;
use crate::judge::{Judge, Night as Judged, Planned, Wrong};
use crate::night::{Product, Seen};
use crate::people::Deed;
use crate::postgres;
use crate::replay::Replay;
use crate::server::{Provider, serve};
use crate::shop::Shop;
use crate::story::{MINUTE, Micros, Mood, Name, Night, Story};
use crate::tray::{Arrived, Tray};
use crate::world::{Sides, Tonight, World};

/// What came of a world.
#[derive(Default)]
pub(crate) struct Played {
    pub(crate) nights: usize,
    /// What is wrong, with the number of its night.
    pub(crate) wrong: Vec<(usize, Wrong)>,
    /// Everything that happened, for people.
    pub(crate) told: Vec<(Name, String)>,
}

struct Play {
    story: Arc<Story>,
    clock: Clock,
    provider: Arc<Mutex<Provider>>,
    product: Product,
    tray: Arc<std::sync::Mutex<Tray>>,
    judge: Judge,
    consumer: Consumer,
}

/// Plays a world in a folder of its own.
pub(crate) async fn play(
    story: Story,
    folder: &Path,
    blank: &Path,
    own: Option<&postgres::Database>,
) -> Played {
    let story = Arc::new(story);
    let clock = Clock::still(Instant::from_micros(story.variety.start - 7 * 60 * MINUTE));
    let shop = Shop::open(folder, own).await;
    let world = World::of(Arc::clone(&story));
    let provider = Arc::new(Mutex::new(Provider { world, shop, clock: clock.clone(), moments: Vec::new() }));
    let server = serve(Arc::clone(&provider)).await;
    let app = own.map_or("sqlite:app.db", |own| own.url.as_str());
    files::write(folder, &server.base, app, &story.variety);
    let product = Product::set_up(folder, blank, own, &clock, &story.variety).await;
    let tray = Tray {
        story: Arc::clone(&story),
        night: 0,
        mood: Mood::Takes,
        is_mended: false,
        arrived: Vec::new(),
    };
    let tray = Arc::new(std::sync::Mutex::new(tray));
    let mut play = Play {
        story,
        clock,
        provider,
        product,
        tray,
        judge: Judge::default(),
        consumer: Consumer::default(),
    };
    let mut played = Played::default();
    for (number, night) in play.story.clone().nights.iter().enumerate() {
        let wrong = play.night(number, night).await;
        played.nights += 1;
        let is_over = !wrong.is_empty();
        played.wrong.extend(wrong.into_iter().map(|wrong| (number, wrong)));
        // What follows a wrong night is wrong because of it.
        if is_over {
            break;
        }
    }
    played.told = std::mem::take(&mut play.provider.lock().await.world.told);
    play.product.close().await;
    server.task.abort();
    played
}

impl Play {
    async fn night(&mut self, number: usize, night: &Night) -> Vec<Wrong> {
        self.wait_for(night.at);
        self.provider
            .lock()
            .await
            .begin(Tonight::of(
                &Night { fault: None, killed_at: None, no_events_from: None, ..night.clone() },
                None,
            ))
            .await;
        let wrong = if self.story.variety.has_people { self.people(number).await } else { Vec::new() };
        if !wrong.is_empty() {
            return wrong;
        }
        let planned = if night.is_planned { self.plan().await } else { Ok(HashMap::new()) };
        let planned = match planned {
            Ok(planned) => planned,
            Err(wrong) => return vec![wrong],
        };
        let (kill, killed) = oneshot::channel();
        self.provider.lock().await.begin(Tonight::of(night, Some(kill))).await;
        {
            let mut tray = self.tray.lock().unwrap();
            tray.night = number;
            tray.mood = night.mood;
            tray.arrived.clear();
        }
        let report = self.product.night(&self.tray, killed).await;
        let seen = self.product.seen(report).await;
        self.provider.lock().await.catch_up().await;
        let arrived = self.tray.lock().unwrap().arrived.clone();
        let mut wrong = self.judged(&seen, &arrived, &planned).await;
        let now = self.clock.now().micros();
        self.provider.lock().await.world.bury(seen.report.is_none(), now);
        wrong.extend(self.consume(&arrived).await);
        wrong
    }

    /// Days pass.
    fn wait_for(&self, at: Micros) {
        let missing = at - self.clock.now().micros();
        self.clock.pass(Duration::from_micros(missing.max(1).unsigned_abs()));
    }

    /// People look at the findings first.
    async fn people(&mut self, number: usize) -> Vec<Wrong> {
        {
            let mut tray = self.tray.lock().unwrap();
            tray.night = number;
            tray.mood = Mood::Takes;
            tray.arrived.clear();
        }
        let deeds = self.product.people(&self.story, number, &self.tray).await;
        if deeds.is_empty() {
            return Vec::new();
        }
        let seen = self.product.seen(None).await;
        let arrived = self.tray.lock().unwrap().arrived.clone();
        let mut provider = self.provider.lock().await;
        let now = self.clock.now().micros();
        let told = deeds.iter().filter_map(|deed| match deed {
            Deed::Ignore { name, .. } | Deed::Reopen { name, .. } => {
                Some((name.clone(), format!("{} {deed:?}", files::utc(now))))
            }
            Deed::Approve { .. } | Deed::Retry(_) | Deed::Drop { .. } | Deed::Replay(_) => None,
        });
        let told: Vec<_> = told.collect();
        provider.world.told.extend(told);
        let tray = Arc::clone(&self.tray);
        let refusal = move |name: &Name| tray.lock().unwrap().refusal(name);
        let moments = [provider.world.sides(now)];
        let planned = HashMap::new();
        let night = Judged {
            world: &provider.world,
            moments: &moments,
            seen: &seen,
            arrived: &arrived,
            refusal: &refusal,
            planned: &planned,
        };
        let mut wrong = self.judge.people(&night, &deeds);
        drop(provider);
        // What was sent again came first.
        for deed in &deeds {
            if let Deed::Replay(Replay { arrived, .. }) = deed {
                wrong.extend(self.consume(arrived).await);
            }
        }
        wrong.extend(self.consume(&arrived).await);
        wrong
    }

    /// What a plan announces, which changes nothing.
    async fn plan(&self) -> Result<HashMap<Name, Planned>, Wrong> {
        let before = self.product.seen(None).await;
        let report = self.product.plan().await;
        let after = self.product.seen(None).await;
        if before.findings != after.findings || before.verified != after.verified {
            return Err(Wrong { is_missed: false, name: None, says: "a plan changed something".to_owned() });
        }
        let sides = self.provider.lock().await.world.sides(self.clock.now().micros());
        self.clock.pass(Duration::from_secs(1));
        let members = self.story.variety.members;
        let announced = report.domains.iter().flat_map(|domain| &domain.findings).filter_map(|finding| {
            let member = *members.iter().find(|member| **member == finding.each)?;
            let name = Name { member, id: finding.key.clone() };
            let truth = sides.truth(&self.story.variety, &name);
            Some((name, Planned { kind: finding.kind.clone(), event_id: finding.event_id?, truth }))
        });
        Ok(announced.collect())
    }

    async fn judged(
        &mut self,
        seen: &Seen,
        arrived: &[Arrived],
        planned: &HashMap<Name, Planned>,
    ) -> Vec<Wrong> {
        let provider = self.provider.lock().await;
        let tray = Arc::clone(&self.tray);
        let refusal = move |name: &Name| tray.lock().unwrap().refusal(name);
        let moments: &[Sides] = &provider.moments;
        let night = Judged { world: &provider.world, moments, seen, arrived, refusal: &refusal, planned };
        self.judge.judge(&night)
    }

    /// The shop reads its queue.
    async fn consume(&mut self, arrived: &[Arrived]) -> Vec<Wrong> {
        let effects = self.consumer.read(&self.story, arrived, self.clock.now().micros());
        let wrong = if self.story.variety.has_inbox { self.judge.effects(&effects) } else { Vec::new() };
        let mut provider = self.provider.lock().await;
        effects.into_iter().for_each(|effect| provider.world.will_happen(effect.event));
        wrong
    }
}
