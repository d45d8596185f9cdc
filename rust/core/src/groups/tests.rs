use proptest::prelude::*;

use super::*;
use crate::{
    Monitor, Outcome, Tally, Ties,
    bradley_terry::{self, Settings},
    tally::MOST_CONTESTANTS,
};

/// (key, first, step to second, outcome, count, whether it is weighted).
type Match = (u32, u32, u32, u8, u64, bool);

const FIELD: u32 = 7;

fn rows() -> impl Strategy<Value = Vec<Match>> {
    let row = (
        0..6_u32,
        0..FIELD,
        1..FIELD,
        0..5_u8,
        1..4_u64,
        any::<bool>(),
    );
    prop::collection::vec(row, 1..150)
}

fn groups_of(rows: &[Match]) -> Groups {
    let mut groups = Groups::new(2);
    groups.grow(FIELD as usize);
    add(&mut groups, rows);
    groups.settle(&Monitor::new()).unwrap();
    groups
}

fn add(groups: &mut Groups, rows: &[Match]) {
    // One of the keys is missing if the other is 5.
    let key = |row: &Match| if row.0 == 5 { NO_KEY } else { row.0 % 3 };
    let keys: [Vec<u32>; 2] = [
        rows.iter().map(|row| row.0 / 3).collect(),
        rows.iter().map(key).collect(),
    ];
    let first: Vec<u32> = rows.iter().map(|row| row.1).collect();
    let second: Vec<u32> = rows.iter().map(|row| (row.1 + row.2) % FIELD).collect();
    let outcome: Vec<u8> = rows.iter().map(|row| row.3).collect();
    let score = vec![0.25; rows.len()];
    let weight: Vec<f64> = rows
        .iter()
        .map(|row| if row.5 { 2.5 } else { 1.0 })
        .collect();
    let count: Vec<u64> = rows.iter().map(|row| row.4).collect();
    let rows = Rows {
        keys: &[&keys[0], &keys[1]],
        first: &first,
        second: &second,
        outcome: &outcome,
        score: Some(&score),
        weight: Some(&weight),
        count: Some(&count),
    };
    groups.add(&rows, &Monitor::new()).unwrap();
}

fn arranged(groups: Groups) -> Groups {
    let codes: Vec<u32> = (0..8).collect();
    groups
        .arrange(
            None,
            FIELD as usize,
            &[(0, &codes), (1, &codes)],
            &Monitor::new(),
        )
        .unwrap()
}

fn rating() -> Rating {
    Rating {
        ties: Ties::Half,
        min_matches: 0,
        largest: false,
        anchor: None,
        settings: Settings::default(),
        replicates: 0,
        confidence: 0.95,
        shuffles: 0,
        k: 32.0,
        seed: 0,
    }
}

