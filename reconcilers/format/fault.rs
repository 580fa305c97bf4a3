//! Why a body is not what its definition says. No message holds a value of it.

/// Why a body cannot be turned into JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatFault {
    /// It is not UTF-8.
    #[error("the body is not UTF-8")]
    NotUtf8,
    /// It is not packed in the declared way, or is cut off.
    #[error(
        "the body is not {0}, or it is cut off; leave out `unpack` where the provider does not pack its answers"
    )]
    NotPacked(&'static str),
    /// It is packed in a way that is not supported.
    #[error("a file of the archive is encrypted or packed in a way that is not supported")]
    UnknownPacking,
    /// Several files of an archive have one name, so that not all of them can be read.
    #[error("the archive names one file twice")]
    FileTwice,
    /// There are too many files in it.
    #[error("the archive holds more than {0} files")]
    TooManyFiles(usize),
    /// It unpacks into too much.
    #[error("the body unpacks into more than {0} bytes")]
    TooLarge(usize),
    /// A table without its first line.
    #[error("the body is empty; a table has at least its header line")]
    NoHeader,
    /// A table whose header lacks what the definition names.
    #[error("the header of the table has no column `{0}`")]
    NoColumn(Box<str>),
    /// A table whose header is ambiguous.
    #[error("the header of the table names column {0} and column {1} alike")]
    ColumnTwice(usize, usize),
    /// It is not well-formed XML.
    #[error("the body is not XML: {what} at byte {at}")]
    NotXml {
        /// What is wrong.
        what: &'static str,
        /// Where.
        at: u64,
    },
    /// It declares a document type.
    #[error(
        "the body declares a document type, which is not read: it could make the reader load or expand anything"
    )]
    DocumentType,
    /// It uses an entity that XML itself does not define.
    #[error("the body uses an entity that XML does not define, and none is ever expanded")]
    UnknownEntity,
    /// Its elements nest too deeply.
    #[error("the elements of the body nest deeper than {0} levels")]
    TooDeep(usize),
}
