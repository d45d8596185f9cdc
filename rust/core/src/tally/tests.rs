use super::{place::BLOCK_BITS, *};
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
    // Small counts, counts that carry in a dense table, exactly one carry, and many carries.
    let count = prop_oneof![1..4_u64, 60_000..200_000_u64, Just(1 << 16), Just(3 << 40)];
    let row = (0..contestants, 1..contestants, 0..5_u8, count);
    let opponent = move |(a, step, outcome, count)| (a, (a + step) % contestants, outcome, count);
    prop::collection::vec(row.prop_map(opponent), 0..200)
}

#[test]
fn a_count_that_no_longer_fits_leaves_a_tally_as_it_was() {
    // One is rejected immediately, the other overflows only because of its lowest bits.
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
        // Existing matches are neither lost nor counted twice.
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

/// Contestants of many blocks, both close together and far apart.
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
                // Around the capacity of a word, and far beyond it.
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
        // Other codes and back. Odd contestants are omitted.
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
    // Few rows; many rows of few contestants; many rows of many contestants.
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
