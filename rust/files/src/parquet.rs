//! Parquet files as columns of codes: their dictionaries are read as the codes they are.
//!
//! A writer stores the distinct values of a column chunk once, and then only keys. Reading
//! keys instead of text saves most of the time: what is left is unpacking bits and one
//! look-up a row. Values that a writer stored plain are coded here.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use humorrank_core::Interner;
use parquet::{
    basic::{ConvertedType, Encoding, LogicalType, Type},
    column::page::{Page, PageReader},
    errors::ParquetError,
    file::{
        metadata::{ParquetMetaData, ParquetMetaDataReader},
        serialized_reader::SerializedPageReader,
    },
    schema::types::ColumnDescriptor,
};
use rayon::prelude::*;

use crate::{Columns, NULL_CODE, Unusual, hybrid::Hybrid, positioned::Positioned};

/// Rows that a batch has at most: few enough for the cache.
const BATCH: usize = 1 << 19;
/// Rows that one thread recodes at a time.
const PART: usize = 1 << 16;
/// Rows whose keys are held at a time where row groups are small, and at most.
const HELD: usize = 1 << 20;
const MOST_HELD: usize = 1 << 22;
/// In a look-up of codes: a value that has no code yet.
const UNKNOWN: u32 = u32::MAX - 1;

impl From<ParquetError> for Unusual {
    fn from(error: ParquetError) -> Self {
        Self::new(error.to_string())
    }
}

/// Reads some columns of a Parquet file as codes.
pub struct ParquetCodes {
    file: Arc<Positioned>,
    metadata: ParquetMetaData,
    columns: Vec<Column>,
    next: usize,
    /// Row groups whose rows are held, and the one behind them if it was met already.
    groups: Vec<RowGroup>,
    open: Option<RowGroup>,
    /// The keys of the rows held, a column each.
    keys: Columns,
    /// How many of them were handed over.
    done: usize,
}

struct Column {
    leaf: usize,
    kind: Kind,
    optional: bool,
    interner: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Text,
    Int { bytes: usize, signed: bool },
}

impl Kind {
    fn of(column: &ColumnDescriptor) -> Option<Self> {
        let (logical, converted) = (column.logical_type_ref(), column.converted_type());
        let bytes = match column.physical_type() {
            Type::BYTE_ARRAY => {
                let is_text = match logical {
                    Some(logical) => matches!(logical, LogicalType::String),
                    None => converted == ConvertedType::UTF8,
                };
                return is_text.then_some(Self::Text);
            }
            Type::INT32 => 4,
            Type::INT64 => 8,
            _ => return None,
        };
        match (logical, converted) {
            (None, ConvertedType::NONE) => Some(Self::Int {
                bytes,
                signed: true,
            }),
            (Some(LogicalType::Integer(integer)), _) => Some(Self::Int {
                bytes,
                signed: integer.is_signed,
            }),
            _ => None,
        }
    }
}

