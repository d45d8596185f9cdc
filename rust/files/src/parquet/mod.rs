//! Parquet files as columns of codes, obtained from the dictionaries of the files.
//!
//! A writer stores the distinct values of a column chunk once, followed by keys only. Reading keys
//! instead of text saves most of the time, because only bit unpacking and one look-up per row
//! remain. Values that a writer stored plain are coded here.

pub(crate) mod checked;
pub(crate) mod footer;
mod hybrid;
mod pages;
mod row_groups;
mod thrift;

use std::path::Path;

use humorrank_core::Interner;
use rayon::prelude::*;

use crate::{
    Columns, NULL_CODE, Unusual,
    cells::{self, Cells, FEW_CELLS, MOST_CELLS, Rows},
    spare::Spare,
};
use pages::{Chunk, UNKNOWN};
use row_groups::{MOST_HELD, RowGroup, RowGroups};

/// The maximum number of rows of a batch, which fit the cache.
const BATCH: usize = 1 << 19;
/// The number of rows that one thread recodes at a time.
const PART: usize = 1 << 16;
/// The number of rows whose keys are kept at a time if row groups are small.
const HELD: usize = 1 << 20;
/// The number of rows that are counted at a time if row groups are small. They are not kept.
const COUNTED: usize = 1 << 23;

/// Reads columns of a Parquet file as codes.
pub struct ParquetCodes {
    file: RowGroups,
    /// The row groups whose rows are kept, and the following one if it has been opened.
    groups: Vec<RowGroup>,
    open: Option<RowGroup>,
    /// The keys of these rows, one column each.
    keys: Columns,
    /// The number of these rows that have been returned.
    done: usize,
    /// Whether counting still pays off.
    counts: bool,
    values: Vec<Values>,
}

/// The dictionary values seen so far by one interner.
#[derive(Default)]
struct Values {
    all: Interner,
    /// The code of each value; [`UNKNOWN`] until a row contains it.
    codes: Vec<u32>,
}

impl ParquetCodes {
    /// Opens a file.
    ///
    /// # Arguments
    /// - `columns`: the requested columns, each with the index of the interner that codes it.
    ///
    /// # Errors
    /// If the file cannot be opened, or a column contains neither text nor integers.
    pub fn open(path: &Path, columns: &[(String, usize)]) -> Result<Self, Unusual> {
        let interners = columns.iter().map(|(_, interner)| interner + 1).max();
        let mut values = Vec::new();
        values.resize_with(interners.unwrap_or(0), Values::default);
        keep_freed_memory();
        Ok(Self {
            file: RowGroups::open(path, columns)?,
            groups: Vec::new(),
            open: None,
            keys: Vec::new(),
            done: 0,
            counts: true,
            values,
        })
    }

