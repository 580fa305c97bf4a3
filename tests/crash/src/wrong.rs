//! What a judge holds against tieout.

/// Which promise was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    /// A finding, an event, an effect or a report is not there, or the work does not come to rest.
    Lost,
    /// Something happened twice.
    Duplicate,
    /// Something was said, sent, written or shown that must not be.
    False,
}

/// One violation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) class: Class,
    pub(crate) says: String,
}

/// Violations, in the order in which they were seen.
#[derive(Debug, Default)]
pub(crate) struct Wrongs(pub(crate) Vec<Wrong>);

impl Wrongs {
    pub(crate) fn lost(&mut self, says: impl Into<String>) {
        self.add(Class::Lost, says);
    }

    pub(crate) fn duplicate(&mut self, says: impl Into<String>) {
        self.add(Class::Duplicate, says);
    }

    pub(crate) fn false_(&mut self, says: impl Into<String>) {
        self.add(Class::False, says);
    }

    fn add(&mut self, class: Class, says: impl Into<String>) {
        self.0.push(Wrong { class, says: says.into() });
    }
}
