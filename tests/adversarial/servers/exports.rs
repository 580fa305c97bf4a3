//! Exports whose job, or whose files, are not what they should be.

use serde_json::{Value, json};

use crate::api::{Api, Paging};
use crate::export::Step;
use crate::http::{Asked, Reply, Says, Then};
use crate::server::Server;

pub(super) fn servers() -> Vec<Server> {
    [jobs(), links(), files()].into_iter().flatten().collect()
}

/// A server that exports; the requests about the job are not one for each page.
fn exporting(name: &'static str, does: &'static str) -> Server {
    Server::new(name, does).paged(Paging::Export).extra(8)
}

/// The same, which answers how far the job is in one way.
fn telling(
    name: &'static str,
    does: &'static str,
    status: u16,
    said: impl Fn(&Api) -> Value + Send + Sync + 'static,
) -> Server {
    exporting(name, does).lists(move |api, asked| {
        api.export_but(asked, |api, step, reply| match step {
            Step::Poll => Reply::json(status, said(api)),
            _ => reply,
        })
    })
}

/// The same, which changes its second file; what it shows then does not count as delivered.
fn spoiling(
    name: &'static str,
    does: &'static str,
    spoil: impl Fn(&mut Api, Says) -> Reply + Send + Sync + 'static,
) -> Server {
    exporting(name, does).lists(move |api, asked| {
        api.export_but(asked, |api, step, reply| match (step, reply) {
            (Step::File(1), Reply::Says(says)) => {
                api.undeliver(10);
                spoil(api, says)
            }
            (_, reply) => reply,
        })
    })
}

fn impatient(server: Server) -> Server {
    server.edit("provider.yaml", "timeout: 5s", "timeout: 100ms").extra(60)
}

fn jobs() -> Vec<Server> {
    vec![
        exporting("an_export", "prepares a job and leaves files"),
        impatient(telling(
            "export_that_never_ends",
            "says for ever that its job is running",
            200,
            |_| json!({ "state": "running" }),
        ))
        .partial("the export is not finished after"),
        impatient(telling("export_that_stays_accepted", "answers for ever with 202", 202, |_| json!({})))
            .partial("the export is not finished after"),
        exporting(
            "export_to_be_asked_about_tomorrow",
            "asks for a pause of a day before its job is looked at",
        )
        .lists(|api, asked| {
            api.export_but(asked, |_, step, reply| match step {
                Step::Poll => Reply::json(202, json!({})).with("retry-after", 86_400),
                _ => reply,
            })
        })
        .partial("the export is not finished after"),
        telling(
            "export_that_fails",
            "says that its job failed, and why",
            200,
            |_| json!({ "state": "failed", "reason": "out of space" }),
        )
        .partial("the export failed: it ended as `failed`: out of space"),
        telling(
            "export_without_a_state",
            "answers without the state of its job",
            200,
            |_| json!({ "rows": 0 }),
        )
        .partial("the answer about the job holds no `state`"),
        telling(
            "export_that_is_forgotten",
            "does not know its job any more",
            404,
            |_| json!({ "error": "?" }),
        )
        .partial("refuses the request (status 404)"),
        telling(
            "export_that_claims_to_be_empty",
            "says that there is nothing to export",
            200,
            |_| json!({ "state": "nothing" }),
        )
        .held("min_items"),
        exporting("export_without_a_job", "begins a job and does not say which")
            .lists(|api, asked| {
                api.export_but(asked, |_, step, reply| match step {
                    Step::Create => Reply::json(200, json!({})),
                    _ => reply,
                })
            })
            .partial("the answer about the job holds no `id`"),
        exporting("export_behind_another_one", "works on another job first")
            .lists(|api, asked| busy(api, asked, 3)),
        impatient(
            exporting("export_behind_one_that_never_ends", "works on another job for ever")
                .lists(|api, asked| busy(api, asked, usize::MAX)),
        )
        .partial("another export was still running after"),
    ]
}

fn busy(api: &mut Api, asked: &Asked, times: usize) -> Reply {
    let asks = api.asks;
    api.export_but(asked, |_, step, reply| match step {
        Step::Create if asks <= times => Reply::json(409, json!({ "id": "1~2" })),
        _ => reply,
    })
}

fn links() -> Vec<Server> {
    let named = |files: Value| move |_: &Api| json!({ "state": "done", "rows": 38, "files": files });
    vec![
        telling("export_with_a_file_elsewhere", "names a file on an origin that nobody admitted", 200, |api| {
            json!({ "state": "done", "rows": 38, "files": [format!("{}/1.jsonl", api.elsewhere)] })
        })
        .partial("a link in the page leads from"),
        telling("export_without_files", "finishes its job and names no file", 200, named(json!([])))
            .partial("the answer about the job holds no `files[*]`"),
        telling("export_with_a_gap_among_its_files", "names `null` in the place of a file", 200, |api| {
            json!({ "state": "done", "rows": 38, "files": [format!("{}/v1/files/1~2/0/charges", api.origin), null] })
        })
        .partial("the answer about the job holds no `files[*]`"),
        exporting("export_whose_links_expire", "gives links that are good no more when they are followed, once")
            .lists(|api, asked| {
                let is_first_file = asked.path().contains("/files/") && api.known.insert("expired".to_owned());
                if is_first_file { Reply::says(410, "") } else { api.export(asked) }
            }),
    ]
}

fn files() -> Vec<Server> {
    vec![
        spoiling(
            "export_file_cut_off_on_the_wire",
            "closes the connection in the middle of a file",
            |_, says| {
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", says.body.len());
                let half = &says.body[..says.body.len() / 2];
                Reply::Bytes([head.as_bytes(), half].concat(), Then::Closes)
            },
        )
        .partial("gave up after 3 attempts: reading the body failed"),
        spoiling("export_file_cut_off_at_a_line", "leaves out the last rows of a file", |api, says| {
            let text = String::from_utf8(says.body).unwrap();
            let lines: Vec<&str> = text.lines().take(6).collect();
            api.delivered.extend(lines.iter().map(|line| serde_json::from_str::<Value>(line).unwrap()));
            Reply::says(200, lines.join("\n"))
        })
        .partial("the provider counts 38 items and the walk saw 34"),
        spoiling(
            "export_file_that_is_a_login_page",
            "answers with a page of HTML in the place of a file",
            |_, _| {
                Reply::says(200, "<html>\n<body>please log in</body>\n</html>\n")
                    .with("content-type", "text/html")
            },
        )
        .partial("the provider counts 38 items and the walk saw 31"),
        spoiling("export_file_that_is_not_there", "answers 404 for one of its files, every time", |_, _| {
            Reply::json(404, json!({ "error": "no such file" }))
        })
        .extra(40)
        .partial("in the place of an export"),
        exporting("export_that_repeats_a_file", "shows the rows of its first file in the second one too")
            .lists(|api, asked| {
                let mut first = asked.clone();
                let path = asked.path().replace("/1/charges", "/0/charges");
                first.url.set_path(&path);
                api.export(&first)
            })
            .partial("exactly the items of an earlier page"),
    ]
}
