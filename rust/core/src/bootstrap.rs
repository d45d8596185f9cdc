//! The percentile bootstrap over matches.
//!
//! Resampling N matches with replacement is, in distribution, one multinomial draw over the
//! kinds of match, so a replicate's cost does not depend on N.

use rand::Rng;
use rand_distr::{Binomial, Distribution};
use rayon::prelude::*;

use crate::{
    Error, MEAN_RATING, Monitor, POINTS, Pairs,
    bradley_terry::{Settings, fit_connected},
    graph::{Components, Standing},
    pairs::Kind,
    random::{Purpose, stream},
};

/// Ratings of every contestant in every replicate.
#[derive(Clone, Debug)]
pub struct Replicates {
    /// The number of contestants.
    pub contestants: usize,
    /// `[replicate][contestant]` in points; +inf above the component that could be rated,
    /// -inf below it, not a number where it is ordered neither way.
    pub ratings: Vec<f64>,
    /// How many replicates had no maximum.
    pub without_maximum: usize,
}

/// Draws `replicates` resamples of the matches and fits each, starting at `strengths`, the
/// fit of the matches themselves.
///
/// A replicate without a maximum is anchored on its largest strongly connected component,
/// whose members keep the mean that they have in `strengths`.
///
/// # Errors
/// Those of a fit.
pub fn bootstrap(
    pairs: &Pairs,
    kinds: &[Kind],
    strengths: &[f64],
    settings: Settings,
    replicates: usize,
    seed: u64,
    monitor: &Monitor,
) -> Result<Replicates, Error> {
    let results: Vec<(Vec<f64>, bool)> = (0..replicates)
        .into_par_iter()
        .map_init(
            || (pairs.clone(), Vec::new()),
            |(resampled, counts), replicate| {
                monitor.check()?;
                let mut random = stream(seed, Purpose::Bootstrap, replicate as u64, 0);
                draw(kinds, &mut random, counts);
                resampled.set_points(kinds, counts.iter().copied());
                let result = rate(resampled, strengths, settings, monitor);
                monitor.advance(1);
                result
            },
        )
        .collect::<Result<_, _>>()?;
    let without_maximum = results.iter().filter(|(_, whole)| !whole).count();
    Ok(Replicates {
        contestants: pairs.contestants,
        ratings: results
            .into_iter()
            .flat_map(|(ratings, _)| ratings)
            .collect(),
        without_maximum,
    })
}

/// One multinomial draw: as many matches as there were, each of a kind with probability
/// proportional to its count. Kind after kind, from what the earlier ones left.
fn draw(kinds: &[Kind], random: &mut impl Rng, counts: &mut Vec<u64>) {
    let mut matches: u64 = kinds.iter().map(|kind| kind.count).sum();
    let mut left = matches;
    counts.clear();
    for kind in kinds {
        let drawn = if matches == 0 {
            0
        } else if kind.count == left {
            matches
        } else {
            // The share is between 0 and 1, which is all that is asked of it.
            Binomial::new(matches, kind.count as f64 / left as f64)
                .map_or(0, |binomial| binomial.sample(random))
        };
        counts.push(drawn);
        matches -= drawn;
        left -= kind.count;
    }
}

/// The ratings of one replicate, and whether it had a maximum.
fn rate(
    pairs: &Pairs,
    strengths: &[f64],
    settings: Settings,
    monitor: &Monitor,
) -> Result<(Vec<f64>, bool), Error> {
    let in_points = |strength: &f64| MEAN_RATING + POINTS * strength;
    let components = (settings.prior == 0.0).then(|| Components::strong(pairs));
    let Some(components) = components.filter(|found| !found.is_connected()) else {
        let fit = fit_connected(pairs, Some(strengths), settings, monitor)?;
        return Ok((fit.strengths.iter().map(in_points).collect(), true));
    };
    let mut members = 0;
    let codes: Vec<Option<u32>> = components
        .of
        .iter()
        .map(|&component| {
            (component == components.largest).then(|| {
                members += 1;
                members - 1
            })
        })
        .collect();
    let start: Vec<f64> = (0..strengths.len())
        .filter(|&i| codes[i].is_some())
        .map(|i| strengths[i])
        .collect();
    let level = start.iter().sum::<f64>() / start.len() as f64;
    let fit = fit_connected(&pairs.restrict(&codes), Some(&start), settings, monitor)?;
    let ratings = components
        .standings(pairs)
        .into_iter()
        .zip(&codes)
        .map(|(standing, code)| match (standing, code) {
            (Standing::Inside, Some(code)) => in_points(&(level + fit.strengths[*code as usize])),
            (Standing::Above, _) => f64::INFINITY,
            (Standing::Below, _) => f64::NEG_INFINITY,
            _ => f64::NAN,
        })
        .collect();
    Ok((ratings, false))
}

