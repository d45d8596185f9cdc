//! Strict, streaming reading of delimited text. A malformed record is reported as an error with its
//! line number, and its content is never guessed.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

/// The compression of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// No compression.
    None,
    /// One or more gzip members.
    Gzip,
    /// One or more Zstandard frames.
    Zstd,
}

/// The format of delimited text.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// The byte that separates fields.
    pub delimiter: u8,
    /// Whether `"` quotes a field. Otherwise it is an ordinary character.
    pub quote: bool,
    /// Whether the first record names the columns.
    pub has_header: bool,
}

/// An error in a text, with its line.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct CsvError {
    /// The line number, starting at 1; `None` if the error does not concern a line.
    pub line: Option<u64>,
    /// The description of the error.
    pub message: String,
    /// Whether the error is only a record of the wrong length, after which reading can continue.
    pub ragged: bool,
}

impl CsvError {
    fn new(line: Option<u64>, message: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
            ragged: false,
        }
    }
}

fn unopened(error: &io::Error) -> CsvError {
    CsvError::new(None, format!("cannot be opened: {error}"))
}

/// Opens a file.
///
/// # Errors
/// If the file cannot be opened.
pub fn open(path: &Path) -> Result<Box<dyn Read + Send>, CsvError> {
    let file = File::open(path).map_err(|error| unopened(&error))?;
    Ok(Box::new(file))
}

/// Returns the content of bytes that may be compressed, which is unpacked as it is read.
///
/// # Errors
/// If the decompressor cannot be started.
pub fn unpacked(
    packed: Box<dyn Read + Send>,
    compression: Compression,
) -> Result<Box<dyn Read + Send>, CsvError> {
    Ok(match compression {
        Compression::None => packed,
        Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(packed))),
        Compression::Zstd => {
            Box::new(zstd::stream::read::Decoder::new(packed).map_err(|error| unopened(&error))?)
        }
    })
}

impl From<io::Error> for CsvError {
    fn from(error: io::Error) -> Self {
        Self::new(None, format!("cannot be read further: {error}"))
    }
}

/// One column of a chunk: the concatenated values and their offsets.
#[derive(Debug, Default)]
pub struct TextColumn {
    /// The concatenated values.
    pub text: String,
    /// Value `i` is `offsets[i]..offsets[i + 1]`. The first offset is 0.
    pub offsets: Vec<i64>,
}

/// Consecutive records: the requested columns, and the line on which each record starts.
#[derive(Debug)]
pub struct Chunk {
    /// The columns in the requested order.
    pub columns: Vec<TextColumn>,
    /// The line numbers, starting at 1.
    pub lines: Vec<u64>,
}

/// Appended to the text. If it is parsed as a separate record, every quote was closed and every
/// record ended; if it is parsed as part of a field, a quote was not closed.
const END: &[u8] = b"\n\0end\n";
const END_RECORD: &[u8] = b"\0end";

/// Reads records in chunks.
pub struct CsvReader {
    reader: csv::Reader<io::Chain<Box<dyn Read + Send>, &'static [u8]>>,
    header: Vec<String>,
    /// The first record and its line, if it is not a header and has not been returned yet.
    first: Option<(csv::ByteRecord, u64)>,
    /// An error for a ragged record after valid ones, which are returned first.
    pending: Option<CsvError>,
}

