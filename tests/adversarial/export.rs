//! How the API exports: a job that is begun, asked about, and leaves files of ten rows each, one row a line.

use serde_json::{Value, json};

use crate::api::Api;
use crate::http::{Asked, Reply};

/// What a request about an export is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// To begin the job.
    Create,
    /// To hear how far it is.
    Poll,
    /// To have a file, by its number.
    File(usize),
}

/// The rows of each file.
const ROWS: usize = 10;

impl Api {
    /// What is asked for, and of which range.
    fn step(asked: &Asked) -> (Step, (i64, i64)) {
        let parts: Vec<&str> = asked.path().trim_start_matches("/v1/").split('/').collect();
        let range = |id: &str| {
            let (from, to) = id.split_once('~').unwrap();
            (from.parse().unwrap(), to.parse().unwrap())
        };
        match parts.as_slice() {
            ["jobs", "charges"] => {
                let bound = |name: &str| asked.query(name).unwrap().parse().unwrap();
                (Step::Create, (bound("created[gte]"), bound("created[lt]")))
            }
            ["jobs", id, "charges"] => (Step::Poll, range(id)),
            ["files", id, number, "charges"] => (Step::File(number.parse().unwrap()), range(id)),
            other => panic!("{other:?} is no part of an export"),
        }
    }

    /// The honest answer to a request about an export.
    pub(crate) fn export(&mut self, asked: &Asked) -> Reply {
        self.export_but(asked, |_, _, reply| reply)
    }

    /// The answer after a change to it: what a changed file shows is for the change to say.
    pub(crate) fn export_but(
        &mut self,
        asked: &Asked,
        change: impl FnOnce(&mut Self, Step, Reply) -> Reply,
    ) -> Reply {
        let (step, (from, to)) = Self::step(asked);
        let id = format!("{from}~{to}");
        let rows: Vec<Value> = self.listed(from, to).into_iter().map(|item| item.value.clone()).collect();
        let reply = match step {
            Step::Create => Reply::json(201, json!({ "id": id })),
            Step::Poll => {
                let link = |n: usize| format!("{}/v1/files/{id}/{n}/charges", self.origin);
                let files: Vec<String> = (0..rows.len().div_ceil(ROWS)).map(link).collect();
                let state = if files.is_empty() { "nothing" } else { "done" };
                Reply::json(200, json!({ "state": state, "rows": rows.len(), "files": files }))
            }
            Step::File(number) => {
                let file: Vec<Value> = rows.chunks(ROWS).nth(number).unwrap_or_default().to_vec();
                let lines = file.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
                self.delivered.extend(file);
                Reply::says(200, lines)
            }
        };
        change(self, step, reply)
    }

    /// Takes back that the rows of the file in hand were delivered.
    pub(crate) fn undeliver(&mut self, rows: usize) {
        let kept = self.delivered.len().saturating_sub(rows);
        self.delivered.truncate(kept);
    }
}
