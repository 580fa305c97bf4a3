//! Bodies as trees of templates: a key that loses all its placeholders is dropped, and so is a list element that loses
//! a key this way.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::checked::{Entry, Fault, FromText, Placed};
use super::document::Problems;
use super::fill::{Fill, number};
use super::placeholder::{Format, Placeholder, Slot};
use super::problem::Spot;
use super::schema;
use super::template::{Known, Template};

/// A tree as it is written, each part with its place.
#[derive(Debug, Clone)]
pub(super) struct TreeFile {
    pub(super) spot: Spot,
    node: NodeFile,
}

#[derive(Debug, Clone)]
enum NodeFile {
    Text(Result<Template, Fault>),
    Value(Value),
    List(Vec<TreeFile>),
    Map(Vec<Entry<TreeFile>>),
}

impl<'de> Deserialize<'de> for TreeFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let node = Placed::<NodeFile>::deserialize(deserializer)?;
        Ok(Self { spot: node.spot, node: node.value })
    }
}

schema::schema_of!(TreeFile, |_generator| schema::anything());

impl<'de> Deserialize<'de> for NodeFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = NodeFile;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, a list or a mapping")
    }

    fn visit_str<E>(self, text: &str) -> Result<NodeFile, E> {
        Ok(NodeFile::Text(Template::from_text(text)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<NodeFile, E> {
        Ok(NodeFile::Value(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<NodeFile, E> {
        Ok(NodeFile::Value(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<NodeFile, E> {
        Ok(NodeFile::Value(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<NodeFile, E> {
        Ok(NodeFile::Value(value.into()))
    }

    fn visit_unit<E>(self) -> Result<NodeFile, E> {
        Ok(NodeFile::Value(Value::Null))
    }

    fn visit_none<E>(self) -> Result<NodeFile, E> {
        Ok(NodeFile::Value(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<NodeFile, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = seq.next_element()? {
            list.push(element);
        }
        Ok(NodeFile::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NodeFile, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key::<Placed<String>>()? {
            entries.push(Entry { key: key.value, spot: key.spot, value: map.next_value()? });
        }
        Ok(NodeFile::Map(entries))
    }
}

/// A tree of templates.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    /// A text with placeholders.
    Text(Template),
    /// Anything else that is no list and no mapping.
    Value(Value),
    /// A list.
    List(Vec<Tree>),
    /// A mapping.
    Map(Vec<(String, Tree)>),
}

impl TreeFile {
    /// The tree, where nothing in it is wrong. `take` sees every text.
    pub(super) fn compile(
        self,
        take: &mut impl FnMut(Template, Spot, &mut Problems<'_>) -> Option<Template>,
        problems: &mut Problems<'_>,
    ) -> Option<Tree> {
        let spot = self.spot;
        match self.node {
            NodeFile::Text(Ok(template)) => take(template, spot, problems).map(Tree::Text),
            NodeFile::Text(Err(fault)) => {
                problems.add(spot, fault);
                None
            }
            NodeFile::Value(value) => Some(Tree::Value(value)),
            NodeFile::List(list) => {
                let list: Vec<Option<Tree>> =
                    list.into_iter().map(|element| element.compile(take, problems)).collect();
                list.into_iter().collect::<Option<_>>().map(Tree::List)
            }
            NodeFile::Map(entries) => {
                let entries: Vec<Option<_>> = entries
                    .into_iter()
                    .map(|entry| Some((entry.key, entry.value.compile(take, problems)?)))
                    .collect();
                entries.into_iter().collect::<Option<_>>().map(Tree::Map)
            }
        }
    }
}

/// What is left of a part of a tree.
enum Left {
    /// All of it.
    Whole(Value),
    /// What did not need the unset placeholders.
    Rest(Value),
    /// Nothing.
    Nothing,
}

impl Tree {
    /// The JSON for a request, or nothing where all of it is unset.
    pub(super) fn render(&self, fill: &Fill<'_>) -> Option<Value> {
        match self.left(fill) {
            Left::Whole(value) | Left::Rest(value) => Some(value),
            Left::Nothing => None,
        }
    }

    fn left(&self, fill: &Fill<'_>) -> Left {
        match self {
            Self::Text(template) => template.json(fill).map_or(Left::Nothing, Left::Whole),
            Self::Value(value) => Left::Whole(value.clone()),
            Self::List(list) => {
                // An element that lost a key would ask for something else than was meant.
                let whole = list.iter().filter_map(|element| match element.left(fill) {
                    Left::Whole(value) => Some(value),
                    Left::Rest(_) | Left::Nothing => None,
                });
                let whole: Vec<Value> = whole.collect();
                if whole.is_empty() && !list.is_empty() { Left::Nothing } else { Left::Whole(whole.into()) }
            }
            Self::Map(entries) => {
                let (mut map, mut lost) = (Map::new(), false);
                for (key, tree) in entries {
                    match tree.left(fill) {
                        Left::Whole(value) => drop(map.insert(key.clone(), value)),
                        Left::Rest(value) => {
                            lost = true;
                            map.insert(key.clone(), value);
                        }
                        Left::Nothing => lost = true,
                    }
                }
                match lost {
                    false => Left::Whole(map.into()),
                    true if map.is_empty() => Left::Nothing,
                    true => Left::Rest(map.into()),
                }
            }
        }
    }

    /// The placeholders, in order.
    pub(super) fn places(&self) -> Vec<&Placeholder> {
        match self {
            Self::Text(template) => template.places().collect(),
            Self::Value(_) => Vec::new(),
            Self::List(list) => list.iter().flat_map(Self::places).collect(),
            Self::Map(entries) => entries.iter().flat_map(|(_, tree)| tree.places()).collect(),
        }
    }

    /// Puts what is known in place; nothing where all of it is known to be unset.
    pub(super) fn bind<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> Result<Option<Self>, Slot> {
        Ok(match self {
            Self::Text(template) => match template.only().map(|only| (known(&only.slot), &only.format)) {
                Some((Known::Value(value), Some(Format::Number))) => Some(Self::Value(number(value))),
                _ => template.bind_with(known)?.map(Self::Text),
            },
            Self::Value(value) => Some(Self::Value(value.clone())),
            Self::List(list) => {
                let mut whole = Vec::new();
                for element in list {
                    let bound = element.bind(known)?;
                    whole.extend(bound.filter(|_| !element.loses(known)));
                }
                (!whole.is_empty() || list.is_empty()).then_some(Self::List(whole))
            }
            Self::Map(entries) => {
                let mut left = Vec::new();
                for (key, tree) in entries {
                    left.extend(tree.bind(known)?.map(|tree| (key.clone(), tree)));
                }
                (!left.is_empty() || entries.is_empty()).then_some(Self::Map(left))
            }
        })
    }

    /// Whether a key outside of lists is known to be dropped.
    fn loses<'k>(&self, known: &impl Fn(&Slot) -> Known<'k>) -> bool {
        match self {
            Self::Text(template) => template.needed().any(|slot| known(slot) == Known::Unset),
            Self::Value(_) => false,
            Self::List(list) => !list.is_empty() && list.iter().all(|element| element.loses(known)),
            Self::Map(entries) => entries.iter().any(|(_, tree)| tree.loses(known)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::define::document::Document;
    use crate::key::Key;

    fn tree(yaml: &str) -> Tree {
        let document = Document::new("body.yaml", yaml);
        let file: TreeFile = document.read().unwrap();
        file.compile(&mut |template, _, _| Some(template), &mut Problems::of(&document)).unwrap()
    }

    fn rendered(yaml: &str, fill: &Fill<'_>) -> Value {
        tree(yaml).render(fill).unwrap_or_default()
    }

    const SEARCH: &str = "
limit: '{size}'
after: '{cursor}'
flag: true
name: x-{size}
groups:
  - filters:
      - {property: modified, value: 5}
      - {property: id, operator: GT, value: '{rekey}'}
  - filters:
      - {property: id, date: {after: '{rekey}'}}
paging: {starting_after: '{cursor}'}
";

    #[test]
    fn a_value_that_is_one_placeholder_keeps_its_type_and_unset_ones_take_their_key_or_element_along() {
        let first = Fill { size: Some(50), ..Fill::default() };
        let groups = json!([{"filters": [{"property": "modified", "value": 5}]}]);
        assert_eq!(
            rendered(SEARCH, &first),
            json!({"limit": 50, "flag": true, "name": "x-50", "groups": groups})
        );
        let second = Fill { size: Some(50), cursor: Some("12"), rekey: Some("9"), ..Fill::default() };
        let groups = json!([
            {"filters": [
                {"property": "modified", "value": 5},
                {"property": "id", "operator": "GT", "value": "9"},
            ]},
            {"filters": [{"property": "id", "date": {"after": "9"}}]},
        ]);
        let paging = json!({"starting_after": "12"});
        let whole = json!({
            "limit": 50, "after": "12", "flag": true, "name": "x-50", "groups": groups, "paging": paging,
        });
        assert_eq!(rendered(SEARCH, &second), whole);
    }

    #[test]
    fn keys_are_a_list_and_each_of_them_has_the_shape_that_was_asked_for() {
        let keys = [Key::checked("1").unwrap(), Key::checked("a:b").unwrap()];
        let fill = Fill { keys: &keys, ..Fill::default() };
        assert_eq!(rendered("ids: '{ids}'", &fill), json!({"ids": ["1", "a:b"]}));
        let shape = tree("{id: '{id[1]}', n: '{id:number}'}");
        let fill = Fill { ids_as: Some(&shape), ..fill };
        assert_eq!(rendered("[{in: '{ids}'}]", &fill), json!([{"in": [{"n": 1}, {"id": "b", "n": "a:b"}]}]));
    }

    #[test]
    fn text_and_number_can_be_asked_for() {
        let fill = Fill { size: Some(5), cursor: Some("07"), rekey: Some("x"), ..Fill::default() };
        let typed = rendered("['{size:text}', '{cursor:number}', '{rekey:number}', '{cursor}']", &fill);
        assert_eq!(typed, json!(["5", 7, "x", "07"]));
    }

    #[test]
    fn variables_are_bound_before_the_first_request() {
        let known = |slot: &Slot| match slot {
            Slot::Var(name) if &**name == "set" => Known::Value("7"),
            Slot::Var(_) => Known::Unset,
            _ => Known::Later,
        };
        let bound = tree("{a: '{var.set:number}', b: '{var.no}', c: ['{var.set}', {d: 1, e: '{var.no}'}]}");
        let bound = bound.bind(&known).unwrap().unwrap();
        assert_eq!(bound.render(&Fill::default()).unwrap(), json!({"a": 7, "c": ["7"]}));
    }
}
