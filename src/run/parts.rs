//! A slice with many suspects is judged and stored part by part: whole items wait with each suspect, so that memory would
//! otherwise grow with what differs.

use std::mem::take;

use tieout_reconcilers::window::Purpose;

use super::domain::{Night, Proven};
use super::outcome::Failure;
use super::slice::LOOKED_UP_AT_ONCE;
use crate::confirm::Confirmation;
use crate::diff::Suspect;
use crate::plan::Plan;

impl Night<'_> {
    /// Judges the suspects of a slice and stores all but the last part of them, which is stored with what the slice proved.
    ///
    /// A run that is killed in between leaves findings and staged events, as any slice before this one does. Coverage does
    /// not pass them, so the range is read again and comes to the same findings.
    pub(super) async fn judge_in_parts(
        &mut self,
        suspects: &[Suspect],
        purpose: Purpose,
        mut ahead: Confirmation,
    ) -> Result<Plan, Failure> {
        // What was confirmed ahead are the first suspects.
        let (first, rest) = suspects.split_at(suspects.len().min(LOOKED_UP_AT_ONCE));
        let mut plan = self.judge(first, purpose, take(&mut ahead)).await?;
        for part in rest.chunks(LOOKED_UP_AT_ONCE) {
            self.commit(take(&mut plan), Proven::default()).await?;
            plan = self.judge(part, purpose, Confirmation::default()).await?;
        }
        Ok(plan)
    }
}
