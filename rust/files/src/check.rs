//! Checks coded matches, counts them by category, and selects those to be rated.

use std::sync::atomic::{AtomicU8, Ordering};

use humorrank_core::Outcome;
use rayon::prelude::*;

use crate::NULL_CODE;

/// The outcome code of a row without an outcome.
pub const UNJUDGED: u8 = 5;
/// The outcome code of a row whose value is not valid for the column.
pub const BAD: u8 = 6;

const FIRST: u8 = Outcome::First as u8;
const SECOND: u8 = Outcome::Second as u8;
const TIE: u8 = Outcome::Tie as u8;
const BOTH_BAD: u8 = Outcome::BothBad as u8;

/// The name occurred in a row with an outcome.
pub const SEEN_JUDGED: u8 = 1;
/// The name occurred in a row without an outcome.
pub const SEEN_UNJUDGED: u8 = 2;
/// The name occurred in a row whose count is 0.
pub const SEEN_VOID: u8 = 4;

/// The entry in a table of counts for a value that is not a valid count.
pub const NO_COUNT: u64 = u64::MAX;

/// The number of rows that one thread processes at a time, which fit the cache.
const PART: usize = 1 << 16;

/// Codes of consecutive rows.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// The contestants shown first.
    pub first: &'a [u32],
    /// The contestants shown second.
    pub second: &'a [u32],
    /// The codes of the winner column; `None` if the first contestant always won.
    pub winner: Option<&'a [u32]>,
    /// The codes of the count column, if there is one.
    pub count: Option<&'a [u32]>,
    /// The number of occurrences of each row; `None` if each occurred once.
    pub times: Option<&'a [u64]>,
}

/// The meaning of the codes.
#[derive(Clone, Copy)]
pub struct Meaning<'a> {
    /// The outcome of each code of the winner column, followed by that of a missing value.
    pub outcomes: &'a [u8],
    /// The contestant that each code of the winner column denotes, if it can denote one. It takes
    /// precedence over the outcome if it is one of the two contestants of the row.
    pub winner_names: Option<&'a [u32]>,
    /// The count of each code of the count column, [`NO_COUNT`] if it is invalid, followed by that
    /// of a missing value.
    pub counts: &'a [u64],
    /// The number of names.
    pub names: usize,
    /// The number of excluded names, which have the lowest codes. Their matches are omitted.
    pub excluded: u32,
}

/// The result of checking rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CheckedRows {
    /// The number of faulty rows. If there are any, the other fields are meaningless.
    pub faults: u64,
    /// The number of rows without an outcome.
    pub unjudged: u64,
    /// The number of rows whose count is 0.
    pub void: u64,
    /// The number of rows with excluded names.
    pub excluded: u64,
    /// The number of rated rows with a tie, except both-bad ties.
    pub ties: u64,
    /// The number of rated rows with a both-bad tie.
    pub both_bad: u64,
    /// The outcome of each rated row.
    pub outcome: Vec<u8>,
    /// The number of matches of each rated row, if rows have counts or occurred several times.
    pub count: Vec<u64>,
    /// The first and second contestants of the rated rows; `None` if all rows are rated.
    pub players: Option<(Vec<u32>, Vec<u32>)>,
    /// The indices of the rated rows; `None` if all rows are rated.
    pub rows: Option<Vec<usize>>,
    /// The categories of rows in which each name occurred: [`SEEN_JUDGED`], [`SEEN_UNJUDGED`],
    /// [`SEEN_VOID`].
    pub seen: Vec<u8>,
}

