//! The tally: how often each outcome was seen between each ordered pair of contestants.
//!
//! It is the sufficient statistic of a match log. Counts are integers, so tallies add
//! without loss and the order of the rows leaves no trace.

mod dense;
mod sparse;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::Error;
use dense::{DENSE_LIMIT, Dense};
pub(crate) use sparse::Cells;
use sparse::Sparse;

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
    Dense(Dense),
    Sparse(Sparse),
}

impl Default for Plain {
    fn default() -> Self {
        Self::Dense(Dense::default())
    }
}

/// Contestants that a tally can tell apart.
pub const MOST_CONTESTANTS: usize = 1 << 30;

/// Contestants are taken in blocks of 2^15: what a fit keeps of those of two blocks takes two
/// megabytes, about what a processor's own cache holds.
const BLOCK_BITS: u32 = 15;

/// Where a pair stands among all: by the blocks of both contestants, the higher one's first, then
/// by the contestants. Up to one block of contestants it is just the latter.
#[must_use]
pub fn place(low: u32, high: u32) -> (u32, u32, u32, u32) {
    (high >> BLOCK_BITS, low >> BLOCK_BITS, low, high)
}

/// Whether two contestants are in one block.
#[must_use]
pub(crate) fn same_block(one: u32, other: u32) -> bool {
    one >> BLOCK_BITS == other >> BLOCK_BITS
}

fn plain_cell((first, second, outcome, count): (u32, u32, Outcome, u64)) -> Cell {
    Cell {
        first,
        second,
        outcome,
        score: outcome.score(0.5),
        weight: 1.0,
        count,
    }
}

fn add_counts(a: u64, b: u64) -> Result<u64, Error> {
    a.checked_add(b).ok_or(Error::CountOverflow)
}

