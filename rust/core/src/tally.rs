//! The tally: how often each outcome was seen between each ordered pair of contestants.
//!
//! It is the sufficient statistic of a match log. Counts are integers, so tallies add
//! without loss and the order of the rows leaves no trace.

use std::collections::BTreeMap;

use crate::Error;

/// Up to this many contestants the plain matches are counted in a dense table.
const DENSE_LIMIT: usize = 1024;

/// How a plain match ended. The first contestant is the one shown first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Outcome {
    /// The contestant shown first won.
    First = 0,
    /// The contestant shown second won.
    Second = 1,
    /// Neither was better.
    Tie = 2,
    /// Neither was any good: a tie, counted apart.
    BothBad = 3,
    /// A share of the win between 0 and 1, given as a number.
    Soft = 4,
}

impl Outcome {
    const PLAIN: [Self; 4] = [Self::First, Self::Second, Self::Tie, Self::BothBad];

    /// The outcome with this code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        match code {
            4 => Some(Self::Soft),
            _ => Self::PLAIN.get(code as usize).copied(),
        }
    }

    /// The first contestant's share of the win; `soft` where the outcome is a number.
    #[must_use]
    pub fn score(self, soft: f64) -> f64 {
        match self {
            Self::First => 1.0,
            Self::Second => 0.0,
            Self::Tie | Self::BothBad => 0.5,
            Self::Soft => soft,
        }
    }
}

/// Identical matches: same ordered pair, same outcome, same weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The contestant shown first.
    pub first: u32,
    /// The contestant shown second.
    pub second: u32,
    /// How the matches ended.
    pub outcome: Outcome,
    /// The first contestant's share of the win, 0 to 1.
    pub score: f64,
    /// The importance of each match; 1 unless said otherwise.
    pub weight: f64,
    /// How many matches there were.
    pub count: u64,
}

/// A match that is not plain: (first, second, outcome, score bits, weight bits).
type SpecialKey = (u32, u32, u8, u64, u64);

/// Exact counts of matches by ordered pair and outcome.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    contestants: usize,
    plain: Plain,
    special: BTreeMap<SpecialKey, u64>,
}

#[derive(Clone, Debug)]
enum Plain {
    /// `[first * stride + second][outcome]`
    Dense {
        stride: usize,
        counts: Vec<[u64; 4]>,
    },
    Sparse(Sparse),
}

impl Default for Plain {
    fn default() -> Self {
        Self::Dense {
            stride: 0,
            counts: Vec::new(),
        }
    }
}

/// Sorted (key, count) entries and a buffer of what was not merged in yet.
#[derive(Clone, Debug, Default)]
struct Sparse {
    merged: Vec<(u64, u64)>,
    pending: Vec<(u64, u64)>,
}

/// 31 bits of each contestant and 2 bits of outcome, so that keys sort as cells do.
fn key(first: u32, second: u32, outcome: Outcome) -> u64 {
    (u64::from(first) << 33) | (u64::from(second) << 2) | outcome as u64
}

fn unkey(key: u64) -> (u32, u32, Outcome) {
    (
        (key >> 33) as u32,
        ((key >> 2) & 0x7FFF_FFFF) as u32,
        Outcome::PLAIN[(key & 3) as usize],
    )
}

fn add_counts(a: u64, b: u64) -> Result<u64, Error> {
    a.checked_add(b).ok_or(Error::CountOverflow)
}

impl Sparse {
    fn push(&mut self, key: u64, count: u64) -> Result<(), Error> {
        self.pending.push((key, count));
        // A buffer as long as what is merged already keeps the total work at n log n.
        if self.pending.len() >= self.merged.len().max(1 << 16) {
            self.settle()?;
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.pending.sort_unstable();
        let mut out: Vec<(u64, u64)> = Vec::with_capacity(self.merged.len() + self.pending.len());
        let mut old = self.merged.iter().copied().peekable();
        let mut new = self.pending.iter().copied().peekable();
        loop {
            let next = match (old.peek(), new.peek()) {
                (Some(a), Some(b)) if a.0 <= b.0 => old.next(),
                (Some(_), None) => old.next(),
                _ => new.next(),
            };
            let Some((key, count)) = next else { break };
            match out.last_mut() {
                Some(last) if last.0 == key => last.1 = add_counts(last.1, count)?,
                _ => out.push((key, count)),
            }
        }
        out.shrink_to_fit();
        self.merged = out;
        self.pending = Vec::new();
        Ok(())
    }
}

impl Tally {
    /// An empty tally of a field of `contestants`; it grows with [`Tally::grow`].
    #[must_use]
    pub fn new(contestants: usize) -> Self {
        let mut tally = Self::default();
        tally.grow(contestants);
        tally
    }

