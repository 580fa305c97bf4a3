//! Whole values, for the few items that are handed on as they were sent.

use super::shape::{MAX_DEPTH, ShapeFault};

/// Takes a value that will be handed on, unless it nests too deeply for those who read it.
pub fn shallow(raw: &str) -> Result<Box<str>, ShapeFault> {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in raw.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(ShapeFault::TooDeep);
        }
    }
    Ok(raw.into())
}