impl ParquetCodes {
    /// Opens a file.
    ///
    /// # Arguments
    /// - `columns`: the columns wanted, each with the number of the interner that codes it.
    ///
    /// # Errors
    /// Where the file cannot be opened, or a column is not one of text or whole numbers.
    pub fn open(path: &Path, columns: &[(String, usize)]) -> Result<Self, Unusual> {
        let file = Positioned::open(path).map_err(|error| Unusual::new(error.to_string()))?;
        keep_freed_memory();
        let metadata = ParquetMetaDataReader::new().parse_and_finish(&file)?;
        let schema = metadata.file_metadata().schema_descr();
        let columns = columns
            .iter()
            .map(|(name, interner)| {
                let mut found = (0..schema.num_columns()).filter(|&leaf| {
                    let column = schema.column(leaf);
                    matches!(column.path().parts(), [only] if only == name)
                });
                let (Some(leaf), None) = (found.next(), found.next()) else {
                    return Err(Unusual::new(format!("no one column {name:?}")));
                };
                let column = schema.column(leaf);
                let kind = Kind::of(&column)
                    .filter(|_| column.max_rep_level() == 0 && column.max_def_level() <= 1)
                    .ok_or_else(|| Unusual::new(format!("column {name:?} is of another type")))?;
                Ok(Column {
                    leaf,
                    kind,
                    optional: column.max_def_level() == 1,
                    interner: *interner,
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            file: Arc::new(file),
            metadata,
            columns,
            next: 0,
            groups: Vec::new(),
            open: None,
            keys: Vec::new(),
            done: 0,
        })
    }

    /// How many rows the file has.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.metadata.file_metadata().num_rows() as u64
    }

    /// The next rows, in the order of the file; none at its end.
    ///
    /// New names get codes by their first appearance, row by row and column by column.
    ///
    /// # Errors
    /// Where the file is broken, or written in a way that is rare.
    ///
    /// # Panics
    /// If there are fewer interners than [`ParquetCodes::open`] was told.
    pub fn read(&mut self, interners: &mut [&mut Interner]) -> Result<Option<Columns>, Unusual> {
        if self.done == self.held() {
            self.take_groups()?;
            self.read_keys(interners)?;
        }
        let rows = BATCH.min(self.held() - self.done);
        if rows == 0 {
            return Ok(None);
        }
        let mut columns: Columns = vec![vec![0; rows]; self.columns.len()];
        let mut work = Vec::new();
        for (at, column) in columns.iter_mut().enumerate() {
            let mut keys = &self.keys[at][self.done..self.done + rows];
            let mut rest = column.as_mut_slice();
            let mut passed = 0;
            for group in &self.groups {
                let from = self.done.max(passed);
                passed += group.now;
                let (mine, others) = keys.split_at(passed.saturating_sub(from).min(keys.len()));
                let (now, later) = rest.split_at_mut(mine.len());
                let codes = group.chunks[at].codes.as_slice();
                let parts = now.chunks_mut(PART).zip(mine.chunks(PART));
                work.extend(parts.map(|(now, mine)| (now, mine, codes)));
                (keys, rest) = (others, later);
            }
        }
        work.into_par_iter()
            .with_max_len(1)
            .for_each(|(into, keys, codes)| recode(keys, codes, into));
        self.done += rows;
        Ok(Some(columns))
    }

    fn held(&self) -> usize {
        self.groups.iter().map(|group| group.now).sum()
    }

    /// Reads the keys of the row groups that were taken, and finds the codes of their values.
    fn read_keys(&mut self, interners: &mut [&mut Interner]) -> Result<(), Unusual> {
        let rows = self.held();
        self.keys.resize(self.columns.len(), Vec::new());
        for keys in &mut self.keys {
            keys.resize(rows, 0);
        }
        let mut parts = split(&mut self.keys, &self.groups);
        let chunks = self.groups.iter_mut().flat_map(|group| &mut group.chunks);
        let work: Vec<_> = chunks.zip(parts.iter_mut().flatten()).collect();
        work.into_par_iter()
            .with_max_len(1)
            .try_for_each(|(chunk, keys)| chunk.read(keys))?;
        for (group, part) in self.groups.iter_mut().zip(&parts) {
            group.name(&self.columns, part, interners);
        }
        Ok(())
    }

    /// The row groups that are read next: one for each thread, more where they are short.
    fn take_groups(&mut self) -> Result<(), Unusual> {
        self.done = 0;
        self.open = std::mem::take(&mut self.groups)
            .pop()
            .filter(|group| group.left > 0)
            .or(self.open.take());
        let mut rows = 0;
        while let Some(mut group) = self.next_group()? {
            let all = rows + group.left;
            let wanted = all <= HELD || self.groups.len() < rayon::current_num_threads();
            if !self.groups.is_empty() && (!wanted || all > MOST_HELD) {
                self.open = Some(group);
                break;
            }
            let whole = group.left <= MOST_HELD;
            group.now = if whole { group.left } else { HELD };
            group.left -= group.now;
            rows += group.now;
            self.groups.push(group);
            if !whole {
                break;
            }
        }
        Ok(())
    }

    fn next_group(&mut self) -> Result<Option<RowGroup>, Unusual> {
        if let Some(open) = self.open.take() {
            return Ok(Some(open));
        }
        if self.next == self.metadata.num_row_groups() {
            return Ok(None);
        }
        let metadata = self.metadata.row_group(self.next);
        self.next += 1;
        let rows = metadata.num_rows() as usize;
        let chunks = self
            .columns
            .iter()
            .map(|column| {
                let chunk = metadata.column(column.leaf);
                let pages = SerializedPageReader::new(Arc::clone(&self.file), chunk, rows, None)?;
                Ok(Chunk::new(Box::new(pages), column.kind, column.optional))
            })
            .collect::<Result<_, ParquetError>>()?;
        Ok(Some(RowGroup {
            chunks,
            now: 0,
            left: rows,
        }))
    }
}

/// The part of each column that each row group fills.
fn split<'a>(columns: &'a mut Columns, groups: &[RowGroup]) -> Vec<Vec<&'a mut [u32]>> {
    let mut rest: Vec<&mut [u32]> = columns.iter_mut().map(Vec::as_mut_slice).collect();
    groups
        .iter()
        .map(|group| {
            rest.iter_mut()
                .map(|column| {
                    let (now, later) = std::mem::take(column).split_at_mut(group.now);
                    *column = later;
                    now
                })
                .collect()
        })
        .collect()
}