#[allow(
    clippy::needless_bitwise_bool,
    reason = "without branches it is vectorized"
)]
fn in_range(first: &[u32], second: &[u32], outcome: &[u8], contestants: u32) -> bool {
    let bad = (first.iter().zip(second).zip(outcome)).fold(
        false,
        |bad, ((&first, &second), &outcome)| {
            bad | (first.max(second) >= contestants) | (first == second) | (outcome > 3)
        },
    );
    !bad
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
        let Plain::Dense(old) = &self.plain else {
            return;
        };
        if contestants <= old.stride {
            return;
        }
        let cells: Vec<Cell> = self.plain_cells().collect();
        if contestants <= DENSE_LIMIT {
            self.plain = Plain::Dense(Dense::new(contestants));
            for cell in cells {
                // What fitted before fits again.
                let _ = self.add_cell(&cell);
            }
        } else {
            let mut sparse = Sparse::default();
            for cell in cells {
                // Each cell comes once, so that no sum can overflow.
                let _ = sparse.push(cell.first, cell.second, cell.outcome, cell.count);
            }
            self.plain = Plain::Sparse(sparse);
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
            Plain::Dense(dense) => dense.add(first, second, outcome, count),
            Plain::Sparse(_) if count == 0 => Ok(()),
            Plain::Sparse(sparse) => sparse.push(first, second, outcome, count),
        }
    }

    /// Counts plain matches of weight 1, one a row, on all threads.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if a cell no longer fits 64 bits; [`Error::OutOfRange`] if a row
    /// has a contestant outside the field, twice the same one, or an outcome that is not plain:
    /// nothing of the columns is counted then.
    ///
    /// # Panics
    /// If the columns are not of one length.
    pub fn add_columns(
        &mut self,
        first: &[u32],
        second: &[u32],
        outcome: &[u8],
    ) -> Result<(), Error> {
        assert!(first.len() == second.len() && first.len() == outcome.len());
        let contestants = self.contestants as u32;
        match &mut self.plain {
            Plain::Dense(dense) => dense.add_columns(first, second, outcome, contestants),
            Plain::Sparse(sparse) => {
                let good = (first.par_chunks(1 << 20))
                    .zip(second.par_chunks(1 << 20))
                    .zip(outcome.par_chunks(1 << 20))
                    .all(|((first, second), outcome)| {
                        in_range(first, second, outcome, contestants)
                    });
                if !good {
                    return Err(Error::OutOfRange);
                }
                sparse.add_columns(first, second, outcome)
            }
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
        let relabelled = |cell: Cell| {
            let (first, second) = (codes[cell.first as usize]?, codes[cell.second as usize]?);
            Some(Cell {
                first,
                second,
                ..cell
            })
        };
        if let (Plain::Sparse(from), Plain::Sparse(to)) = (&self.plain, &mut out.plain) {
            *to = from.relabel(codes, contestants as u32 - 1)?;
            self.special_cells()
                .filter_map(relabelled)
                .try_for_each(|cell| out.add_cell(&cell))?;
        } else {
            self.cells()
                .filter_map(relabelled)
                .try_for_each(|cell| out.add_cell(&cell))?;
        }
        out.settle()?;
        Ok(out)
    }

    /// Whether nothing is buffered.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        match &self.plain {
            Plain::Dense(_) => true,
            Plain::Sparse(sparse) => sparse.is_settled(),
        }
    }

    /// Merges what is still buffered; reading does not need it, but is cheaper after it.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if a cell no longer fits 64 bits.
    pub fn settle(&mut self) -> Result<(), Error> {
        match &mut self.plain {
            Plain::Dense(_) => Ok(()),
            Plain::Sparse(sparse) => sparse.settle(),
        }
    }

    /// The cells that hold a match: the plain ones by pair, then the others. A sparse tally
    /// gives a cell in parts while it is not settled.
    #[must_use]
    pub fn cells(&self) -> Box<dyn Iterator<Item = Cell> + '_> {
        Box::new(self.plain_cells().chain(self.special_cells()))
    }

    /// The cells of matches that are neither soft nor weighted, by unordered pair, then by who
    /// was shown first, then by outcome.
    fn plain_cells(&self) -> Box<dyn Iterator<Item = Cell> + '_> {
        match &self.plain {
            Plain::Dense(_) => {
                let mut cells = Vec::new();
                self.for_each_pair(|low, high, counts| {
                    for (at, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                        let (first, second) = if at < 4 { (low, high) } else { (high, low) };
                        cells.push(plain_cell((first, second, Outcome::PLAIN[at % 4], count)));
                    }
                });
                Box::new(cells.into_iter())
            }
            Plain::Sparse(sparse) => Box::new(sparse.cells().map(plain_cell)),
        }
    }

    /// The cells that are still buffered, one a row.
    fn unsettled(&self) -> impl Iterator<Item = Cell> + '_ {
        let sparse = match &self.plain {
            Plain::Dense(_) => None,
            Plain::Sparse(sparse) => Some(sparse),
        };
        sparse
            .into_iter()
            .flat_map(|sparse| sparse.fresh().map(plain_cell))
    }

    /// Visits the plain matches of a settled tally, an unordered pair at a time, in order:
    /// lower contestant, higher contestant, and the count of each outcome, first where the
    /// lower was shown first, then where the higher was.
    pub fn for_each_pair(&self, mut visit: impl FnMut(u32, u32, &[u64; 8])) {
        match &self.plain {
            Plain::Dense(dense) => dense.for_each_pair(self.contestants, visit),
            Plain::Sparse(sparse) => {
                for cells in sparse.settled() {
                    cells
                        .pairs()
                        .for_each(|(low, high, both)| visit(low, high, &both));
                }
            }
        }
    }

    /// The plain matches of a settled tally of many contestants, in parts, each in order.
    pub(crate) fn tiles(&self) -> Option<Vec<Cells<'_>>> {
        match &self.plain {
            Plain::Dense(_) => None,
            Plain::Sparse(sparse) => Some(sparse.settled().collect()),
        }
    }

    /// The cells of soft or weighted matches.
    pub fn special_cells(&self) -> impl Iterator<Item = Cell> + '_ {
        self.special
            .iter()
            .map(|(&(first, second, outcome, score, weight), &count)| Cell {
                first,
                second,
                outcome: Outcome::from_code(outcome).unwrap_or(Outcome::Soft),
                score: f64::from_bits(score),
                weight: f64::from_bits(weight),
                count,
            })
    }

    /// Whether a tally of so many contestants is one that all threads work on.
    #[must_use]
    pub fn is_sparse_with(contestants: usize) -> bool {
        contestants > DENSE_LIMIT
    }

    /// Whether there are so many contestants that all threads work on the tally.
    #[must_use]
    pub fn is_sparse(&self) -> bool {
        matches!(self.plain, Plain::Sparse(_))
    }

    /// No more pairs than this have met.
    #[must_use]
    pub fn pairs_at_most(&self) -> usize {
        match &self.plain {
            Plain::Dense(_) => self.special.len() + self.contestants * self.contestants / 2,
            Plain::Sparse(sparse) => self.special.len() + sparse.words(),
        }
    }

    /// Whether each contestant has a match.
    #[must_use]
    pub fn played(&self) -> Vec<bool> {
        let mut played = vec![false; self.contestants];
        match &self.plain {
            Plain::Dense(dense) => dense.mark_played(&mut played),
            Plain::Sparse(sparse) => sparse.settled().for_each(|cells| cells.mark(&mut played)),
        }
        for cell in self.unsettled().chain(self.special_cells()) {
            played[cell.first as usize] = true;
            played[cell.second as usize] = true;
        }
        played
    }

    /// Matches by outcome: first, second, tie, both bad, soft.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if there are more matches in all than 64 bits can count.
    pub fn outcomes(&self) -> Result<[u64; 5], Error> {
        let mut totals = [0_u128; 5];
        match &self.plain {
            Plain::Dense(dense) => totals[..4].copy_from_slice(&dense.outcomes()),
            Plain::Sparse(sparse) => {
                let tiles: Vec<Cells<'_>> = sparse.settled().collect();
                let sums: Vec<[u128; 8]> = tiles.par_iter().map(Cells::sums).collect();
                for (at, count) in sums.iter().flat_map(|sums| sums.iter().enumerate()) {
                    totals[at % 4] += count;
                }
            }
        }
        for cell in self.unsettled().chain(self.special_cells()) {
            totals[cell.outcome as usize] += u128::from(cell.count);
        }
        u64::try_from(totals.iter().sum::<u128>()).map_err(|_| Error::CountOverflow)?;
        Ok(totals.map(|total| total as u64))
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
        // Few, so many that a dense table carries, and exactly what it carries.
        let count = prop_oneof![1..4_u64, 60_000..200_000_u64, Just(1 << 16), Just(3 << 40)];
        let row = (0..contestants, 1..contestants, 0..5_u8, count);
        let opponent =
            move |(a, step, outcome, count)| (a, (a + step) % contestants, outcome, count);
        prop::collection::vec(row.prop_map(opponent), 0..200)
    }

    #[test]
    fn a_count_that_no_longer_fits_leaves_a_tally_as_it_was() {
        // One that is refused as it comes, and one that only its last bits make too much.
        for (contestants, more) in [(3, 1 << 40), (3, 10), (5_000, 1 << 40), (5_000, 10)] {
            let mut tally = Tally::new(contestants);
            tally.add(0, 1, Outcome::First, u64::MAX - 1).unwrap();
            tally.add(1, 2, Outcome::Tie, 7).unwrap();
            tally.settle().unwrap();
            let before = sorted(&tally);
            let again = (tally.add(0, 1, Outcome::First, more)).and_then(|()| tally.settle());
            assert!(matches!(again, Err(Error::CountOverflow)));
            assert_eq!(tally.settle().is_err(), !tally.is_settled());
            if tally.is_settled() {
                assert_eq!(sorted(&tally), before);
            }
            // What is there is neither forgotten nor counted twice.
            let held = |outcome| -> u128 {
                (tally.cells().filter(|cell| cell.outcome == outcome))
                    .map(|cell| u128::from(cell.count))
                    .sum()
            };
            let waiting = if tally.is_settled() { 0 } else { more };
            let first = u128::from(u64::MAX - 1) + u128::from(waiting);
            assert_eq!((held(Outcome::First), held(Outcome::Tie)), (first, 7));
        }
    }

    /// Contestants of many blocks, close together and far apart.
    fn spread(contestant: u32) -> u32 {
        contestant % 5 + contestant * 9_973
    }

    const WIDE: usize = 300_000;

    proptest! {
        #[test]
        fn tiles_hold_what_was_counted(
            rows in rows(30), cut in 0..200_usize, huge in 0..3_u64,
        ) {
            let rows: Vec<_> = (rows.into_iter())
                .filter(|row| row.2 < 4)
                .map(|(a, b, outcome, count)| {
                    // Around what a word can hold, and far beyond.
                    let most = (1_u64 << (61 - 2 * BLOCK_BITS)) - 2;
                    let count = count + [0, most, 1 << 56][huge as usize];
                    (spread(a), spread(b), outcome, count)
                })
                .collect();
            let mut truth = BTreeMap::new();
            for &(a, b, outcome, count) in &rows {
                *truth.entry((a, b, outcome)).or_insert(0) += count;
            }
            let tally = tally_of(&rows, WIDE);
            let mut unsettled = BTreeMap::new();
            for cell in tally.cells() {
                *unsettled.entry((cell.first, cell.second, cell.outcome as u8)).or_insert(0) +=
                    cell.count;
            }
            prop_assert_eq!(&unsettled, &truth);
            prop_assert_eq!(tally.matches().unwrap(), truth.values().sum::<u64>());
            let settled = sorted(&tally);
            let places: Vec<_> = (settled.iter())
                .map(|cell| (place(cell.0.min(cell.1), cell.0.max(cell.1)), cell.0 > cell.1, cell.2))
                .collect();
            prop_assert!(places.is_sorted());
            let found: BTreeMap<_, _> =
                settled.iter().map(|cell| ((cell.0, cell.1, cell.2), cell.5)).collect();
            prop_assert_eq!(found.len(), settled.len());
            prop_assert_eq!(&found, &truth);
            let mut merged = tally_of(&rows[..cut.min(rows.len())], WIDE);
            merged.merge(&tally_of(&rows[cut.min(rows.len())..], WIDE)).unwrap();
            prop_assert_eq!(&sorted(&merged), &settled);
            let mut outcomes = [0; 5];
            let mut played = vec![false; WIDE];
            for (&(a, b, outcome), count) in &truth {
                outcomes[outcome as usize] += count;
                played[a as usize] = true;
                played[b as usize] = true;
            }
            prop_assert_eq!(tally.outcomes().unwrap(), outcomes);
            prop_assert_eq!(merged.played(), played);
            // Other codes, and back; the odd ones are left out.
            let codes: Vec<_> = (0..WIDE as u32)
                .map(|i| i.is_multiple_of(2).then(|| (WIDE as u32 / 2 - 1 - i / 2) ^ 1))
                .collect();
            let mut back = vec![None; WIDE / 2];
            for (i, code) in (0..).zip(&codes) {
                if let Some(code) = code {
                    back[*code as usize] = Some(i);
                }
            }
            truth.retain(|(a, b, _), _| a.is_multiple_of(2) && b.is_multiple_of(2));
            let even = tally.relabel(&codes).unwrap().relabel(&back).unwrap();
            let found: BTreeMap<_, _> =
                sorted(&even).iter().map(|cell| ((cell.0, cell.1, cell.2), cell.5)).collect();
            prop_assert_eq!(&found, &truth);
        }

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
            grown.grow(100);
            prop_assert_eq!(sorted(&whole), sorted(&grown));
            grown.grow(DENSE_LIMIT + 1);
            prop_assert_eq!(sorted(&whole), sorted(&grown));
            prop_assert_eq!(whole.outcomes().unwrap(), grown.outcomes().unwrap());
            prop_assert_eq!(&whole.played()[..], &grown.played()[..30]);
            prop_assert_eq!(whole.matches().unwrap(), grown.matches().unwrap());
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
    fn columns_are_counted_as_rows_are() {
        let random = |row: u64, purpose: u64| {
            let mixed = (row * 2 + purpose).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (mixed >> 40) as u32
        };
        for contestants in [2_000_u32, WIDE as u32] {
            let rows = 40_000;
            let first: Vec<u32> = (0..rows).map(|row| random(row, 0) % contestants).collect();
            let second: Vec<u32> = (first.iter().zip(0..))
                .map(|(&first, row)| (first + 1 + random(row, 1) % (contestants - 1)) % contestants)
                .collect();
            let outcome: Vec<u8> = (0..rows).map(|row| (row % 4) as u8).collect();
            let mut columns = Tally::new(contestants as usize);
            let mut each = Tally::new(contestants as usize);
            for part in [0..30_000, 30_000..30_010, 30_010..40_000] {
                let (first, second) = (&first[part.clone()], &second[part.clone()]);
                columns.add_columns(first, second, &outcome[part]).unwrap();
            }
            for row in 0..rows as usize {
                let outcome = Outcome::PLAIN[outcome[row] as usize];
                each.add(first[row], second[row], outcome, 1).unwrap();
            }
            assert_eq!(sorted(&columns), sorted(&each));
            assert_eq!(columns.matches().unwrap(), rows);
        }
    }

    #[test]
    fn columns_are_counted_beyond_16_bits_whatever_the_way() {
        // Few rows; many of few contestants; many of many contestants.
        for (contestants, rows) in [(10, 30_000), (3, 400_000), (1000, 400_000)] {
            let opponents: Vec<u32> = (0..rows).map(|row| u32::from(row % 8 == 0) + 1).collect();
            let outcome: Vec<u8> = (0..rows).map(|row| u8::from(row % 16 == 3)).collect();
            let mut tally = Tally::new(contestants);
            let times = 9;
            for _ in 0..times {
                let own = vec![0; opponents.len()];
                tally.add_columns(&opponents, &own, &outcome).unwrap();
            }
            let cells: Vec<_> = (tally.cells())
                .map(|cell| (cell.first, cell.second, cell.outcome, cell.count))
                .collect();
            let part = times * rows / 16;
            let expected = [
                (1, 0, Outcome::First, 13 * part),
                (1, 0, Outcome::Second, part),
                (2, 0, Outcome::First, 2 * part),
            ];
            assert_eq!(cells, expected);
            assert_eq!(tally.outcomes().unwrap(), [15 * part, part, 0, 0, 0]);
        }
    }

    #[test]
    fn overflow_between_many_is_an_error() {
        let mut tally = Tally::new(WIDE);
        tally.add(0, 1, Outcome::First, u64::MAX - 1).unwrap();
        tally.add(0, 1, Outcome::First, 1).unwrap();
        tally.settle().unwrap();
        assert_eq!(tally.matches().unwrap(), u64::MAX);
        let again = tally.add(0, 1, Outcome::First, 1);
        assert!(again.and_then(|()| tally.settle()).is_err());
    }

    #[test]
    fn counts_go_beyond_32_bits_and_overflow_is_an_error() {
        let mut tally = Tally::new(2);
        tally.add(0, 1, Outcome::First, u64::MAX - 1).unwrap();
        tally.add(0, 1, Outcome::First, 1).unwrap();
        assert_eq!(tally.matches().unwrap(), u64::MAX);
        assert!(tally.add(0, 1, Outcome::First, 1).is_err());
        assert!(tally.add_columns(&[0], &[1], &[0]).is_err());
        tally.add(1, 0, Outcome::Tie, 1).unwrap();
        assert!(tally.matches().is_err());
    }
}
