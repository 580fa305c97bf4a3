//! Why a page cannot be used, told with an outline of it and none of its values.

use tieout_reconcilers::outline::Outline;
use tieout_reconcilers::page::PageFault;
use tieout_reconcilers::projection::ShapeFault;

use crate::source::error::clip;
use crate::source::http::Fetched;
use crate::source::reason::{ContentType, Reason, Site};

/// A page that cannot be used; its content type helps only where it is not in the format that was expected.
pub(in crate::source) fn not_a_page(at: Site, fault: PageFault, fetched: &Fetched) -> Reason {
    let is_format = matches!(fault, PageFault::Shape(ShapeFault::NotJson(_) | ShapeFault::Format(_)));
    let response = fetched.response();
    let seen = response.header("content-type").filter(|_| is_format).map(clip);
    let outline = Box::new(Outline::of(response.body));
    Reason::NotAPage { at: Box::new(at), fault, seen: ContentType(seen), outline }
}