/// The columns of a row group, as far as they were read.
struct RowGroup {
    chunks: Vec<Chunk>,
    /// Rows of this batch.
    now: usize,
    /// Rows of later ones.
    left: usize,
}

impl RowGroup {
    /// Finds the code of every value that these rows hold.
    fn name(&mut self, columns: &[Column], keys: &[&mut [u32]], interners: &mut [&mut Interner]) {
        for (number, interner) in interners.iter_mut().enumerate() {
            let mut unknown = 0;
            let mut mine = Vec::new();
            for (at, chunk) in self.chunks.iter_mut().enumerate() {
                if columns[at].interner == number {
                    unknown += chunk.look_up(interner);
                    mine.push(at);
                }
            }
            // Only a value that a row holds gets a code, in the order of the rows; a
            // dictionary may hold others.
            let mut row = 0;
            while unknown > 0 && row < self.now {
                for &at in &mine {
                    unknown -= usize::from(self.chunks[at].intern(keys[at][row], interner));
                }
                row += 1;
            }
        }
    }
}

/// The values of a column chunk: the dictionary's, and behind them those met in plain pages.
struct Chunk {
    pages: Box<dyn PageReader>,
    kind: Kind,
    optional: bool,
    dictionary: Texts,
    plain: Interner,
    /// The code of each value; [`UNKNOWN`] where it has none yet.
    codes: Vec<u32>,
    page: Option<DataPage>,
}

/// Strings, end to end.
#[derive(Default)]
struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len());
    }

    fn get(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.text[start..self.ends[at]]
    }
}

struct DataPage {
    left: usize,
    /// Which rows hold a value, where not all do.
    present: Option<Hybrid>,
    values: Values,
}

enum Values {
    Keys(Hybrid),
    Plain(Bytes),
}

impl Chunk {
    fn new(pages: Box<dyn PageReader>, kind: Kind, optional: bool) -> Self {
        Self {
            pages,
            kind,
            optional,
            dictionary: Texts::default(),
            plain: Interner::new(),
            codes: Vec::new(),
            page: None,
        }
    }

    fn value(&self, key: usize) -> &str {
        match key.checked_sub(self.dictionary.ends.len()) {
            None => self.dictionary.get(key),
            Some(code) => self.plain.name(code as u32),
        }
    }

