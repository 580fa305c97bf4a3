//! The `each` of a feed: for whom it is read, one by one.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::checked::{Checked, Entry, Fault, FromText, Ordered, Placed};
use super::document::Problems;
use super::problem::Spot;
use super::schema;
use crate::fan_out::Member;
use crate::name::Name;
use crate::path::Path;

/// The word for what a member has in the place of the provider's secrets.
const SECRETS: &str = "secrets";

/// `each` as it is written: `{repo: [a, b]}`, `[{account: a, region: eu}]` or `{feed: repos, field: full_name}`. In `tieout.yaml`
/// a member of a list may have secrets of its own: `[{account: a, secrets: {key: env:KEY_OF_A}}]`.
#[derive(Debug, Clone)]
pub struct EachFile {
    spot: Spot,
    written: Written,
}

#[derive(Debug, Clone)]
enum Written {
    Named(Vec<Entry<Values>>),
    Members(Vec<MemberFile>),
}

/// One member as it is written: values by their names, and perhaps secrets.
#[derive(Debug, Clone, Default)]
struct MemberFile {
    values: Vec<Entry<Checked<String>>>,
    secrets: Option<(Spot, OwnSecrets)>,
}

/// Where the secrets of one member are, by their names: references that are not read here.
pub type OwnSecrets = Vec<Entry<Checked<String>>>;

/// A member of a configuration.
#[derive(Debug, Clone)]
pub struct Configured {
    /// Who it is.
    pub member: Member,
    /// The secrets that it has in the place of the provider's.
    pub secrets: OwnSecrets,
}

impl<'de> Deserialize<'de> for EachFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Placed::<Written>::deserialize(deserializer)?;
        Ok(Self { spot: written.spot, written: written.value })
    }
}

schema::schema_of!(EachFile, |_generator| schema::any_of([
    schema::map_of(schema::any_of([
        schema::plain_text::<String>(),
        schema::list_of(schema::text::<String>()),
    ])),
    schema::list_of(schemars::json_schema!({
        "type": "object",
        "properties": { SECRETS: schema::map_of(schema::text::<String>()) },
        "additionalProperties": schema::text::<String>(),
    })),
]));

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(WrittenVisitor)
    }
}

struct WrittenVisitor;

impl<'de> Visitor<'de> for WrittenVisitor {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name with its values, such as `{repo: [a, b]}`, or a list of mappings")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Written, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Placed<String>>()? {
            entries.push(Entry { key: key.value, spot: key.spot, value: map.next_value()? });
        }
        Ok(Written::Named(entries))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Written, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = seq.next_element()? {
            members.push(member);
        }
        Ok(Written::Members(members))
    }
}

impl<'de> Deserialize<'de> for MemberFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MemberVisitor)
    }
}

struct MemberVisitor;

impl<'de> Visitor<'de> for MemberVisitor {
    type Value = MemberFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the values of a member, such as `{account: a, region: eu}`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MemberFile, A::Error> {
        let mut member = MemberFile::default();
        while let Some(key) = map.next_key::<Placed<String>>()? {
            let spot = key.spot;
            if key.value == SECRETS {
                member.secrets = Some((spot, map.next_value::<Ordered<Checked<String>>>()?.0));
            } else {
                member.values.push(Entry { key: key.value, spot, value: map.next_value()? });
            }
        }
        Ok(member)
    }
}

/// One text, or a list of values.
#[derive(Debug, Clone)]
enum Values {
    One(String),
    List(Vec<Checked<String>>),
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor)
    }
}

struct ValuesVisitor;

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of values")
    }

    fn visit_str<E>(self, text: &str) -> Result<Values, E> {
        Ok(Values::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Values, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element()? {
            list.push(value);
        }
        Ok(Values::List(list))
    }
}

/// For whom a feed is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EachDefinition {
    /// For each of these.
    Members(Vec<Member>),
    /// For each item of another feed of the provider.
    Feed(ParentFeed),
}

/// Another feed whose items are the members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentFeed {
    /// Its name.
    pub feed: Name,
    /// The member of an item that holds the value.
    pub field: Path,
    /// What the value is called.
    pub name: Box<str>,
    /// Where it is named.
    pub spot: Spot,
}

impl EachDefinition {
    /// The names of the values.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Members(members) => names_of(members),
            Self::Feed(parent) => vec![&parent.name],
        }
    }
}

/// The names of the values of some members; all have the same.
#[must_use]
pub fn names_of(members: &[Member]) -> Vec<&str> {
    members.first().map(|first| first.values.keys().map(AsRef::as_ref).collect()).unwrap_or_default()
}

impl EachFile {
    /// Where it stands.
    #[must_use]
    pub const fn spot(&self) -> Spot {
        self.spot
    }

