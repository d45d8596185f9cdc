//! Parquet files as Arrow arrays.

use std::{ops::Range, path::Path, sync::Arc};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::{DataType, Field, Fields, Schema, SchemaRef};
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ParquetRecordBatchReader, RowGroups},
        parquet_to_arrow_field_levels, parquet_to_arrow_schema,
    },
    column::page::{PageIterator, PageReader},
    errors::Result as ParquetResult,
    file::metadata::{ParquetMetaData, RowGroupMetaData},
};
use rayon::prelude::*;

use crate::{
    Unusual,
    guard::guarded,
    parquet::{checked::CheckedPages, footer},
    positioned::Positioned,
};

/// A Parquet file whose metadata has been read and checked.
pub struct ParquetFile {
    groups: Groups,
    schema: SchemaRef,
}

impl ParquetFile {
    pub fn open(path: &Path) -> Result<Self, Unusual> {
        let (file, metadata) = footer::open(path)?;
        let about = metadata.file_metadata();
        let schema = parquet_to_arrow_schema(about.schema_descr(), about.key_value_metadata())?;
        let fields: Fields = schema.fields().iter().map(as_views).collect();
        Ok(Self {
            groups: Groups {
                file: Arc::new(file),
                metadata: Arc::new(metadata),
            },
            schema: Arc::new(Schema::new_with_metadata(fields, schema.metadata)),
        })
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub fn metadata(&self) -> Vec<(String, String)> {
        let pairs = self.groups.metadata.file_metadata().key_value_metadata();
        pairs
            .into_iter()
            .flatten()
            .map(|pair| (pair.key.clone(), pair.value.clone().unwrap_or_default()))
            .collect()
    }

    pub fn read(&self, columns: &[usize], rows: usize) -> Result<Columns, Unusual> {
        let about = self.groups.metadata.file_metadata();
        let readers = columns.iter().map(|&column| {
            let levels = parquet_to_arrow_field_levels(
                about.schema_descr(),
                ProjectionMask::roots(about.schema_descr(), [column]),
                Some(self.schema.fields()),
            )?;
            ParquetRecordBatchReader::try_new_with_row_groups(&levels, &self.groups, rows, None)
        });
        Ok(Columns {
            readers: readers.collect::<ParquetResult<_>>()?,
            schema: Arc::new(self.schema.project(columns)?),
            left: about.num_rows() as usize,
        })
    }
}

/// Reads text as views, which repeat no text that is in a dictionary of the file.
fn as_views(field: &Arc<Field>) -> Arc<Field> {
    let text = |kind: &DataType| {
        matches!(
            kind,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
        )
    };
    let is_text = match field.data_type() {
        DataType::Dictionary(_, values) => text(values),
        other => text(other),
    };
    if !is_text {
        return Arc::clone(field);
    }
    Arc::new(Field::new(
        field.name(),
        DataType::Utf8View,
        field.is_nullable(),
    ))
}

/// Reads columns side by side.
pub struct Columns {
    readers: Vec<ParquetRecordBatchReader>,
    schema: SchemaRef,
    /// The number of rows that have not been read.
    left: usize,
}

impl Columns {
    pub fn next(&mut self) -> Result<Option<RecordBatch>, Unusual> {
        let arrays: Vec<Option<ArrayRef>> = (self.readers.par_iter_mut())
            .with_max_len(1)
            .map(|reader| {
                guarded(|| {
                    let batch = reader.next().transpose()?;
                    Ok(batch.map(|batch| Arc::clone(batch.column(0))))
                })
            })
            .collect::<Result<_, _>>()?;
        if arrays.iter().all(Option::is_none) {
            return match self.left {
                0 => Ok(None),
                _ => Err(Unusual::new("the columns end before the rows of the file")),
            };
        }
        let arrays: Option<Vec<ArrayRef>> = arrays.into_iter().collect();
        let arrays = arrays.ok_or_else(|| Unusual::new("the columns have different lengths"))?;
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)?;
        self.left = (self.left.checked_sub(batch.num_rows()))
            .ok_or_else(|| Unusual::new("the columns have more rows than the file"))?;
        Ok(Some(batch))
    }
}

/// All row groups of a file.
#[derive(Clone)]
struct Groups {
    file: Arc<Positioned>,
    metadata: Arc<ParquetMetaData>,
}

impl RowGroups for Groups {
    fn num_rows(&self) -> usize {
        self.metadata.file_metadata().num_rows() as usize
    }

    fn column_chunks(&self, column: usize) -> ParquetResult<Box<dyn PageIterator>> {
        Ok(Box::new(Chunks {
            groups: self.clone(),
            column,
            rest: 0..self.metadata.num_row_groups(),
        }))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.metadata.row_groups().iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The chunks of a column in all row groups.
struct Chunks {
    groups: Groups,
    column: usize,
    rest: Range<usize>,
}

impl Iterator for Chunks {
    type Item = ParquetResult<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        let group = self.groups.metadata.row_group(self.rest.next()?);
        let pages = CheckedPages::new(
            &self.groups.file,
            group.column(self.column),
            group.num_rows() as usize,
        );
        Some(pages.map(|pages| Box::new(pages) as Box<dyn PageReader>))
    }
}

impl PageIterator for Chunks {}
