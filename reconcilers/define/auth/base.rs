//! Where a provider's paths begin: an address, or one that the answer to the token request names.

use url::Url;

use crate::define::checked::{Checked, Fault, FromText};
use crate::define::document::Problems;
use crate::define::reader::Reader;
use crate::define::template::{Slot, Template};

/// Where a provider's paths begin. It may hold `{var.NAME}`, and `{each.NAME}` where every member has a place of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Base {
    /// An address.
    Fixed(Template),
    /// `{token.MEMBER}/path`: the answer to the token request names the address, which `hosts` must admit.
    FromToken {
        /// Where the answer names it.
        member: Reader,
        /// What follows it; empty, or beginning with `/`.
        path: Template,
    },
}

impl FromText for Base {
    const WHAT: &'static str = "address";
    const EXAMPLES: &'static [&'static str] = &["https://api.example.com/v1"];

    fn from_text(text: &str) -> Result<Self, Fault> {
        let Some(rest) = text.strip_prefix("{token.") else {
            return Template::from_text(text).map(Self::Fixed);
        };
        let (member, path) =
            rest.split_once('}').ok_or_else(|| Fault::new("`{token.` has no closing brace"))?;
        Ok(Self::FromToken { member: Reader::from_text(member)?, path: Template::from_text(path)? })
    }
}

impl Base {
    pub(in crate::define) fn compile(checked: Checked<Self>, problems: &mut Problems<'_>) -> Option<Self> {
        let spot = checked.spot;
        let base = problems.take(checked)?;
        let (prefix, template) = match &base {
            Self::Fixed(template) => ("", template),
            Self::FromToken { path, .. } => ("https://host.example", path),
        };
        let mut usable = true;
        for slot in template.slots().filter(|slot| !matches!(slot, Slot::Var(_) | Slot::Each(_))) {
            let fault = Fault::new(format!("`{slot}` cannot stand here"));
            problems.add(
                spot,
                fault.with_help("a base may hold `{var.NAME}` and `{each.NAME}`").at(slot.to_string()),
            );
            usable = false;
        }
        if !usable {
            return None;
        }
        let sample = template.render(|_| Some("x".into())).unwrap_or_default();
        let path_follows = prefix.is_empty() || sample.is_empty() || sample.starts_with('/');
        if !path_follows || !Url::parse(&format!("{prefix}{sample}")).is_ok_and(|url| is_base(&url)) {
            let help = "write `https://host/path`, without user, query or fragment";
            problems
                .add(spot, Fault::new("the base is not an address that paths can follow").with_help(help));
        }
        Some(base)
    }

    /// The part of it that a definition fixes.
    #[must_use]
    pub const fn template(&self) -> &Template {
        match self {
            Self::Fixed(template) | Self::FromToken { path: template, .. } => template,
        }
    }
}

/// Whether paths can follow an address.
#[must_use]
pub fn is_base(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none()
}
