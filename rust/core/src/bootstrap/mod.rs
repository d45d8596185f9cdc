//! The bootstrap over matches or over clusters of matches.
//!
//! Resampling N matches with replacement is equivalent in distribution to one multinomial draw over
//! the kinds of match ([`crate::resample`]), so the cost of a replicate is nearly independent of N.
//! If matches are dependent, their clusters are resampled as a whole.

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::{
    Error, MEAN_RATING, Monitor, POINTS, Pairs,
    bradley_terry::{Chord, Settings, Solver, fit_connected},
    graph::{self, Largest, Place, Standing},
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
    /// has +inf, one below it -inf, and one that is not ordered relative to it NaN. If several
    /// components could be rated, +inf means above or in the highest of all of them, and -inf below
    /// or in the lowest; all others have NaN.
    pub ratings: Vec<f64>,
    /// The finite ends of ratings that are infinite because several components could be rated, in
    /// ascending order of contestant and replicate.
    pub finite_ends: Vec<FiniteEnd>,
    /// The number of replicates without a maximum.
    pub without_maximum: usize,
}

/// The finite end of a rating whose other end is infinite: the lower end of a rating of +inf, or
/// the upper end of a rating of -inf.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FiniteEnd {
    /// The contestant.
    pub contestant: u32,
    /// The replicate.
    pub replicate: u32,
    /// The rating in points.
    pub rating: f64,
}

/// Draws `replicates` resamples of the units and fits each of them, starting at `strengths`, the
/// fit of the original matches.
///
/// A replicate without a maximum is anchored on its largest strongly connected component, whose
/// members keep their mean in `strengths`. If several components are equally large, each of them is
/// the anchor in turn. The lower end of a rating is then the least rating over these anchors, and
/// the upper end the greatest, so that the result does not depend on the order of the contestants.
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
    let drawn: Vec<Drawn> = ratings
        .par_chunks_mut(contestants.max(1))
        .enumerate()
        .map_init(
            || (pairs.clone(), Numbers::default()),
            |(resampled, numbers), (replicate, ratings)| {
                monitor.check()?;
                let mut random = stream(seed, Purpose::Bootstrap, replicate as u64, 0);
                draw.set_points(&mut random, resampled, numbers);
                let drawn = refit.rate(resampled, ratings)?;
                monitor.advance(1);
                Ok(drawn)
            },
        )
        .collect::<Result<_, Error>>()?;
    let mut finite_ends: Vec<FiniteEnd> = (0..)
        .zip(&drawn)
        .flat_map(|(replicate, drawn)| {
            drawn
                .finite_ends
                .iter()
                .map(move |&(contestant, rating)| FiniteEnd {
                    contestant,
                    replicate,
                    rating,
                })
        })
        .collect();
    finite_ends.sort_by_key(|end| end.contestant);
    Ok(Replicates {
        contestants,
        ratings,
        finite_ends,
        without_maximum: drawn.iter().filter(|drawn| !drawn.has_maximum).count(),
    })
}

