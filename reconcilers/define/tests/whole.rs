//! Files in which every key of a schema stands, and what may be done to them: the schema and the reader must say the same of all.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// What stands in the place of a name.
const NAME: &str = "name";

/// A file in which every key stands that a schema knows.
pub(crate) struct Whole {
    /// The file.
    pub(crate) value: Value,
    /// The places in it, each with what identifies it in the schema.
    places: Vec<(String, String)>,
    /// The mappings that take no other keys.
    closed: Vec<String>,
    /// The keys that may be left out.
    optional: BTreeSet<String>,
}

/// A schema with what it refers to.
pub(crate) struct Plan<'s> {
    pub(crate) root: &'s Value,
    /// Which of several ways is taken, where there are several; the last one where there are fewer.
    pub(crate) choice: usize,
    /// Which branch of an `if` is taken.
    pub(crate) branch: &'static str,
}

impl Plan<'_> {
    /// The file.
    pub(crate) fn whole(&self) -> Whole {
        let (places, closed, optional) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut whole = Whole { value: Value::Null, places, closed, optional };
        whole.value = self.value(self.root, "", "", &mut Vec::new(), &mut whole);
        whole
    }

    fn referred<'p>(&'p self, name: &str) -> &'p Value {
        &self.root["$defs"][name]
    }

    fn value(&self, of: &Value, at: &str, site: &str, way: &mut Vec<String>, whole: &mut Whole) -> Value {
        let value = self.chosen(of, at, site, way, whole);
        whole.places.push((at.to_owned(), site.to_owned()));
        value
    }

    fn chosen(&self, of: &Value, at: &str, site: &str, way: &mut Vec<String>, whole: &mut Whole) -> Value {
        if let Some(name) = of["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/")) {
            way.push(name.to_owned());
            let value = self.chosen(self.referred(name), at, name, way, whole);
            way.pop();
            return value;
        }
        if of.get("if").is_some() {
            let branch = if at.is_empty() { self.branch } else { "else" };
            return self.chosen(&of[branch], at, site, way, whole);
        }
        if let Some(ways) = of["anyOf"].as_array() {
            let leads_back = |one: &Value| {
                let inner = one["items"]["$ref"].as_str().and_then(|to| to.strip_prefix("#/$defs/"));
                inner.is_some_and(|inner| way.iter().filter(|name| *name == inner).count() > 1)
            };
            let ways: Vec<&Value> =
                ways.iter().filter(|one| one["type"] != "null" && !leads_back(one)).collect();
            return self.chosen(ways[self.choice.min(ways.len() - 1)], at, site, way, whole);
        }
        if let Some(words) = of["enum"].as_array() {
            return words[self.choice.min(words.len() - 1)].clone();
        }
        if let Some(word) = of.get("const") {
            return word.clone();
        }
        let types: Vec<&str> = match &of["type"] {
            Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        match types.first().copied() {
            Some("object") => self.mapping(of, at, site, way, whole),
            Some("array") => {
                json!([self.value(&of["items"], &format!("{at}/0"), &format!("{site}/0"), way, whole)])
            }
            Some("integer") => of.get("minimum").cloned().unwrap_or_else(|| 1.into()),
            Some("boolean") => true.into(),
            _ => of["examples"].get(0).cloned().unwrap_or_else(|| "x".into()),
        }
    }

    fn mapping(&self, of: &Value, at: &str, site: &str, way: &mut Vec<String>, whole: &mut Whole) -> Value {
        let mut mapping = Map::new();
        let none = Map::new();
        let mut words: BTreeMap<&str, &Value> = of["properties"]
            .as_object()
            .unwrap_or(&none)
            .iter()
            .map(|(word, of)| (word.as_str(), of))
            .collect();
        match &of["additionalProperties"] {
            Value::Bool(false) => whole.closed.push(at.to_owned()),
            Value::Null => {}
            others => drop(words.insert(NAME, others)),
        }
        let needed = of["required"].as_array().into_iter().flatten();
        let needed: Vec<&str> = needed.filter_map(Value::as_str).collect();
        for (word, of) in words {
            let below = format!("{at}/{word}");
            if !needed.contains(&word) {
                whole.optional.insert(below.clone());
            }
            let value = self.value(of, &below, &format!("{site}/{word}"), way, whole);
            mapping.insert(word.to_owned(), value);
        }
        mapping.into()
    }
}

