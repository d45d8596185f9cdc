//! Plain delimited text as columns of codes, read in blocks of lines using all threads.
//!
//! A text is plain if each line is a record, which requires that there are no quotes. From the
//! first block with a quote on, the strict reader takes over, also with codes as the result. Both
//! follow the same rules (see [`crate::csv`]).

mod blocks;
mod counter;
mod scan;
#[cfg(test)]
mod tests;

use std::{
    io::{self, Read},
    path::Path,
};

use humorrank_core::Interner;
use memchr::memchr;

use crate::{
    Columns, Unusual,
    cells::Rows,
    csv::{Chunk, CsvError, CsvReader, Dialect},
    positioned::Positioned,
    spare::Spare,
};
use blocks::{BLOCK, Blocks};
use counter::Counter;
use scan::{Block, Scan};

/// The number of blocks of a batch of rows, and of a batch whose rows are only counted.
const BLOCKS: usize = 32;
const COUNTED: usize = 256;
/// The number of records of a batch of the strict reader.
const RECORDS: usize = 1 << 17;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl From<CsvError> for Unusual {
    fn from(error: CsvError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<io::Error> for Unusual {
    fn from(error: io::Error) -> Self {
        Self::new(error.to_string())
    }
}

/// Reads columns of delimited text as codes.
pub struct DelimitedCodes {
    blocks: Blocks,
    /// The start of the next batch, which is always the start of a record.
    at: u64,
    dialect: Dialect,
    scan: Scan,
    strict: Option<CsvReader>,
    /// Whether counting still pays off.
    counts: bool,
    counters: Spare<Counter>,
}

impl DelimitedCodes {
    /// Opens a file.
    ///
    /// # Arguments
    /// - `header`: the first record as found by the strict reader. If it is data, only the number
    ///   of columns matters.
    /// - `columns`: the index of each requested column, and the index of the interner that codes
    ///   it.
    ///
    /// # Errors
    /// If the file cannot be opened or its first record is not a plain line.
    ///
    /// # Panics
    /// If a column index is not less than the number of columns.
    pub fn open(
        path: &Path,
        dialect: Dialect,
        header: &[String],
        columns: &[(usize, usize)],
    ) -> Result<Self, Unusual> {
        assert!(columns.iter().all(|&(column, _)| column < header.len()));
        let mut out = Self {
            blocks: Blocks::new(Positioned::open(path)?),
            at: 0,
            dialect,
            scan: Scan {
                delimiter: dialect.delimiter,
                quote: dialect.quote,
                width: header.len(),
                columns: columns.to_vec(),
                interners: columns.iter().map(|(_, i)| i + 1).max().unwrap_or(0),
            },
            strict: None,
            counts: true,
            counters: Spare::new(),
        };
        let mut start = vec![0; BLOCK];
        let read = out.blocks.file().read_at(&mut start, 0)?;
        start.truncate(read);
        if start.starts_with(BYTE_ORDER_MARK) {
            out.at = 3;
        }
        if dialect.has_header {
            out.pass_header(&start, header)?;
        }
        Ok(out)
    }

    fn pass_header(&mut self, start: &[u8], header: &[String]) -> Result<(), Unusual> {
        let mut at = self.at as usize;
        loop {
            let rest = &start[at..];
            let end =
                memchr(b'\n', rest).ok_or_else(|| Unusual::new("the header has no line break"))?;
            at += end + 1;
            let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
            if line.is_empty() {
                continue;
            }
            let fields = line.split(|&byte| byte == self.dialect.delimiter);
            if !fields.eq(header.iter().map(String::as_bytes)) || line.contains(&b'"') {
                return Err(Unusual::new("the header is not a plain line"));
            }
            self.at = at as u64;
            return Ok(());
        }
    }

    /// Returns the next records in the order of the file; `None` at the end.
    ///
    /// New names get codes in order of first appearance, row by row and column by column.
    ///
    /// # Errors
    /// If a record is ragged or the text is damaged.
    pub fn read(&mut self, interners: &mut [&mut Interner]) -> Result<Option<Columns>, Unusual> {
        while self.strict.is_none() {
            let scan = &self.scan;
            let blocks = self.blocks.each(self.at, BLOCKS, |bytes| {
                let Some(text) = scan.plain(bytes)? else {
                    return Ok(None);
                };
                let mut block = Block::new(scan);
                scan.read(text, &mut block)?;
                Ok(Some(block))
            })?;
            let Some((blocks, end)) = blocks else {
                self.become_strict()?;
                break;
            };
            if end == self.at {
                return Ok(None);
            }
            let columns = self.scan.join(&blocks, interners);
            self.at = end;
            if !columns.first().is_none_or(Vec::is_empty) {
                return Ok(Some(columns));
            }
        }
        self.read_strict(interners)
    }

    /// Returns the next records in any order, with equal records combined if this pays off; `None`
    /// at the end.
    ///
    /// # Errors
    /// Same as [`DelimitedCodes::read`].
    pub fn count(&mut self, interners: &mut [&mut Interner]) -> Result<Option<Rows>, Unusual> {
        while self.counts && self.strict.is_none() {
            let (scan, counters) = (&self.scan, &self.counters);
            let counted = self.blocks.each(self.at, COUNTED, |bytes| {
                let Some(text) = scan.plain(bytes)? else {
                    return Ok(None);
                };
                let new = || Counter::new(scan);
                counters.lend(new, |counter| counter.count(text, scan).map(Some))
            })?;
            match counted {
                None => self.become_strict()?,
                Some((_, end)) if end == self.at => return Ok(None),
                Some((fit, _)) if fit.contains(&false) => self.counts = false,
                Some((_, end)) => {
                    self.at = end;
                    let rows = Counter::name_cells(self.counters.all(), &self.scan, interners);
                    if rows.times.as_ref().is_some_and(|times| !times.is_empty()) {
                        return Ok(Some(rows));
                    }
                }
            }
        }
        Ok(self.read(interners)?.map(Rows::from))
    }

    /// Switches to the strict reader. The header, if there is one, has already been read.
    fn become_strict(&mut self) -> Result<(), Unusual> {
        let mut start = [0; BYTE_ORDER_MARK.len()];
        self.blocks.file().read_at(&mut start, self.at)?;
        if start == BYTE_ORDER_MARK {
            return Err(Unusual::new("there is a byte order mark within the text"));
        }
        let bytes = Rest {
            file: self.blocks.file().clone(),
            at: self.at,
        };
        let dialect = Dialect {
            has_header: false,
            ..self.dialect
        };
        let reader = CsvReader::new(
            Box::new(io::BufReader::with_capacity(BLOCK, bytes)),
            dialect,
        )?;
        if !reader.header().is_empty() && reader.header().len() != self.scan.width {
            return Err(Unusual::new("a record has the wrong number of fields"));
        }
        self.strict = Some(reader);
        Ok(())
    }

    fn read_strict(&mut self, interners: &mut [&mut Interner]) -> Result<Option<Columns>, Unusual> {
        let Some(reader) = &mut self.strict else {
            return Ok(None);
        };
        if reader.header().is_empty() {
            return Ok(None);
        }
        let indices: Vec<usize> = self
            .scan
            .columns
            .iter()
            .map(|&(column, _)| column)
            .collect();
        let Some(Chunk { columns, lines }) = reader.read(&indices, RECORDS)? else {
            return Ok(None);
        };
        let mut out: Columns = vec![Vec::with_capacity(lines.len()); columns.len()];
        for row in 0..lines.len() {
            for ((out, column), &(_, interner)) in
                out.iter_mut().zip(&columns).zip(&self.scan.columns)
            {
                let (start, end) = (column.offsets[row], column.offsets[row + 1]);
                let value = &column.text[start as usize..end as usize];
                out.push(interners[interner].intern(value));
            }
        }
        Ok(Some(out))
    }
}

struct Rest {
    file: Positioned,
    at: u64,
}

impl Read for Rest {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
