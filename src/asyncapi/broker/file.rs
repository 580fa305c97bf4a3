//! Files of lines and standard output. They are no protocol; they are named so that a reader knows where to look.

use std::path::Path;

use super::{Address, Described};
use crate::asyncapi::form::Form;
use crate::asyncapi::place::Place;

/// A file with one event a line.
pub(super) fn lines(path: &Path) -> Described {
    Described {
        description: Some("A file. Each event is a line of JSON."),
        ..Described::new(
            Place::Here(None).server("file"),
            Address::Known(path.display().to_string()),
            Form::whole(),
        )
    }
}

/// Standard output.
pub(super) fn stdout() -> Described {
    Described {
        description: Some("The standard output of `tieout run`. Each event is a line of JSON."),
        ..Described::new(
            Place::Here(None).server("stdio"),
            Address::Known("stdout".to_owned()),
            Form::whole(),
        )
    }
}
