//! Parquet's hybrid of run-length encoding and bit packing, which encodes dictionary keys and
//! levels.

use bytes::Bytes;

use crate::Unusual;

/// The number of values of a pack.
const PACK: usize = 8;

/// Reads a sequence of runs: a header, followed by either one value for the whole run or packs of
/// eight values of `width` bits each.
#[derive(Debug)]
pub struct Hybrid {
    bytes: Bytes,
    at: usize,
    width: usize,
    run: Run,
}

#[derive(Debug)]
enum Run {
    Repeated {
        value: u32,
        left: usize,
    },
    Packed {
        packs: usize,
    },
    /// The rest of a pack that was partly read, and of its run.
    Opened {
        pack: [u32; PACK],
        from: usize,
        packs: usize,
    },
}

impl Hybrid {
    /// Creates a reader of values of `width` bits.
    pub fn new(bytes: Bytes, width: u8) -> Result<Self, Unusual> {
        if width > 32 {
            return Err(Unusual::new("keys have more than 32 bits"));
        }
        Ok(Self {
            bytes,
            at: 0,
            width: usize::from(width),
            run: Run::Packed { packs: 0 },
        })
    }

    /// Whether all of the next `count` values are 1 and in one run.
    pub fn all_ones(&mut self, count: usize) -> Result<bool, Unusual> {
        if matches!(self.run, Run::Packed { packs: 0 }) {
            self.next_run()?;
        }
        Ok(matches!(self.run, Run::Repeated { value: 1, left } if left >= count))
    }

    /// Reads the next values.
    pub fn read(&mut self, mut into: &mut [u32]) -> Result<(), Unusual> {
        while !into.is_empty() {
            match &mut self.run {
                Run::Repeated { value, left } => {
                    let taken = into.len().min(*left);
                    let (now, later) = into.split_at_mut(taken);
                    now.fill(*value);
                    into = later;
                    *left -= taken;
                    if *left == 0 {
                        self.run = Run::Packed { packs: 0 };
                    }
                }
                Run::Packed { packs: 0 } => self.next_run()?,
                Run::Packed { packs } => {
                    let packs = *packs;
                    let whole = (into.len() / PACK).min(packs);
                    if whole == 0 {
                        let mut pack = [0; PACK];
                        self.unpack(&mut pack)?;
                        self.run = Run::Opened {
                            pack,
                            from: 0,
                            packs: packs - 1,
                        };
                        continue;
                    }
                    let (now, later) = into.split_at_mut(whole * PACK);
                    self.unpack(now)?;
                    into = later;
                    self.run = Run::Packed {
                        packs: packs - whole,
                    };
                }
                Run::Opened { pack, from, packs } => {
                    let taken = into.len().min(PACK - *from);
                    let (now, later) = into.split_at_mut(taken);
                    now.copy_from_slice(&pack[*from..*from + taken]);
                    into = later;
                    *from += taken;
                    if *from == PACK {
                        self.run = Run::Packed { packs: *packs };
                    }
                }
            }
        }
        Ok(())
    }