proptest! {
    #[test]
    fn neither_order_nor_split_leaves_a_trace(rows in rows(), cut in 0..150_usize) {
        let whole = arranged(groups_of(&rows));
        let mut reversed = rows.clone();
        reversed.reverse();
        prop_assert!(whole == arranged(groups_of(&reversed)));
        let cut = cut.min(rows.len());
        let mut parts = groups_of(&rows[..cut]);
        add(&mut parts, &rows[cut..]);
        prop_assert!(whole == arranged(parts));
        let mut merged = groups_of(&rows[..cut]);
        merged.merge(&groups_of(&rows[cut..]), &Monitor::new()).unwrap();
        prop_assert!(whole == arranged(merged));
    }

    #[test]
    fn what_was_added_can_be_taken_away(rows in rows(), more in rows()) {
        let monitor = Monitor::new();
        let mut both = groups_of(&rows);
        both.merge(&groups_of(&more), &monitor).unwrap();
        prop_assert!(both.subtract(&groups_of(&more), &monitor).unwrap().is_none());
        prop_assert!(arranged(both) == arranged(groups_of(&rows)));
    }

    #[test]
    fn what_is_not_there_cannot_be_taken_away(rows in rows()) {
        let monitor = Monitor::new();
        let mut groups = groups_of(&rows);
        let mut twice = groups.clone();
        twice.merge(&groups, &monitor).unwrap();
        let missing = groups.subtract(&twice, &monitor).unwrap().unwrap();
        prop_assert_eq!(missing.cell.count, 2 * missing.held);
        prop_assert!(arranged(groups) == arranged(groups_of(&rows)));
    }

    #[test]
    fn the_total_is_the_tally_of_all_rows(rows in rows()) {
        let groups = groups_of(&rows);
        let mut tally = Tally::new(FIELD as usize);
        for group in 0..groups.len() {
            groups.cells(group).for_each(|cell| tally.add_cell(&cell).unwrap());
        }
        let cells = |tally: &Tally| tally.cells().collect::<Vec<_>>();
        prop_assert_eq!(cells(&groups.total().unwrap()), cells(&tally));
        prop_assert_eq!(groups.matches().unwrap(), tally.matches().unwrap());
        prop_assert_eq!(groups.played(), tally.played());
    }

    #[test]
    fn a_group_has_the_ratings_of_its_rows_alone(rows in rows(), simple in any::<bool>()) {
        let rows: Vec<Match> = if simple { plain(&rows) } else { rows };
        let monitor = Monitor::new();
        let groups = arranged(groups_of(&rows));
        let boards = rate(&groups, &rating(), &monitor).unwrap();
        let mut row = 0;
        for group in 0..groups.len() {
            let (contestants, tally) = groups.group(group).unwrap();
            let pairs = crate::Pairs::from_tally(&tally, Ties::Half).unwrap();
            let alone = bradley_terry::fit(&pairs, None, Settings::default(), &monitor);
            let length = boards.lengths[group] as usize;
            prop_assert_eq!(length, contestants.len());
            if let Ok(fit) = alone {
                    prop_assert_eq!(boards.status[group], Status::Rated as u8);
                    for at in row..row + length {
                        let own = boards.contestant[at];
                        let place = contestants.iter().position(|&code| code == own).unwrap();
                        let alone = crate::MEAN_RATING + crate::POINTS * fit.strengths[place];
                        prop_assert_eq!(boards.rating[at].to_bits(), alone.to_bits());
                    }
                    prop_assert!(boards.rating[row..row + length].is_sorted_by(|a, b| a >= b));
                }
             else {
                    prop_assert_eq!(boards.status[group], Status::NoMaximum as u8);
                    prop_assert!(boards.rating[row..row + length].iter().all(|r| r.is_nan()));
                }
            row += length;
        }
        prop_assert_eq!(row, boards.contestant.len());
    }
}

fn plain(rows: &[Match]) -> Vec<Match> {
    let simple = |row: &Match| (row.0, row.1, row.2, row.3 % 4, row.4, false);
    rows.iter().map(simple).collect()
}

