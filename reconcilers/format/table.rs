//! Tables with a header line, one row a line: CSV and TSV. Every cell is text, and an empty one is `null`: such tables
//! have no other way to say nothing.

use csv::{ByteRecord, Position, ReaderBuilder};
use serde_json::{Map, Value};

use super::Row;
use super::fault::FormatFault;

/// Adds the rows of a table.
pub(super) fn rows(
    body: &[u8],
    separator: u8,
    columns: &[Box<str>],
    into: &mut Vec<Row>,
) -> Result<(), FormatFault> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader =
        ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(body);
    let mut record = ByteRecord::new();
    // The reader reads from memory, and records of any width are let through: it has nothing to fail at.
    let mut next = |record: &mut ByteRecord| reader.read_byte_record(record).unwrap_or(false);
    if !next(&mut record) {
        return Err(FormatFault::NoHeader);
    }
    let header = header(&record)?;
    if let Some(missing) = columns.iter().find(|column| !header.contains(&column.to_string())) {
        return Err(FormatFault::NoColumn(missing.clone()));
    }
    let mut last = None;
    while next(&mut record) {
        into.push(row(&header, &record));
        last = record.position().cloned();
    }
    if let (Some(position), Some(row)) = (last, into.last_mut())
        && is_open(body, &position)
    {
        *row = Err(format!("line {} opens a quote that is never closed", position.line()));
    }
    Ok(())
}

/// The names of the columns. One without a name is called by its place.
fn header(record: &ByteRecord) -> Result<Vec<String>, FormatFault> {
    let mut names: Vec<String> = Vec::with_capacity(record.len());
    for (place, cell) in record.iter().enumerate() {
        let name = std::str::from_utf8(cell).map_err(|_| FormatFault::NotUtf8)?;
        let name = if name.is_empty() { format!("#{}", place + 1) } else { name.to_owned() };
        if let Some(twin) = names.iter().position(|known| *known == name) {
            return Err(FormatFault::ColumnTwice(twin + 1, place + 1));
        }
        names.push(name);
    }
    Ok(names)
}

fn row(header: &[String], record: &ByteRecord) -> Row {
    let line = record.position().map_or(0, Position::line);
    if record.len() != header.len() {
        let (has, wanted) = (record.len(), header.len());
        return Err(format!("line {line} has {has} columns where the header has {wanted}"));
    }
    let mut members = Map::with_capacity(header.len());
    for (name, cell) in header.iter().zip(record) {
        let text = std::str::from_utf8(cell).map_err(|_| format!("line {line} is not UTF-8"))?;
        let value = if text.is_empty() { Value::Null } else { Value::from(text) };
        members.insert(name.clone(), value);
    }
    Ok(Value::Object(members).to_string())
}

/// Whether the last record, which begins here, runs to the end of the body inside a quote.
fn is_open(body: &[u8], position: &Position) -> bool {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    body.get(start..).unwrap_or_default().iter().fold(false, |is_inside, &byte| is_inside ^ (byte == b'"'))
}
