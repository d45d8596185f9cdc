//! The soft and weighted matches of groups.

use crate::{Cell, Error, Outcome};

/// Identical soft or weighted matches of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Special {
    pub group: u32,
    pub first: u32,
    pub second: u32,
    pub outcome: u8,
    pub score: u64,
    pub weight: u64,
    pub count: u64,
}

impl Special {
    /// Creates a cell without matches. `of` is (first, second, outcome).
    pub fn new(group: u32, of: (u32, u32, u8), score: f64, weight: f64) -> Self {
        Self {
            group,
            first: of.0,
            second: of.1,
            outcome: of.2,
            score: score.to_bits(),
            weight: weight.to_bits(),
            count: 0,
        }
    }

    pub fn cell(&self) -> Cell {
        Cell {
            first: self.first,
            second: self.second,
            outcome: Outcome::from_code(self.outcome).unwrap_or(Outcome::Soft),
            score: f64::from_bits(self.score),
            weight: f64::from_bits(self.weight),
            count: self.count,
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        Self { count: 0, ..*self } == Self { count: 0, ..*other }
    }
}

/// Sorted cells, followed by cells that have not been merged yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Specials {
    cells: Vec<Special>,
    settled: usize,
}

impl Specials {
    pub fn push(&mut self, special: Special, count: u64) {
        if count > 0 {
            self.cells.push(Special { count, ..special });
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Special> + '_ {
        self.cells.iter()
    }

    /// The cells of a group. All cells must have been settled.
    pub fn of(&self, group: u32) -> std::slice::Iter<'_, Special> {
        let from = self.cells.partition_point(|special| special.group < group);
        let length = self.cells[from..].partition_point(|special| special.group == group);
        self.cells[from..from + length].iter()
    }

    pub fn relabel(&mut self, group_of: &[u32], contestants: Option<&[u32]>) {
        for special in &mut self.cells {
            special.group = group_of[special.group as usize];
            if let Some(codes) = contestants {
                special.first = codes[special.first as usize];
                special.second = codes[special.second as usize];
            }
        }
        self.settled = 0;
    }

    pub fn settle(&mut self) -> Result<(), Error> {
        if self.settled == self.cells.len() {
            return Ok(());
        }
        self.cells.sort_unstable();
        let mut out: Vec<Special> = Vec::with_capacity(self.cells.len());
        for special in self.cells.drain(..) {
            match out.last_mut() {
                Some(last) if last.is_like(&special) => {
                    let sum = last.count.checked_add(special.count);
                    last.count = sum.ok_or(Error::CountOverflow)?;
                }
                _ => out.push(special),
            }
        }
        self.settled = out.len();
        self.cells = out;
        Ok(())
    }
}
