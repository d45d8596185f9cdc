//! The pages of a column chunk, whose sizes and counts are checked before they are used.

use std::{
    io::{self, Cursor, Read},
    sync::Arc,
};

use bytes::Bytes;
use parquet::{
    basic::{Compression, Encoding, Type},
    column::page::{Page, PageMetadata, PageReader},
    errors::{ParquetError, Result},
    file::{
        metadata::ColumnChunkMetaData,
        reader::{ChunkReader, Length},
        serialized_reader::SerializedPageReader,
    },
    schema::types::ColumnDescPtr,
};

use super::{
    footer,
    thrift::{self, Event, Extent},
};
use crate::{Unusual, positioned::Positioned};

/// The number of bytes that are read for the header of a page, which is longer only if it contains
/// long statistics.
const HEADER: usize = 512;
/// The paths of fields in the header of a page: its size, and that of its compressed bytes.
const SIZE: &[i16] = &[2];
const COMPRESSED: &[i16] = &[3];
/// The maximum number of values of a block of differences. Writers use 128 to 4096.
const LARGEST_BLOCK: u64 = 1 << 20;

impl From<Unusual> for ParquetError {
    fn from(error: Unusual) -> Self {
        Self::General(error.to_string())
    }
}

fn damaged<T>(what: &str) -> Result<T> {
    Err(ParquetError::General(what.to_owned()))
}

/// The part of a file that contains one column chunk.
#[derive(Clone)]
struct ChunkFile {
    file: Arc<Positioned>,
    end: u64,
    /// How many times as long as its compressed bytes a page can be.
    expansion: u64,
}

impl Length for ChunkFile {
    fn len(&self) -> u64 {
        self.end
    }
}

impl ChunkFile {
    fn bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if start
            .checked_add(length as u64)
            .is_none_or(|end| end > self.end)
        {
            return damaged("a page ends behind its column");
        }
        Ok(self.file.bytes(start, length)?)
    }

    /// Returns bytes that begin with the header of a page, which has been checked.
    fn header(&self, start: u64) -> Result<Bytes> {
        let available = self.end.saturating_sub(start) as usize;
        let mut length = HEADER.min(available);
        loop {
            let bytes = self.bytes(start, length)?;
            let (mut size, mut compressed) = (0, 0);
            let extent = thrift::check(&bytes, available, &mut |path, event| {
                if let Event::Integer(value) = event {
                    match path {
                        SIZE => size = value,
                        COMPRESSED => compressed = value,
                        _ => {}
                    }
                }
                Ok(())
            })?;
            match extent {
                Extent::Whole => {
                    let most = (compressed.max(0) as u64 + 64).saturating_mul(self.expansion);
                    if size < 0 || size as u64 > most {
                        return damaged("a page is larger than its bytes can be");
                    }
                    return Ok(bytes);
                }
                Extent::More(needed) => length = needed.max(2 * length).min(available),
            }
        }
    }
}

impl ChunkReader for ChunkFile {
    type T = Header;

    fn get_read(&self, start: u64) -> Result<Header> {
        Ok(Header {
            file: self.clone(),
            start,
            bytes: None,
        })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.bytes(start, length)
    }
}

/// Reads the header of a page, for which alone the `parquet` crate opens readers. It also opens
/// some that it does not read.
struct Header {
    file: ChunkFile,
    start: u64,
    bytes: Option<Cursor<Bytes>>,
}

impl Read for Header {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.bytes.is_none() {
            let bytes = self.file.header(self.start).map_err(io::Error::other)?;
            self.bytes = Some(Cursor::new(bytes));
        }
        self.bytes.as_mut().map_or(Ok(0), |bytes| bytes.read(into))
    }
}

/// Reads the pages of a column chunk.
pub struct CheckedPages {
    pages: SerializedPageReader<ChunkFile>,
    column: ColumnDescPtr,
    /// The number of values of the pages that have not been read.
    left: usize,
}

impl CheckedPages {
    /// Opens the pages of a column chunk of a row group with the given number of rows.
    pub fn new(file: &Arc<Positioned>, column: &ColumnChunkMetaData, rows: usize) -> Result<Self> {
        let (_, end) = footer::place(column, file.size())?;
        let file = ChunkFile {
            file: Arc::clone(file),
            end,
            expansion: match column.compression() {
                Compression::SNAPPY => 32,
                Compression::LZ4 | Compression::LZ4_RAW => 256,
                Compression::GZIP(_) => 1100,
                Compression::ZSTD(_) => 1 << 16,
                _ => 1 << 31,
            },
        };
        Ok(Self {
            pages: SerializedPageReader::new(Arc::new(file), column, rows, None)?,
            column: column.column_descr_ptr(),
            left: column.num_values() as usize,
        })
    }

