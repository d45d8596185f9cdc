use super::{vector::largest, *};
use crate::{Outcome, POINTS, Tally, Ties};
use proptest::prelude::*;

fn field(matches: &[(u32, u32, u64)], contestants: usize) -> Pairs {
    let mut tally = Tally::new(contestants);
    for &(winner, loser, count) in matches {
        if winner != loser {
            tally.add(winner, loser, Outcome::First, count).unwrap();
        }
    }
    tally.settle().unwrap();
    Pairs::from_tally(&tally, Ties::Half).unwrap()
}

fn fit_with(pairs: &Pairs, solver: Solver, prior: f64) -> Result<Fit, Error> {
    let settings = Settings {
        prior,
        solver,
        ..Settings::default()
    };
    fit(pairs, None, settings, &Monitor::new())
}

/// A chain in which each contestant beats the next `won` to `lost`, so that each strength exceeds
/// the next one by ln(won/lost).
fn chain(length: u32, won: u64, lost: u64) -> (Pairs, Vec<f64>) {
    let matches: Vec<_> = (0..length - 1)
        .flat_map(|i| [(i, i + 1, won), (i + 1, i, lost)])
        .collect();
    let step = (won as f64 / lost as f64).ln();
    let middle = f64::from(length - 1) / 2.0;
    let strengths = (0..length)
        .map(|i| (middle - f64::from(i)) * step)
        .collect();
    (field(&matches, length as usize), strengths)
}

#[test]
fn two_contestants_are_apart_by_the_log_odds() {
    let pairs = field(&[(0, 1, 3), (1, 0, 1)], 2);
    for solver in [Solver::Newton, Solver::Mm] {
        let fit = fit_with(&pairs, solver, 0.0).unwrap();
        assert!((fit.strengths[0] - 3_f64.ln() / 2.0).abs() < 1e-8);
        assert!(fit.distance < TOLERANCE);
    }
}

#[test]
fn chains_have_their_closed_form() {
    for (length, won, lost) in [
        (20, 6, 4),
        // Powers of e beyond the range of floats.
        (30, 1, 10_000_000_000_000_000),
        (50, 6, 4),
        (1000, 6, 4),
        (1000, 9999, 1),
        (1000, 1, 999_999),
    ] {
        let (pairs, truth) = chain(length, won, lost);
        let fit = fit_with(&pairs, Solver::Newton, 0.0).unwrap();
        let error = fit
            .strengths
            .iter()
            .zip(&truth)
            .map(|(a, b)| (a - b).abs() * POINTS)
            .fold(0.0, f64::max);
        assert!(fit.distance < TOLERANCE, "certificate {}", fit.distance);
        assert!(
            error < 1e-5,
            "chain {length} at {won}:{lost} is off by {error}"
        );
    }
}

#[test]
fn counts_of_every_size_fit() {
    let huge = u64::MAX / 8;
    let pairs = field(
        &[
            (0, 1, huge),
            (1, 0, 1),
            (1, 2, 1),
            (2, 1, huge),
            (0, 2, 3),
            (2, 0, 3),
        ],
        3,
    );
    let fit = fit_with(&pairs, Solver::Newton, 0.0).unwrap();
    assert!(fit.distance < TOLERANCE);
}

#[test]
fn a_field_without_a_maximum_is_refused_and_a_prior_gives_it_one() {
    let pairs = field(&[(0, 1, 3), (1, 2, 1), (2, 1, 1)], 3);
    assert!(matches!(
        fit_with(&pairs, Solver::Newton, 0.0),
        Err(Error::NoMaximum)
    ));
    let newton = fit_with(&pairs, Solver::Newton, 0.5).unwrap();
    let mm = fit_with(&pairs, Solver::Mm, 0.5).unwrap();
    for (a, b) in newton.strengths.iter().zip(&mm.strengths) {
        assert!((a - b).abs() * POINTS < 1e-5);
    }
}

#[test]
fn an_interrupted_fit_stops() {
    let (pairs, _) = chain(10, 2, 1);
    let monitor = Monitor::new();
    monitor.cancel();
    let result = fit(&pairs, None, Settings::default(), &monitor);
    assert!(matches!(result, Err(Error::Interrupted)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// At the maximum, the points of each contestant equal the expected points, for either
    /// algorithm.
    #[test]
    fn the_score_equations_hold(
        n in 2..40_u32,
        matches in prop::collection::vec((0..40_u32, 0..40_u32, 1..50_u64), 40..300),
        prior in prop::sample::select(vec![0.0, 0.1, 1.0]),
    ) {
        let matches: Vec<_> = matches.into_iter().map(|(a, b, c)| (a % n, b % n, c)).collect();
        let pairs = field(&matches, n as usize);
        let Ok(newton) = fit_with(&pairs, Solver::Newton, prior) else {
            prop_assume!(false);
            unreachable!();
        };
        let mm = fit_with(&pairs, Solver::Mm, prior).unwrap();
        for (a, b) in newton.strengths.iter().zip(&mm.strengths) {
            prop_assert!((a - b).abs() * POINTS < 3e-6, "{} {}", a, b);
        }
        if prior == 0.0 {
            let mut surplus = vec![0.0; n as usize];
            for (pair, (low, high)) in pairs.contestants_of_pairs().enumerate() {
                let (won, lost) = (pairs.low_points.get(pair), pairs.high_points.get(pair));
                let p = 1.0 / (1.0 + (newton.strengths[high] - newton.strengths[low]).exp());
                surplus[low] += won - (won + lost) * p;
                surplus[high] -= won - (won + lost) * p;
            }
            prop_assert!(largest(&surplus) < 1e-5);
        }
    }
}