impl CsvReader {
    /// Reads the first record of a text.
    ///
    /// # Errors
    /// If the text cannot be read or its header is not UTF-8.
    pub fn new(bytes: Box<dyn Read + Send>, dialect: Dialect) -> Result<Self, CsvError> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(dialect.delimiter)
            .quoting(dialect.quote)
            // With this terminator the positions count lines like an editor. A carriage return
            // before the line break is removed below.
            .terminator(csv::Terminator::Any(b'\n'))
            .from_reader(bytes.chain(END));
        let mut out = Self {
            reader,
            header: Vec::new(),
            first: None,
            pending: None,
        };
        let mut record = csv::ByteRecord::new();
        let Some(line) = out.next_record(&mut record)? else {
            return Ok(out);
        };
        if dialect.has_header {
            out.header = record
                .iter()
                .map(|field| {
                    std::str::from_utf8(field)
                        .map(str::to_owned)
                        .map_err(|_| CsvError::new(Some(line), "is not UTF-8"))
                })
                .collect::<Result<_, _>>()?;
        } else {
            out.header = (1..=record.len()).map(|i| format!("column_{i}")).collect();
            out.first = Some((record, line));
        }
        Ok(out)
    }

    /// The names of the columns; `column_1`, ... without a header. Empty for an empty text.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// Reads the next record that is not blank and returns its line; `None` at the end.
    fn next_record(&mut self, record: &mut csv::ByteRecord) -> Result<Option<u64>, CsvError> {
        loop {
            let before = self.reader.position().line();
            let more =
                self.reader
                    .read_byte_record(record)
                    .map_err(|error| match error.kind() {
                        csv::ErrorKind::Io(io) => {
                            CsvError::new(Some(before), format!("cannot be read further: {io}"))
                        }
                        _ => CsvError::new(Some(before), error.to_string()),
                    })?;
            if !more || (record.len() == 1 && &record[0] == END_RECORD) {
                return Ok(None);
            }
            let breaks = record
                .iter()
                .map(|field| field.split(|&byte| byte == b'\n').count() as u64 - 1)
                .sum::<u64>();
            let last = record.len() - 1;
            if record[last].ends_with(&END[1..]) {
                return Err(CsvError::new(
                    Some((self.reader.position().line() - breaks).max(1)),
                    "a quote opens in this record and is never closed",
                ));
            }
            let line = self.reader.position().line() - 1 - breaks;
            if record[last].last() == Some(&b'\r') {
                let field = record[last][..record[last].len() - 1].to_vec();
                record.truncate(last);
                record.push_field(&field);
            }
            if record.len() > 1 || !record[0].is_empty() {
                return Ok(Some(line));
            }
        }
    }

    /// Reads at most `rows` records, but only the columns with the indices `columns`. Returns
    /// `None` at the end.
    ///
    /// # Errors
    /// If the text cannot be read, a record has too many or too few fields, or a value is not
    /// UTF-8. The error of a ragged record is returned after the records before it, and reading can
    /// continue after it.
    ///
    /// # Panics
    /// If a column index is outside the header.
    pub fn read(&mut self, columns: &[usize], rows: usize) -> Result<Option<Chunk>, CsvError> {
        if let Some(error) = self.pending.take() {
            return Err(error);
        }
        let mut bytes: Vec<Vec<u8>> = vec![Vec::new(); columns.len()];
        let mut offsets: Vec<Vec<i64>> = vec![vec![0]; columns.len()];
        let mut lines = Vec::new();
        let mut record = csv::ByteRecord::new();
        while lines.len() < rows {
            let line = match self.first.take() {
                Some((first, line)) => {
                    record = first;
                    line
                }
                None => match self.next_record(&mut record)? {
                    Some(line) => line,
                    None => break,
                },
            };
            if record.len() != self.header.len() {
                let error = CsvError {
                    ragged: true,
                    ..CsvError::new(
                        Some(line),
                        format!(
                            "has {} fields where the first row has {}",
                            record.len(),
                            self.header.len()
                        ),
                    )
                };
                if lines.is_empty() {
                    return Err(error);
                }
                self.pending = Some(error);
                break;
            }
            for ((&column, bytes), offsets) in columns.iter().zip(&mut bytes).zip(&mut offsets) {
                bytes.extend_from_slice(&record[column]);
                offsets.push(bytes.len() as i64);
            }
            lines.push(line);
        }
        if lines.is_empty() {
            return Ok(None);
        }
        let columns = bytes
            .into_iter()
            .zip(offsets)
            .map(|(bytes, offsets)| text_column(bytes, offsets, &lines))
            .collect::<Result<_, _>>()?;
        Ok(Some(Chunk { columns, lines }))
    }
}

