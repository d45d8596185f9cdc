//! The pages of a column chunk of a Parquet file, as keys into its values.
//!
//! A writer stores the distinct values of a chunk once, followed by keys only. Values that are
//! stored plain, as happens if there are too many distinct ones, are given keys here.

use bytes::Bytes;
use humorrank_core::Interner;
use parquet::{
    basic::{ConvertedType, Encoding, LogicalType, Type},
    column::page::{Page, PageReader},
    errors::ParquetError,
    schema::types::ColumnDescriptor,
};

use super::hybrid::Hybrid;
use crate::{NULL_CODE, Unusual};

/// The code of a value that has no code yet.
pub const UNKNOWN: u32 = u32::MAX - 1;

impl From<ParquetError> for Unusual {
    fn from(error: ParquetError) -> Self {
        Self::new(error.to_string())
    }
}

/// The type of the values.
#[derive(Clone, Copy)]
pub enum Kind {
    Text,
    /// Integers that are stored in `stored` bytes, of which the first `bytes` count.
    Int {
        stored: usize,
        bytes: usize,
        signed: bool,
    },
}

impl Kind {
    /// The kind of the values of a column; `None` if they are neither text nor integers.
    pub fn of(column: &ColumnDescriptor) -> Option<Self> {
        let (logical, converted) = (column.logical_type_ref(), column.converted_type());
        let stored = match column.physical_type() {
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
                stored,
                bytes: stored,
                signed: true,
            }),
            (Some(LogicalType::Integer(integer)), _) => {
                let bytes = usize::from(integer.bit_width.unsigned_abs()) / 8;
                (1..=stored).contains(&bytes).then_some(Self::Int {
                    stored,
                    bytes,
                    signed: integer.is_signed,
                })
            }
            _ => None,
        }
    }
}

/// The values of a column chunk: those of the dictionary, followed by those found in plain pages.
pub struct Chunk {
    pages: Box<dyn PageReader>,
    kind: Kind,
    optional: bool,
    dictionary: Texts,
    plain: Interner,
    /// The code of each value; [`UNKNOWN`] if it has none yet.
    pub codes: Vec<u32>,
    page: Option<DataPage>,
}

/// Concatenated strings.
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
    /// The rows that have a value, if not all do.
    present: Option<Hybrid>,
    values: Values,
}

enum Values {
    Keys(Hybrid),
    Plain(Bytes),
}

impl Chunk {
    /// Creates a chunk without reading any of its pages.
    pub fn new(pages: Box<dyn PageReader>, kind: Kind, optional: bool) -> Self {
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

    /// Reads the dictionary and the first page, if this has not been done yet.
    pub fn open(&mut self) -> Result<(), Unusual> {
        if self.page.is_none() {
            self.page = Some(self.next_page()?);
        }
        Ok(())
    }

    /// The number of values seen so far. Their keys are below this number.
    pub fn values(&self) -> usize {
        self.dictionary.ends.len() + self.plain.len()
    }

    /// The value of a key.
    pub fn value(&self, key: usize) -> &str {
        match key.checked_sub(self.dictionary.ends.len()) {
            None => self.dictionary.get(key),
            Some(code) => self.plain.name(code as u32),
        }
    }

    /// Reads the keys of the next rows, [`NULL_CODE`] for missing values.
    pub fn read(&mut self, mut keys: &mut [u32]) -> Result<(), Unusual> {
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
            return Err(Unusual::new("a level is neither 0 nor 1"));
        }
        self.read_values(&mut page.values, &mut keys[..values])?;
        // Backwards, so that no value is overwritten before it has been moved.
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
                    return Err(Unusual::new("a key is not in its dictionary"));
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
                        return Err(Unusual::new("a column chunk has several dictionaries"));
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
                            return Err(Unusual::new("levels are not run-length encoded"));
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
                // The page contains only nulls.
                None => Values::Plain(values),
            },
            other => {
                return Err(Unusual::new(format!(
                    "the encoding {other} of values is not supported"
                )));
            }
        };
        Ok(DataPage {
            left: rows,
            present,
            values,
        })
    }

    /// Looks up the codes of values without one, and returns how many still have none.
    pub fn look_up(&mut self, interner: &Interner) -> usize {
        let mut unknown = 0;
        let values = self.values();
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

    /// Assigns a code to the value of a key if it has none. Returns whether it had none.
    pub fn intern(&mut self, key: u32, interner: &mut Interner) -> bool {
        let key = key as usize;
        let missing = self.codes.get(key) == Some(&UNKNOWN);
        if missing {
            self.codes[key] = interner.intern(self.value(key));
        }
        missing
    }
}

/// The length prefix of a value or of levels.
fn prefix(bytes: &[u8]) -> Result<usize, Unusual> {
    match bytes {
        [a, b, c, d, ..] => Ok(u32::from_le_bytes([*a, *b, *c, *d]) as usize),
        _ => Err(Unusual::new("a page ends before its values")),
    }
}

fn part(bytes: &Bytes, start: usize, length: usize) -> Result<Bytes, Unusual> {
    if bytes.len().saturating_sub(start) < length {
        return Err(Unusual::new("a page ends before its values"));
    }
    Ok(bytes.slice(start..start + length))
}

/// Passes plain values as text to `take`, and returns how many bytes they occupy.
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
                stored,
                bytes: width,
                signed,
            } => {
                let value = rest
                    .get(..stored)
                    .ok_or_else(|| Unusual::new("a page ends before its values"))?;
                // As other readers do, bits beyond the width of the type are ignored.
                let value = &value[..width];
                let negative = signed && value[width - 1] >= 0x80;
                let mut wide = [if negative { 0xFF } else { 0 }; 8];
                wide[..width].copy_from_slice(value);
                take(&if signed {
                    i64::from_le_bytes(wide).to_string()
                } else {
                    u64::from_le_bytes(wide).to_string()
                });
                at += stored;
            }
        }
    }
    Ok(at)
}
