//! Match logs in files: from bytes to columns of codes, on all threads and in bounded memory.
//!
//! Names are long and repeat; codes are short. A Parquet file holds codes already (its
//! dictionaries), and a plain delimited text is coded while its fields are still in the cache.
//! [`parquet`] and [`delimited`] read the files as they usually are, and say [`Unusual`]
//! for everything else: the strict readers ([`csv`] is one) then find out what it is.
//! [`check`] checks coded matches.

pub mod cells;
pub mod check;
mod columns;
pub mod csv;
pub mod delimited;
pub mod parquet;
mod positioned;
mod spare;
mod unusual;

pub use columns::{Columns, NULL_CODE};
pub use unusual::Unusual;
