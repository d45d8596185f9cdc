//! Match logs in files: from bytes to columns of codes, on all threads and in bounded memory.
//!
//! Names are long and repeat; codes are short. A Parquet file holds codes already (its
//! dictionaries), and a plain delimited text is coded while its fields are still in the cache.
//! [`parquet`] and [`delimited`] read the files as they usually are, and say [`Unusual`]
//! for everything else: the strict readers ([`csv`] is one) then find out what it is.
//! [`judge`] checks coded matches.

mod blocks;
pub mod cells;
pub mod csv;
pub mod delimited;
mod hybrid;
pub mod judge;
mod pages;
pub mod parquet;
mod positioned;
mod row_groups;
mod spare;

/// The code of a value that is missing.
pub const NULL_CODE: u32 = u32::MAX;

/// What a fast reader does not read: something broken, or something rare.
///
/// It says so before it hands over any of the rows concerned, so that a strict reader can
/// go on from the rows that were handed over.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusual(String);

impl Unusual {
    fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// One column of codes for each column asked for, all of one length.
pub type Columns = Vec<Vec<u32>>;
