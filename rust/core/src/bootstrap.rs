//! The bootstrap over matches or over clusters of matches.
//!
//! Resampling N matches with replacement is equivalent in distribution to one multinomial draw over
//! the kinds of match ([`crate::resample`]), so the cost of a replicate is nearly independent of N.
//! If matches are dependent, their clusters are resampled as a whole.

use rayon::prelude::*;

use crate::{
    Error, MEAN_RATING, Monitor, POINTS, Pairs,
    bradley_terry::{Chord, Settings, Solver, fit_connected},
    graph::{self, Standing},
    pairs::Kinds,
    random::{Purpose, Stream, stream},
    resample::{Clusters, Links, Resampler},
};

/// The units that a replicate draws with replacement.
#[derive(Clone, Copy, Debug)]
pub enum Units<'a> {
    /// Matches.
    Matches(&'a Kinds),
    /// Clusters of matches.
    Clusters(&'a Clusters),
}

/// The sampler of a replicate.
enum Draw<'a> {
    Matches(&'a Kinds, Resampler),
    Clusters(&'a Clusters),
}

impl<'a> Draw<'a> {
    fn new(units: Units<'a>) -> Result<Self, Error> {
        Ok(match units {
            Units::Matches(kinds) => Self::Matches(kinds, Resampler::new(kinds)?),
            Units::Clusters(clusters) => Self::Clusters(clusters),
        })
    }

    /// Sets the points of `pairs` to those of a resample. `numbers` is a buffer for the
    /// multiplicity of each unit.
    fn set_points(&self, random: &mut Stream, pairs: &mut Pairs, numbers: &mut Numbers) {
        match self {
            Self::Matches(kinds, resampler) => {
                resampler.draw(random, &mut numbers.counts);
                pairs.set_points(kinds, &numbers.counts);
            }
            Self::Clusters(clusters) => {
                clusters.draw(random, &mut numbers.times);
                clusters.set_points(pairs, &numbers.times);
            }
        }
    }
}

#[derive(Default)]
struct Numbers {
    counts: Vec<u64>,
    times: Vec<u32>,
}

/// The ratings of every contestant in every replicate.
#[derive(Clone, Debug)]
pub struct Replicates {
    /// The number of contestants.
    pub contestants: usize,
    /// `[replicate][contestant]` in points. A contestant above the component that could be rated
    /// has +inf, one below it -inf, and one that is not ordered relative to it NaN.
    pub ratings: Vec<f64>,
    /// The number of replicates without a maximum.
    pub without_maximum: usize,
}

/// Draws `replicates` resamples of the units and fits each of them, starting at `strengths`, the
/// fit of the original matches.
///
/// A replicate without a maximum is anchored on its largest strongly connected component, whose
/// members keep their mean in `strengths`.
///
/// # Errors
/// The errors of a fit.
pub fn bootstrap(
    pairs: &Pairs,
    units: Units<'_>,
    strengths: &[f64],
    settings: Settings,
    replicates: usize,
    seed: u64,
    monitor: &Monitor,
) -> Result<Replicates, Error> {
    let draw = Draw::new(units)?;
    let refit = Refit {
        strengths,
        settings: Settings {
            // The replicates use Newton's method even if the matches were fitted with another
            // solver, because both find the same maximum.
            solver: Solver::Newton,
            parallel: false,
            certify: false,
            ..settings
        },
        chord: Chord::new(pairs, strengths, settings),
        links: (settings.prior == 0.0).then(|| Links::new(pairs)).flatten(),
        monitor,
    };
    let contestants = pairs.contestants();
    let mut ratings = vec![0.0; replicates * contestants];
    let whole: Vec<bool> = ratings
        .par_chunks_mut(contestants.max(1))
        .enumerate()
        .map_init(
            || (pairs.clone(), Numbers::default()),
            |(resampled, numbers), (replicate, ratings)| {
                monitor.check()?;
                let mut random = stream(seed, Purpose::Bootstrap, replicate as u64, 0);
                draw.set_points(&mut random, resampled, numbers);
                let whole = refit.rate(resampled, ratings)?;
                monitor.advance(1);
                Ok(whole)
            },
        )
        .collect::<Result<_, Error>>()?;
    Ok(Replicates {
        contestants,
        ratings,
        without_maximum: whole.iter().filter(|&&whole| !whole).count(),
    })
}

/// The state from which every replicate starts.
struct Refit<'a> {
    strengths: &'a [f64],
    settings: Settings,
    chord: Option<Chord>,
    links: Option<Links>,
    monitor: &'a Monitor,
}

fn in_points(strength: f64) -> f64 {
    MEAN_RATING + POINTS * strength
}

impl Refit<'_> {
    /// Rates one replicate. Returns false if it has no maximum.
    fn rate(&self, pairs: &Pairs, ratings: &mut [f64]) -> Result<bool, Error> {
        let linked = self.links.as_ref().is_some_and(|links| links.hold(pairs));
        let standings = if self.settings.prior > 0.0 || linked {
            Vec::new()
        } else {
            graph::standings(pairs)
        };
        if standings
            .iter()
            .all(|&standing| standing == Standing::Inside)
        {
            let near = self
                .chord
                .as_ref()
                .and_then(|chord| chord.fit(pairs, self.strengths));
            let strengths = match near {
                Some(strengths) => strengths,
                None => {
                    fit_connected(pairs, Some(self.strengths), self.settings, self.monitor)?
                        .strengths
                }
            };
            for (rating, strength) in ratings.iter_mut().zip(strengths) {
                *rating = in_points(strength);
            }
            return Ok(true);
        }
        let mut start = Vec::new();
        let codes: Vec<Option<u32>> = standings
            .iter()
            .zip(self.strengths)
            .map(|(&standing, &strength)| {
                (standing == Standing::Inside).then(|| {
                    start.push(strength);
                    start.len() as u32 - 1
                })
            })
            .collect();
        let level = start.iter().sum::<f64>() / start.len() as f64;
        let component = pairs.restrict(&codes);
        let fit = fit_connected(&component, Some(&start), self.settings, self.monitor)?;
        for ((rating, standing), code) in ratings.iter_mut().zip(standings).zip(codes) {
            *rating = match (standing, code) {
                (Standing::Inside, Some(code)) => in_points(level + fit.strengths[code as usize]),
                (Standing::Above, _) => f64::INFINITY,
                (Standing::Below, _) => f64::NEG_INFINITY,
                _ => f64::NAN,
            };
        }
        Ok(false)
    }
}

/// The minimum number of replicates whose order statistics reach the given confidence.
#[must_use]
pub fn replicates_needed(confidence: f64) -> usize {
    let tail = (1.0 - confidence) / 2.0;
    (snap(1.0 / tail).ceil() as usize).saturating_sub(1)
}

/// Removes the rounding error of a product that is mathematically an integer.
fn snap(position: f64) -> f64 {
    let whole = position.round();
    if (position - whole).abs() < 1e-9 * whole.max(1.0) {
        whole
    } else {
        position
    }
}

/// The (B+1)p quantile of sorted values (Weibull's definition, type 6 of Hyndman and Fan 1996). It
/// is infinite if one of the two neighbouring values is infinite.
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
    /// The lower and upper end of the percentile interval of each contestant. A replicate that does
    /// not order a contestant counts as -inf for the lower end and as +inf for the upper end.
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
}
