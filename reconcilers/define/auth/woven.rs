//! Texts in which something stands that is known only when a request is sent, such as `{token}`.
//!
//! What is fixed is generic: a [`Template`] in a definition, a secret once the configuration was read.

use crate::define::checked::{Fault, FromText};
use crate::define::template::Template;

/// What can stand in a woven text, by the name in its braces.
pub trait Thread: Copy + PartialEq + 'static {
    /// Every name.
    const NAMES: &'static [(&'static str, Self)];
}

/// A text with threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Woven<T, S> {
    pieces: Vec<Piece<T, S>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<T, S> {
    Fixed(T),
    Thread(S),
}

impl<S: Thread> FromText for Woven<Template, S> {
    const WHAT: &'static str = "text with placeholders";

    fn from_text(text: &str) -> Result<Self, Fault> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((at, length, thread)) = first_thread(rest) {
            if at > 0 {
                pieces.push(Piece::Fixed(fixed::<S>(&rest[..at])?));
            }
            pieces.push(Piece::Thread(thread));
            rest = &rest[at + length..];
        }
        if !rest.is_empty() {
            pieces.push(Piece::Fixed(fixed::<S>(rest)?));
        }
        Ok(Self { pieces })
    }
}

/// A fixed part. What it cannot hold is answered with what can stand here.
fn fixed<S: Thread>(text: &str) -> Result<Template, Fault> {
    Template::from_text(text).map_err(|fault| {
        let threads = S::NAMES.iter().map(|(name, _)| format!("`{{{name}}}`")).collect::<Vec<_>>().join(", ");
        fault.with_help(format!(
            "a text here may hold {threads}, `{{var.NAME}}`, `{{each.NAME}}` and `{{secret.NAME}}`"
        ))
    })
}

/// Where the first thread begins, how long it is written, and which one it is.
fn first_thread<S: Thread>(text: &str) -> Option<(usize, usize, S)> {
    let found = S::NAMES.iter().filter_map(|(name, thread)| {
        let written = format!("{{{name}}}");
        text.find(&written).map(|at| (at, written.len(), *thread))
    });
    found.min_by_key(|(at, ..)| *at)
}

impl<T, S: Thread> Woven<T, S> {
    /// How often a thread is used.
    pub fn count(&self, thread: S) -> usize {
        self.pieces.iter().filter(|piece| matches!(piece, Piece::Thread(used) if *used == thread)).count()
    }

    /// The fixed parts, in order.
    pub(super) fn fixed(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Fixed(text) => Some(text),
            Piece::Thread(_) => None,
        })
    }

    /// The text with its threads filled in.
    pub fn weave<'v>(&'v self, fixed: impl Fn(&'v T) -> &'v str, thread: impl Fn(S) -> &'v str) -> String {
        let texts = self.pieces.iter().map(|piece| match piece {
            Piece::Fixed(text) => fixed(text),
            Piece::Thread(used) => thread(*used),
        });
        texts.collect()
    }

    /// The same with every fixed part put through `f`.
    #[must_use]
    pub fn with<U>(&self, mut f: impl FnMut(&T) -> U) -> Woven<U, S> {
        let Ok(woven) = self.try_map(&mut |text| Ok::<_, std::convert::Infallible>(f(text)));
        woven
    }

    pub(super) fn try_map<'a, U, E>(
        &'a self,
        f: &mut impl FnMut(&'a T) -> Result<U, E>,
    ) -> Result<Woven<U, S>, E> {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Fixed(text) => f(text).map(Piece::Fixed),
            Piece::Thread(used) => Ok(Piece::Thread(*used)),
        });
        Ok(Woven { pieces: pieces.collect::<Result<_, E>>()? })
    }
}

/// The one thread of texts that show a token: `{token}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token;

impl Thread for Token {
    const NAMES: &'static [(&'static str, Self)] = &[("token", Self)];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixed_parts_may_hold_placeholders_and_the_token_stands_where_it_was_written() {
        let text = Woven::<Template, Token>::from_text("a={secret.a};t={token}!").unwrap();
        assert_eq!(text.count(Token), 1);
        let fixed = text.try_map(&mut |template: &Template| Ok::<_, ()>(template.to_string())).unwrap();
        assert_eq!(fixed.weave(|text| text, |Token| "T"), "a={secret.a};t=T!");
        assert!(Woven::<Template, Token>::from_text("{tokn}").is_err());
    }
}