proptest! {
    #[test]
    fn those_outside_are_whom_the_graph_names(rows in rows(), halves in any::<bool>()) {
        let monitor = Monitor::new();
        let ties = if halves { Ties::Half } else { Ties::Exclude };
        // So few rows that hardly any group is connected.
        let rows = plain(&rows[..rows.len().min(30)]);
        let groups = arranged(groups_of(&rows));
        let boards = rate(&groups, &Rating { ties, ..rating() }, &monitor).unwrap();
        let mut outside = vec![None; boards.contestant.len()];
        for (row, reason) in boards.outside {
            outside[row as usize] = Some(reason);
        }
        let mut row = 0;
        for group in 0..groups.len() {
            let (contestants, tally) = groups.group(group).unwrap();
            let own = &outside[row..row + contestants.len()];
            if boards.status[group] == Status::NoMaximum as u8 {
                let pairs = crate::Pairs::from_tally(&tally, ties).unwrap();
                let outsiders =
                    crate::graph::outsiders(&pairs, || crate::Pairs::matches(&tally, ties));
                prop_assert_eq!(own, &rate::reasons(&outsiders, contestants.len())[..]);
            } else {
                prop_assert!(own.iter().all(Option::is_none));
            }
            row += contestants.len();
        }
    }

    #[test]
    fn columns_are_counted_as_single_rows_are(rows in rows(), cut in 0..150_usize) {
        let monitor = Monitor::new();
        let rows = plain(&rows);
        let mut single = Groups::new(1);
        let mut columns = Groups::new(1);
        let cut = cut.min(rows.len());
        for part in [&rows[..cut], &rows[cut..]] {
            let of = |column: fn(&Match) -> u32| part.iter().map(column).collect::<Vec<u32>>();
            let key = of(|row| if row.0 == 5 { NO_KEY } else { 1000 * row.0 });
            let (first, second) = (of(|row| row.1), of(|row| (row.1 + row.2) % FIELD));
            let outcome: Vec<u8> = part.iter().map(|row| row.3).collect();
            let count = vec![1; part.len()];
            let rows = Rows {
                keys: &[&key],
                first: &first,
                second: &second,
                outcome: &outcome,
                score: None,
                weight: None,
                count: None,
            };
            for (groups, count) in [(&mut columns, None), (&mut single, Some(&count[..]))] {
                groups.grow(FIELD as usize);
                groups.add(&Rows { count, ..rows }, &monitor).unwrap();
            }
        }
        prop_assert_eq!(columns.played(), single.played());
        prop_assert_eq!(columns.used(), single.used());
        prop_assert_eq!(columns.matches().unwrap(), single.matches().unwrap());
        // Other codes of contestants; the groups in another order, then some of them merged.
        let codes: Vec<u32> = (0..FIELD).rev().collect();
        for merged in [1, 2] {
            let keys: Vec<u32> = (0..6000).map(|key| (6000 - key) / merged / 1000).collect();
            let arrange = |groups: &Groups| {
                let keys = [(0, &keys[..])];
                groups.clone().arrange(Some(&codes), FIELD as usize, &keys, &monitor).unwrap()
            };
            let (mut columns, single) = (arrange(&columns), arrange(&single));
            prop_assert!(columns == single);
            prop_assert!(columns.keys()[0].is_sorted());
            columns.merge(&single, &monitor).unwrap();
            prop_assert_eq!(columns.matches().unwrap(), 2 * single.matches().unwrap());
            prop_assert_eq!(columns.cell_count(), single.cell_count());
        }
        columns.settle(&monitor).unwrap();
        single.settle(&monitor).unwrap();
        prop_assert!(columns == single);
    }
}

#[test]
fn the_widest_fields_and_many_groups_fit_their_layout() {
    let monitor = Monitor::new();
    let most = MOST_CONTESTANTS as u32;
    let mut groups = Groups::new(1);
    groups.grow(MOST_CONTESTANTS);
    let keys: Vec<u32> = (0..3000).rev().collect();
    let first = vec![most - 1; keys.len()];
    let second: Vec<u32> = keys.iter().map(|key| most - 2 - key % 5).collect();
    let rows = Rows {
        keys: &[&keys],
        first: &first,
        second: &second,
        outcome: &vec![3; keys.len()],
        score: None,
        weight: None,
        count: None,
    };
    groups.add(&rows, &monitor).unwrap();
    groups.settle(&monitor).unwrap();
    for (group, key) in groups.keys()[0].iter().enumerate() {
        let cell = groups.cells(group).next().unwrap();
        assert_eq!((cell.first, cell.second), (most - 1, most - 2 - key % 5));
        assert_eq!((cell.outcome, cell.count), (Outcome::BothBad, 1));
        assert_eq!(groups.cells(group).count(), 1);
    }
}

#[test]
fn threads_leave_no_trace() {
    let rows: Vec<Match> = (0..20_000_u32)
        .map(|i| {
            (
                i * i % 6,
                i % FIELD,
                1 + i * 7 % (FIELD - 1),
                (i % 4) as u8,
                1,
                false,
            )
        })
        .collect();
    let on = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| {
                let groups = arranged(groups_of(&rows));
                let drawn = Rating {
                    replicates: 50,
                    shuffles: 3,
                    ..rating()
                };
                let boards = rate(&groups, &drawn, &Monitor::new()).unwrap();
                let columns = [boards.rating, boards.lower, boards.upper, boards.elo];
                let bits = columns
                    .concat()
                    .iter()
                    .map(|x| x.to_bits())
                    .collect::<Vec<_>>();
                (groups, bits)
            })
    };
    let (one, two, eight) = (on(1), on(2), on(8));
    assert!(one == two);
    assert!(one == eight);
}