fn text_column(bytes: Vec<u8>, offsets: Vec<i64>, lines: &[u64]) -> Result<TextColumn, CsvError> {
    // Validating the whole column at once is much cheaper than value by value. Two invalid values
    // may combine to a valid character, so the boundaries are checked, too.
    let row_at = |byte: i64| offsets.partition_point(|&offset| offset <= byte) - 1;
    let broken = |row: usize| {
        let message = "is not UTF-8 (save the file as UTF-8 and try again)";
        CsvError::new(lines.get(row).copied(), message)
    };
    let text = String::from_utf8(bytes)
        .map_err(|error| broken(row_at(error.utf8_error().valid_up_to() as i64)))?;
    match offsets
        .iter()
        .position(|&offset| !text.is_char_boundary(offset as usize))
    {
        Some(row) => Err(broken(row)),
        None => Ok(TextColumn { text, offsets }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Dialect = Dialect {
        delimiter: b',',
        quote: true,
        has_header: true,
    };

    fn read_all(text: &[u8], dialect: Dialect) -> Result<Vec<(u64, Vec<String>)>, CsvError> {
        let mut reader = CsvReader::new(Box::new(io::Cursor::new(text.to_vec())), dialect)?;
        let columns: Vec<usize> = (0..reader.header().len()).collect();
        let mut out = Vec::new();
        while let Some(chunk) = reader.read(&columns, 2)? {
            for (row, &line) in chunk.lines.iter().enumerate() {
                let value = |column: &TextColumn| {
                    let (from, to) = (column.offsets[row], column.offsets[row + 1]);
                    column.text[from as usize..to as usize].to_owned()
                };
                out.push((line, chunk.columns.iter().map(value).collect()));
            }
        }
        Ok(out)
    }

    fn lines_and_cells(rows: &[(u64, Vec<String>)]) -> Vec<(u64, String)> {
        rows.iter().map(|(line, r)| (*line, r.join("|"))).collect()
    }

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let text = "\u{feff}a,b\n\n1,2\r\n\r\n\n\"x\ny\",4\n5,6\n\n7,8";
        for end in ["", "\n", "\r\n", "\n\n"] {
            let rows = read_all(format!("{text}{end}").as_bytes(), PLAIN).unwrap();
            let want = [(3, "1|2"), (6, "x\ny|4"), (8, "5|6"), (10, "7|8")];
            assert_eq!(
                lines_and_cells(&rows),
                want.map(|(line, cells)| (line, cells.to_owned()))
            );
        }
    }

    #[test]
    fn a_ragged_record_is_an_error_with_its_line() {
        for (text, line) in [("a,b\n1,2\n\n3\n", 4), ("a,b\n1,2,3\n", 2)] {
            let error = read_all(text.as_bytes(), PLAIN).unwrap_err();
            assert_eq!(error.line, Some(line));
        }
    }

    #[test]
    fn reading_goes_on_after_a_ragged_record() {
        let text = b"a,b\n1,2\n3\n4,5\n6,7,8\n".to_vec();
        let mut reader = CsvReader::new(Box::new(io::Cursor::new(text)), PLAIN).unwrap();
        let mut lines = |rows| reader.read(&[0], rows).map(|chunk| chunk.map(|c| c.lines));
        assert_eq!(lines(10).unwrap(), Some(vec![2]));
        assert!(lines(10).unwrap_err().ragged);
        assert_eq!(lines(10).unwrap(), Some(vec![4]));
        assert_eq!(lines(10).unwrap_err().line, Some(5));
        assert_eq!(lines(10).unwrap(), None);
    }

    #[test]
    fn a_quote_that_never_closes_swallows_nothing_in_silence() {
        let error = read_all(b"a,b\n1,2\n1,\"2\n3,4\n", PLAIN).unwrap_err();
        assert_eq!(error.line, Some(3));
        assert!(error.message.contains("never closed"));
    }

    #[test]
    fn broken_utf8_is_an_error_with_its_line() {
        for text in [&b"a,b\n1,2\n1,\xff\n"[..], b"a,b\n1,2\n1,\xc3\n1,\xa9\n"] {
            assert_eq!(read_all(text, PLAIN).unwrap_err().line, Some(3));
        }
    }

    #[test]
    fn a_text_without_header_gives_every_record() {
        let dialect = Dialect {
            has_header: false,
            delimiter: b'\t',
            quote: false,
        };
        let rows = read_all(b"a\t\"b\nc\td\"\n", dialect).unwrap();
        assert_eq!(
            lines_and_cells(&rows),
            [(1, "a|\"b".to_owned()), (2, "c|d\"".to_owned())]
        );
        assert!(read_all(b"", dialect).unwrap().is_empty());
    }
}
