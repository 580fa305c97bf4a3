//! The `Link` header, which says where the next page is.

use tieout_reconcilers::define::link::target;

/// A target stands in the header that named it, and is found again in a header of its own.
pub fn check(data: &[u8]) {
    let Ok(header) = std::str::from_utf8(data) else { return };
    let Some(found) = target([header], "next") else { return };
    assert!(header.contains(found));
    assert!(!found.contains('>'), "{found:?} goes on behind its end");
    assert_eq!(target([format!("<{found}>; rel=\"next\"").as_str()], "next"), Some(found));
}
