//! The codes that programs read, with what they mean.

use std::fmt::Write as _;

use tieout::report::codes::CHAPTERS;

use super::{HOW, is_kept};

#[test]
fn the_reference_of_the_codes_is_the_catalogue_of_the_program() {
    let mut page = format!(
        "# Codes of errors\n\nThe words that programs read, what they mean, and what to do. `tieout explain CODE` shows one of them. \
         [Exit codes](cli.md#tieout) say less, and are the same in every command. This page is written by a test: `{HOW}`.\n"
    );
    for chapter in CHAPTERS {
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n| code | exit code | what happened | what to do |\n|---|---|---|---|\n",
            chapter.title, chapter.place
        );
        for code in chapter.codes() {
            let exits = code.exits.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
            let _ = writeln!(page, "| `{}` | {exits} | {} | {} |", code.code, code.means, code.help);
        }
    }
    is_kept("error-codes.md", &page);
}
