//! A JSON document whose texts are completed later: the body of a login, the claims of a token.

use serde_json::Value;

use super::door::Door;
use super::woven::{Token, Woven};
use crate::define::checked::FromText as _;
use crate::define::problem::Spot;
use crate::define::template::Template;

/// A JSON document with texts that are not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tree<T = Template> {
    /// A text.
    Text(Woven<T, Token>),
    /// A number, a boolean or null.
    Plain(Value),
    /// An array.
    List(Vec<Tree<T>>),
    /// An object.
    Object(Vec<(String, Tree<T>)>),
}

impl<T> Tree<T> {
    pub(super) fn try_map<'a, U, E>(
        &'a self,
        f: &mut impl FnMut(&'a T) -> Result<U, E>,
    ) -> Result<Tree<U>, E> {
        Ok(match self {
            Self::Text(text) => Tree::Text(text.try_map(f)?),
            Self::Plain(value) => Tree::Plain(value.clone()),
            Self::List(items) => {
                Tree::List(items.iter().map(|item| item.try_map(f)).collect::<Result<_, E>>()?)
            }
            Self::Object(members) => {
                let members = members.iter().map(|(name, tree)| Ok((name.clone(), tree.try_map(f)?)));
                Tree::Object(members.collect::<Result<_, E>>()?)
            }
        })
    }

    /// Whether any text uses the token of an earlier answer.
    pub fn uses_token(&self) -> bool {
        match self {
            Self::Text(text) => text.count(Token) > 0,
            Self::Plain(_) => false,
            Self::List(items) => items.iter().any(Self::uses_token),
            Self::Object(members) => members.iter().any(|(_, tree)| tree.uses_token()),
        }
    }

    /// The document, with each text as `text` says.
    pub fn render(&self, text: &impl Fn(&Woven<T, Token>) -> String) -> Value {
        match self {
            Self::Text(woven) => Value::String(text(woven)),
            Self::Plain(value) => value.clone(),
            Self::List(items) => items.iter().map(|item| item.render(text)).collect(),
            Self::Object(members) => {
                members.iter().map(|(name, tree)| (name.clone(), tree.render(text))).collect()
            }
        }
    }
}

impl Tree<Template> {
    /// Reads the texts of a document; `spot` is where it begins.
    pub(super) fn compile(value: Value, spot: Spot, door: &mut Door<'_, '_>) -> Option<Self> {
        Some(match value {
            Value::String(text) => {
                let woven = Woven::from_text(&text).map_err(|fault| door.0.add(spot, fault)).ok()?;
                door.fixed_parts(&woven, spot);
                Self::Text(woven)
            }
            Value::Array(items) => {
                let items = items.into_iter().map(|item| Self::compile(item, spot, door));
                Self::List(items.collect::<Option<_>>()?)
            }
            Value::Object(members) => {
                let members =
                    members.into_iter().map(|(name, value)| Some((name, Self::compile(value, spot, door)?)));
                Self::Object(members.collect::<Option<_>>()?)
            }
            plain => Self::Plain(plain),
        })
    }
}