/// Checks rows and selects those to be rated.
///
/// A row is faulty if a name is missing, both names are equal, or its outcome or count is invalid.
/// A row without an outcome, with count 0, or with an excluded name is omitted and counted in the
/// first category that applies, in this order.
///
/// # Panics
/// If the columns differ in length, or a code is outside its table.
#[must_use]
pub fn check(rows: Rows, meaning: Meaning) -> CheckedRows {
    let length = rows.first.len();
    assert!(rows.second.len() == length);
    assert!(rows.winner.is_none_or(|codes| codes.len() == length));
    assert!(rows.count.is_none_or(|codes| codes.len() == length));
    assert!(rows.times.is_none_or(|times| times.len() == length));
    let seen: Vec<AtomicU8> = (0..meaning.names).map(|_| AtomicU8::new(0)).collect();
    let mut outcome = vec![0; length];
    let mut sums = outcome
        .par_chunks_mut(PART)
        .enumerate()
        .map(|(part, outcome)| {
            let range = part * PART..part * PART + outcome.len();
            check_part(rows.part(range), meaning, &seen, outcome)
        })
        .reduce(CheckedRows::default, |mut a, b| {
            a.faults += b.faults;
            a.unjudged += b.unjudged;
            a.void += b.void;
            a.excluded += b.excluded;
            a.ties += b.ties;
            a.both_bad += b.both_bad;
            a
        });
    if sums.faults > 0 {
        return sums;
    }
    sums.seen = seen.into_iter().map(AtomicU8::into_inner).collect();
    let all = sums.unjudged + sums.void + sums.excluded == 0;
    let kept: Vec<usize> = if all {
        Vec::new()
    } else {
        (0..length).filter(|&row| outcome[row] < UNJUDGED).collect()
    };
    if !all {
        sums.players = Some((pick(rows.first, &kept), pick(rows.second, &kept)));
    }
    if rows.count.is_some() || rows.times.is_some() {
        let matches = |row: usize| rows.count_of(row, meaning) * rows.times_of(row);
        sums.count = if all {
            each(length, matches)
        } else {
            each(kept.len(), |place| matches(kept[place]))
        };
    }
    sums.outcome = if all { outcome } else { pick(&outcome, &kept) };
    sums.rows = (!all).then_some(kept);
    sums
}

fn pick<T: Copy + Send + Sync>(values: &[T], rows: &[usize]) -> Vec<T> {
    each(rows.len(), |place| values[rows[place]])
}

/// Computes a value for each index, using all threads if there are many.
fn each<T: Send>(places: usize, of: impl Fn(usize) -> T + Send + Sync) -> Vec<T> {
    if places < PART {
        (0..places).map(of).collect()
    } else {
        (0..places).into_par_iter().map(of).collect()
    }
}

impl<'a> Rows<'a> {
    fn part(&self, range: std::ops::Range<usize>) -> Self {
        let of = |codes: &'a [u32]| &codes[range.clone()];
        Self {
            first: of(self.first),
            second: of(self.second),
            winner: self.winner.map(of),
            count: self.count.map(of),
            times: self.times.map(|times| &times[range.clone()]),
        }
    }

    fn count_of(&self, row: usize, meaning: Meaning) -> u64 {
        self.count.map_or(1, |codes| meaning.count(codes[row]))
    }

    fn times_of(&self, row: usize) -> u64 {
        self.times.map_or(1, |times| times[row])
    }
}

impl Meaning<'_> {
    fn count(&self, code: u32) -> u64 {
        self.counts[(code as usize).min(self.counts.len() - 1)]
    }
}

/// Marks that a name occurred in a row of the given category. Returns whether this is new.
fn note(seen: &[AtomicU8], code: u32, kind: u8) -> bool {
    let is_new = |known: u8| known & kind == 0;
    seen.get(code as usize).is_some_and(|flags| {
        is_new(flags.load(Ordering::Relaxed)) && is_new(flags.fetch_or(kind, Ordering::Relaxed))
    })
}

/// Marks the names of rows that all have an outcome, until every name has been marked.
fn note_judged(seen: &[AtomicU8], rows: Rows) {
    let new = |flags: &&AtomicU8| flags.load(Ordering::Relaxed) & SEEN_JUDGED == 0;
    let mut left = seen.iter().filter(new).count();
    for (&first, &second) in rows.first.iter().zip(rows.second) {
        if left == 0 {
            break;
        }
        left -= usize::from(note(seen, first, SEEN_JUDGED))
            + usize::from(note(seen, second, SEEN_JUDGED));
    }
}