    fn check(&mut self, page: &Page) -> Result<()> {
        if let Page::DictionaryPage {
            buf, num_values, ..
        } = page
        {
            let least = match self.column.physical_type() {
                Type::BOOLEAN => return damaged("a column of booleans has a dictionary"),
                Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
                Type::INT64 | Type::DOUBLE => 8,
                Type::INT96 => 12,
                Type::FIXED_LEN_BYTE_ARRAY => self.column.type_length().max(1) as usize,
            };
            if *num_values as usize > buf.len() / least {
                return damaged("a dictionary has fewer values than its header states");
            }
            return Ok(());
        }
        let count = page.num_values() as usize;
        let Some(left) = self.left.checked_sub(count) else {
            return damaged("a column has more values than its metadata states");
        };
        self.left = left;
        let Some(mut bytes) = self.values(page) else {
            return damaged("the levels of a page are damaged");
        };
        let streams = match page.encoding() {
            Encoding::DELTA_BINARY_PACKED | Encoding::DELTA_LENGTH_BYTE_ARRAY => 1,
            Encoding::DELTA_BYTE_ARRAY => 2,
            _ => 0,
        };
        for _ in 0..streams {
            match check_differences(bytes, count as u64) {
                Some(rest) => bytes = rest,
                None => return damaged("the differences in a page are damaged"),
            }
        }
        Ok(())
    }

    /// Checks the levels of a page, and returns the bytes of its values behind them. `None` if the
    /// page is damaged.
    fn values<'a>(&self, page: &'a Page) -> Option<&'a [u8]> {
        let count = page.num_values();
        let kinds = [self.column.max_rep_level(), self.column.max_def_level()];
        match page {
            Page::DataPage {
                buf,
                def_level_encoding,
                rep_level_encoding,
                ..
            } => {
                let mut bytes: &[u8] = buf;
                for (most, encoding) in kinds
                    .into_iter()
                    .zip([rep_level_encoding, def_level_encoding])
                {
                    if most == 0 {
                        continue;
                    }
                    let width = width_of(most);
                    let length = if *encoding == Encoding::RLE {
                        let (length, rest) = bytes.split_first_chunk::<4>()?;
                        bytes = rest;
                        let length = u32::from_le_bytes(*length) as usize;
                        check_runs(bytes.get(..length)?, width, count)?;
                        length
                    } else {
                        (count as usize * width as usize).div_ceil(8)
                    };
                    bytes = bytes.get(length..)?;
                }
                Some(bytes)
            }
            Page::DataPageV2 {
                buf,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let mut bytes: &[u8] = buf;
                for (most, &length) in kinds
                    .into_iter()
                    .zip([rep_levels_byte_len, def_levels_byte_len])
                {
                    let (levels, rest) = bytes.split_at_checked(length as usize)?;
                    if most > 0 {
                        check_runs(levels, width_of(most), count)?;
                    }
                    bytes = rest;
                }
                Some(bytes)
            }
            Page::DictionaryPage { .. } => None,
        }
    }
}

/// The number of bits of a level.
fn width_of(most: i16) -> u64 {
    u64::from(i16::BITS - most.leading_zeros())
}

/// Checks that runs of levels contain at least `count` levels, and do not end behind their bytes.
fn check_runs(mut bytes: &[u8], width: u64, count: u32) -> Option<()> {
    let mut left = u64::from(count);
    while left > 0 {
        let header = varint(&mut bytes)?;
        let (values, length) = if header & 1 == 1 {
            (
                (header >> 1).checked_mul(8)?,
                (header >> 1).checked_mul(width)?,
            )
        } else {
            (header >> 1, width.div_ceil(8))
        };
        bytes = bytes.get(usize::try_from(length).ok()?..)?;
        left = left.saturating_sub(values);
    }
    Some(())
}

/// Checks a stream of differences of at most `most` values, and returns the bytes behind it. `None`
/// if the stream is damaged.
fn check_differences(mut bytes: &[u8], most: u64) -> Option<&[u8]> {
    if bytes.is_empty() && most == 0 {
        return Some(bytes);
    }
    let block = varint(&mut bytes)?;
    let parts = varint(&mut bytes)?;
    let values = varint(&mut bytes)?;
    varint(&mut bytes)?;
    if block > LARGEST_BLOCK || parts == 0 || parts > block || values > most {
        return None;
    }
    let each = block / parts;
    let mut left = values.saturating_sub(1);
    while left > 0 {
        varint(&mut bytes)?;
        let (widths, mut rest) = bytes.split_at_checked(parts as usize)?;
        for &width in widths {
            if left == 0 {
                break;
            }
            let held = left.min(each);
            let least = (held * u64::from(width)).div_ceil(8) as usize;
            if rest.len() < least {
                return None;
            }
            // The last part may be cut off behind its last value.
            let whole = (each * u64::from(width)).div_ceil(8) as usize;
            rest = rest.get(whole..).unwrap_or(&[]);
            left -= held;
        }
        bytes = rest;
    }
    Some(bytes)
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        if self.left == 0 {
            // As other readers, this one does not look behind the last value.
            return Ok(None);
        }
        match self.pages.get_next_page()? {
            None => damaged("a column has fewer values than its metadata states"),
            Some(page) => {
                self.check(&page)?;
                Ok(Some(page))
            }
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.pages.at_record_boundary()
    }
}
