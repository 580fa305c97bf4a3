//! What became of an approval, in one line and the problems under it.

use crate::report::views::ApprovedView;

use super::escape::safe;
use super::grid::{counted, figure, page};

/// `tieout approve`: `approved 4 events of shop.orders, held by run 019..., as ada: 4 emitted`.
#[must_use]
pub fn approved(approved: &ApprovedView) -> String {
    let became = [
        (approved.emitted, "emitted"),
        (approved.waiting, "waiting to be sent, which the next run does"),
        (approved.dead, "given up"),
    ];
    let became = became.into_iter().filter(|(number, _)| *number > 0);
    let became = became.map(|(number, what)| format!("{} {what}", figure(number))).collect::<Vec<_>>();
    let became = if became.is_empty() { String::new() } else { format!(": {}", became.join(", ")) };
    let head = format!(
        "approved {} of {}, held by run {}, as {}{became}",
        counted(approved.released, "event"),
        safe(&approved.domains.join(", ")),
        approved.run_id,
        safe(&approved.by)
    );
    let problems = approved.problems.iter().map(|problem| format!("  {}", safe(problem)));
    page(&std::iter::once(head).chain(problems).collect::<Vec<_>>())
}
