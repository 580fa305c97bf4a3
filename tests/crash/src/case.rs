//! A case: a scene, a seed and its disturbances. Its words are the argument of `--replay`.

use std::fmt;

use crate::point::{Point, Step};
use crate::scene::Scene;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Case {
    pub(crate) scene: Scene,
    pub(crate) seed: u64,
    pub(crate) points: Vec<Point>,
}

impl Case {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split_whitespace();
        let scene =
            words.next().and_then(Scene::from_name).ok_or("a case begins with the name of a scene")?;
        let seed =
            words.next().and_then(|seed| seed.parse().ok()).ok_or("a scene is followed by its seed")?;
        Ok(Self { scene, seed, points: words.map(str::parse).collect::<Result<_, _>>()? })
    }

    /// The disturbances of a step, in their order.
    pub(crate) fn of(&self, step: Step) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(move |point| point.step == step)
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.scene.name(), self.seed)?;
        self.points.iter().try_for_each(|point| write!(f, " {point}"))
    }
}
