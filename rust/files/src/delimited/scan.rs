//! Conversion of whole lines to columns of codes.

use humorrank_core::Interner;
use memchr::{memchr, memchr2_iter};
use rayon::prelude::*;

use super::blocks::BLOCK;
use crate::{Columns, Unusual};

/// The records of a block, in codes of its own.
pub struct Block {
    pub columns: Columns,
    pub interners: Vec<Interner>,
}

impl Block {
    pub fn new(scan: &Scan) -> Self {
        let rows = BLOCK / 24;
        Self {
            columns: vec![Vec::with_capacity(rows); scan.columns.len()],
            interners: vec![Interner::new(); scan.interners],
        }
    }

    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    /// The global code of each name of this block.
    pub fn merge(&self, interners: &mut [&mut Interner]) -> Vec<Vec<u32>> {
        self.interners
            .iter()
            .zip(interners)
            .map(|(mine, all)| {
                (0..mine.len() as u32)
                    .map(|code| all.intern(mine.name(code)))
                    .collect()
            })
            .collect()
    }
}

pub struct Scan {
    pub delimiter: u8,
    pub quote: bool,
    pub width: usize,
    /// (index of the column, index of its interner)
    pub columns: Vec<(usize, usize)>,
    pub interners: usize,
}

impl Scan {
    /// Returns the text if each line is a record to the strict reader as well, and `None` if this
    /// is not certain. (A zero byte could be mistaken for the end mark of the strict reader.)
    pub fn plain<'a>(&self, bytes: &'a [u8]) -> Result<Option<&'a str>, Unusual> {
        if memchr(0, bytes).is_some() || (self.quote && memchr(b'"', bytes).is_some()) {
            return Ok(None);
        }
        let text = std::str::from_utf8(bytes);
        text.map(Some).map_err(|_| Unusual::new("is not UTF-8"))
    }

    /// Appends the records of whole lines.
    pub fn read(&self, text: &str, block: &mut Block) -> Result<(), Unusual> {
        let Block { columns, interners } = block;
        // The ends of the fields of a record.
        let mut ends = vec![0; self.width];
        let (mut record, mut field) = (0, 0);
        let bytes = text.as_bytes();
        let marks = memchr2_iter(self.delimiter, b'\n', bytes);
        let last = (!bytes.is_empty() && !bytes.ends_with(b"\n")).then_some(bytes.len());
        for mark in marks.chain(last) {
            let ends_record = mark == bytes.len() || bytes[mark] == b'\n';
            if field == self.width || (ends_record && field + 1 < self.width) {
                let line = text[record..mark].trim_end_matches('\r');
                // A blank line is not a record, unless there is only one column.
                if field == 0 && line.is_empty() && mark - record < 2 {
                    record = mark + 1;
                    continue;
                }
                return Err(Unusual::new("a record has the wrong number of fields"));
            }
            ends[field] = mark;
            field += 1;
            if !ends_record {
                continue;
            }
            if mark > record && bytes[mark - 1] == b'\r' {
                ends[field - 1] = mark - 1;
            }
            let blank = self.width == 1 && ends[0] == record;
            if !blank {
                for (column, &(at, interner)) in columns.iter_mut().zip(&self.columns) {
                    let start = if at == 0 { record } else { ends[at - 1] + 1 };
                    column.push(interners[interner].intern(&text[start..ends[at]]));
                }
            }
            (record, field) = (mark + 1, 0);
        }
        Ok(())
    }

    /// The records of all blocks, in the codes of the interners.
    pub fn join(&self, blocks: &[Block], interners: &mut [&mut Interner]) -> Columns {
        let codes: Vec<Vec<Vec<u32>>> = blocks.iter().map(|block| block.merge(interners)).collect();
        let rows = blocks.iter().map(Block::rows).sum();
        let mut columns: Columns = vec![vec![0; rows]; self.columns.len()];
        columns.par_iter_mut().enumerate().for_each(|(at, column)| {
            let (_, interner) = self.columns[at];
            let mut rest = column.as_mut_slice();
            for (block, codes) in blocks.iter().zip(&codes) {
                let (now, later) = rest.split_at_mut(block.rows());
                for (code, &local) in now.iter_mut().zip(&block.columns[at]) {
                    *code = codes[interner][local as usize];
                }
                rest = later;
            }
        });
        columns
    }
}
