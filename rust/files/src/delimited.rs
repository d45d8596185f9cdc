//! Plain delimited text as columns of codes: blocks of lines on all threads.
//!
//! Plain means that a line is a record: no quotes. From the first block on that has one, the
//! strict reader reads, still to codes. Its rules are the ones kept here: see [`crate::csv`].

use std::{
    io::{self, Read},
    path::Path,
};

use humorrank_core::Interner;
use memchr::{memchr, memchr2_iter};
use rayon::prelude::*;

use crate::{
    Columns, Unusual,
    blocks::{BLOCK, Blocks},
    cells::{self, Cells, MOST_CELLS, Rows},
    csv::{Chunk, CsvError, CsvReader, Dialect},
    positioned::Positioned,
    spare::Spare,
};

/// Blocks of one batch, and of one whose rows are counted and never held.
const BLOCKS: usize = 32;
const COUNTED: usize = 256;
/// Records of one batch of the strict reader.
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

/// Reads some columns of a delimited text as codes.
pub struct DelimitedCodes {
    blocks: Blocks,
    /// Where the next batch starts: always at a record.
    at: u64,
    dialect: Dialect,
    scan: Scan,
    strict: Option<CsvReader>,
    /// Whether it still pays to count.
    counts: bool,
    counters: Spare<Counter>,
}

