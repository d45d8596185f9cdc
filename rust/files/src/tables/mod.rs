//! Parquet and Arrow IPC files as batches of checked Arrow arrays, for columns of any type.
//!
//! A file may be damaged in any place. Nothing is reserved, read or indexed by what it states before
//! this has been compared with its size, and a panic in the libraries that decode it is an error.

mod ipc;
mod parquet;
#[cfg(test)]
mod tests;

use std::path::Path;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, DataType, Schema, SchemaRef};

use crate::{Unusual, guard::guarded};

impl From<ArrowError> for Unusual {
    fn from(error: ArrowError) -> Self {
        Self::new(error.to_string())
    }
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Parquet.
    Parquet,
    /// An Arrow IPC file, which ends with a list of its batches.
    IpcFile,
    /// An Arrow IPC stream.
    IpcStream,
}

enum Source {
    Parquet(parquet::ParquetFile),
    Ipc(ipc::IpcFile),
}

/// An open file.
pub struct Table(Source);

impl Table {
    /// Opens a file and reads its metadata.
    ///
    /// # Errors
    /// If the file cannot be opened, or its metadata is damaged.
    pub fn open(path: &Path, format: Format) -> Result<Self, Unusual> {
        guarded(|| {
            Ok(Self(match format {
                Format::Parquet => Source::Parquet(parquet::ParquetFile::open(path)?),
                Format::IpcFile => Source::Ipc(ipc::IpcFile::open(path)?),
                Format::IpcStream => Source::Ipc(ipc::IpcFile::open_stream(path)?),
            }))
        })
    }

    /// The columns.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        match &self.0 {
            Source::Parquet(file) => file.schema(),
            Source::Ipc(file) => file.schema(),
        }
    }

    /// The metadata of the writer, as keys and values.
    #[must_use]
    pub fn metadata(&self) -> Vec<(String, String)> {
        match &self.0 {
            Source::Parquet(file) => file.metadata(),
            Source::Ipc(_) => Vec::new(),
        }
    }

    /// Returns no rows of a column.
    ///
    /// # Errors
    /// If there is no such column, or its type is not supported.
    pub fn empty(&self, column: usize) -> Result<RecordBatch, Unusual> {
        let schema = self.schema().project(&[column])?;
        supported(&schema)?;
        Ok(RecordBatch::new_empty(schema.into()))
    }

    /// Reads columns.
    ///
    /// # Arguments
    /// - `columns`: the indices of the columns, at least one.
    /// - `rows`: the maximum number of rows of a batch.
    ///
    /// # Errors
    /// If there is no such column, or it cannot be read.
    pub fn read(&self, columns: &[usize], rows: usize) -> Result<Batches, Unusual> {
        supported(&self.schema().project(columns)?)?;
        guarded(|| {
            Ok(Batches {
                reader: match &self.0 {
                    Source::Parquet(file) => Reader::Parquet(file.read(columns, rows)?),
                    Source::Ipc(file) => Reader::Ipc(file.read(columns)),
                },
                rows,
                rest: None,
            })
        })
    }
}

/// Refuses columns of types that polars cannot import.
///
/// # Errors
/// If there is such a column.
pub fn supported(schema: &Schema) -> Result<(), Unusual> {
    match schema
        .fields()
        .iter()
        .find(|field| !is_supported(field.data_type()))
    {
        None => Ok(()),
        Some(field) => Err(Unusual::new(format!(
            "column {:?} contains {}, which is not supported",
            field.name(),
            field.data_type()
        ))),
    }
}

fn is_supported(kind: &DataType) -> bool {
    match kind {
        DataType::Interval(_)
        | DataType::Union(..)
        | DataType::RunEndEncoded(..)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::Decimal256(..) => false,
        DataType::List(inner)
        | DataType::LargeList(inner)
        | DataType::FixedSizeList(inner, _)
        | DataType::Map(inner, _) => is_supported(inner.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| is_supported(field.data_type())),
        DataType::Dictionary(_, values) => is_supported(values),
        _ => true,
    }
}

enum Reader {
    Parquet(parquet::Columns),
    Ipc(ipc::Batches),
}

/// The batches of a file in order.
pub struct Batches {
    reader: Reader,
    rows: usize,
    /// The rows of the last batch that have not been returned.
    rest: Option<RecordBatch>,
}

impl Batches {
    /// Returns the next rows; `None` at the end.
    ///
    /// # Errors
    /// If the file is damaged.
    pub fn next_batch(&mut self) -> Result<Option<RecordBatch>, Unusual> {
        while self.rest.as_ref().is_none_or(|rest| rest.num_rows() == 0) {
            let reader = &mut self.reader;
            self.rest = guarded(|| match reader {
                Reader::Parquet(columns) => columns.next(),
                Reader::Ipc(batches) => batches.next(),
            })?;
            if self.rest.is_none() {
                return Ok(None);
            }
        }
        Ok(self.rest.take().map(|batch| {
            let taken = batch.num_rows().min(self.rows);
            if taken < batch.num_rows() {
                self.rest = Some(batch.slice(taken, batch.num_rows() - taken));
            }
            batch.slice(0, taken)
        }))
    }
}
