//! What must be seen on the wire and in the outcome before a code counts as exercised.
//!
//! A law looks at what really happened, never at the script or at the definition: a step that names a code without doing
//! what the code stands for fails.

mod answers;
mod auth;
mod exports;
mod limits;
mod paging;
mod shapes;
mod stops;
mod windows;

use super::play::Act;

/// Whether a step shows what a code stands for; the steps before it are there to be compared with.
pub(super) fn shows(code: &str, acts: &[Act]) -> Result<(), String> {
    let (act, before) = acts.split_last().expect("a step");
    let shown = match code.as_bytes()[0] {
        _ if matches!(code, "P12" | "E11" | "E12") => exports::shows(code, act),
        b'P' | b'Q' => paging::shows(code, act, before),
        b'S' => stops::shows(code, act),
        b'W' | b'T' => windows::shows(code, act, before),
        b'A' => auth::shows(code, act),
        b'R' => limits::shows(code, act),
        b'F' => shapes::shows(code, act),
        b'E' | b'C' | b'X' => answers::shows(code, act, before),
        _ => None,
    };
    match shown {
        Some(true) => Ok(()),
        Some(false) => Err(format!("nothing of {code} can be seen in this step")),
        None => Err(format!("there is no law for {code}")),
    }
}
