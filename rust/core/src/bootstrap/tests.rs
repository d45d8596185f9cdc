use proptest::prelude::*;

use super::*;
use crate::{Outcome, Tally, Ties};

fn field(matches: &[(u32, u32, u64)], contestants: usize) -> (Pairs, Kinds) {
    let mut tally = Tally::new(contestants);
    for &(winner, loser, count) in matches {
        tally.add(winner, loser, Outcome::First, count).unwrap();
    }
    (
        Pairs::from_tally(&tally, Ties::Half).unwrap(),
        Kinds::from_tally(&tally, Ties::Half).unwrap(),
    )
}

#[test]
fn quantiles_are_of_type_six() {
    let sorted: Vec<f64> = (1..=100).map(f64::from).collect();
    assert!((quantile(&sorted, 0.025) - 2.525).abs() < 1e-12);
    assert!((quantile(&sorted, 0.975) - 98.475).abs() < 1e-12);
    assert_eq!(replicates_needed(0.95), 39);
    assert_eq!(replicates_needed(0.9), 19);
    assert_eq!(replicates_needed(0.99), 199);
    assert_eq!(quantile(&sorted[..39], 0.025), 1.0);
    let open = [f64::NEG_INFINITY, 0.0, 1.0, f64::INFINITY];
    assert_eq!(quantile(&open, 0.3), f64::NEG_INFINITY);
    assert_eq!(quantile(&open, 0.4), 0.0);
    assert_eq!(quantile(&open, 0.7), f64::INFINITY);
}

#[test]
fn threads_leave_no_trace() {
    let (pairs, kinds) = field(&[(0, 1, 5), (1, 0, 2), (1, 2, 7), (2, 1, 1), (2, 0, 1)], 3);
    let monitor = Monitor::new();
    let settings = Settings::default();
    let fit = fit_connected(&pairs, None, settings, &monitor).unwrap();
    let on = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(|| {
                let units = Units::Matches(&kinds);
                bootstrap(&pairs, units, &fit.strengths, settings, 200, 7, &monitor).unwrap()
            })
    };
    let (one, two, eight) = (on(1), on(2), on(8));
    let bits = |r: &Replicates| r.ratings.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert!(one.without_maximum > 0 && one.without_maximum < 200);
    assert_eq!(bits(&one), bits(&two));
    assert_eq!(bits(&one), bits(&eight));
}

#[test]
fn two_equal_components_are_the_anchor_in_turn() {
    // The draws of a single pair: contestant 0 wins all, some or none of the matches.
    for (wins, losses) in [(7, 3), (3, 7), (1, 1)] {
        let (pairs, kinds) = field(&[(0, 1, wins), (1, 0, losses)], 2);
        let (monitor, settings) = (Monitor::new(), Settings::default());
        let fit = fit_connected(&pairs, None, settings, &monitor).unwrap();
        let units = Units::Matches(&kinds);
        let drawn = bootstrap(&pairs, units, &fit.strengths, settings, 500, 3, &monitor).unwrap();
        assert_eq!(drawn.finite_ends.len(), 2 * drawn.without_maximum);
        for end in &drawn.finite_ends {
            let replicate = &drawn.ratings[2 * end.replicate as usize..][..2];
            let own = end.contestant as usize;
            assert_eq!(replicate[own], -replicate[1 - own]);
            assert!(replicate[own].is_infinite());
            let rating = in_points(fit.strengths[own]);
            assert!((end.rating - rating).abs() < 1e-9);
        }
        let [first, second] = drawn.intervals(0.95)[..] else {
            panic!("two contestants")
        };
        for (own, other) in [(first, second), (second, first)] {
            let mirrored = 2.0 * MEAN_RATING - other.1;
            assert!(
                own.0 == mirrored || (own.0 - mirrored).abs() < 1e-6,
                "{own:?} {other:?}"
            );
        }
    }
}