    /// The number of contestants, those without a match included.
    #[must_use]
    pub fn contestants(&self) -> usize {
        self.contestants
    }

    /// Makes room for contestants with codes up to `contestants - 1`.
    pub fn grow(&mut self, contestants: usize) {
        if contestants <= self.contestants {
            return;
        }
        self.contestants = contestants;
        let Plain::Dense { stride, counts } = &mut self.plain else {
            return;
        };
        if contestants <= *stride {
            return;
        }
        let (old, old_stride) = (std::mem::take(counts), *stride);
        let occupied = old.iter().enumerate().flat_map(|(at, outcomes)| {
            Outcome::PLAIN.into_iter().filter_map(move |outcome| {
                let count = outcomes[outcome as usize];
                let (first, second) = (at / old_stride, at % old_stride);
                (count > 0).then_some((first, second, outcome, count))
            })
        });
        if contestants <= DENSE_LIMIT {
            let new_stride = contestants.next_power_of_two();
            let mut table = vec![[0; 4]; new_stride * new_stride];
            for (first, second, outcome, count) in occupied {
                table[first * new_stride + second][outcome as usize] = count;
            }
            self.plain = Plain::Dense {
                stride: new_stride,
                counts: table,
            };
        } else {
            let merged = occupied
                .map(|(first, second, outcome, count)| {
                    (key(first as u32, second as u32, outcome), count)
                })
                .collect();
            self.plain = Plain::Sparse(Sparse {
                merged,
                pending: Vec::new(),
            });
        }
    }

    /// Counts `count` matches of weight 1 with a plain outcome.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if a cell no longer fits 64 bits.
    ///
    /// # Panics
    /// If a contestant is outside the field, or the outcome is soft.
    pub fn add(
        &mut self,
        first: u32,
        second: u32,
        outcome: Outcome,
        count: u64,
    ) -> Result<(), Error> {
        assert!((first as usize) < self.contestants && (second as usize) < self.contestants);
        match &mut self.plain {
            Plain::Dense { stride, counts } => {
                let slot =
                    &mut counts[first as usize * *stride + second as usize][outcome as usize];
                *slot = add_counts(*slot, count)?;
                Ok(())
            }
            Plain::Sparse(_) if count == 0 => Ok(()),
            Plain::Sparse(sparse) => sparse.push(key(first, second, outcome), count),
        }
    }

    /// Counts matches of any kind: soft, weighted or plain.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if a cell no longer fits 64 bits.
    ///
    /// # Panics
    /// If a contestant is outside the field.
    pub fn add_cell(&mut self, cell: &Cell) -> Result<(), Error> {
        if cell.outcome != Outcome::Soft && cell.weight == 1.0 {
            return self.add(cell.first, cell.second, cell.outcome, cell.count);
        }
        assert!(
            (cell.first as usize) < self.contestants && (cell.second as usize) < self.contestants
        );
        if cell.count > 0 {
            let key = (
                cell.first,
                cell.second,
                cell.outcome as u8,
                cell.score.to_bits(),
                cell.weight.to_bits(),
            );
            let slot = self.special.entry(key).or_insert(0);
            *slot = add_counts(*slot, cell.count)?;
        }
        Ok(())
    }

    /// Adds another tally over the same codes.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if a cell no longer fits 64 bits.
    pub fn merge(&mut self, other: &Self) -> Result<(), Error> {
        self.grow(other.contestants);
        other.cells().try_for_each(|cell| self.add_cell(&cell))
    }

    /// The same matches under other codes: contestant `i` becomes `codes[i]`, and the
    /// matches of contestants whose code is `None` are left out.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if a cell no longer fits 64 bits.
    pub fn relabel(&self, codes: &[Option<u32>]) -> Result<Self, Error> {
        let contestants = codes
            .iter()
            .flatten()
            .max()
            .map_or(0, |&max| max as usize + 1);
        let mut out = Self::new(contestants);
        for cell in self.cells() {
            let (first, second) = (codes[cell.first as usize], codes[cell.second as usize]);
            if let (Some(first), Some(second)) = (first, second) {
                out.add_cell(&Cell {
                    first,
                    second,
                    ..cell
                })?;
            }
        }
        out.settle()?;
        Ok(out)
    }

    /// Merges what is still buffered; reading does not need it, but is cheaper after it.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if a cell no longer fits 64 bits.
    pub fn settle(&mut self) -> Result<(), Error> {
        match &mut self.plain {
            Plain::Dense { .. } => Ok(()),
            Plain::Sparse(sparse) => sparse.settle(),
        }
    }

