//! Where a part of a JSON file stands: JSON is read as the YAML that it also is.

use super::document::Document;
use super::problem::Spot;
use super::yaml_tree::{Node, NodeKind};

impl Document {
    /// Where the part stands that a JSON pointer names; the nearest part around it where that is not there, and the file as a whole
    /// where it cannot be read so.
    #[must_use]
    pub fn spot_at(&self, pointer: &str) -> Spot {
        let Ok(root) = self.read::<Node>() else { return Spot::default() };
        let mut spot = root.spot;
        let mut node = &root;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            let Some((at, next)) = part(node, &token) else { break };
            (spot, node) = (at, next);
        }
        spot
    }
}

/// A member with the place of its key, or an element with its own.
fn part<'n>(node: &'n Node, token: &str) -> Option<(Spot, &'n Node)> {
    match &node.kind {
        NodeKind::Map(members) => {
            members.iter().find(|member| member.key == token).map(|member| (member.spot, &member.value))
        }
        NodeKind::List(list) => list.get(token.parse::<usize>().ok()?).map(|node| (node.spot, node)),
        NodeKind::Null | NodeKind::Text(_) | NodeKind::Plain(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_its_key_and_what_is_not_there_to_what_is_around_it() {
        let text = "{\n\t\"a\": [\n    {\"b/c\": 1},\n    2\n  ]\n}\n";
        let document = Document::new("v1.json", text);
        let at = |pointer: &str| {
            let spot = document.spot_at(pointer);
            (spot.line, spot.column)
        };
        assert_eq!([at("/a"), at("/a/0/b~1c"), at("/a/1"), at("/a/1/x")], [(2, 2), (3, 6), (4, 5), (4, 5)]);
        assert_eq!(Document::new("v1.json", "{").spot_at("/a").line, 0);
    }
}