    /// The members of a configuration, which may have secrets of their own.
    pub fn members(mut self, problems: &mut Problems<'_>) -> Option<Vec<Configured>> {
        let spot = self.spot;
        let secrets: Vec<OwnSecrets> = match &mut self.written {
            Written::Named(_) => Vec::new(),
            Written::Members(members) => members
                .iter_mut()
                .map(|member| member.secrets.take().map(|(_, secrets)| secrets).unwrap_or_default())
                .collect(),
        };
        match self.compile(problems)? {
            EachDefinition::Members(members) => {
                let secrets = secrets.into_iter().chain(std::iter::repeat_with(Vec::new));
                Some(
                    members
                        .into_iter()
                        .zip(secrets)
                        .map(|(member, secrets)| Configured { member, secrets })
                        .collect(),
                )
            }
            EachDefinition::Feed(_) => {
                problems.add(spot, Fault::new("only a feed can take its members from another feed"));
                None
            }
        }
    }

    pub(super) fn compile(self, problems: &mut Problems<'_>) -> Option<EachDefinition> {
        let spot = self.spot;
        if let Written::Members(members) = &self.written {
            for (spot, _) in members.iter().filter_map(|member| member.secrets.as_ref()) {
                let help = "name the members under `providers: {NAME: {each: [...]}}` of tieout.yaml, with their secrets";
                problems.add(
                    *spot,
                    Fault::new("a provider file holds no secrets, and is the same for everybody")
                        .with_help(help),
                );
            }
        }
        let members = match self.written {
            Written::Named(entries) => {
                if entries.iter().all(|entry| matches!(entry.value, Values::One(_))) && !entries.is_empty() {
                    return parent(entries, spot, problems).map(EachDefinition::Feed);
                }
                named(entries, spot, problems)?
            }
            Written::Members(members) => {
                let members: Vec<Option<_>> =
                    members.into_iter().map(|member| values(member, problems)).collect();
                members.into_iter().collect::<Option<Vec<_>>>()?
            }
        };
        distinct(members, spot, problems).map(EachDefinition::Members)
    }
}

type Named = BTreeMap<Box<str>, Box<str>>;

fn values(member: MemberFile, problems: &mut Problems<'_>) -> Option<Named> {
    let pairs = member.values.into_iter().map(|entry| {
        check_name(&entry.key, entry.spot, problems);
        Some((entry.key.into(), problems.take(entry.value)?.into()))
    });
    pairs.collect()
}

/// One name with its values.
fn named(entries: Vec<Entry<Values>>, spot: Spot, problems: &mut Problems<'_>) -> Option<Vec<Named>> {
    let mut entries = entries.into_iter();
    let (Some(Entry { key, spot: at, value: Values::List(list) }), None) = (entries.next(), entries.next())
    else {
        let help =
            "write `{repo: [a, b]}`, `[{account: a, region: eu}, ...]` or `{feed: repos, field: full_name}`";
        problems.add(spot, Fault::new("`each` is one name with a list of values").with_help(help));
        return None;
    };
    check_name(&key, at, problems);
    let one = |value: Checked<String>| Some([(key.as_str().into(), problems.take(value)?.into())].into());
    list.into_iter().map(one).collect()
}

fn check_name(name: &str, spot: Spot, problems: &mut Problems<'_>) {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        let fault = Fault::new(format!("`{name}` cannot be the name of a value"));
        problems.add(spot, fault.with_help("use letters, digits and `_`, starting with a letter"));
    }
}

/// Members of the same names, none twice.
fn distinct(members: Vec<Named>, spot: Spot, problems: &mut Problems<'_>) -> Option<Vec<Member>> {
    let mut distinct: Vec<Member> = Vec::new();
    let mut refuse = |message: &str| problems.add(spot, Fault::new(message));
    for values in members {
        let Some(member) = Member::new(values) else {
            refuse("a member of `each` has no value, an empty one, or one with a control character");
            return None;
        };
        if distinct.iter().any(|known| known.each == member.each) {
            refuse("a member of `each` stands there twice");
            return None;
        }
        if distinct.first().is_some_and(|first| !first.values.keys().eq(member.values.keys())) {
            refuse("the members of `each` must all have the same names");
            return None;
        }
        distinct.push(member);
    }
    if distinct.is_empty() {
        refuse("`each` names nobody, so the feed would never be read");
        return None;
    }
    Some(distinct)
}

fn parent(entries: Vec<Entry<Values>>, spot: Spot, problems: &mut Problems<'_>) -> Option<ParentFeed> {
    let (mut feed, mut field, mut name) = (None, None, None);
    for Entry { key, spot, value } in entries {
        let Values::One(text) = value else { continue };
        match key.as_str() {
            "feed" => feed = Name::from_text(&text).map_err(|fault| problems.add(spot, fault)).ok(),
            "field" => field = Path::from_text(&text).map_err(|fault| problems.add(spot, fault)).ok(),
            "as" => name = Some((text, spot)),
            other => {
                let fault = super::words::refuse("key", other, &["feed", "field", "as"]);
                problems.add(spot, fault.with_help("the values of a name are a list: `{repo: [a, b]}`"));
            }
        }
    }
    let (Some(feed), Some(field)) = (feed, field) else {
        let help = "write `{feed: repos, field: full_name}`";
        problems
            .add(spot, Fault::new("`each` needs `feed` and `field`, or a list of values").with_help(help));
        return None;
    };
    let last = field.members().last().unwrap_or_default().to_owned();
    let (name, at) = name.unwrap_or((last, spot));
    check_name(&name, at, problems);
    Some(ParentFeed { feed, field, name: name.into(), spot })
}
