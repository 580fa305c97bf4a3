//! What the reader of a domain's report is told in words, once each.

use super::Night;

impl Night<'_> {
    /// Tells the reader of the report something that makes nothing doubtful.
    pub(in crate::run) fn remark(&mut self, note: String) {
        let note = self.of_whom(note);
        if !self.report.notes.contains(&note) {
            self.report.notes.push(note);
        }
    }

    /// A sentence with the member of the fan-out that it is about.
    fn of_whom(&self, sentence: String) -> String {
        match self.sides.each.as_str() {
            "" => sentence,
            each => format!("{each}: {sentence}"),
        }
    }

    /// Makes the domain partial, in words.
    pub(in crate::run) fn doubt(&mut self, problem: String) {
        self.report.complete = false;
        let problem = self.of_whom(problem);
        if !self.report.problems.contains(&problem) {
            self.report.problems.push(problem);
        }
    }
}