/// Writes the outcome of each row, [`UNJUDGED`] for all omitted rows.
fn check_part(rows: Rows, meaning: Meaning, seen: &[AtomicU8], outcome: &mut [u8]) -> CheckedRows {
    let mut sums = CheckedRows::default();
    match rows.winner {
        None => outcome.fill(FIRST),
        Some(codes) => decode(rows, codes, meaning, outcome),
    }
    let count_of = |wanted: u8| {
        outcome
            .iter()
            .map(|&found| u64::from(found == wanted))
            .sum()
    };
    let plain = rows.count.is_none() && meaning.excluded == 0;
    if plain && rows.times.is_none() && outcome.iter().all(|&found| found < UNJUDGED) {
        // The case of most parts of most logs. The compiler vectorizes each of these loops.
        let players = rows.first.iter().zip(rows.second);
        let faults = players.filter(|&(&a, &b)| (a == b) | (a.max(b) == NULL_CODE));
        sums.faults = faults.count() as u64;
        sums.ties = count_of(TIE);
        sums.both_bad = count_of(BOTH_BAD);
        note_judged(seen, rows);
        return sums;
    }
    let mut kinds = [0u64; 8];
    for (row, outcome) in outcome.iter_mut().enumerate() {
        let (first, second) = (rows.first[row], rows.second[row]);
        let times = rows.times_of(row);
        if first == second || first.max(second) == NULL_CODE {
            sums.faults += 1;
        }
        if plain && *outcome < UNJUDGED {
            note(seen, first, SEEN_JUDGED);
            note(seen, second, SEEN_JUDGED);
            kinds[usize::from(*outcome & 7)] += times;
            continue;
        }
        let count = rows.count_of(row, meaning);
        // A sum of counts that overflows is rejected later, by the tally.
        if *outcome == BAD || count == NO_COUNT || count.checked_mul(times).is_none() {
            sums.faults += 1;
            continue;
        }
        let kind = if *outcome == UNJUDGED {
            sums.unjudged += times;
            SEEN_UNJUDGED
        } else if count == 0 {
            sums.void += times;
            *outcome = UNJUDGED;
            SEEN_VOID
        } else if first.min(second) < meaning.excluded {
            sums.excluded += times;
            *outcome = UNJUDGED;
            SEEN_JUDGED
        } else {
            kinds[usize::from(*outcome & 7)] += times;
            SEEN_JUDGED
        };
        note(seen, first, kind);
        note(seen, second, kind);
    }
    sums.ties = kinds[usize::from(TIE)];
    sums.both_bad = kinds[usize::from(BOTH_BAD)];
    sums
}