/// The fewest replicates whose order statistics reach out to this confidence.
#[must_use]
pub fn replicates_needed(confidence: f64) -> usize {
    let tail = (1.0 - confidence) / 2.0;
    (snap(1.0 / tail).ceil() as usize).saturating_sub(1)
}

/// Rounds away the last bits of a product that is a whole number on paper.
fn snap(position: f64) -> f64 {
    let whole = position.round();
    if (position - whole).abs() < 1e-9 * whole.max(1.0) {
        whole
    } else {
        position
    }
}

/// The (B+1)p quantile of sorted values (Weibull's; type 6 of Hyndman and Fan 1996). An
/// infinite neighbour makes it infinite.
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let position = snap((sorted.len() + 1) as f64 * p).clamp(1.0, sorted.len() as f64);
    let (whole, part) = (position.floor(), position.fract());
    let below = sorted[whole as usize - 1];
    if part == 0.0 {
        return below;
    }
    let above = sorted[whole as usize];
    match (below.is_infinite(), above.is_infinite()) {
        (true, _) => below,
        (false, true) => above,
        (false, false) => below + part * (above - below),
    }
}

impl Replicates {
    /// The lower and upper end of each contestant's percentile interval. Where a replicate
    /// orders a contestant neither way, it counts as -inf for the lower and +inf for the
    /// upper end.
    #[must_use]
    pub fn intervals(&self, confidence: f64) -> Vec<(f64, f64)> {
        let tail = (1.0 - confidence) / 2.0;
        (0..self.contestants)
            .into_par_iter()
            .map(|contestant| {
                let end = |unordered: f64, p: f64| {
                    let mut values: Vec<f64> = self
                        .ratings
                        .iter()
                        .skip(contestant)
                        .step_by(self.contestants)
                        .map(|&rating| if rating.is_nan() { unordered } else { rating })
                        .collect();
                    values.sort_unstable_by(f64::total_cmp);
                    quantile(&values, p)
                };
                (end(f64::NEG_INFINITY, tail), end(f64::INFINITY, 1.0 - tail))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Outcome, Tally, Ties};

    fn field(matches: &[(u32, u32, u64)], contestants: usize) -> (Pairs, Vec<Kind>) {
        let mut tally = Tally::new(contestants);
        for &(winner, loser, count) in matches {
            tally.add(winner, loser, Outcome::First, count).unwrap();
        }
        Pairs::from_tally(&tally, Ties::Half).unwrap()
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
    fn a_draw_has_the_multinomial_mean_and_variance() {
        let (_, kinds) = field(&[(0, 1, 5), (1, 0, 20), (1, 2, 75)], 3);
        let (mut sum, mut squares) = ([0.0; 3], [0.0; 3]);
        let draws = 20_000;
        let mut counts = Vec::new();
        for replicate in 0..draws {
            draw(
                &kinds,
                &mut stream(1, Purpose::Bootstrap, replicate, 0),
                &mut counts,
            );
            assert_eq!(counts.iter().sum::<u64>(), 100);
            for k in 0..3 {
                sum[k] += counts[k] as f64;
                squares[k] += (counts[k] as f64).powi(2);
            }
        }
        for (k, kind) in kinds.iter().enumerate() {
            let (n, p) = (draws as f64, kind.count as f64 / 100.0);
            let mean = sum[k] / n;
            let variance = squares[k] / n - mean * mean;
            let truth = 100.0 * p * (1.0 - p);
            assert!((mean - 100.0 * p).abs() < 5.0 * (truth / n).sqrt());
            assert!((variance / truth - 1.0).abs() < 0.06);
        }
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
                    bootstrap(&pairs, &kinds, &fit.strengths, settings, 200, 7, &monitor).unwrap()
                })
        };
        let (one, two, eight) = (on(1), on(2), on(8));
        let bits = |r: &Replicates| r.ratings.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert!(one.without_maximum > 0 && one.without_maximum < 200);
        assert_eq!(bits(&one), bits(&two));
        assert_eq!(bits(&one), bits(&eight));
    }
}
