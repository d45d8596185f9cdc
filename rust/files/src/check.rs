//! Checks coded matches, counts what they are, and picks those that are rated.

use std::sync::atomic::{AtomicU8, Ordering};

use humorrank_core::Outcome;
use rayon::prelude::*;

use crate::NULL_CODE;

/// The outcome of a row that has none.
pub const UNJUDGED: u8 = 5;
/// The outcome of a row whose value is none that the column can have.
pub const BAD: u8 = 6;

const FIRST: u8 = Outcome::First as u8;
const SECOND: u8 = Outcome::Second as u8;
const TIE: u8 = Outcome::Tie as u8;
const BOTH_BAD: u8 = Outcome::BothBad as u8;

/// A name occurred in a judged row.
pub const SEEN_JUDGED: u8 = 1;
/// A name occurred in a row without an outcome.
pub const SEEN_UNJUDGED: u8 = 2;
/// A name occurred in a row that stands for no match.
pub const SEEN_VOID: u8 = 4;

/// In a table of counts: a value that is no count.
pub const NO_COUNT: u64 = u64::MAX;

/// Rows that one thread takes at a time: few enough for the cache.
const PART: usize = 1 << 16;

/// Codes of some consecutive rows.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    /// Who was shown first.
    pub first: &'a [u32],
    /// Who was shown second.
    pub second: &'a [u32],
    /// What the winner's column says; none where the first always won.
    pub winner: Option<&'a [u32]>,
    /// What the count's column says, if there is one.
    pub count: Option<&'a [u32]>,
    /// How often each row occurred; none where once.
    pub times: Option<&'a [u64]>,
}

/// What codes mean.
#[derive(Clone, Copy)]
pub struct Meaning<'a> {
    /// The outcome of each code of the winner's column, and behind them that of no value.
    pub outcomes: &'a [u8],
    /// The name that each code of the winner's column is, where it may be a name; it goes
    /// before the outcome if it is one of the two that played.
    pub winner_names: Option<&'a [u32]>,
    /// The count of each code of the count's column, [`NO_COUNT`] for none, and behind them
    /// that of no value.
    pub counts: &'a [u64],
    /// How many names there are.
    pub names: usize,
    /// The codes below this one are of names whose matches are left out.
    pub excluded: u32,
}

/// What became of the rows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct CheckedRows {
    /// Rows with a fault; if there are any, nothing else here means anything.
    pub faults: u64,
    /// Rows without an outcome.
    pub unjudged: u64,
    /// Rows that stand for no match.
    pub void: u64,
    /// Matches of names that are left out.
    pub excluded: u64,
    /// Ties that are rated, both-bad ones left out.
    pub ties: u64,
    /// Both-bad ties that are rated.
    pub both_bad: u64,
    /// The outcome of each row that is rated.
    pub outcome: Vec<u8>,
    /// The matches of each row that is rated, if rows have counts or occurred several times.
    pub count: Vec<u64>,
    /// Who was shown first and second in the rows that are rated; none where all are.
    pub players: Option<(Vec<u32>, Vec<u32>)>,
    /// Which rows are rated; none where all are.
    pub rows: Option<Vec<usize>>,
    /// In what kinds of rows each name occurred: [`SEEN_JUDGED`], [`SEEN_UNJUDGED`], [`SEEN_VOID`].
    pub seen: Vec<u8>,
}

/// Checks rows, and picks those that are rated.
///
/// A row has a fault where a name is missing, both are the same, or its outcome or its count
/// is bad. A row that is void, without an outcome or of an excluded name is left out, and
/// counted under the first of these that applies: without an outcome, void, excluded.
///
/// # Panics
/// If the columns are not of one length, or a code is beyond its table.
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

/// A value of each place, found on all threads where there are many.
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

/// Notes that a name occurred in such a row, and says whether that is new.
fn note(seen: &[AtomicU8], code: u32, kind: u8) -> bool {
    let is_new = |known: u8| known & kind == 0;
    seen.get(code as usize).is_some_and(|flags| {
        is_new(flags.load(Ordering::Relaxed)) && is_new(flags.fetch_or(kind, Ordering::Relaxed))
    })
}

/// Notes the names of rows that are all judged, up to where none is new any more.
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

/// Writes the outcome of each row; [`UNJUDGED`] for all that are left out.
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
        // Most parts of most logs; each line here is a loop that the compiler vectorises.
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
        // More matches than can be counted are for the one who counts them to refuse.
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
        // One row of each part but the last.
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
