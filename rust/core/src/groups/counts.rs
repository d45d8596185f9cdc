//! Exact counts of matches by group.

use super::{
    finder::Finder,
    rows::{Row, Rows, in_range, pack, unpack},
    runs::Runs,
    special::{Special, Specials},
};
use crate::{Cell, Error, Monitor, Outcome, Tally, tally::each_difference};

/// Exact counts of matches by group, ordered pair and outcome.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    contestants: usize,
    finder: Finder,
    pub(super) plain: Runs,
    pub(super) special: Specials,
}

/// A cell that cannot be subtracted because there are too few such matches.
#[derive(Clone, Copy, Debug)]
pub struct Missing {
    /// The group, as numbered by the groups to be subtracted.
    pub group: u32,
    /// The cell to be subtracted.
    pub cell: Cell,
    /// The number of such matches that exist.
    pub held: u64,
}

impl Groups {
    /// Creates an empty collection of groups with `keys` keys each.
    #[must_use]
    pub fn new(keys: usize) -> Self {
        Self {
            finder: Finder::new(keys),
            ..Self::default()
        }
    }

    /// The number of groups.
    #[must_use]
    pub fn len(&self) -> usize {
        self.finder.len()
    }

    /// Whether there are no groups.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of contestants, including those without a match.
    #[must_use]
    pub fn contestants(&self) -> usize {
        self.contestants
    }

    /// The code of each group for each key, one column per key.
    #[must_use]
    pub fn keys(&self) -> &[Vec<u32>] {
        self.finder.columns()
    }

    /// Makes room for contestants with codes up to `contestants - 1`.
    pub fn grow(&mut self, contestants: usize) {
        self.contestants = self.contestants.max(contestants);
    }

    /// Counts rows.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] if a row contains a contestant outside the field, a contestant matched
    /// with itself, or an invalid outcome, score or weight. In this case no row is counted.
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits.
    /// [`Error::Interrupted`] if the work is cancelled.
    ///
    /// # Panics
    /// If the columns differ in length.
    pub fn add(&mut self, rows: &Rows, monitor: &Monitor) -> Result<(), Error> {
        let length = rows.first.len();
        assert!(rows.second.len() == length && rows.outcome.len() == length);
        assert!(rows.keys.iter().all(|codes| codes.len() == length));
        if !in_range(rows, self.contestants) {
            return Err(Error::OutOfRange);
        }
        // Settling before adding these rows, not afterwards, means that rows added all at once are
        // sorted only once, when they have their final codes.
        if self.plain.is_long() {
            self.settle(monitor)?;
        }
        let group = self.finder.groups_of(rows.keys, length);
        monitor.check()?;
        if rows.score.is_none() && rows.weight.is_none() {
            (self.plain).extend(rows, &group, self.finder.len(), self.contestants);
        } else {
            for (row, &group) in group.iter().enumerate() {
                self.add_row(rows, row, group);
            }
        }
        Ok(())
    }

    fn add_row(&mut self, rows: &Rows, row: usize, group: u32) {
        let (first, second, outcome) = (rows.first[row], rows.second[row], rows.outcome[row]);
        let weight = rows.weight.map_or(1.0, |column| column[row]);
        let count = rows.count.map_or(1, |column| column[row]);
        if outcome == Outcome::Soft as u8 || weight != 1.0 {
            let soft = rows.score.map_or(f64::NAN, |column| column[row]);
            let score = Outcome::from_code(outcome).map_or(soft, |outcome| outcome.score(soft));
            let special = Special::new(group, (first, second, outcome), score, weight);
            self.special.push(special, count);
        } else {
            let key = pack(first, second, outcome);
            self.plain.push(Row { key, group }, count);
        }
    }

    /// Sorts and merges the rows counted since the last call.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits.
    /// [`Error::Interrupted`] if the work is cancelled.
    pub fn settle(&mut self, monitor: &Monitor) -> Result<(), Error> {
        self.plain
            .settle(self.finder.len(), self.contestants, monitor)?;
        self.special.settle()
    }

