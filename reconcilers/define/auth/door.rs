//! Takes the texts of an `auth` block in: what they may hold, and what is said where they hold something else.

use url::Url;

use super::woven::{Thread, Woven};
use crate::define::checked::{Checked, Fault, Ordered};
use crate::define::document::Problems;
use crate::define::problem::Spot;
use crate::define::template::{Slot, Template};
use crate::define::value::HeaderName;

/// What credentials may hold.
const MAY_HOLD: &str = "credentials may hold `{secret.NAME}`, `{var.NAME}` and `{each.NAME}`";

/// Where texts come in and problems are noted.
pub(super) struct Door<'p, 'd>(pub(super) &'p mut Problems<'d>);

impl Door<'_, '_> {
    /// A text of variables, secrets and values of a member.
    pub(super) fn text(&mut self, checked: Checked<Template>) -> Option<Template> {
        let spot = checked.spot;
        let template = self.0.take(checked)?;
        self.only(
            &template,
            spot,
            |slot| matches!(slot, Slot::Var(_) | Slot::Secret(_) | Slot::Each(_)),
            MAY_HOLD,
        );
        Some(template)
    }

    /// A text that may be left out.
    pub(super) fn text_option(&mut self, checked: Option<Checked<Template>>) -> Option<Template> {
        checked.and_then(|checked| self.text(checked))
    }

    /// A text that has to be there.
    pub(super) fn wanted(
        &mut self,
        name: &str,
        at: Spot,
        text: Option<Checked<Template>>,
    ) -> Option<Template> {
        if text.is_none() {
            self.0.add(at, Fault::new(format!("the key `{name}` is missing in this block")));
        }
        self.text_option(text)
    }

    /// Named texts.
    pub(super) fn pairs(&mut self, written: Ordered<Checked<Template>>) -> Vec<(String, Template)> {
        let pairs = written.0.into_iter();
        pairs.filter_map(|entry| Some((entry.key, self.text(entry.value)?))).collect()
    }

    /// Texts under the names of headers.
    pub(super) fn headers(&mut self, written: Ordered<Checked<Template>>) -> Vec<(String, Template)> {
        let mut headers = Vec::new();
        for entry in written.0 {
            let name = self.header_name(&entry.key, entry.spot);
            if let (Some(value), Some(name)) = (self.text(entry.value), name) {
                headers.push((name, value));
            }
        }
        headers
    }

    /// The name of a header, in lower case.
    pub(super) fn header_name(&mut self, text: &str, spot: Spot) -> Option<String> {
        use crate::define::checked::FromText as _;
        HeaderName::from_text(text).map(|name| name.0).map_err(|fault| self.0.add(spot, fault)).ok()
    }

    /// A text that is completed later.
    pub(super) fn woven<S: Thread>(
        &mut self,
        checked: Checked<Woven<Template, S>>,
    ) -> Option<Woven<Template, S>> {
        let spot = checked.spot;
        let woven = self.0.take(checked)?;
        self.fixed_parts(&woven, spot);
        Some(woven)
    }

    /// Notes what the fixed parts of a text may not hold.
    pub(super) fn fixed_parts<S: Thread>(&mut self, woven: &Woven<Template, S>, spot: Spot) {
        for template in woven.fixed() {
            self.only(
                template,
                spot,
                |slot| matches!(slot, Slot::Var(_) | Slot::Secret(_) | Slot::Each(_)),
                MAY_HOLD,
            );
        }
    }

    /// An address of its own, or a path below the base.
    pub(super) fn address(&mut self, checked: Checked<Template>) -> Option<Template> {
        let spot = checked.spot;
        let template = self.0.take(checked)?;
        let help = "an address may hold `{var.NAME}` and `{each.NAME}`";
        self.only(&template, spot, |slot| matches!(slot, Slot::Var(_) | Slot::Each(_)), help);
        let sample = template.render(|_| Some("1".into())).unwrap_or_default();
        if !is_address(&sample) {
            let help = "write `https://host/path`, or `/path` for a path below the base";
            self.0
                .add(spot, Fault::new("this is not an address that a secret may be sent to").with_help(help));
        }
        Some(template)
    }

    fn only(&mut self, template: &Template, spot: Spot, allowed: fn(&Slot) -> bool, why: &str) {
        for slot in template.slots().filter(|slot| !allowed(slot)) {
            let fault = Fault::new(format!("`{slot}` cannot stand here")).with_help(why).at(slot.to_string());
            self.0.add(spot, fault);
        }
    }
}

/// HTTPS, or HTTP where it leads to a private address, which is checked when the client is made.
fn is_address(text: &str) -> bool {
    if text.starts_with('/') {
        return !text.starts_with("//") && !text.contains(['#', '\\']);
    }
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    })
}
