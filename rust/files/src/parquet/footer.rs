//! The metadata of a Parquet file, checked against the file.

use std::path::Path;

use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};

use super::thrift::{self, Event, Extent};
use crate::{Unusual, positioned::Positioned};

/// The length of the end of a file: the length of its metadata, and [`MAGIC`].
const TAIL: u64 = 8;
const MAGIC: &[u8] = b"PAR1";
/// The maximum depth of nested columns.
const DEEPEST: usize = 64;
/// The paths of fields in the metadata: the elements of the schema, and their numbers of children.
const ELEMENT: &[i16] = &[2];
const CHILDREN: &[i16] = &[2, 5];

/// Opens a file and reads its metadata.
///
/// # Errors
/// If the file cannot be read, or its metadata contradicts itself or the size of the file.
pub fn open(path: &Path) -> Result<(Positioned, ParquetMetaData), Unusual> {
    let file = Positioned::open(path).map_err(|error| Unusual::new(error.to_string()))?;
    let size = file.size();
    let length = file
        .bytes(size.saturating_sub(TAIL), TAIL.min(size) as usize)
        .ok()
        .and_then(|tail| match *tail {
            [a, b, c, d, ref magic @ ..] if magic == MAGIC => {
                Some(u64::from(u32::from_le_bytes([a, b, c, d])))
            }
            _ => None,
        })
        .ok_or_else(|| Unusual::new("the file does not end as a Parquet file does"))?;
    // The file also starts with four letters.
    let start = size
        .checked_sub(TAIL + length)
        .filter(|&start| start >= MAGIC.len() as u64)
        .ok_or_else(|| Unusual::new("the metadata is longer than the file"))?;
    let bytes = file.bytes(start, length as usize)?;
    check_schema(&bytes)?;
    let metadata = ParquetMetaDataReader::decode_metadata(&bytes)?;
    check_counts(&metadata, start)?;
    Ok((file, metadata))
}

/// Checks the numbers of children, for which the `parquet` crate reserves memory, and their depth,
/// as it calls itself for each level.
fn check_schema(bytes: &[u8]) -> Result<(), Unusual> {
    let mut children = 0;
    // The number of elements that are still missing on each level.
    let mut open: Vec<i64> = Vec::new();
    let whole = thrift::check(bytes, bytes.len(), &mut |path, event| {
        match event {
            Event::Integer(value) if path == CHILDREN => {
                if value < 0 || value > bytes.len() as i64 {
                    return Err(Unusual::new("the schema of the file is damaged"));
                }
                children = value;
            }
            Event::End if path == ELEMENT => {
                if let Some(last) = open.last_mut() {
                    *last -= 1;
                }
                open.push(children);
                while open.last() == Some(&0) {
                    open.pop();
                }
                if open.len() > DEEPEST {
                    return Err(Unusual::new(
                        "the columns of the file are nested too deeply",
                    ));
                }
                children = 0;
            }
            _ => {}
        }
        Ok(())
    })?;
    match whole {
        Extent::Whole => Ok(()),
        Extent::More(_) => Err(Unusual::new("the metadata of the file ends too early")),
    }
}

/// Checks the numbers of rows and values, and the places of the columns.
fn check_counts(metadata: &ParquetMetaData, end: u64) -> Result<(), Unusual> {
    let mut rows = 0i64;
    for group in metadata.row_groups() {
        let held = group.num_rows();
        rows = rows
            .checked_add(held)
            .filter(|_| held >= 0)
            .ok_or_else(|| Unusual::new("a number of rows is invalid"))?;
        for column in group.columns() {
            let flat = column.column_descr().max_rep_level() == 0;
            if column.num_values() < 0 || (flat && column.num_values() != held) {
                return Err(Unusual::new(
                    "a column has another number of values than its row group has rows",
                ));
            }
            place(column, end)?;
        }
    }
    if rows != metadata.file_metadata().num_rows() {
        return Err(Unusual::new(
            "the row groups have another number of rows than the file",
        ));
    }
    Ok(())
}

/// The start and the end of a column chunk in the file.
pub fn place(column: &ColumnChunkMetaData, end: u64) -> Result<(u64, u64), Unusual> {
    let start = column
        .dictionary_page_offset()
        .unwrap_or_else(|| column.data_page_offset());
    u64::try_from(start)
        .ok()
        .zip(u64::try_from(column.compressed_size()).ok())
        .and_then(|(start, length)| Some((start, start.checked_add(length)?)))
        .filter(|&(_, stop)| stop <= end)
        .ok_or_else(|| Unusual::new("a column lies outside the file"))
}