#[test]
fn counts_go_beyond_32_bits_and_overflow_is_an_error() {
    let monitor = Monitor::new();
    let mut groups = Groups::new(1);
    groups.grow(2);
    let mut add = |count: u64| {
        let rows = Rows {
            keys: &[&[0]],
            first: &[0],
            second: &[1],
            outcome: &[0],
            score: None,
            weight: None,
            count: Some(&[count]),
        };
        groups.add(&rows, &monitor).unwrap();
        groups.settle(&monitor)?;
        groups.matches()
    };
    assert_eq!(add(u64::MAX - 1).unwrap(), u64::MAX - 1);
    assert_eq!(add(1).unwrap(), u64::MAX);
    assert!(add(1).is_err());
}

#[test]
fn many_rows_are_counted_as_a_tally_counts_them() {
    let monitor = Monitor::new();
    let contestants = 300;
    let random = |at: u32| at.wrapping_mul(2_654_435_769) >> 8;
    let key: Vec<u32> = (0..100_000).map(|at| random(at) % 3).collect();
    let first: Vec<u32> = (0..100_000).map(|at| random(at + 7) % 299).collect();
    let second: Vec<u32> = first.iter().map(|first| first + 1).collect();
    let outcome: Vec<u8> = (0..100_000).map(|at| (random(at + 9) % 4) as u8).collect();
    let mut groups = Groups::new(1);
    groups.grow(contestants);
    let rows = Rows {
        keys: &[&key],
        first: &first,
        second: &second,
        outcome: &outcome,
        score: None,
        weight: None,
        count: None,
    };
    groups.add(&rows, &monitor).unwrap();
    groups.settle(&monitor).unwrap();
    for group in 0..3 {
        let code = groups.keys()[0][group];
        let mut tally = Tally::new(contestants);
        for at in (0..key.len()).filter(|&at| key[at] == code) {
            let outcome = Outcome::from_code(outcome[at]).unwrap();
            tally.add(first[at], second[at], outcome, 1).unwrap();
        }
        tally.settle().unwrap();
        assert!(groups.cells(group).eq(tally.cells()));
    }
}

#[test]
fn groups_too_wide_to_be_fitted_together_are_fitted_alone() {
    let monitor = Monitor::new();
    // One chain whose powers of e exceed the range of floats, and one whose powers do not.
    let links = 30;
    let ends: Vec<u32> = (0..links).chain(0..links).collect();
    let next: Vec<u32> = ends.iter().map(|end| end + 1).collect();
    let (first, second) = ([&ends[..], &next].concat(), [&next[..], &ends].concat());
    let key: Vec<u32> = (0..4 * links).map(|row| row / links % 2).collect();
    let wins = key.iter().map(|key| [70_000_000_000_000, 3][*key as usize]);
    let count: Vec<u64> = wins.take(60).chain(vec![1; 60]).collect();
    let mut groups = Groups::new(1);
    groups.grow(31);
    let rows = Rows {
        keys: &[&key],
        first: &first,
        second: &second,
        outcome: &[0; 120],
        score: None,
        weight: None,
        count: Some(&count),
    };
    groups.add(&rows, &monitor).unwrap();
    groups.settle(&monitor).unwrap();
    let boards = rate(&groups, &rating(), &monitor).unwrap();
    for (group, odds) in [70e12_f64, 3.0].into_iter().enumerate() {
        assert_eq!(boards.status[group], Status::Rated as u8);
        assert!(boards.distance[group] < bradley_terry::TOLERANCE);
        let ratings = &boards.rating[31 * group..31 * (group + 1)];
        for step in ratings.windows(2) {
            assert!((step[0] - step[1] - crate::POINTS * odds.ln()).abs() < 1e-6);
        }
    }
}
