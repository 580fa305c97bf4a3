//! Which placeholders a request can use, and where.

use super::checked::Fault;
use super::document::Problems;
use super::lang::Lang;
use super::placeholder::{Format, Placeholder, Slot};
use super::problem::Spot;
use super::template::Template;

/// Which placeholders a request can use.
#[derive(Debug, Clone, Default)]
pub struct Slots {
    /// Set on every request.
    pub always: Vec<Slot>,
    /// Set on some requests.
    pub sometimes: Vec<Slot>,
    /// How many parts a key has.
    pub parts: usize,
    /// The language of longer texts.
    pub lang: Option<Lang>,
    /// Why the others are not set, for the help line.
    pub why: String,
}

impl Slots {
    /// A template that may stand in the query, the headers or the body.
    pub(super) fn value(
        &self,
        template: Template,
        spot: Spot,
        problems: &mut Problems<'_>,
    ) -> Option<Template> {
        self.check(&template, spot, problems);
        if self.lang.is_none()
            && let Some(place) = template.unguarded()
        {
            let message = format!("`{place}` could end the quotes that it stands in");
            let help = "say in which language it stands, such as `lang: soql`";
            problems.add(spot, Fault::new(message).with_help(help).at(place.to_string()));
        }
        match self.lang {
            Some(lang) => template.in_language(lang).map_err(|fault| problems.add(spot, fault)).ok(),
            None => Some(template),
        }
    }

    pub(super) fn check(&self, template: &Template, spot: Spot, problems: &mut Problems<'_>) {
        for place in template.places() {
            if let Err(fault) = self.may_use(place, template) {
                problems.add(spot, fault.at(place.to_string()));
            }
        }
        let is_sometimes = |slot: &&Slot| self.sometimes.contains(slot);
        let sometimes = template.needed().find(is_sometimes);
        // The bounds of a window are set and unset together, where neither is set always.
        let bound = |slot: &Slot| matches!(slot, Slot::From | Slot::To);
        let goes_with = |slot: &&Slot| {
            Some(*slot) == sometimes || (sometimes.is_some_and(bound) && bound(slot) && is_sometimes(slot))
        };
        let other = template.needed().find(|slot| !goes_with(slot));
        if let (Some(sometimes), Some(other)) = (sometimes, other) {
            let message =
                format!("`{sometimes}` is not always set, so it cannot share a text with `{other}`");
            let help = "put the part that may be left out in `[[ ]]`";
            problems.add(spot, Fault::new(message).with_help(help).at(sometimes.to_string()));
        }
    }

    fn may_use(&self, place: &Placeholder, template: &Template) -> Result<(), Fault> {
        match &place.slot {
            Slot::Secret(_) => return Err(Fault::new(format!("`{place}` may only stand in `auth`"))),
            Slot::Var(_) | Slot::Each(_) => {}
            Slot::IdPart(part) if self.is_known(&Slot::Id) => self.has_part(*part)?,
            slot if self.is_known(slot) => {}
            slot => {
                let fault = Fault::new(format!("`{slot}` is never set in this request"));
                return Err(fault.with_help(self.why.clone()));
            }
        }
        match place.format {
            None if place.slot == Slot::Ids && template.only().is_none() => {
                Err(Fault::new("`{ids}` must stand alone").with_help("write `{ids:csv}` inside a text"))
            }
            Some(Format::Quoted) if self.lang.is_none() => {
                let fault = Fault::new(format!("`{place}` needs a language for its quotes"));
                Err(fault.with_help("say `lang: soql`, for example"))
            }
            _ => Ok(()),
        }
    }

    fn is_known(&self, slot: &Slot) -> bool {
        self.always.contains(slot) || self.sometimes.contains(slot)
    }

    fn has_part(&self, part: usize) -> Result<(), Fault> {
        match self.parts {
            0 | 1 => Err(Fault::new("the key of this feed has no parts")
                .with_help("write `{id}`, or say `id: [first, second]`")),
            parts if part >= parts => Err(Fault::new(format!("the key has {parts} parts, counted from 0"))),
            _ => Ok(()),
        }
    }

    /// A path cannot lose a part of itself.
    pub(super) fn path(&self, path: &Template, spot: Spot, problems: &mut Problems<'_>) {
        self.check(path, spot, problems);
        if let Some(slot) = path.needed().find(|slot| self.sometimes.contains(slot)) {
            let message = format!("`{slot}` is not always set, so it cannot be part of the path");
            problems.add(spot, Fault::new(message).at(slot.to_string()));
        }
        if let Some(place) = path.places().find(|place| place.slot == Slot::Ids) {
            let message = format!("`{place}` cannot be part of the path");
            problems.add(spot, Fault::new(message).at(place.to_string()));
        }
    }
}