    /// The keys of the next rows; [`NULL_CODE`] where there is no value.
    fn read(&mut self, mut keys: &mut [u32]) -> Result<(), Unusual> {
        while !keys.is_empty() {
            let mut page = match self.page.take() {
                Some(page) if page.left > 0 => page,
                _ => self.next_page()?,
            };
            let (now, later) = keys.split_at_mut(keys.len().min(page.left));
            page.left -= now.len();
            self.read_page(&mut page, now)?;
            self.page = Some(page);
            keys = later;
        }
        Ok(())
    }

    fn read_page(&mut self, page: &mut DataPage, keys: &mut [u32]) -> Result<(), Unusual> {
        let Some(levels) = &mut page.present else {
            return self.read_values(&mut page.values, keys);
        };
        let mut present = vec![0; keys.len()];
        levels.read(&mut present)?;
        let mut values: usize = present.iter().map(|&level| level as usize).sum();
        if values > keys.len() {
            return Err(Unusual::new("a level that is neither 0 nor 1"));
        }
        self.read_values(&mut page.values, &mut keys[..values])?;
        // From the end, so that no value is written over before it was moved.
        for row in (0..keys.len()).rev() {
            keys[row] = if present[row] == 1 {
                values -= 1;
                keys[values]
            } else {
                NULL_CODE
            };
        }
        Ok(())
    }

    fn read_values(&mut self, values: &mut Values, keys: &mut [u32]) -> Result<(), Unusual> {
        match values {
            Values::Keys(reader) => {
                reader.read(keys)?;
                let beyond = keys.iter().fold(0, |most, &key| most.max(key)) as usize;
                if !keys.is_empty() && beyond >= self.dictionary.ends.len() {
                    return Err(Unusual::new("a key beyond its dictionary"));
                }
            }
            Values::Plain(bytes) => {
                let first = self.dictionary.ends.len() as u32;
                let plain = &mut self.plain;
                let count = keys.len();
                let mut rest = keys.iter_mut();
                let used = each_plain(bytes, self.kind, count, |value| {
                    if let Some(key) = rest.next() {
                        *key = first + plain.intern(value);
                    }
                })?;
                *bytes = bytes.slice(used..);
            }
        }
        Ok(())
    }

    fn next_page(&mut self) -> Result<DataPage, Unusual> {
        loop {
            let page = self.pages.get_next_page()?;
            match page.ok_or_else(|| Unusual::new("a column ends before its rows"))? {
                Page::DictionaryPage {
                    buf, num_values, ..
                } => {
                    if !self.codes.is_empty() || !self.dictionary.ends.is_empty() {
                        return Err(Unusual::new("several dictionaries"));
                    }
                    let dictionary = &mut self.dictionary;
                    each_plain(&buf, self.kind, num_values as usize, |value| {
                        dictionary.push(value);
                    })?;
                }
                Page::DataPage {
                    buf,
                    num_values,
                    encoding,
                    def_level_encoding,
                    ..
                } => {
                    let (mut levels, mut values) = (Bytes::new(), buf);
                    if self.optional {
                        if def_level_encoding != Encoding::RLE {
                            return Err(Unusual::new("levels that are not run-length encoded"));
                        }
                        let length = prefix(&values)?;
                        levels = part(&values, 4, length)?;
                        values = values.slice(4 + length..);
                    }
                    return self.data_page(num_values as usize, levels, values, encoding);
                }
                Page::DataPageV2 {
                    buf,
                    num_values,
                    encoding,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    ..
                } => {
                    let start = rep_levels_byte_len as usize;
                    let levels = part(&buf, start, def_levels_byte_len as usize)?;
                    let values = buf.slice(start + levels.len()..);
                    return self.data_page(num_values as usize, levels, values, encoding);
                }
            }
        }
    }

