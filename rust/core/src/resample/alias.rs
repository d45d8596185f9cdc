//! Walker's alias method: a column is chosen evenly, and holds its own number or another.

use rand::Rng;

/// Calls `column(own, chance of own, other)` for each column that holds another number than its own
/// as well; the rest hold their own only. The chances sum to 1.
fn fill(chances: &[f64], mut column: impl FnMut(usize, f64, usize)) {
    let mut left: Vec<f64> = (chances.iter())
        .map(|chance| chance * chances.len() as f64)
        .collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..left.len()).partition(|&number| left[number] < 1.0);
    while let (Some(own), Some(&other)) = (small.pop(), large.last()) {
        column(own, left[own], other);
        left[other] -= 1.0 - left[own];
        if left[other] < 1.0 {
            large.pop();
            small.push(other);
        }
    }
}

/// The columns of a Poisson number of a mean below 64: a power of two, at most 256. Each has the
/// chance, of 2^56, that its own number is taken, above the other one in its lowest byte.
pub fn small_poisson(mean: f64) -> Vec<u64> {
    const WHOLE: f64 = (1_u64 << 56) as f64;
    // No number beyond would show in 2^56 draws.
    let columns: usize = match mean {
        ..=4.0 => 32,
        ..=16.0 => 64,
        ..=48.0 => 128,
        _ => 256,
    };
    let mut chance = (-mean).exp();
    let chances: Vec<f64> = (0..columns)
        .map(|number| {
            if number > 0 {
                chance *= mean / number as f64;
            }
            chance
        })
        .collect();
    let mut out: Vec<u64> = (0..columns as u64).map(|own| !0xff | own).collect();
    fill(&chances, |own, chance, other| {
        out[own] = ((chance * WHOLE) as u64) << 8 | other as u64;
    });
    out
}

/// Draws the kind of one match.
pub struct Shares {
    /// Of each kind: the chance, of 2^64, that it is taken where its column is chosen; and the
    /// kind that else is.
    columns: Vec<(u64, u32)>,
}

impl Shares {
    pub fn new(counts: &[u64], matches: u64) -> Self {
        const WHOLE: f64 = (1_u128 << 64) as f64;
        let chances: Vec<f64> = counts
            .iter()
            .map(|&count| count as f64 / matches as f64)
            .collect();
        let mut columns: Vec<(u64, u32)> = (0..counts.len() as u32)
            .map(|own| (u64::MAX, own))
            .collect();
        fill(&chances, |own, chance, other| {
            columns[own] = ((chance * WHOLE) as u64, other as u32);
        });
        Self { columns }
    }

    /// The number of kinds.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    #[inline]
    pub fn draw(&self, random: &mut impl Rng) -> usize {
        // 2^64 is so much more than there are kinds that no column is seen to be favoured.
        let place = u128::from(random.next_u64()) * self.columns.len() as u128;
        let own = (place >> 64) as usize;
        let (chance, other) = self.columns[own];
        if random.next_u64() < chance {
            own
        } else {
            other as usize
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_give_poisson_chances() {
        for mean in [0.0, 1e-3, 0.7, 3.99, 4.1, 15.9, 16.1, 47.9, 48.1, 63.0_f64] {
            let columns = small_poisson(mean);
            let mut chances = vec![0.0; 256];
            for (own, column) in columns.iter().enumerate() {
                let taken = (column >> 8) as f64 / (1_u64 << 56) as f64;
                chances[own] += taken / columns.len() as f64;
                chances[(column & 0xff) as usize] += (1.0 - taken) / columns.len() as f64;
            }
            let mut chance = (-mean).exp();
            for (number, found) in chances.iter().enumerate() {
                if number > 0 {
                    chance *= mean / number as f64;
                }
                assert!((found - chance).abs() < 1e-14, "{mean} {number}: {found}");
            }
        }
    }

    #[test]
    fn shares_are_those_of_the_counts() {
        for counts in [
            vec![1],
            vec![5, 0, 20, 75],
            vec![1; 7],
            vec![1 << 40, 3, 1 << 20, 1 << 39],
        ] {
            let matches: u64 = counts.iter().sum();
            let shares = Shares::new(&counts, matches);
            let mut chances = vec![0.0; counts.len()];
            for (own, &(chance, other)) in shares.columns.iter().enumerate() {
                let taken = chance as f64 / (1_u128 << 64) as f64;
                chances[own] += taken / counts.len() as f64;
                chances[other as usize] += (1.0 - taken) / counts.len() as f64;
            }
            for (count, found) in counts.iter().zip(chances) {
                let truth = *count as f64 / matches as f64;
                assert!((found - truth).abs() < 1e-15, "{counts:?}: {found}");
            }
        }
    }
}