    fn next_run(&mut self) -> Result<(), Unusual> {
        let mut header: u64 = 0;
        for shift in (0..).step_by(7) {
            let Some(&byte) = self.bytes.get(self.at) else {
                return Err(Unusual::new("a page ends before its values"));
            };
            if shift > 28 {
                return Err(Unusual::new("a run has more than 2^32 values"));
            }
            self.at += 1;
            header |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let count = (header >> 1) as usize;
        if header & 1 == 1 {
            self.run = Run::Packed { packs: count };
            return Ok(());
        }
        let length = self.width.div_ceil(8);
        let Some(bytes) = self.bytes.get(self.at..self.at + length) else {
            return Err(Unusual::new("a page ends before its values"));
        };
        let mut value = [0; 4];
        value[..length].copy_from_slice(bytes);
        self.at += length;
        if count > 0 {
            self.run = Run::Repeated {
                value: u32::from_le_bytes(value),
                left: count,
            };
        }
        Ok(())
    }

    /// Unpacks whole packs.
    fn unpack(&mut self, into: &mut [u32]) -> Result<(), Unusual> {
        let length = into.len() / PACK * self.width;
        let Some(bytes) = self.bytes.get(self.at..self.at + length) else {
            return Err(Unusual::new("a page ends before its values"));
        };
        self.at += length;
        unpack(bytes, self.width, into);
        Ok(())
    }
}

/// Unpacks eight values per step from `width` bytes. A constant width lets the compiler unroll the
/// loop.
fn unpack(bytes: &[u8], width: usize, into: &mut [u32]) {
    macro_rules! by_width {
        ($($short:literal)*; $($long:literal)*) => {
            match width {
                0 => into.fill(0),
                $($short => unpack_short::<$short>(bytes, into),)*
                $($long => unpack_long::<$long>(bytes, into),)*
                _ => unpack_any(bytes, width, into),
            }
        };
    }
    by_width!(1 2 3 4 5 6 7 8; 9 10 11 12 13 14 15 16 17 18 19 20);
}

fn unpack_short<const WIDTH: usize>(bytes: &[u8], into: &mut [u32]) {
    let mask = (1u64 << WIDTH) - 1;
    for (bytes, pack) in bytes.chunks_exact(WIDTH).zip(into.chunks_exact_mut(PACK)) {
        let mut word = [0; 8];
        word[..WIDTH].copy_from_slice(bytes);
        let word = u64::from_le_bytes(word);
        for (i, value) in pack.iter_mut().enumerate() {
            *value = ((word >> (i * WIDTH)) & mask) as u32;
        }
    }
}

fn unpack_long<const WIDTH: usize>(bytes: &[u8], into: &mut [u32]) {
    let mask = (1u64 << WIDTH) - 1;
    for (bytes, pack) in bytes.chunks_exact(WIDTH).zip(into.chunks_exact_mut(PACK)) {
        let mut words = [0; 32];
        words[..WIDTH].copy_from_slice(bytes);
        for (i, value) in pack.iter_mut().enumerate() {
            let (byte, shift) = (i * WIDTH / 8, i * WIDTH % 8);
            let mut word = [0; 8];
            word.copy_from_slice(&words[byte..byte + 8]);
            *value = ((u64::from_le_bytes(word) >> shift) & mask) as u32;
        }
    }
}

fn unpack_any(bytes: &[u8], width: usize, into: &mut [u32]) {
    let mask = (1u64 << width) - 1;
    for (bytes, pack) in bytes.chunks_exact(width).zip(into.chunks_exact_mut(PACK)) {
        let mut words = [0; 40];
        words[..width].copy_from_slice(bytes);
        for (i, value) in pack.iter_mut().enumerate() {
            let (byte, shift) = (i * width / 8, i * width % 8);
            let mut word = [0; 8];
            word.copy_from_slice(&words[byte..byte + 8]);
            *value = ((u64::from_le_bytes(word) >> shift) & mask) as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    /// Runs as a writer may encode them: repeated values, and packs of eight.
    fn encode(runs: &[(bool, Vec<u32>)], width: usize) -> (Vec<u8>, Vec<u32>) {
        let (mut bytes, mut values) = (Vec::new(), Vec::new());
        let varint = |mut header: usize, bytes: &mut Vec<u8>| {
            while header >= 0x80 {
                bytes.push((header & 0x7F) as u8 | 0x80);
                header >>= 7;
            }
            bytes.push(header as u8);
        };
        for (packed, run) in runs {
            if *packed {
                varint(((run.len() / 8) << 1) | 1, &mut bytes);
                let mut bits = vec![0u8; run.len() * width / 8];
                for (i, &value) in run.iter().enumerate() {
                    for bit in 0..width {
                        let at = i * width + bit;
                        bits[at / 8] |= (((value >> bit) & 1) as u8) << (at % 8);
                    }
                }
                bytes.extend(bits);
                values.extend(run);
            } else {
                varint(run.len() << 1, &mut bytes);
                bytes.extend(&run[0].to_le_bytes()[..width.div_ceil(8)]);
                values.extend(vec![run[0]; run.len()]);
            }
        }
        (bytes, values)
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_back_in_any_steps(
            width in 0usize..=32,
            runs in prop::collection::vec((any::<bool>(), 1usize..9, any::<u64>()), 1..6),
            steps in prop::collection::vec(1usize..40, 1..60),
        ) {
            let runs: Vec<(bool, Vec<u32>)> = runs
                .into_iter()
                .map(|(packed, packs, seed)| {
                    let mask = ((1u64 << width) - 1) as u32;
                    let value = |i: u64| (seed.wrapping_mul(2 * i + 1) >> 7) as u32 & mask;
                    (packed, (0..packs as u64 * 8).map(value).collect())
                })
                .collect();
            let (bytes, want) = encode(&runs, width);
            let mut reader = Hybrid::new(bytes.into(), width as u8).unwrap();
            let mut got = Vec::new();
            for step in steps.into_iter().cycle() {
                let step = step.min(want.len() - got.len());
                let mut some = vec![0; step];
                reader.read(&mut some).unwrap();
                got.extend(some);
                if got.len() == want.len() {
                    break;
                }
            }
            prop_assert_eq!(got, want);
        }

        #[test]
        fn any_bytes_at_all_are_read_or_refused(
            bytes in prop::collection::vec(any::<u8>(), 0..60), width in 0u8..=32,
        ) {
            let mut values = vec![0; 100];
            let _ = Hybrid::new(bytes.into(), width).unwrap().read(&mut values);
        }
    }

    #[test]
    fn a_page_that_ends_early_is_refused() {
        let mut reader = Hybrid::new(vec![(1 << 1) | 1, 1, 2, 3].into(), 8).unwrap();
        assert!(reader.read(&mut [0; 8]).is_err());
    }
}