/// A rated replicate.
struct Drawn {
    has_maximum: bool,
    /// Contestants with an infinite rating that has a finite end, and that end.
    finite_ends: Vec<(u32, f64)>,
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
    /// Rates one replicate.
    fn rate(&self, pairs: &Pairs, ratings: &mut [f64]) -> Result<Drawn, Error> {
        let linked = self.links.as_ref().is_some_and(|links| links.hold(pairs));
        let mut drawn = Drawn {
            has_maximum: true,
            finite_ends: Vec::new(),
        };
        let largest = if self.settings.prior > 0.0 || linked {
            Largest::One(Vec::new())
        } else {
            graph::largest(pairs)
        };
        if largest.is_whole() {
            self.rate_all(pairs, ratings)?;
            return Ok(drawn);
        }
        drawn.has_maximum = false;
        match largest {
            Largest::One(standings) => {
                for (rating, standing) in ratings.iter_mut().zip(&standings) {
                    *rating = match standing {
                        Standing::Above => f64::INFINITY,
                        Standing::Below => f64::NEG_INFINITY,
                        _ => f64::NAN,
                    };
                }
                let inside: Vec<bool> = standings.iter().map(|&s| s == Standing::Inside).collect();
                for (contestant, rating) in self.rate_component(pairs, &inside)? {
                    ratings[contestant as usize] = rating;
                }
            }
            Largest::Several(components) => {
                let places = components.places();
                for (rating, place) in ratings.iter_mut().zip(&places) {
                    *rating = match place {
                        Place::Above | Place::Top => f64::INFINITY,
                        Place::Below | Place::Bottom => f64::NEG_INFINITY,
                        Place::Between => f64::NAN,
                    };
                }
                for end in [Place::Top, Place::Bottom] {
                    let inside: Vec<bool> = places.iter().map(|&place| place == end).collect();
                    if inside.contains(&true) {
                        drawn
                            .finite_ends
                            .extend(self.rate_component(pairs, &inside)?);
                    }
                }
            }
        }
        Ok(drawn)
    }

    /// Rates a replicate that has a maximum.
    fn rate_all(&self, pairs: &Pairs, ratings: &mut [f64]) -> Result<(), Error> {
        let near = self
            .chord
            .as_ref()
            .and_then(|chord| chord.fit(pairs, self.strengths));
        let strengths = match near {
            Some(strengths) => strengths,
            None => {
                fit_connected(pairs, Some(self.strengths), self.settings, self.monitor)?.strengths
            }
        };
        for (rating, strength) in ratings.iter_mut().zip(strengths) {
            *rating = in_points(strength);
        }
        Ok(())
    }

    /// Rates the contestants of one strongly connected component, who keep their mean.
    fn rate_component(&self, pairs: &Pairs, inside: &[bool]) -> Result<Vec<(u32, f64)>, Error> {
        let (mut members, mut start) = (Vec::new(), Vec::new());
        let codes: Vec<Option<u32>> = (0..)
            .zip(inside)
            .zip(self.strengths)
            .map(|((contestant, &inside), &strength)| {
                inside.then(|| {
                    members.push(contestant);
                    start.push(strength);
                    start.len() as u32 - 1
                })
            })
            .collect();
        let level = start.iter().sum::<f64>() / start.len() as f64;
        let component = pairs.restrict(&codes);
        let fit = fit_connected(&component, Some(&start), self.settings, self.monitor)?;
        Ok(members
            .into_iter()
            .zip(fit.strengths)
            .map(|(contestant, strength)| (contestant, in_points(level + strength)))
            .collect())
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

/// The (B+1)p quantile of sorted values (Weibull's definition, type 6 in Hyndman and Fan, 1996). It
/// is infinite if one of the two neighboring values is infinite.
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
                let finite_ends = self.finite_ends_of(contestant);
                let end = |unordered: f64, p: f64| {
                    let mut values: Vec<f64> = self
                        .ratings
                        .iter()
                        .skip(contestant)
                        .step_by(self.contestants)
                        .map(|&rating| if rating.is_nan() { unordered } else { rating })
                        .collect();
                    for end in finite_ends {
                        let rating = &mut values[end.replicate as usize];
                        if *rating == -unordered {
                            *rating = end.rating;
                        }
                    }
                    values.sort_unstable_by(f64::total_cmp);
                    quantile(&values, p)
                };
                (end(f64::NEG_INFINITY, tail), end(f64::INFINITY, 1.0 - tail))
            })
            .collect()
    }

    fn finite_ends_of(&self, contestant: usize) -> &[FiniteEnd] {
        let place = |code: usize| {
            self.finite_ends
                .partition_point(|end| (end.contestant as usize) < code)
        };
        &self.finite_ends[place(contestant)..place(contestant + 1)]
    }
}