/// What a reader says of a file: nothing, or what is wrong with its shape and the advice.
type Read<'r> = &'r dyn Fn(&Value) -> Result<(), (String, String)>;

/// What has been tried already.
#[derive(Default)]
pub(crate) struct Tried(BTreeSet<(String, String)>);

impl Whole {
    /// The reader takes it, and knows no key that does not stand in it.
    pub(crate) fn is_all_that_is_read(&self, read: Read<'_>) {
        if let Err(said) = read(&self.value) {
            panic!("the schema says more than the reader takes: {said:?}\n{}", self.value);
        }
        for at in &self.closed {
            let mut changed = self.value.clone();
            let Some(Value::Object(mapping)) = changed.pointer_mut(at) else { panic!("{at}") };
            let own: BTreeSet<String> = mapping.keys().cloned().collect();
            mapping.insert("zzz".to_owned(), Value::Null);
            let Err((message, help)) = read(&changed) else { panic!("{at}: an unknown key is read") };
            assert!(message.contains("unknown key `zzz`"), "{at}: {message}");
            let allowed: BTreeSet<String> = help.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            assert_eq!(own, allowed, "{at}");
        }
    }

    /// What the reader refuses for its shape, the schema refuses.
    pub(crate) fn is_refused_alike(&self, validator: &Validator, read: Read<'_>, tried: &mut Tried) -> usize {
        let mut refused = 0;
        for (at, site) in &self.places {
            let Some(own) = self.value.pointer(at) else { continue };
            let others: Vec<Value> = others(own)
                .into_iter()
                .filter(|other| tried.0.insert((site.clone(), format!("{own} {other}"))))
                .collect();
            if others.is_empty() {
                continue;
            }
            let around = self.around(&self.value, "", at);
            assert!(validator.is_valid(&around) && read(&around).is_ok(), "{at}: {around:#}");
            for other in others {
                let mut changed = around.clone();
                *changed.pointer_mut(at).unwrap() = other.clone();
                if let Err(said) = read(&changed) {
                    refused += 1;
                    assert!(!validator.is_valid(&changed), "{at}: {other} is accepted, and read as {said:?}");
                }
            }
        }
        refused
    }

    /// A place with what is needed around it, and nothing else.
    fn around(&self, value: &Value, here: &str, place: &str) -> Value {
        let is_on = |at: &str| place == at || place.starts_with(&format!("{at}/"));
        match value {
            Value::Object(mapping) if here != place => {
                let below = mapping.iter().map(|(key, value)| (key, format!("{here}/{key}"), value));
                let kept = below.filter(|(_, at, _)| is_on(at) || !self.optional.contains(at));
                kept.map(|(key, at, value)| (key.clone(), self.around(value, &at, place)))
                    .collect::<Map<_, _>>()
                    .into()
            }
            Value::Array(list) if here != place => {
                list.iter().map(|value| self.around(value, &format!("{here}/0"), place)).collect()
            }
            other => other.clone(),
        }
    }
}

/// What may stand in the place of a value: other kinds of values, and a mapping without each of its keys and with one more.
fn others(own: &Value) -> Vec<Value> {
    let mut others = vec![
        Value::Null,
        json!(true),
        json!(7),
        json!(-7),
        json!(1.5),
        json!("a text"),
        json!([]),
        json!({}),
        json!(["a text"]),
        json!([["a text"]]),
        json!({ "zzz": "a text" }),
    ];
    if let Value::Object(mapping) = own {
        for key in mapping.keys() {
            let mut less = mapping.clone();
            less.remove(key);
            others.push(less.into());
        }
        let mut more = mapping.clone();
        more.insert("zzz".to_owned(), Value::Null);
        others.push(more.into());
    }
    others.retain(|other| other != own);
    others
}

/// A schema without the rules that a reader applies after it has read the shape.
pub(crate) fn shape_of(schema: &Value) -> Value {
    match schema {
        Value::Object(members) => members
            .iter()
            .filter(|(key, value)| *key != "oneOf" || !value.is_array())
            .map(|(key, value)| (key.clone(), shape_of(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(list) => list.iter().map(shape_of).collect(),
        other => other.clone(),
    }
}