    /// Iterates over the cells of one of the settled groups: the plain ones by first contestant,
    /// second contestant and outcome, then the others.
    pub fn cells(&self, group: usize) -> impl Iterator<Item = Cell> + '_ {
        let plain = self.plain.of(group).map(|(key, count)| {
            let (first, second, outcome) = unpack(key);
            Cell::plain((first, second, outcome, count))
        });
        plain.chain(self.special.of(group as u32).map(Special::cell))
    }

    /// The number of cells of a group.
    fn size(&self, group: usize) -> usize {
        self.plain.of(group).len() + self.special.of(group as u32).len()
    }

    /// Whether each contestant has a match.
    #[must_use]
    pub fn played(&self) -> Vec<bool> {
        let mut played = self.plain.marked(self.contestants, |row, played| {
            let (first, second, _) = unpack(row.key);
            played[first as usize] = true;
            played[second as usize] = true;
        });
        for special in self.special.iter() {
            played[special.first as usize] = true;
            played[special.second as usize] = true;
        }
        played
    }

    /// Whether each group has a match.
    #[must_use]
    pub fn used(&self) -> Vec<bool> {
        let mut used = (self.plain).marked(self.len(), |row, used| used[row.group as usize] = true);
        for special in self.special.iter() {
            used[special.group as usize] = true;
        }
        used
    }

    /// The number of matches.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the number exceeds 64 bits.
    pub fn matches(&self) -> Result<u64, Error> {
        let special = self.special.iter().map(|special| special.count);
        special
            .fold(self.plain.matches(), |sum, count| {
                sum.and_then(|sum| sum.checked_add(count))
            })
            .ok_or(Error::CountOverflow)
    }

    /// Returns the same matches with other codes of contestants and keys, with the groups in the
    /// order of their new keys. Groups with equal keys are merged, and groups without a match are
    /// removed.
    ///
    /// Contestant `i` becomes `contestants[i]`, in a field of `field` contestants. `keys` contains,
    /// for each key to keep, its old index and the new code of each old one.
    /// [`NO_KEY`](super::NO_KEY) is unchanged.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits.
    /// [`Error::Interrupted`] if the work is cancelled.
    pub fn arrange(
        mut self,
        contestants: Option<&[u32]>,
        field: usize,
        keys: &[(usize, &[u32])],
        monitor: &Monitor,
    ) -> Result<Self, Error> {
        let used = self.used();
        let (finder, group_of) = self.finder.arranged(&used, keys);
        monitor.check()?;
        (self.plain).arrange(&group_of, finder.len(), contestants, field, monitor)?;
        self.special.relabel(&group_of, contestants);
        self.special.settle()?;
        Ok(Self {
            contestants: field,
            finder,
            plain: self.plain,
            special: self.special,
        })
    }

    /// Adds other groups over the same codes of contestants and keys.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits.
    /// [`Error::Interrupted`] if the work is cancelled.
    pub fn merge(&mut self, other: &Self, monitor: &Monitor) -> Result<(), Error> {
        self.grow(other.contestants);
        let columns: Vec<&[u32]> = other.keys().iter().map(Vec::as_slice).collect();
        let group_of = self.finder.groups_of(&columns, other.len());
        other.plain.for_each(|row, count| {
            let group = group_of[row.group as usize];
            self.plain.push(Row { group, ..row }, count);
        });
        for special in other.special.iter() {
            let group = group_of[special.group as usize];
            self.special
                .push(Special { group, ..*special }, special.count);
        }
        self.settle(monitor)
    }

    /// Subtracts other groups over the same codes of contestants and keys. Both must be settled. If
    /// a cell cannot be subtracted, returns it and leaves the groups unchanged.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if a count overflows. [`Error::Interrupted`] if the
    /// work is cancelled.
    pub fn subtract(&mut self, other: &Self, monitor: &Monitor) -> Result<Option<Missing>, Error> {
        let columns: Vec<&[u32]> = other.keys().iter().map(Vec::as_slice).collect();
        let known = self.len();
        let group_of = self.finder.groups_of(&columns, other.len());
        let mut left = Runs::default();
        let mut specials = Specials::default();
        let mut taken_of = vec![None; self.len()];
        for (group, &own) in group_of.iter().enumerate() {
            taken_of[own as usize] = Some(group);
        }
        for (group, taken) in taken_of.into_iter().enumerate() {
            monitor.check()?;
            let own = (group < known)
                .then(|| self.cells(group))
                .into_iter()
                .flatten();
            let taken = taken.map(|taken| (taken, other.cells(taken)));
            let mut keep = |cell: &Cell| {
                let triple = (cell.first, cell.second, cell.outcome as u8);
                if cell.outcome != Outcome::Soft && cell.weight == 1.0 {
                    let key = pack(triple.0, triple.1, triple.2);
                    let group = group as u32;
                    left.push(Row { key, group }, cell.count);
                } else {
                    let special = Special::new(group as u32, triple, cell.score, cell.weight);
                    specials.push(special, cell.count);
                }
            };
            let Some((number, taken)) = taken else {
                own.for_each(|cell| keep(&cell));
                continue;
            };
            if let Some((cell, held)) = each_difference(own, taken, &mut keep) {
                let group = number as u32;
                return Ok(Some(Missing { group, cell, held }));
            }
        }
        self.plain = left;
        self.special = specials;
        self.settle(monitor)?;
        Ok(None)
    }

    /// Returns all matches, regardless of the group.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits.
    pub fn total(&self) -> Result<Tally, Error> {
        let mut total = Tally::new(self.contestants);
        let mut result = Ok(());
        self.plain.for_each(|row, count| {
            if result.is_ok() {
                let (first, second, outcome) = unpack(row.key);
                result = total.add(first, second, outcome, count);
            }
        });
        result?;
        let mut special = self.special.iter().map(Special::cell);
        special.try_for_each(|cell| total.add_cell(&cell))?;
        total.settle()?;
        Ok(total)
    }

    /// Returns the contestants of one of the settled groups in order, and its matches with the
    /// contestants numbered 0, 1, ... in that order.
    ///
    /// # Errors
    /// [`Error::CountOverflow`] if the count of a cell exceeds 64 bits.
    pub fn group(&self, group: usize) -> Result<(Vec<u32>, Tally), Error> {
        let mut contestants = Vec::with_capacity(2 * self.size(group));
        for cell in self.cells(group) {
            // The cells are sorted by their first contestants.
            if contestants.last() != Some(&cell.first) {
                contestants.push(cell.first);
            }
        }
        contestants.extend(self.cells(group).map(|cell| cell.second));
        contestants.sort_unstable();
        contestants.dedup();
        let mut tally = Tally::new(contestants.len());
        let local = |code: u32| contestants.partition_point(|&other| other < code) as u32;
        let mut last = (u32::MAX, 0);
        for cell in self.cells(group) {
            if last.0 != cell.first {
                last = (cell.first, local(cell.first));
            }
            tally.add_cell(&Cell {
                first: last.1,
                second: local(cell.second),
                ..cell
            })?;
        }
        tally.settle()?;
        Ok((contestants, tally))
    }

    /// The number of cells of settled groups.
    #[must_use]
    pub fn cell_count(&self) -> usize {
        (0..self.len()).map(|group| self.size(group)).sum()
    }
}

/// Compares settled groups, which are equal if they contain the same matches with the same codes.
impl PartialEq for Groups {
    fn eq(&self, other: &Self) -> bool {
        self.contestants == other.contestants
            && self.keys() == other.keys()
            && self.plain == other.plain
            && self.special == other.special
    }
}
