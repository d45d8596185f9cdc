//! Counts of equal records.

use humorrank_core::Interner;

use super::scan::{Block, Scan};
use crate::{
    Columns, Unusual,
    cells::{self, Cells, MOST_CELLS, Rows},
};

/// Counts the records of blocks, using codes of its own.
pub struct Counter {
    block: Block,
    cells: Cells,
    found: Vec<u32>,
}

impl Counter {
    pub fn new(scan: &Scan) -> Self {
        Self {
            block: Block::new(scan),
            cells: Cells::new(vec![1; scan.columns.len()]),
            found: Vec::new(),
        }
    }

    /// Counts the records of a block. Returns false if there are too many names.
    pub fn count(&mut self, text: &str, scan: &Scan) -> Result<bool, Unusual> {
        scan.read(text, &mut self.block)?;
        let sizes = |known: &[usize]| -> Vec<usize> {
            let names = |interner: usize| self.block.interners[interner].len();
            let fits = |(&known, &(_, interner)): (&usize, &(usize, usize))| match known {
                known if known >= names(interner) => known,
                _ => names(interner).next_power_of_two(),
            };
            known.iter().zip(&scan.columns).map(fits).collect()
        };
        let sizes = sizes(self.cells.sizes());
        // A batch has more rows than this, unless it is the last one.
        let fits = cells::size(&sizes, MOST_CELLS / 4).is_some();
        if fits {
            if sizes != self.cells.sizes() {
                self.cells.grow(sizes);
            }
            self.found.clear();
            self.found.resize(self.block.rows(), 0);
            for (at, column) in self.block.columns.iter().enumerate() {
                let stride = self.cells.stride(at);
                for (cell, &code) in self.found.iter_mut().zip(column) {
                    *cell += code * stride;
                }
            }
            self.cells.add(&self.found);
        }
        self.block.columns.iter_mut().for_each(Vec::clear);
        Ok(fits)
    }

    /// Returns the counts in the codes of the interners, and resets the counters.
    pub fn name_cells(counters: &mut [Self], scan: &Scan, interners: &mut [&mut Interner]) -> Rows {
        // Which counter encounters a name first is random, so new names are added in alphabetical
        // order.
        for (number, all) in interners.iter_mut().enumerate().take(scan.interners) {
            let names = counters
                .iter()
                .map(|counter| &counter.block.interners[number]);
            let mut new: Vec<&str> = names
                .flat_map(|mine| (0..mine.len() as u32).map(|code| mine.name(code)))
                .filter(|name| all.get(name).is_none())
                .collect();
            new.sort_unstable();
            for name in new {
                all.intern(name);
            }
        }
        let mut columns: Columns = vec![Vec::new(); scan.columns.len()];
        let mut times = Vec::new();
        for counter in counters {
            let names = counter.block.merge(interners);
            counter.cells.for_each(|codes, count| {
                times.push(u64::from(count));
                for ((out, &(_, interner)), &code) in
                    columns.iter_mut().zip(&scan.columns).zip(codes)
                {
                    out.push(names[interner][code as usize]);
                }
            });
            counter.cells.clear();
        }
        Rows {
            columns,
            times: Some(times),
        }
    }
}
