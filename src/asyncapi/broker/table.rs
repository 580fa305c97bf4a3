//! Tables. AsyncAPI has no protocol for them, so they are named for the database that consumers connect to.

use std::path::Path;

use super::{Address, Described};
use crate::asyncapi::form::{CLOUDEVENT, Form, Holds};
use crate::asyncapi::place::Place;
use crate::asyncapi::schema::Schema;
use crate::config::secret::UrlRef;
use crate::queue::{PgmqName, TableName};

/// A table in a SQLite file.
pub(super) fn sqlite(path: &Path, table: &TableName) -> Described {
    let server = Place::Here(Some(path)).server("sqlite");
    Described {
        description: Some("A table. Each event is a row, and its column `event` is the payload."),
        ..Described::new(server, Address::Known(table.to_string()), Form::whole())
    }
}

/// A table in PostgreSQL.
pub(super) fn postgres(url: &UrlRef, table: &TableName) -> Described {
    let server = Place::of(url).server("postgres");
    Described {
        description: Some(
            "A table. Each event is a row, and its column `event` is the payload. Consumers claim rows with the functions that \
             `tieout migrate queue` prints.",
        ),
        ..Described::new(server, Address::Known(table.to_string()), Form::whole())
    }
}

/// A queue of pgmq. Only messages of pgmq 1.5 and newer have headers.
pub(super) fn pgmq(url: &UrlRef, queue: &PgmqName) -> Described {
    let group = Schema::text()
        .described("The event's source and subject, with a space between them: what is kept in order.");
    let form = Form::whole()
        .perhaps("content-type", Holds::Value(Schema::only(CLOUDEVENT)))
        .perhaps("x-pgmq-group", Holds::Value(group));
    Described {
        description: Some("A queue of pgmq. Its messages have headers from pgmq 1.5 on."),
        ..Described::new(Place::of(url).server("postgres"), Address::Known(queue.to_string()), form)
    }
}
