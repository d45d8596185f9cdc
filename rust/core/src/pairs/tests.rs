use proptest::prelude::*;

use super::*;
use crate::{
    Monitor, Outcome,
    bradley_terry::{Settings, fit},
};

type Row = (u32, u32, Outcome, u64);

const FEW: u32 = 12;
/// Sufficient for several blocks.
const MANY: usize = 200_000;

/// Keeps the order. Contestants are in a block of their own or next to another one.
fn spread(contestant: u32) -> u32 {
    contestant / 2 * 33_000 + contestant % 2
}

fn tally(rows: &[Row], contestants: usize, code: impl Fn(u32) -> u32) -> Tally {
    let mut tally = Tally::new(contestants);
    for &(first, second, outcome, count) in rows {
        tally
            .add(code(first), code(second), outcome, count)
            .unwrap();
    }
    tally.settle().unwrap();
    tally
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let counts = prop_oneof![1..4_u64, Just(40_000), Just(1 << 40)];
    let row = (0..FEW, 1..FEW, 0..4_u8, counts);
    let opponent = |(first, step, outcome, count)| {
        let outcome = Outcome::from_code(outcome).unwrap();
        (first, (first + step) % FEW, outcome, count)
    };
    prop::collection::vec(row.prop_map(opponent), 0..60)
}

proptest! {
    #[test]
    fn many_contestants_have_the_pairs_of_few(rows in rows(), excluded in any::<bool>()) {
        let ties = if excluded { Ties::Exclude } else { Ties::Half };
        let few = tally(&rows, FEW as usize, |code| code);
        let many = tally(&rows, MANY, spread);
        let truth = Pairs::from_tally(&few, ties).unwrap();
        let pairs = Pairs::from_tally(&many, ties).unwrap();
        prop_assert_eq!(pairs.contestants(), MANY);
        prop_assert_eq!(pairs.len(), truth.len());
        let places: Vec<_> = (pairs.contestants_of_pairs())
            .map(|(low, high)| place(low as u32, high as u32))
            .collect();
        prop_assert!(places.is_sorted());
        for (pair, (low, high)) in truth.contestants_of_pairs().enumerate() {
            let at = pairs.find(spread(low as u32), spread(high as u32)).unwrap();
            prop_assert_eq!(pairs.low_points.get(at), truth.low_points.get(pair));
            prop_assert_eq!(pairs.high_points.get(at), truth.high_points.get(pair));
        }
        let strangers = (0..FEW).flat_map(|low| (low + 1..FEW).map(move |high| (low, high)));
        for (low, high) in strangers.filter(|&(low, high)| truth.find(low, high).is_none()) {
            prop_assert!(pairs.find(spread(low), spread(high)).is_none());
        }
        // Pair by pair, as for tallies with soft or weighted matches.
        let mut each = Pairs::from_each(&many, ties).unwrap();
        each.close(MANY);
        prop_assert_eq!(&each.lows, &pairs.lows);
        prop_assert_eq!(&each.starts, &pairs.starts);
        prop_assert_eq!(&each.high, &pairs.high);
        prop_assert!(each.low_points.iter().eq(pairs.low_points.iter()));
        prop_assert!(each.high_points.iter().eq(pairs.high_points.iter()));

        let kinds = Kinds::from_tally(&many, ties).unwrap();
        let mut resampled = pairs.clone();
        let counts: Vec<u64> = kinds.kinds.iter().map(|kind| kind.count).collect();
        resampled.set_points(&kinds, &counts);
        prop_assert!(resampled.low_points.iter().eq(pairs.low_points.iter()));
        prop_assert!(resampled.high_points.iter().eq(pairs.high_points.iter()));

        let (of_few, of_many) = (
            Standings::from_tally(&few, ties).unwrap(),
            Standings::from_tally(&many, ties).unwrap(),
        );
        prop_assert_eq!(of_few.total, of_many.total);
        for code in 0..FEW {
            let (few, many) = (code as usize, spread(code) as usize);
            prop_assert_eq!(of_few.matches[few], of_many.matches[many]);
            prop_assert_eq!(of_few.points[few], of_many.points[many]);
            prop_assert_eq!(of_few.weight[few], of_many.weight[many]);
        }
        let code: Vec<_> = (0..MANY as u32)
            .map(|of| (0..FEW).find(|&code| spread(code) == of))
            .collect();
        let restricted = pairs.restrict(&code);
        prop_assert_eq!(restricted.contestants(), FEW as usize);
        let sorted = |pairs: &Pairs| {
            let points = pairs.low_points.iter().zip(pairs.high_points.iter());
            let mut all: Vec<_> = pairs.contestants_of_pairs().zip(points).collect();
            all.sort_by_key(|pair| pair.0);
            all
        };
        prop_assert_eq!(sorted(&restricted), sorted(&truth));
    }
}

#[test]
fn many_contestants_are_fitted_as_few_are() {
    let rows: Vec<Row> = (0..FEW)
        .flat_map(|low| (low + 1..FEW).map(move |high| (low, high)))
        .flat_map(|(low, high)| {
            [
                (
                    low,
                    high,
                    Outcome::First,
                    u64::from(1 + (7 * low + high) % 5),
                ),
                (
                    low,
                    high,
                    Outcome::Second,
                    u64::from(1 + (low + 3 * high) % 4),
                ),
                (high, low, Outcome::Tie, u64::from(low % 2)),
            ]
        })
        .collect();
    let settings = Settings {
        prior: 1.0,
        ..Settings::default()
    };
    let strengths = |tally: &Tally| {
        let pairs = Pairs::from_tally(tally, Ties::Half).unwrap();
        fit(&pairs, None, settings, &Monitor::new())
            .unwrap()
            .strengths
    };
    let few = strengths(&tally(&rows, FEW as usize, |code| code));
    let many = strengths(&tally(&rows, MANY, spread));
    let played: Vec<f64> = (0..FEW).map(|code| many[spread(code) as usize]).collect();
    let mean = played.iter().sum::<f64>() / f64::from(FEW);
    for (few, many) in few.iter().zip(played) {
        assert!((few - (many - mean)).abs() < 1e-7);
    }
}
