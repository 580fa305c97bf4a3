//! Where in a JSON document a value lies: `a.b`, `['@odata.nextLink']`, `[*]`.

use std::fmt;

use serde::Deserialize;

/// A path of object members from the root of a document; empty for the document itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Path(Vec<Box<str>>);

impl Path {
    /// The member names, outermost first.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// The document itself.
    #[must_use]
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// One member of the document.
    #[must_use]
    pub fn of_member(name: &str) -> Self {
        Self(vec![name.into()])
    }

    /// Whether it names the document itself.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The path of what lies at `inner` below this one.
    #[must_use]
    pub fn join(&self, inner: &Self) -> Self {
        Self(self.0.iter().chain(&inner.0).cloned().collect())
    }

    /// The path below `outer`, where it lies there.
    #[must_use]
    pub fn below(&self, outer: &Self) -> Option<Self> {
        self.0.strip_prefix(outer.0.as_slice()).map(|rest| Self(rest.to_vec()))
    }

    /// Whether one of the two lies in the other, so that what happens to one happens to the other.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.below(other).is_some() || other.below(self).is_some()
    }

    /// The element of XML whose attribute or text this is, where it names one: `Total` for `Total.@currency`.
    #[must_use]
    pub fn attribute_of(&self) -> Option<Self> {
        let (last, before) = self.0.split_last()?;
        (last.starts_with('@') || **last == *"#text").then(|| Self(before.to_vec()))
    }

    /// The first member and what lies below it.
    #[must_use]
    pub fn split_first(&self) -> Option<(&str, Self)> {
        let (first, rest) = self.0.split_first()?;
        Some((first, Self(rest.to_vec())))
    }

    /// Parses `[*]`-terminated paths to row arrays: `[*]`, `data`, `data[*]`, `a.rows`.
    pub fn of_rows(text: &str) -> Result<Self, String> {
        let text = text.strip_suffix("[*]").unwrap_or(text);
        if text.is_empty() { Ok(Self(Vec::new())) } else { Self::try_from(text.to_owned()) }
    }
}

impl TryFrom<String> for Path {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut members = Vec::new();
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (member, after) = first_member(rest)
                .ok_or_else(|| format!("`{text}` is not a path such as `a.b` or `['@x'].b`"))?;
            members.push(member.into());
            rest = match after.strip_prefix('.') {
                Some("") => return Err(format!("the path `{text}` ends in a dot")),
                Some(next) => next,
                None if after.is_empty() || after.starts_with("['") => after,
                None => {
                    return Err(format!(
                        "`{text}` uses a path form that is not supported yet: only members, no indexes"
                    ));
                }
            };
        }
        if members.is_empty() { Err("an empty path names nothing".to_owned()) } else { Ok(Self(members)) }
    }
}

/// Splits the first member off a path, quoted or plain.
fn first_member(text: &str) -> Option<(&str, &str)> {
    if let Some(quoted) = text.strip_prefix("['") {
        return quoted.split_once("']").filter(|(member, _)| !member.is_empty());
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, member) in self.members().enumerate() {
            match (n, member.contains(['.', '['])) {
                (_, true) => write!(f, "['{member}']")?,
                (0, false) => f.write_str(member)?,
                (_, false) => write!(f, ".{member}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_print_as_they_were_written() {
        for text in ["id", "a.b.c", "['@odata.nextLink']", "a['x.y'].b", "['a[b]']"] {
            assert_eq!(Path::try_from(text.to_owned()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_a_path_is_refused() {
        for text in ["", "a.", ".a", "a[0]", "a[*].b", "['']"] {
            assert!(Path::try_from(text.to_owned()).is_err(), "{text:?} was accepted");
        }
    }
}