/// The least and the greatest rating of each contestant over all largest components as anchors.
fn each_in_turn(refit: &Refit<'_>, pairs: &Pairs) -> Vec<(f64, f64)> {
    let n = pairs.contestants();
    let components = graph::Components::strong(pairs);
    let mut reach = vec![vec![false; n]; n];
    for (pair, (low, high)) in pairs.contestants_of_pairs().enumerate() {
        reach[low][high] = pairs.low_points.get(pair) > 0.0;
        reach[high][low] = pairs.high_points.get(pair) > 0.0;
    }
    for k in 0..n {
        for i in 0..n {
            for j in 0..n {
                reach[i][j] |= reach[i][k] && reach[k][j];
            }
        }
    }
    let mut ends = vec![(f64::INFINITY, f64::NEG_INFINITY); n];
    for anchor in components.largest() {
        let inside: Vec<bool> = components.of.iter().map(|&of| of == anchor).collect();
        let member = inside.iter().position(|&inside| inside).unwrap();
        let mut rated = vec![None; n];
        for (contestant, rating) in refit.rate_component(pairs, &inside).unwrap() {
            rated[contestant as usize] = Some(rating);
        }
        for (i, end) in ends.iter_mut().enumerate() {
            let (low, high) = match (rated[i], reach[i][member], reach[member][i]) {
                (Some(rating), ..) => (rating, rating),
                (None, true, _) => (f64::INFINITY, f64::INFINITY),
                (None, _, true) => (f64::NEG_INFINITY, f64::NEG_INFINITY),
                _ => (f64::NEG_INFINITY, f64::INFINITY),
            };
            *end = (end.0.min(low), end.1.max(high));
        }
    }
    ends
}

fn ends_of(refit: &Refit<'_>, pairs: &Pairs) -> Vec<(f64, f64)> {
    let mut ratings = vec![0.0; pairs.contestants()];
    let drawn = refit.rate(pairs, &mut ratings).unwrap();
    let mut ends: Vec<(f64, f64)> = ratings
        .iter()
        .map(|&rating| {
            if rating.is_nan() {
                (f64::NEG_INFINITY, f64::INFINITY)
            } else {
                (rating, rating)
            }
        })
        .collect();
    for (contestant, rating) in drawn.finite_ends {
        let end = &mut ends[contestant as usize];
        if end.0 == f64::INFINITY {
            end.0 = rating;
        } else {
            end.1 = rating;
        }
    }
    ends
}

fn are_close(a: &[(f64, f64)], b: &[(f64, f64)]) -> bool {
    let close = |a: f64, b: f64| a == b || (a - b).abs() < 1e-4;
    a.iter()
        .zip(b)
        .all(|(a, b)| close(a.0, b.0) && close(a.1, b.1))
}

proptest! {
    #[test]
    fn renaming_contestants_renames_the_ratings_of_a_replicate(
        n in 2..8_usize,
        wins in prop::collection::vec((0..8_u32, 0..8_u32), 0..16),
        keys in prop::collection::vec(any::<u32>(), 8),
    ) {
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_by_key(|&i| keys[i]);
        let mut code = vec![0; n];
        for (place, &contestant) in order.iter().enumerate() {
            code[contestant] = place as u32;
        }
        let one: Vec<(u32, u32, u64)> = wins
            .iter()
            .map(|&(a, b)| (a % n as u32, b % n as u32, 1))
            .filter(|&(a, b, _)| a != b)
            .collect();
        let other: Vec<(u32, u32, u64)> = one
            .iter()
            .map(|&(a, b, count)| (code[a as usize], code[b as usize], count))
            .collect();
        let monitor = Monitor::new();
        let mut strengths: Vec<f64> =
            keys[..n].iter().map(|&key| f64::from(key) / 4e9).collect();
        // Those of a fit have mean 0.
        let mean = strengths.iter().sum::<f64>() / n as f64;
        for strength in &mut strengths {
            *strength -= mean;
        }
        let renamed: Vec<f64> = order.iter().map(|&i| strengths[i]).collect();
        let refit = |strengths| Refit {
            strengths,
            settings: Settings { certify: false, parallel: false, ..Settings::default() },
            chord: None,
            links: None,
            monitor: &monitor,
        };
        let (one, other) = (field(&one, n).0, field(&other, n).0);
        let (first, second) = (refit(&strengths), refit(&renamed));
        let ends = ends_of(&first, &one);
        prop_assert!(are_close(&ends, &each_in_turn(&first, &one)), "{ends:?}");
        let again = ends_of(&second, &other);
        let back: Vec<(f64, f64)> = code.iter().map(|&code| again[code as usize]).collect();
        prop_assert!(are_close(&ends, &back), "{ends:?} {back:?}");
    }
}
