//! Match logs in files: from bytes to columns of codes, using all threads and bounded memory.
//!
//! Names are long and repeat, whereas codes are short. The dictionaries of a Parquet file already
//! contain codes, and plain delimited text is coded while its fields are in the cache. [`parquet`]
//! and [`delimited`] read files in their usual form and return [`Unusual`] for everything else,
//! which the strict readers ([`csv`] is one of them) then handle. [`check`] checks coded matches.

pub mod cells;
pub mod check;
mod columns;
pub mod csv;
pub mod delimited;
mod guard;
pub mod parquet;
mod positioned;
mod spare;
pub mod tables;
mod unusual;

pub use columns::{Columns, NULL_CODE};
pub use guard::{guarded, panic_message};
pub use unusual::Unusual;
