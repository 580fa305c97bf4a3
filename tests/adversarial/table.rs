//! The table of `docs/adversarial.md`, written from the library and compared with it.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use crate::server::{Server, Verdict};

const HEAD: &str = "# What a provider can do, and what tieout makes of it

This table is written by the tests: `UPDATE_DOCS=1 tests/run adversarial`. Each row is a server of the library in `tests/adversarial/`,
against which the real binary runs for two nights.

In the first night the server does what its row says. An oracle that shares no code with tieout knows what the server really holds,
which rows really left it, and what the local side holds; it demands that

- the verdict is the one of the row, with its exit code, and the report says why;
- no finding is false: not one `missing`, `mismatched`, `orphaned` or event that the truth does not bear out;
- no difference that was delivered whole is left out, however the night ended;
- nothing is concluded from absence unless everything was seen, and a walk that missed a row never counts as complete;
- no request, and no credential, reaches another origin, and the credential stands in no output and no file;
- the number of requests stays within one for each page and each difference, two that prove absences, and what the row allows for retries.

In the second night the server is honest, and every difference that the first night could not see must be found: nothing is lost for ever.
Where the first night says what would help, the definition is changed so before the second. A feed of changes has an honest night before
the first one, in which it saves its token.

| verdict | exit | what it means |
|---|---|---|
| complete | 0 | everything was seen; every difference is found |
| partial | 3 | what was seen is judged; nothing is concluded from absence; the range is read again |
| held | 5 | a safety limit holds everything back |
| rejected | 7 | the credentials do not work; nothing is concluded |
";

/// Compares the table with the library, or writes it where `UPDATE_DOCS` is set.
pub(crate) fn check(library: &[Arc<Server>]) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/adversarial.md");
    let table = table(library);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        return std::fs::write(&path, table).map_err(|error| error.to_string());
    }
    match std::fs::read_to_string(&path) {
        Ok(written) if written == table => Ok(()),
        _ => Err("docs/adversarial.md is stale: run `UPDATE_DOCS=1 tests/run adversarial`".to_owned()),
    }
}

fn table(library: &[Arc<Server>]) -> String {
    let mut table =
        format!("{HEAD}\n| server | what it does | verdict | what tieout says |\n|---|---|---|---|\n");
    let mut row = |name: &str, does: &str, verdict: &str, says: &str| {
        let cells = [name.replace('_', " "), does.to_owned(), verdict.to_owned(), says.to_owned()];
        let _ = writeln!(table, "| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    };
    for server in library {
        let verdict = match server.verdict {
            Verdict::Whole => "complete",
            Verdict::Partial(_) => "partial",
            Verdict::Held(_) => "held",
            Verdict::Rejected(_) => "rejected",
        };
        let says = server.verdict.says().map_or_else(String::new, |says| format!("… {says} …"));
        row(server.name, server.does, verdict, &says);
    }
    row(crate::sweep::NAME, crate::sweep::DOES, "partial", crate::sweep::SAYS);
    table
}
