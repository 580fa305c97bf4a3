//! One server of the library: what it is called, what it does, and what tieout must make of it.

use crate::api::{Api, Paging};
use crate::http::{Asked, Reply};

/// What the first night must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Everything was seen: exit 0, and every difference is found.
    Whole,
    /// Something was not seen or is doubtful, and the report says so in these words: exit 3, nothing is concluded from
    /// absence, and what was seen is judged.
    Partial(&'static str),
    /// The credentials do not work, said in these words: exit 7.
    Rejected(&'static str),
    /// A safety limit holds everything back: exit 5.
    Held(&'static str),
}

impl Verdict {
    pub(crate) const fn exit_code(self) -> i32 {
        match self {
            Self::Whole => 0,
            Self::Partial(_) => 3,
            Self::Held(_) => 5,
            Self::Rejected(_) => 7,
        }
    }

    /// What the report must say.
    pub(crate) const fn says(self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::Partial(says) | Self::Rejected(says) | Self::Held(says) => Some(says),
        }
    }
}

/// A change of a definition file: file, text, other text.
pub(crate) type Edit = (&'static str, String, String);
/// How an honest API answers.
pub(crate) type Honest = fn(&mut Api, &Asked) -> Reply;
type Change = dyn Fn(&mut Api) + Send + Sync;
type Arrange = dyn Fn(&mut Api, &mut Vec<serde_json::Value>) + Send + Sync;
type Answer = dyn Fn(&mut Api, &Asked) -> Reply + Send + Sync;

/// A server of the library.
pub(crate) struct Server {
    /// What it does, as a name.
    pub(crate) name: &'static str,
    /// What it does, as a sentence for the table.
    pub(crate) does: &'static str,
    pub(crate) paging: Paging,
    /// The provider file.
    pub(crate) provider: &'static str,
    /// Changes of the definition files: file, text, other text.
    pub(crate) edits: Vec<Edit>,
    /// Changes of the definition files between the two nights: what a person does whom the report told what helps.
    pub(crate) cures: Vec<Edit>,
    /// How the API answers while it is honest: a list request, and a look-up.
    pub(crate) honest: (Honest, Honest),
    /// What changes after an honest night that comes before the first one, where there is such a night.
    pub(crate) then: Option<Box<Change>>,
    /// Arranges what the API holds and what the local side holds.
    pub(crate) arrange: Box<Arrange>,
    /// Answers a list request.
    pub(crate) list: Box<Answer>,
    /// Answers a look-up.
    pub(crate) look_up: Box<Answer>,
    /// Keys whose values no rule can read.
    pub(crate) unreadable: Vec<&'static str>,
    /// A key whose number is written in a way that no parser of this test reads, and that way.
    pub(crate) rewrites: Option<(&'static str, &'static str)>,
    /// Keys that lie outside what may be judged in the first night.
    pub(crate) unjudged: Vec<&'static str>,
    /// Whether what it hides is one item or one range, or new since an honest night, so that the rest is proven all the same.
    pub(crate) proves_the_rest: bool,
    /// Whether its look-ups fail, so that nothing that was seen can be confirmed.
    pub(crate) unconfirmed: bool,
    pub(crate) verdict: Verdict,
    /// The most requests of the first night beyond one for each page and each difference.
    pub(crate) extra_requests: usize,
}

impl Server {
    /// A server that is honest so far.
    pub(crate) fn new(name: &'static str, does: &'static str) -> Self {
        Self {
            name,
            does,
            paging: Paging::Keyset,
            provider: include_str!("world/provider.yaml"),
            edits: Vec::new(),
            cures: Vec::new(),
            honest: (Api::honest, |api, asked| api.look_up(asked)),
            then: None,
            arrange: Box::new(|_, _| {}),
            list: Box::new(Api::honest),
            look_up: Box::new(|api, asked| api.look_up(asked)),
            unreadable: Vec::new(),
            rewrites: None,
            unjudged: Vec::new(),
            proves_the_rest: false,
            unconfirmed: false,
            verdict: Verdict::Whole,
            extra_requests: 0,
        }
    }

    pub(crate) fn paged(self, paging: Paging) -> Self {
        Self { paging, ..self }
    }

    pub(crate) fn edit(mut self, file: &'static str, from: impl ToString, to: impl ToString) -> Self {
        self.edits.push((file, from.to_string(), to.to_string()));
        self
    }

    /// The same with another provider file, whose requests the API answers in another way.
    pub(crate) fn speaking(self, provider: &'static str, list: Honest, look_up: Honest) -> Self {
        let honest = (list, look_up);
        Self { provider, honest, list: Box::new(list), look_up: Box::new(look_up), ..self }
    }

    /// The same with a change of the definition files between the two nights.
    pub(crate) fn cure(mut self, file: &'static str, from: impl ToString, to: impl ToString) -> Self {
        self.cures.push((file, from.to_string(), to.to_string()));
        self
    }

    /// The same after an honest night, and with a change of what the API holds after it.
    pub(crate) fn after_a_night(self, then: impl Fn(&mut Api) + Send + Sync + 'static) -> Self {
        Self { then: Some(Box::new(then)), ..self }
    }

    /// The same with other caps in `tieout.yaml`.
    pub(crate) fn cap(self, from: &'static str, to: &'static str) -> Self {
        self.edit("tieout.yaml", from, to)
    }

    /// The same with rules of the provider.
    pub(crate) fn rules(self, rules: &'static str) -> Self {
        self.edit("provider.yaml", "feeds:\n", format!("rules:\n{rules}feeds:\n"))
    }

    pub(crate) fn arranged(
        self,
        arrange: impl Fn(&mut Api, &mut Vec<serde_json::Value>) + Send + Sync + 'static,
    ) -> Self {
        Self { arrange: Box::new(arrange), ..self }
    }

    pub(crate) fn lists(self, list: impl Fn(&mut Api, &Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self { list: Box::new(list), ..self }
    }

    pub(crate) fn looks_up(
        self,
        look_up: impl Fn(&mut Api, &Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self { look_up: Box::new(look_up), ..self }
    }

    pub(crate) fn unreadable(self, keys: &[&'static str]) -> Self {
        Self { unreadable: keys.to_vec(), ..self }
    }

    pub(crate) fn rewriting(self, key: &'static str, number: &'static str) -> Self {
        Self { rewrites: Some((key, number)), ..self }
    }

    pub(crate) fn unjudged(self, keys: &[&'static str]) -> Self {
        Self { unjudged: keys.to_vec(), ..self }
    }

    pub(crate) fn proving_the_rest(self) -> Self {
        Self { proves_the_rest: true, ..self }
    }

    pub(crate) fn unconfirmed(self) -> Self {
        Self { unconfirmed: true, ..self }
    }

    pub(crate) fn partial(self, says: &'static str) -> Self {
        Self { verdict: Verdict::Partial(says), ..self }
    }

    pub(crate) fn rejected(self, says: &'static str) -> Self {
        Self { verdict: Verdict::Rejected(says), ..self }
    }

    pub(crate) fn held(self, says: &'static str) -> Self {
        Self { verdict: Verdict::Held(says), ..self }
    }

    pub(crate) fn extra(self, extra_requests: usize) -> Self {
        Self { extra_requests, ..self }
    }
}