    fn data_page(
        &self,
        rows: usize,
        levels: Bytes,
        values: Bytes,
        encoding: Encoding,
    ) -> Result<DataPage, Unusual> {
        let mut present = None;
        if self.optional {
            let mut levels = Hybrid::new(levels, 1)?;
            if rows > 0 && !levels.all_ones(rows)? {
                present = Some(levels);
            }
        }
        let values = match encoding {
            Encoding::PLAIN => Values::Plain(values),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => match values.first() {
                Some(&width) => Values::Keys(Hybrid::new(values.slice(1..), width)?),
                // Nothing but nulls.
                None => Values::Plain(values),
            },
            other => return Err(Unusual::new(format!("values in the encoding {other}"))),
        };
        Ok(DataPage {
            left: rows,
            present,
            values,
        })
    }

    /// Looks up the codes of values that have none, and says how many still have none.
    fn look_up(&mut self, interner: &Interner) -> usize {
        let mut unknown = 0;
        let values = self.dictionary.ends.len() + self.plain.len();
        self.codes.resize(values, UNKNOWN);
        for key in 0..values {
            if self.codes[key] == UNKNOWN {
                match interner.get(self.value(key)) {
                    Some(code) => self.codes[key] = code,
                    None => unknown += 1,
                }
            }
        }
        unknown
    }

    /// Gives the value behind a key a code, if it has none, and says whether it had none.
    fn intern(&mut self, key: u32, interner: &mut Interner) -> bool {
        let key = key as usize;
        let missing = self.codes.get(key) == Some(&UNKNOWN);
        if missing {
            self.codes[key] = interner.intern(self.value(key));
        }
        missing
    }
}

/// Turns keys into codes.
fn recode(keys: &[u32], codes: &[u32], into: &mut [u32]) {
    for (code, &key) in into.iter_mut().zip(keys) {
        *code = codes.get(key as usize).copied().unwrap_or(NULL_CODE);
    }
}

/// Lets glibc keep what is freed, up to a few pages and batches, for the next ones.
///
/// It gives large blocks back to the system each time, which then has to clear them again (and
/// to tell the other processors), until one as large as this was freed once. The first of two
/// readings of 1e8 rows took twice as long as the second without this.
fn keep_freed_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(16 << 20)));
}

/// The length that stands before a value or before levels.
fn prefix(bytes: &[u8]) -> Result<usize, Unusual> {
    match bytes {
        [a, b, c, d, ..] => Ok(u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => Err(Unusual::new("a page ends before its values")),
    }
}

fn part(bytes: &Bytes, start: usize, length: usize) -> Result<Bytes, Unusual> {
    if bytes.len() < start + length {
        return Err(Unusual::new("a page ends before its values"));
    }
    Ok(bytes.slice(start..start + length))
}

/// Hands over so many plain values as text, and returns how many bytes they took.
fn each_plain(
    bytes: &[u8],
    kind: Kind,
    count: usize,
    mut take: impl FnMut(&str),
) -> Result<usize, Unusual> {
    let mut at = 0;
    for _ in 0..count {
        let rest = &bytes[at..];
        match kind {
            Kind::Text => {
                let length = prefix(rest)?;
                let value = rest
                    .get(4..4 + length)
                    .ok_or_else(|| Unusual::new("a page ends before its values"))?;
                take(std::str::from_utf8(value).map_err(|_| Unusual::new("is not UTF-8"))?);
                at += 4 + length;
            }
            Kind::Int {
                bytes: width,
                signed,
            } => {
                let value = rest
                    .get(..width)
                    .ok_or_else(|| Unusual::new("a page ends before its values"))?;
                let negative = signed && value[width - 1] >= 0x80;
                let mut wide = [if negative { 0xFF } else { 0 }; 8];
                wide[..width].copy_from_slice(value);
                take(&if signed {
                    i64::from_le_bytes(wide).to_string()
                } else {
                    u64::from_le_bytes(wide).to_string()
                });
                at += width;
            }
        }
    }
    Ok(at)
}
