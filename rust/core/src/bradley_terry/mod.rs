//! The maximum likelihood estimate of the Bradley-Terry model: `P(i beats j) = p_i / (p_i + p_j)`,
//! `p = exp(strength)`.
//!
//! Two algorithms find the same maximum: the minorization-maximization algorithm of Hunter (2004)
//! and a damped Newton method. Both end with a certificate: the length of the last Newton step,
//! max |H⁺ r| in rating points. To first order, it is the distance to the maximum.

mod chances;
mod chord;
pub(crate) mod dense;
mod mm;
mod newton;
mod settings;
mod small;
mod system;
mod vector;

use crate::{Error, Monitor, Pairs, graph};
pub(crate) use chances::logistic;
pub use chord::Chord;
pub use settings::{LIMIT, Settings, Solver, TOLERANCE};
pub(crate) use small::{Batch, MOST_CONTESTANTS as SMALL};
use system::System;
use vector::centre;

/// A certified maximum.
#[derive(Clone, Debug)]
pub struct Fit {
    /// Natural-log strengths with mean 0.
    pub strengths: Vec<f64>,
    /// The certificate: the distance to the maximum in rating points, to first order.
    pub distance: f64,
    /// The number of Newton steps or MM sweeps.
    pub iterations: usize,
}

/// Finds the maximum, starting from the log strengths `start` if given, or from equal strengths.
///
/// # Errors
/// [`Error::NoMaximum`] if there is no prior and the field is not strongly connected.
/// [`Error::NotConverged`] if the certificate stays above [`LIMIT`]. [`Error::Interrupted`] if the
/// work is cancelled.
pub fn fit(
    pairs: &Pairs,
    start: Option<&[f64]>,
    settings: Settings,
    monitor: &Monitor,
) -> Result<Fit, Error> {
    if settings.prior == 0.0 && !graph::is_connected(pairs) {
        return Err(Error::NoMaximum);
    }
    fit_connected(pairs, start, settings, monitor)
}

/// [`fit`] for a field that is known to have a maximum.
pub(crate) fn fit_connected(
    pairs: &Pairs,
    start: Option<&[f64]>,
    settings: Settings,
    monitor: &Monitor,
) -> Result<Fit, Error> {
    if pairs.contestants() == 1 {
        return Ok(Fit {
            strengths: vec![0.0],
            distance: 0.0,
            iterations: 0,
        });
    }
    let mut strengths = start.map_or_else(|| vec![0.0; pairs.contestants()], <[f64]>::to_vec);
    let small = pairs.contestants() <= small::MOST_CONTESTANTS;
    let system = || System::new(pairs, settings);
    let (distance, iterations) = match settings.solver {
        Solver::Newton if small => small::climb(pairs, settings, start, &mut strengths, monitor)?,
        Solver::Newton => {
            let alone = if start.is_some() { 1 } else { 2 };
            newton::climb(&mut system(), &mut strengths, alone, monitor)?
        }
        Solver::Mm => mm::climb(&mut system(), &mut strengths, monitor)?,
    };
    if distance > LIMIT || distance.is_nan() {
        return Err(Error::NotConverged {
            distance,
            iterations,
        });
    }
    centre(&mut strengths);
    Ok(Fit {
        strengths,
        distance,
        iterations,
    })
}

#[cfg(test)]
mod tests;
