//! Jobs that contradict themselves, and what is said about them.

use super::exports::EXPORTER;
use super::{parse_provider, table};

#[test]
fn wrong_exports_are_refused_with_place_excerpt_and_advice() {
    let said = table(
        EXPORTER,
        &[
            ("mistyped word", "every: 10s", "evry: 10s"),
            ("nothing to begin with", "request: POST /exports, ", ""),
            ("a request that is none", "POST /exports", "PUT /exports"),
            (
                "begun at a link",
                "request: POST /exports, body: {from: \"{from}\", to: \"{to}\"}",
                "request: \"GET {job.id}\"",
            ),
            ("a job without its window", ", to: \"{to}\"", ""),
            ("a cursor before there are pages", "to: \"{to}\"", "to: \"{to}\", after: \"{cursor}\""),
            ("a poll that asks about no job", "GET /exports/{job.id}", "GET /exports/latest"),
            ("a value that nothing gives", "GET /exports/{job.id}", "GET /exports/{job.id}/{job.part}"),
            ("a link that nothing gives", "GET /exports/{job.id}", "GET {job.at}"),
            ("a link with more behind it", "GET /exports/{job.id}", "GET {job.id}/state"),
            (
                "a value that nothing uses",
                "gives: {id: export.id}",
                "gives: {id: export.id, part: export.part}",
            ),
            ("a value of an odd name", "gives: {id: export.id}", "gives: {\"i d\": export.id}"),
            (
                "a value given twice",
                "\"GET /exports/{job.id}\"",
                "{request: \"GET /exports/{job.id}\", gives: {id: other}}",
            ),
            ("a value of the last row", "gives: {id: export.id}", "gives: {id: \"last:id\"}"),
            (
                "urls beside a poll",
                "\"GET /exports/{job.id}\"",
                "{request: \"GET /exports/{job.id}\", urls: url}",
            ),
            ("asked about after it was given up", "timeout: 10m", "timeout: 5s"),
            ("asked about too often", "every: 10s", "every: 1ms"),
            ("never asked about", "every: 10s", "every: 0s"),
            ("states that nobody reads", "      state: export.state\n", ""),
            ("no state of success", "      ok: done\n", ""),
            ("a state of two meanings", "empty: nothing", "empty: [nothing, done]"),
            ("a state twice", "bad: [failed, cancelled]", "bad: [failed, failed]"),
            ("a message that nobody needs", "      bad: [failed, cancelled]\n", ""),
            ("an empty condition", "{status: 409, body: {error.code: busy}}", "{}"),
            ("an export that is nowhere", "      files: export.urls[*]\n", ""),
            (
                "files without their links",
                "files: export.urls[*]",
                "files: {request: \"GET /files/{job.id}\"}",
            ),
            (
                "files and a request",
                "    format: jsonl",
                "    request: GET /results/{job.id}\n    format: jsonl",
            ),
            ("files and a query", "    format: jsonl", "    query: {a: b}\n    format: jsonl"),
            ("files and pages", "    format: jsonl", "    next: {page: 1}\n    format: jsonl"),
            (
                "pages of no job",
                "      files: export.urls[*]\n",
                "    request: GET /results\n    next: none\n",
            ),
            (
                "pages that are not turned",
                "      files: export.urls[*]\n",
                "    request: GET /results/{job.id}\n    next: {cursor: \"header:X-Next\"}\n",
            ),
            (
                "pages without a way on",
                "      files: export.urls[*]\n",
                "    request: GET /results/{job.id}\n",
            ),
            (
                "behind the last id",
                "window: {clock",
                "order: id asc\n    window: {cap: {rows: 9, then: rekey}, clock",
            ),
            (
                "a token to go on from",
                "      files: export.urls[*]\n",
                "    request: GET /r/{job.id}\n    query: {at: \"{cursor}\"}\n    next: {cursor: \"header:X-Next\", save: \"header:X-Save\"}\n",
            ),
            ("searched", "one: \"GET /orders/{id}\", gone: 404", "search: {query: {id: \"{id}\"}}"),
            ("neither a job nor a request", "    job:\n", "    jobs:\n"),
        ],
        parse_provider,
    );
    insta::assert_snapshot!(said);
}
