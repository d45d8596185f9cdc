//! Clusters of dependent matches, such as those on the same prompt, which are drawn as a whole.

use rand::Rng;

use crate::{Error, Pairs};

/// The matches of a field, grouped by cluster.
#[derive(Clone, Debug)]
pub struct Clusters {
    /// The parts of cluster `c` are `starts[c]..starts[c + 1]`.
    starts: Vec<usize>,
    parts: Vec<Part>,
}

/// The points of a pair in a cluster.
#[derive(Clone, Copy, Debug)]
struct Part {
    pair: u32,
    low_points: f64,
    high_points: f64,
}

/// The points that two contestants won from each other in a cluster.
#[derive(Clone, Copy, Debug)]
pub struct Points {
    /// The number of the cluster.
    pub cluster: u32,
    /// A contestant and its points.
    pub first: (u32, f64),
    /// The other contestant and its points.
    pub second: (u32, f64),
}

impl Clusters {
    /// Groups rows, given in any order, by cluster. The rows of the same pair within a cluster are
    /// added.
    ///
    /// # Errors
    /// [`Error::NotAPair`] if a row contains two contestants that never met.
    pub fn new(pairs: &Pairs, rows: impl Iterator<Item = Points>) -> Result<Self, Error> {
        let mut keyed = rows
            .map(|row| {
                let (low, high) = if row.first.0 < row.second.0 {
                    (row.first, row.second)
                } else {
                    (row.second, row.first)
                };
                let pair = pairs.find(low.0, high.0).ok_or(Error::NotAPair)?;
                Ok((row.cluster, pair as u32, low.1, high.1))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        // The sums do not depend on the order of the rows.
        keyed.sort_unstable_by_key(|&(cluster, pair, low, high)| {
            (cluster, pair, low.to_bits(), high.to_bits())
        });
        let mut out = Self {
            starts: Vec::new(),
            parts: Vec::new(),
        };
        for cluster in keyed.chunk_by(|a, b| a.0 == b.0) {
            out.starts.push(out.parts.len());
            for rows in cluster.chunk_by(|a, b| a.1 == b.1) {
                out.parts.push(Part {
                    pair: rows[0].1,
                    low_points: rows.iter().map(|row| row.2).sum(),
                    high_points: rows.iter().map(|row| row.3).sum(),
                });
            }
        }
        out.starts.push(out.parts.len());
        Ok(out)
    }

    /// The number of clusters that are not empty.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// Whether there are no clusters.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Draws as many clusters as there are, with replacement, and stores the multiplicity of each
    /// one.
    pub fn draw(&self, random: &mut impl Rng, times: &mut Vec<u32>) {
        let clusters = self.len();
        times.clear();
        times.resize(clusters, 0);
        for _ in 0..clusters {
            let drawn = (u128::from(random.next_u64()) * clusters as u128) >> 64;
            times[drawn as usize] += 1;
        }
    }

    /// Replaces the points of `pairs` by those of the clusters with the given multiplicities.
    pub fn set_points(&self, pairs: &mut Pairs, times: &[u32]) {
        let (low_points, high_points) = (pairs.low_points.as_any(), pairs.high_points.as_any());
        low_points.fill(0.0);
        high_points.fill(0.0);
        for (range, &times) in self.starts.windows(2).zip(times) {
            if times == 0 {
                continue;
            }
            let times = f64::from(times);
            for part in &self.parts[range[0]..range[1]] {
                low_points[part.pair as usize] += times * part.low_points;
                high_points[part.pair as usize] += times * part.high_points;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Outcome, Tally, Ties,
        random::{Purpose, stream},
    };

    #[test]
    fn clusters_are_drawn_as_wholes() {
        let mut tally = Tally::new(3);
        for (first, second) in [(0, 1), (1, 0), (1, 2), (2, 1)] {
            tally.add(first, second, Outcome::First, 1).unwrap();
        }
        let mut pairs = Pairs::from_tally(&tally, Ties::Half).unwrap();
        let row = |cluster, first, second| Points {
            cluster,
            first: (first, 1.0),
            second: (second, 0.0),
        };
        let rows = [row(7, 2, 1), row(3, 0, 1), row(7, 1, 2), row(3, 1, 0)];
        let clusters = Clusters::new(&pairs, rows.into_iter()).unwrap();
        assert_eq!(clusters.len(), 2);
        clusters.set_points(&mut pairs, &[2, 1]);
        assert_eq!(pairs.low_points.as_any(), &[2.0, 1.0]);
        assert_eq!(pairs.high_points.as_any(), &[2.0, 1.0]);
        let mut times = Vec::new();
        let mut seen = [0_u32; 3];
        for replicate in 0..4000 {
            let mut random = stream(1, Purpose::Bootstrap, replicate, 0);
            clusters.draw(&mut random, &mut times);
            assert_eq!(times.iter().sum::<u32>(), 2);
            seen[times[0] as usize] += 1;
        }
        // Binomial(2, 1/2). Four standard deviations are at most 127.
        assert!(seen[0].abs_diff(1000) < 110 && seen[1].abs_diff(2000) < 127);
        assert!(Clusters::new(&pairs, std::iter::once(row(0, 0, 2))).is_err());
    }
}
