//! The `Link` header of RFC 8288, as far as paging needs it: the target of the first link with a relation.
//!
//! Targets may hold commas and semicolons, `rel` may hold several relations, and a header may come several times.

/// The target of the first link whose `rel` names the relation, relative or absolute as it was sent.
#[must_use]
pub fn target<'h>(headers: impl IntoIterator<Item = &'h str>, relation: &str) -> Option<&'h str> {
    headers.into_iter().find_map(|header| in_header(header, relation))
}

fn in_header<'h>(header: &'h str, relation: &str) -> Option<&'h str> {
    let mut rest = header;
    loop {
        let (target, after) = rest.split_once('<')?.1.split_once('>')?;
        let (parameters, next) = split_outside_quotes(after, ',');
        // Only the first `rel` of a link counts (RFC 8288, section 3.3).
        let rel = Parameters(parameters).find(|(name, _)| name.eq_ignore_ascii_case("rel"));
        if rel.is_some_and(|(_, rels)| {
            rels.split_ascii_whitespace().any(|rel| rel.eq_ignore_ascii_case(relation))
        }) {
            return Some(target.trim());
        }
        rest = next?;
    }
}

/// The `; name=value` pairs after a target.
struct Parameters<'h>(&'h str);

impl<'h> Iterator for Parameters<'h> {
    type Item = (&'h str, &'h str);

    fn next(&mut self) -> Option<Self::Item> {
        let (_, rest) = self.0.split_once(';')?;
        let end = split_outside_quotes(rest, ';').0.len();
        let (parameter, after) = rest.split_at(end);
        self.0 = after;
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        Some((name.trim(), value.trim().trim_matches('"')))
    }
}

/// Splits at the first separator that is not inside a quoted string.
fn split_outside_quotes(text: &str, separator: char) -> (&str, Option<&str>) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if c == separator && !quoted => return (&text[..at], Some(&text[at + 1..])),
            _ => {}
        }
    }
    (text, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_links_as_providers_send_them() {
        for (header, expected) in [
            (r#"<https://api.example.com/x?page=2>; rel="next""#, Some("https://api.example.com/x?page=2")),
            (
                r#"<https://a.example/1>; rel="last", <https://a.example/2>; rel="next""#,
                Some("https://a.example/2"),
            ),
            (
                r#"<https://a.example/2>; rel="next",<https://a.example/9>; rel="last""#,
                Some("https://a.example/2"),
            ),
            ("</x?page=2>; rel=next", Some("/x?page=2")),
            ("<?page=2>;rel=next", Some("?page=2")),
            ("<https://a.example/x?ids=1,2;3>; rel=next", Some("https://a.example/x?ids=1,2;3")),
            (r#"<https://a.example/2>; rel="start next""#, Some("https://a.example/2")),
            (r#"<https://a.example/2>; REL="NEXT""#, Some("https://a.example/2")),
            (r#"<https://a.example/2>; title="a, b; rel=next"; rel="next""#, Some("https://a.example/2")),
            (r#"<https://a.example/2>; title="say \"next\""; rel=prev"#, None),
            (r#"<https://a.example/2>; title="rel=next"; rel="prev""#, None),
            (r#"<https://a.example/2>; rel="prev"; rel="next""#, None),
            (r#"<https://a.example/2>; rel="nextish""#, None),
            (
                r#"<https://a.example/1>; rel="prev", <https://a.example/3>; rel="next"; results="true""#,
                Some("https://a.example/3"),
            ),
            ("< https://a.example/2 > ; rel = next", Some("https://a.example/2")),
            ("<https://a.example/2>", None),
            ("", None),
            ("nonsense", None),
            ("<unclosed; rel=next", None),
        ] {
            assert_eq!(target([header], "next"), expected, "{header}");
        }
    }

    #[test]
    fn the_header_may_come_several_times() {
        assert_eq!(target(["<a>; rel=prev", "<b>; rel=next"], "next"), Some("b"));
        assert_eq!(target([], "next"), None);
    }
}