impl DelimitedCodes {
    /// Opens a file.
    ///
    /// # Arguments
    /// - `header`: what the strict reader found in the first record, or how many columns it
    ///   has where that is data.
    /// - `columns`: the index of each column wanted, and the number of the interner that
    ///   codes it.
    ///
    /// # Errors
    /// Where the file cannot be opened or its first record is not a plain line.
    ///
    /// # Panics
    /// If an index is beyond the width.
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
            let end = memchr(b'\n', rest).ok_or_else(|| Unusual::new("a header without an end"))?;
            at += end + 1;
            let line = rest[..end].strip_suffix(b"\r").unwrap_or(&rest[..end]);
            if line.is_empty() {
                continue;
            }
            let fields = line.split(|&byte| byte == self.dialect.delimiter);
            if !fields.eq(header.iter().map(String::as_bytes)) || line.contains(&b'"') {
                return Err(Unusual::new("a header that is not plain"));
            }
            self.at = at as u64;
            return Ok(());
        }
    }

    /// The next records, in the order of the file; none at its end.
    ///
    /// New names get codes by their first appearance, row by row and column by column.
    ///
    /// # Errors
    /// Where a record is ragged or the text is broken.
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

    /// The next records in any order, equal ones as one where that pays; none at the end.
    ///
    /// # Errors
    /// As [`DelimitedCodes::read`].
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
                    let rows = self.scan.name_cells(self.counters.all(), interners);
                    if rows.times.as_ref().is_some_and(|times| !times.is_empty()) {
                        return Ok(Some(rows));
                    }
                }
            }
        }
        Ok(self.read(interners)?.map(Rows::from))
    }

    /// From here on the strict reader reads. The first record is past, or no header.
    fn become_strict(&mut self) -> Result<(), Unusual> {
        let mut start = [0; BYTE_ORDER_MARK.len()];
        self.blocks.file().read_at(&mut start, self.at)?;
        if start == BYTE_ORDER_MARK {
            return Err(Unusual::new(
                "a byte order mark inside, which would be lost",
            ));
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
            return Err(Unusual::new("a ragged record"));
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

/// The records of a block, in codes of its own.
struct Block {
    columns: Columns,
    interners: Vec<Interner>,
}

impl Block {
    fn new(scan: &Scan) -> Self {
        let rows = BLOCK / 24;
        Self {
            columns: vec![Vec::with_capacity(rows); scan.columns.len()],
            interners: vec![Interner::new(); scan.interners],
        }
    }

    fn rows(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// The code, for all blocks, of each name of this one.
    fn merge(&self, interners: &mut [&mut Interner]) -> Vec<Vec<u32>> {
        self.interners
            .iter()
            .zip(interners)
            .map(|(mine, all)| {
                (0..mine.len() as u32)
                    .map(|code| all.intern(mine.name(code)))
                    .collect()
            })
            .collect()
    }
}

/// Counts the records of blocks, in codes of its own.
struct Counter {
    block: Block,
    cells: Cells,
    found: Vec<u32>,
}

impl Counter {
    fn new(scan: &Scan) -> Self {
        Self {
            block: Block::new(scan),
            cells: Cells::new(vec![1; scan.columns.len()]),
            found: Vec::new(),
        }
    }

    /// Counts the records of a block; false where there are too many names for it.
    fn count(&mut self, text: &str, scan: &Scan) -> Result<bool, Unusual> {
        scan.read(text, &mut self.block)?;
        let sizes = |known: &[usize]| -> Vec<usize> {
            let names = |interner: usize| self.block.interners[interner].len();
            let fits = |(&known, &(_, interner)): (&usize, &(usize, usize))| match known {
                known if known >= names(interner) => known,
                _ => names(interner).next_power_of_two(),
            };
            known.iter().zip(&scan.columns).map(fits).collect()
        };
        let sizes = sizes(self.cells.sizes());
        // A batch has more rows than that, unless it is the last one.
        let fits = cells::size(&sizes, MOST_CELLS / 4).is_some();
        if fits {
            if sizes != self.cells.sizes() {
                self.cells.grow(sizes);
            }
            self.found.clear();
            self.found.resize(self.block.rows(), 0);
            for (at, column) in self.block.columns.iter().enumerate() {
                let stride = self.cells.stride(at);
                for (cell, &code) in self.found.iter_mut().zip(column) {
                    *cell += code * stride;
                }
            }
            self.cells.add(&self.found);
        }
        self.block.columns.iter_mut().for_each(Vec::clear);
        Ok(fits)
    }
}

struct Scan {
    delimiter: u8,
    quote: bool,
    width: usize,
    /// (index of the column, number of its interner)
    columns: Vec<(usize, usize)>,
    interners: usize,
}

impl Scan {
    /// Lines that are records each to the strict reader too; none where one may not be. (A
    /// zero byte could look like the mark that it sets at the end.)
    fn plain<'a>(&self, bytes: &'a [u8]) -> Result<Option<&'a str>, Unusual> {
        if memchr(0, bytes).is_some() || (self.quote && memchr(b'"', bytes).is_some()) {
            return Ok(None);
        }
        let text = std::str::from_utf8(bytes);
        text.map(Some).map_err(|_| Unusual::new("is not UTF-8"))
    }

    /// Appends the records of some whole lines.
    fn read(&self, text: &str, block: &mut Block) -> Result<(), Unusual> {
        let Block { columns, interners } = block;
        // Where the fields of a record end.
        let mut ends = vec![0; self.width];
        let (mut record, mut field) = (0, 0);
        let bytes = text.as_bytes();
        let marks = memchr2_iter(self.delimiter, b'\n', bytes);
        let last = (!bytes.is_empty() && !bytes.ends_with(b"\n")).then_some(bytes.len());
        for mark in marks.chain(last) {
            let ends_record = mark == bytes.len() || bytes[mark] == b'\n';
            if field == self.width || (ends_record && field + 1 < self.width) {
                let line = text[record..mark].trim_end_matches('\r');
                // A blank line is no record, unless there is but one column.
                if field == 0 && line.is_empty() && mark - record < 2 {
                    record = mark + 1;
                    continue;
                }
                return Err(Unusual::new("a ragged record"));
            }
            ends[field] = mark;
            field += 1;
            if !ends_record {
                continue;
            }
            if mark > record && bytes[mark - 1] == b'\r' {
                ends[field - 1] = mark - 1;
            }
            let blank = self.width == 1 && ends[0] == record;
            if !blank {
                for (column, &(at, interner)) in columns.iter_mut().zip(&self.columns) {
                    let start = if at == 0 { record } else { ends[at - 1] + 1 };
                    column.push(interners[interner].intern(&text[start..ends[at]]));
                }
            }
            (record, field) = (mark + 1, 0);
        }
        Ok(())
    }

    /// The records of all blocks, in the codes of the interners.
    fn join(&self, blocks: &[Block], interners: &mut [&mut Interner]) -> Columns {
        let codes: Vec<Vec<Vec<u32>>> = blocks.iter().map(|block| block.merge(interners)).collect();
        let rows = blocks.iter().map(Block::rows).sum();
        let mut columns: Columns = vec![vec![0; rows]; self.columns.len()];
        columns.par_iter_mut().enumerate().for_each(|(at, column)| {
            let (_, interner) = self.columns[at];
            let mut rest = column.as_mut_slice();
            for (block, codes) in blocks.iter().zip(&codes) {
                let (now, later) = rest.split_at_mut(block.rows());
                for (code, &local) in now.iter_mut().zip(&block.columns[at]) {
                    *code = codes[interner][local as usize];
                }
                rest = later;
            }
        });
        columns
    }

    /// What was counted, in the codes of the interners; afterwards nothing is counted.
    fn name_cells(&self, counters: &mut [Counter], interners: &mut [&mut Interner]) -> Rows {
        // Which counter met a name first is up to chance, so new names come in their own order.
        for (number, all) in interners.iter_mut().enumerate().take(self.interners) {
            let names = counters
                .iter()
                .map(|counter| &counter.block.interners[number]);
            let mut new: Vec<&str> = names
                .flat_map(|mine| (0..mine.len() as u32).map(|code| mine.name(code)))
                .filter(|name| all.get(name).is_none())
                .collect();
            new.sort_unstable();
            for name in new {
                all.intern(name);
            }
        }
        let mut columns: Columns = vec![Vec::new(); self.columns.len()];
        let mut times = Vec::new();
        for counter in counters {
            let names = counter.block.merge(interners);
            counter.cells.for_each(|codes, count| {
                times.push(u64::from(count));
                for ((out, &(_, interner)), &code) in
                    columns.iter_mut().zip(&self.columns).zip(codes)
                {
                    out.push(names[interner][code as usize]);
                }
            });
            counter.cells.clear();
        }
        Rows {
            columns,
            times: Some(times),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::fmt::Write as _;

    use proptest::prelude::*;

    const DIALECT: Dialect = Dialect {
        delimiter: b',',
        quote: true,
        has_header: true,
    };

    fn header() -> Vec<String> {
        ["a", "b", "c"].map(str::to_owned).to_vec()
    }

    /// The values of all columns, or none where the text is unusual.
    fn fast(path: &Path, steps: Option<usize>) -> Option<Vec<Vec<String>>> {
        let columns = [(0, 0), (2, 1), (1, 0)];
        let mut reader = DelimitedCodes::open(path, DIALECT, &header(), &columns).ok()?;
        let (mut names, mut words) = (Interner::new(), Interner::new());
        let mut rows = Vec::new();
        let mut most = 0;
        while let Some(columns) = reader.read(&mut [&mut names, &mut words]).ok()? {
            for (row, (&first, &last)) in columns[0].iter().zip(&columns[2]).enumerate() {
                // By first appearance: no code is new but the next one.
                assert!(first <= most && last <= most.max(first + 1));
                most = most.max(first + 1).max(last + 1);
                let value = |of: &Interner, at: usize| of.name(columns[at][row]).to_owned();
                rows.push(vec![value(&names, 0), value(&names, 2), value(&words, 1)]);
            }
        }
        assert!(steps.is_none_or(|least| rows.len() >= least));
        Some(rows)
    }

    fn strict(path: &Path) -> Option<Vec<Vec<String>>> {
        let mut reader = CsvReader::open(path, DIALECT, crate::csv::Compression::None).ok()?;
        let mut rows = Vec::new();
        while let Some(chunk) = reader.read(&[0, 1, 2], 1000).ok()? {
            for row in 0..chunk.lines.len() {
                let value = |at: usize| {
                    let column = &chunk.columns[at];
                    column.text[column.offsets[row] as usize..column.offsets[row + 1] as usize]
                        .to_owned()
                };
                rows.push((0..3).map(value).collect());
            }
        }
        Some(rows)
    }

    /// A file that goes with the test.
    struct Temporary(std::path::PathBuf);

    impl std::ops::Deref for Temporary {
        type Target = Path;

        fn deref(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    fn file(name: &str, text: &[u8]) -> Temporary {
        let name = format!("humorrank-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, text).unwrap();
        Temporary(path)
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_the_strict_reader_reads(
            lines in prop::collection::vec("[xy\\r]{0,2}(,[xyé\"\\r]{0,2}){1,3}|\\r|", 1..12),
            start in prop::sample::select(vec!["", "\u{feff}", "\n\r\n"]),
            end in prop::sample::select(vec!["", "\n", "\r\n\n"]),
        ) {
            let text = format!("{start}a,b,c\n{}{end}", lines.join("\n"));
            let path = file("random.csv", text.as_bytes());
            if let Some(rows) = fast(&path, None) {
                prop_assert_eq!(Some(rows), strict(&path));
            }
        }
    }

    #[test]
    fn long_texts_are_read_in_blocks_and_quotes_late_in_them_too() {
        let mut text = String::from("a,b,c\n");
        for i in 0..900_000 {
            writeln!(text, "model {},model {},tie", i % 991, i % 7).unwrap();
        }
        let path = file("long.csv", text.as_bytes());
        assert_eq!(fast(&path, Some(900_000)), strict(&path));
        text += "\"p,q\",r,\"x\ny\"\n";
        let path = file("quoted.csv", text.as_bytes());
        assert_eq!(fast(&path, Some(900_001)), strict(&path));
        text += "p,q\n";
        assert_eq!(fast(&file("ragged.csv", text.as_bytes()), None), None);
    }

    #[test]
    fn what_is_broken_is_unusual() {
        for text in [
            &b"a,b,c\n1,2,3\n1,2\n"[..],
            b"a,b,c\n1,2,\xff\n",
            b"a,b,d\n1,2,3\n",
            b"a,b,c",
        ] {
            assert_eq!(fast(&file("broken.csv", text), None), None);
        }
    }
}