    /// The cells that hold a match: plain ones by (first, second, outcome), then the others.
    /// A cell may come in several parts while the tally is not settled.
    #[must_use]
    pub fn cells(&self) -> Box<dyn Iterator<Item = Cell> + '_> {
        let special =
            self.special
                .iter()
                .map(|(&(first, second, outcome, score, weight), &count)| Cell {
                    first,
                    second,
                    outcome: Outcome::from_code(outcome).unwrap_or(Outcome::Soft),
                    score: f64::from_bits(score),
                    weight: f64::from_bits(weight),
                    count,
                });
        let plain_cell = |first, second, outcome: Outcome, count| Cell {
            first,
            second,
            outcome,
            score: outcome.score(0.5),
            weight: 1.0,
            count,
        };
        match &self.plain {
            Plain::Dense { stride, counts } => Box::new(
                counts
                    .iter()
                    .enumerate()
                    .flat_map(move |(at, outcomes)| {
                        Outcome::PLAIN.into_iter().filter_map(move |outcome| {
                            let count = outcomes[outcome as usize];
                            (count > 0).then(|| {
                                plain_cell(
                                    (at / stride) as u32,
                                    (at % stride) as u32,
                                    outcome,
                                    count,
                                )
                            })
                        })
                    })
                    .chain(special),
            ),
            Plain::Sparse(sparse) => Box::new(
                sparse
                    .merged
                    .iter()
                    .chain(&sparse.pending)
                    .map(move |&(key, count)| {
                        let (first, second, outcome) = unkey(key);
                        plain_cell(first, second, outcome, count)
                    })
                    .chain(special),
            ),
        }
    }

    /// The number of matches.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if there are more than 64 bits can count.
    pub fn matches(&self) -> Result<u64, Error> {
        self.cells()
            .try_fold(0, |total, cell| add_counts(total, cell.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(tally: &Tally) -> Vec<(u32, u32, u8, u64, u64, u64)> {
        let mut settled = tally.clone();
        settled.settle().unwrap();
        settled
            .cells()
            .map(|c| {
                (
                    c.first,
                    c.second,
                    c.outcome as u8,
                    c.score.to_bits(),
                    c.weight.to_bits(),
                    c.count,
                )
            })
            .collect()
    }

    fn tally_of(rows: &[(u32, u32, u8, u64)], contestants: usize) -> Tally {
        let mut tally = Tally::new(contestants);
        for &(first, second, outcome, count) in rows {
            let outcome = Outcome::from_code(outcome).unwrap();
            tally
                .add_cell(&Cell {
                    first,
                    second,
                    outcome,
                    score: outcome.score(0.25),
                    weight: 1.0 + f64::from(outcome as u8 / 4),
                    count,
                })
                .unwrap();
        }
        tally
    }

    fn rows(contestants: u32) -> impl Strategy<Value = Vec<(u32, u32, u8, u64)>> {
        prop::collection::vec((0..contestants, 0..contestants, 0..5_u8, 1..4_u64), 0..200)
    }

    proptest! {
        #[test]
        fn neither_order_nor_split_nor_density_leaves_a_trace(
            rows in rows(30), cut in 0..200_usize,
        ) {
            let whole = tally_of(&rows, 30);
            let mut reversed = rows.clone();
            reversed.reverse();
            prop_assert_eq!(sorted(&whole), sorted(&tally_of(&reversed, 30)));
            let cut = cut.min(rows.len());
            let mut merged = tally_of(&rows[..cut], 30);
            merged.merge(&tally_of(&rows[cut..], 30)).unwrap();
            prop_assert_eq!(sorted(&whole), sorted(&merged));
            prop_assert_eq!(sorted(&whole), sorted(&tally_of(&rows, DENSE_LIMIT + 1)));
            let mut grown = tally_of(&rows, 30);
            grown.grow(DENSE_LIMIT + 1);
            prop_assert_eq!(sorted(&whole), sorted(&grown));
        }

        #[test]
        fn relabelling_there_and_back_changes_nothing(rows in rows(20)) {
            let tally = tally_of(&rows, 20);
            let there: Vec<_> = (0..20_u32).map(|i| Some((i * 7 + 3) % 20)).collect();
            let mut back = vec![None; 20];
            for (i, code) in there.iter().enumerate() {
                back[code.unwrap() as usize] = Some(i as u32);
            }
            let round = tally.relabel(&there).unwrap().relabel(&back).unwrap();
            prop_assert_eq!(sorted(&tally), sorted(&round));
        }
    }

    #[test]
    fn counts_go_beyond_32_bits_and_overflow_is_an_error() {
        let mut tally = Tally::new(2);
        tally.add(0, 1, Outcome::First, u64::MAX - 1).unwrap();
        tally.add(0, 1, Outcome::First, 1).unwrap();
        assert_eq!(tally.matches().unwrap(), u64::MAX);
        assert!(tally.add(0, 1, Outcome::First, 1).is_err());
        tally.add(1, 0, Outcome::Tie, 1).unwrap();
        assert!(tally.matches().is_err());
    }
}
