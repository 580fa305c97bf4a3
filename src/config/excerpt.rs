//! Problems as diagnostics with an excerpt, for whoever prints them.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, Severity, SourceCode,
};
use tieout_reconcilers::define::problem::Problem;

/// A problem that can show the line it is about.
#[derive(Debug)]
pub struct Excerpt {
    problem: Problem,
    severity: Severity,
    source: NamedSource<String>,
}

impl Excerpt {
    /// Of something wrong.
    #[must_use]
    pub fn error(problem: Problem) -> Self {
        Self::new(problem, Severity::Error)
    }

    /// Of something doubtful.
    #[must_use]
    pub fn warning(problem: Problem) -> Self {
        Self::new(problem, Severity::Warning)
    }

    fn new(problem: Problem, severity: Severity) -> Self {
        let source = NamedSource::new(&problem.file, problem.source.to_string()).with_language("YAML");
        Self { problem, severity, source }
    }
}

/// Problems with their excerpts, one below the other.
#[must_use]
pub fn draw(problems: Vec<Problem>, color: bool) -> String {
    let theme = if color { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let printer = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(120);
    let mut drawn = String::new();
    for problem in problems {
        // Writing into a text cannot fail.
        let _ = printer.render_report(&mut drawn, &Excerpt::error(problem));
    }
    drawn
}

impl fmt::Display for Excerpt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The frame of an excerpt names the place already.
        match self.problem.excerpt() {
            Some(_) => f.write_str(&self.problem.message),
            None => self.problem.fmt(f),
        }
    }
}

impl std::error::Error for Excerpt {}

impl Diagnostic for Excerpt {
    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.problem.excerpt().map(|_| &self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.problem.excerpt()?;
        let span = self.problem.bytes();
        Some(Box::new(std::iter::once(LabeledSpan::underline(span))))
    }
}