    /// The number of rows of the file.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.file.rows()
    }

    /// Returns the next rows in the order of the file; `None` at the end.
    ///
    /// New names get codes in order of first appearance, row by row and column by column.
    ///
    /// # Errors
    /// If the file is damaged, or written in a rare form.
    ///
    /// # Panics
    /// If there are fewer interners than requested in [`ParquetCodes::open`].
    pub fn read(&mut self, interners: &mut [&mut Interner]) -> Result<Option<Columns>, Unusual> {
        if self.done == self.held() {
            self.take_groups()?;
            self.read_keys(interners)?;
        }
        let rows = BATCH.min(self.held() - self.done);
        if rows == 0 {
            return Ok(None);
        }
        let mut columns: Columns = vec![vec![0; rows]; self.file.columns.len()];
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

    /// Returns the next rows in any order, with equal rows combined if this pays off; `None` at the
    /// end.
    ///
    /// # Errors
    /// Same as [`ParquetCodes::read`].
    ///
    /// # Panics
    /// Same as [`ParquetCodes::read`].
    pub fn count(&mut self, interners: &mut [&mut Interner]) -> Result<Option<Rows>, Unusual> {
        if self.counts && self.groups.is_empty() && self.open.is_none() {
            let start = self.file.next;
            let mut groups = self.groups_to_count()?;
            if groups.is_empty() && self.file.next == self.file.count() {
                return Ok(None);
            }
            if let Some(cells) = self.count_groups(&mut groups)? {
                return Ok(Some(self.name_cells(&cells, interners)));
            }
            self.counts = false;
            self.file.next = start;
        }
        Ok(self.read(interners)?.map(Rows::from))
    }

    /// The row groups to be counted next; none if the first one is too large.
    fn groups_to_count(&mut self) -> Result<Vec<RowGroup>, Unusual> {
        let (mut groups, mut rows) = (Vec::new(), 0);
        while let Some(group) = self.file.next()? {
            rows += group.left;
            if group.left > MOST_HELD || (rows > COUNTED && !groups.is_empty()) {
                self.file.next -= 1;
                break;
            }
            if group.left > 0 {
                groups.push(group);
            }
        }
        Ok(groups)
    }

    /// Counts the rows of row groups; `None` if this does not pay off.
    fn count_groups(&mut self, groups: &mut [RowGroup]) -> Result<Option<Cells>, Unusual> {
        let chunks: Vec<&mut Chunk> = groups.iter_mut().flat_map(|g| &mut g.chunks).collect();
        chunks.into_par_iter().try_for_each(Chunk::open)?;
        for group in &mut *groups {
            for (chunk, column) in group.chunks.iter_mut().zip(&self.file.columns) {
                if chunk.values() > MOST_CELLS {
                    return Ok(None);
                }
                let all = &mut self.values[column.interner].all;
                chunk.codes = (0..chunk.values())
                    .map(|key| all.intern(chunk.value(key)))
                    .collect();
            }
        }
        // The codes of all values, followed by one for a missing value.
        let sizes: Vec<usize> = (self.file.columns.iter())
            .map(|column| self.values[column.interner].all.len() + 1)
            .collect();
        let rows = groups.iter().map(|group| group.left).sum::<usize>();
        let most = rows.clamp(FEW_CELLS, MOST_CELLS);
        if groups.is_empty() || cells::size(&sizes, most).is_none() {
            return Ok(None);
        }
        let empty = Cells::new(sizes);
        let mut tables = Spare::new();
        let counted = groups
            .par_iter_mut()
            .with_max_len(1)
            .map(|group| tables.lend(|| empty.clone(), |table| group.count(table)))
            .try_reduce(|| true, |a, b| Ok(a && b))?;
        let sum = tables.all().drain(..).reduce(|mut sum, table| {
            sum.merge(&table);
            sum
        });
        Ok(sum.filter(|_| counted))
    }

    /// Returns the counted rows in the codes of the interners. Values that no row contains get no
    /// code.
    fn name_cells(&mut self, cells: &Cells, interners: &mut [&mut Interner]) -> Rows {
        for values in &mut self.values {
            values.codes.resize(values.all.len(), UNKNOWN);
        }
        let mut columns: Columns = vec![Vec::new(); self.file.columns.len()];
        let mut times = Vec::new();
        cells.for_each(|codes, count| {
            times.push(u64::from(count));
            for ((out, column), &value) in columns.iter_mut().zip(&self.file.columns).zip(codes) {
                let Values { all, codes } = &mut self.values[column.interner];
                out.push(match codes.get_mut(value as usize) {
                    None => NULL_CODE,
                    Some(code) => {
                        if *code == UNKNOWN {
                            *code = interners[column.interner].intern(all.name(value));
                        }
                        *code
                    }
                });
            }
        });
        Rows {
            columns,
            times: Some(times),
        }
    }

    fn held(&self) -> usize {
        self.groups.iter().map(|group| group.now).sum()
    }

    /// Reads the keys of the current row groups, and determines the codes of their values.
    fn read_keys(&mut self, interners: &mut [&mut Interner]) -> Result<(), Unusual> {
        let rows = self.held();
        self.keys.resize(self.file.columns.len(), Vec::new());
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
            group.name(&self.file.columns, part, interners);
        }
        Ok(())
    }

    /// Takes the row groups to be read next: one per thread, or more if they are small.
    fn take_groups(&mut self) -> Result<(), Unusual> {
        self.done = 0;
        self.open = std::mem::take(&mut self.groups)
            .pop()
            .filter(|group| group.left > 0)
            .or(self.open.take());
        let mut rows = 0;
        while let Some(mut group) = match self.open.take() {
            Some(open) => Some(open),
            None => self.file.next()?,
        } {
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

/// Converts keys to codes.
fn recode(keys: &[u32], codes: &[u32], into: &mut [u32]) {
    for (code, &key) in into.iter_mut().zip(keys) {
        *code = codes.get(key as usize).copied().unwrap_or(NULL_CODE);
    }
}

/// Makes glibc keep freed memory for reuse, up to a few pages and batches.
///
/// By default glibc returns large blocks to the system each time, which then has to clear them
/// again and to notify the other processors, until a block as large as this one has been freed
/// once. Without this call, the first of two readings of 1e8 rows took twice as long as the second.
fn keep_freed_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(16 << 20)));
}
