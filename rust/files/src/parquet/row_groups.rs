//! The row groups of a Parquet file, as columns of keys that can be coded or counted.

use std::{path::Path, sync::Arc};

use humorrank_core::Interner;
use parquet::{errors::ParquetError, file::metadata::ParquetMetaData};

use super::{
    checked::CheckedPages,
    footer,
    pages::{Chunk, Kind},
};
use crate::{
    Unusual,
    cells::{Cells, STEP},
    positioned::Positioned,
};

/// The maximum number of rows of a row group that is read or counted as a whole.
pub const MOST_HELD: usize = 1 << 22;

/// Opens the row groups of a file one after the other.
pub struct RowGroups {
    file: Arc<Positioned>,
    metadata: ParquetMetaData,
    pub columns: Vec<Column>,
    /// The index of the next row group.
    pub next: usize,
}

/// A column to be read.
pub struct Column {
    leaf: usize,
    kind: Kind,
    optional: bool,
    /// The index of the interner that codes it.
    pub interner: usize,
}

impl RowGroups {
    /// Opens a file.
    ///
    /// # Arguments
    /// - `columns`: the requested columns, each with the index of the interner that codes it.
    ///
    /// # Errors
    /// If the file cannot be opened, or a column contains neither text nor integers.
    pub fn open(path: &Path, columns: &[(String, usize)]) -> Result<Self, Unusual> {
        let (file, metadata) = footer::open(path)?;
        let schema = metadata.file_metadata().schema_descr();
        let columns: Vec<Column> = columns
            .iter()
            .map(|(name, interner)| {
                let mut found = (0..schema.num_columns()).filter(|&leaf| {
                    let column = schema.column(leaf);
                    matches!(column.path().parts(), [only] if only == name)
                });
                let (Some(leaf), None) = (found.next(), found.next()) else {
                    return Err(Unusual::new(format!(
                        "there is not exactly one column {name:?}"
                    )));
                };
                let column = schema.column(leaf);
                let kind = Kind::of(&column)
                    .filter(|_| column.max_rep_level() == 0 && column.max_def_level() <= 1)
                    .ok_or_else(|| {
                        Unusual::new(format!(
                            "column {name:?} contains neither text nor integers"
                        ))
                    })?;
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
        })
    }

    /// The number of rows of the file.
    pub fn rows(&self) -> u64 {
        self.metadata.file_metadata().num_rows() as u64
    }

    /// The number of row groups of the file.
    pub fn count(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// Opens the next row group without reading any rows; `None` after the last one.
    pub fn next(&mut self) -> Result<Option<RowGroup>, Unusual> {
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
                let pages = CheckedPages::new(&self.file, chunk, rows)?;
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

/// The columns of a row group, as far as they have been read.
pub struct RowGroup {
    pub chunks: Vec<Chunk>,
    /// The number of rows in the current batch.
    pub now: usize,
    /// The number of rows in later batches.
    pub left: usize,
}

impl RowGroup {
    /// Counts all rows. Returns false if a page contains values that are not in the dictionary.
    pub fn count(&mut self, table: &mut Cells) -> Result<bool, Unusual> {
        let offsets: Vec<Vec<u32>> = (self.chunks.iter().enumerate())
            .map(|(at, chunk)| {
                let none = table.sizes()[at] as u32 - 1;
                let codes = chunk.codes.iter().copied().chain([none]);
                codes.map(|code| code * table.stride(at)).collect()
            })
            .collect();
        let (mut keys, mut cells) = ([0; STEP], [0; STEP]);
        while self.left > 0 {
            let rows = STEP.min(self.left);
            let cells = &mut cells[..rows];
            cells.fill(0);
            for (chunk, offsets) in self.chunks.iter_mut().zip(&offsets) {
                let none = offsets.len() - 1;
                chunk.read(&mut keys[..rows])?;
                if chunk.values() > none {
                    return Ok(false);
                }
                for (cell, &key) in cells.iter_mut().zip(&keys) {
                    *cell += offsets[(key as usize).min(none)];
                }
            }
            table.add(cells);
            self.left -= rows;
        }
        Ok(true)
    }

    /// Determines the code of every value that these rows contain.
    pub fn name(
        &mut self,
        columns: &[Column],
        keys: &[&mut [u32]],
        interners: &mut [&mut Interner],
    ) {
        for (number, interner) in interners.iter_mut().enumerate() {
            let mut unknown = 0;
            let mut mine = Vec::new();
            for (at, chunk) in self.chunks.iter_mut().enumerate() {
                if columns[at].interner == number {
                    unknown += chunk.look_up(interner);
                    mine.push(at);
                }
            }
            // Only values that a row contains get a code, in the order of the rows. A dictionary
            // may contain further values.
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