fn decode(rows: Rows, codes: &[u32], meaning: Meaning, outcome: &mut [u8]) {
    let table = meaning.outcomes;
    let last = table.len() - 1;
    for (outcome, &code) in outcome.iter_mut().zip(codes) {
        *outcome = table[(code as usize).min(last)];
    }
    if let Some(names) = meaning.winner_names {
        for (row, outcome) in outcome.iter_mut().enumerate() {
            let name = names.get(codes[row] as usize).copied();
            if name == Some(rows.first[row]) {
                *outcome = FIRST;
            } else if name == Some(rows.second[row]) {
                *outcome = SECOND;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOMES: [u8; 5] = [FIRST, SECOND, TIE, BAD, UNJUDGED];

    fn meaning<'a>() -> Meaning<'a> {
        Meaning {
            outcomes: &OUTCOMES,
            winner_names: None,
            counts: &[],
            names: 4,
            excluded: 0,
        }
    }

    fn rows<'a>(first: &'a [u32], second: &'a [u32], winner: &'a [u32]) -> Rows<'a> {
        Rows {
            first,
            second,
            winner: Some(winner),
            count: None,
            times: None,
        }
    }

    #[test]
    fn a_row_that_occurred_several_times_counts_as_often() {
        let rows = Rows {
            times: Some(&[3, 5, 7]),
            ..rows(&[0, 1, 2], &[1, 2, 3], &[2, NULL_CODE, 0])
        };
        let checked = check(rows, meaning());
        assert_eq!((checked.faults, checked.unjudged, checked.ties), (0, 5, 3));
        assert_eq!(
            (checked.outcome, checked.count),
            (vec![TIE, FIRST], vec![3, 7])
        );
        let counted = Rows {
            count: Some(&[0, 0, 0]),
            ..rows
        };
        let many = |count| Meaning {
            counts: count,
            ..meaning()
        };
        assert_eq!(check(counted, many(&[2, NO_COUNT])).count, [6, 14]);
        assert_eq!(check(counted, many(&[u64::MAX / 2, NO_COUNT])).faults, 3);
    }

    #[test]
    fn rows_without_an_outcome_are_counted_and_left_out() {
        let checked = check(rows(&[0, 1, 2], &[1, 2, 3], &[0, NULL_CODE, 2]), meaning());
        assert_eq!((checked.faults, checked.unjudged, checked.ties), (0, 1, 1));
        assert_eq!(checked.outcome, [FIRST, TIE]);
        assert_eq!(checked.players, Some((vec![0, 2], vec![1, 3])));
        assert_eq!(
            checked.seen,
            [
                SEEN_JUDGED,
                SEEN_JUDGED | SEEN_UNJUDGED,
                SEEN_JUDGED | SEEN_UNJUDGED,
                SEEN_JUDGED
            ]
        );
    }

    #[test]
    fn parts_with_and_without_unjudged_rows_count_and_note_alike() {
        let first: Vec<u32> = (0..200_000).map(|row| row % 3).collect();
        let mut winner: Vec<u32> = (0..200_000).map(|row| row * 7 % 11 % 3).collect();
        let second = vec![3; first.len()];
        let ties = winner.iter().filter(|&&word| word == 2).count() as u64;
        let checked = check(rows(&first, &second, &winner), meaning());
        assert_eq!((checked.faults, checked.ties), (0, ties));
        assert_eq!(checked.seen, [SEEN_JUDGED; 4]);
        // One row of each part except the last one.
        for row in [30, PART + 30, 2 * PART + 30] {
            winner[row] = NULL_CODE;
        }
        let ties = winner.iter().filter(|&&word| word == 2).count() as u64;
        let checked = check(rows(&first, &second, &winner), meaning());
        assert_eq!((checked.unjudged, checked.ties), (3, ties));
        assert!(checked.seen.iter().all(|kinds| kinds & SEEN_JUDGED != 0));
        for fault in [3, NULL_CODE] {
            let mut first = first.clone();
            first[150_000] = fault;
            for winner in [&winner, &vec![0; first.len()]] {
                let checked = check(rows(&first, &second, winner), meaning());
                assert_eq!(checked.faults, 1);
            }
        }
    }

    #[test]
    fn a_fault_is_a_fault_whatever_else_the_row_is() {
        for (first, second, winner) in [(0, 0, 4), (NULL_CODE, 1, 0), (1, NULL_CODE, 4), (0, 1, 3)]
        {
            assert_eq!(
                check(rows(&[first], &[second], &[winner]), meaning()).faults,
                1
            );
        }
    }

    #[test]
    fn the_name_of_one_who_played_goes_before_a_word() {
        let names = [2, 3, NULL_CODE, NULL_CODE];
        let with_names = Meaning {
            winner_names: Some(&names),
            ..meaning()
        };
        let checked = check(rows(&[2, 3, 0], &[3, 2, 1], &[1, 1, 2]), with_names);
        assert_eq!(checked.outcome, [SECOND, FIRST, TIE]);
    }

    #[test]
    fn counts_of_zero_and_excluded_names_are_told_apart() {
        let excluding = Meaning {
            counts: &[0, 7, NO_COUNT],
            excluded: 1,
            ..meaning()
        };
        let with_counts = |count| Rows {
            count: Some(count),
            ..rows(&[0, 1, 1, 0], &[1, 2, 3, 2], &[0, 0, 1, 4])
        };
        let checked = check(with_counts(&[1, 0, 1, 1]), excluding);
        assert_eq!(
            (checked.excluded, checked.void, checked.unjudged),
            (1, 1, 1)
        );
        assert_eq!((checked.outcome, checked.count), (vec![SECOND], vec![7]));
        assert_eq!(check(with_counts(&[1, 2, 1, 1]), excluding).faults, 1);
    }
}
