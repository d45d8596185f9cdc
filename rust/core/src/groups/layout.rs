//! The distribution of rows to buckets and their packed representation.

use super::rows::{Row, pack, unpack};

/// The layout of packed rows. The lowest bits of the group select the bucket, so that groups can be
/// added. A row within a bucket is packed into one number: the remaining bits of its group, its
/// contestants and its outcome.
#[derive(Clone, Copy, Debug, Default)]
pub struct Layout {
    /// The number of bits of the bucket.
    pub bucket: u32,
    /// The number of bits of a contestant.
    pub contestant: u32,
}

/// The number of bits of an outcome.
const OUTCOME: u32 = 2;

pub fn bits(codes: usize) -> u32 {
    usize::BITS - codes.saturating_sub(1).leading_zeros()
}

impl Layout {
    /// As many buckets as can be written to alternately within the cache, and enough contestants to
    /// leave room for a billion groups.
    pub const ARRIVAL: Self = Self {
        bucket: 8,
        contestant: 20,
    };

    /// The layout for the given numbers of groups and contestants.
    pub fn new(groups: usize, contestants: usize) -> Self {
        let contestant = bits(contestants);
        let room = u64::BITS - 2 * contestant - OUTCOME;
        Self {
            bucket: bits(groups).saturating_sub(room).max(Self::ARRIVAL.bucket),
            contestant,
        }
    }

    pub fn fits(self, groups: usize, contestants: usize) -> bool {
        let places = bits(groups).saturating_sub(self.bucket);
        bits(contestants) <= self.contestant && self.bits(places) <= u64::BITS
    }

    /// The number of bits of a row whose place in the bucket has `places` bits.
    pub fn bits(self, places: u32) -> u32 {
        places + 2 * self.contestant + OUTCOME
    }

    pub fn buckets(self) -> usize {
        1 << self.bucket
    }

    pub fn bucket(self, group: u32) -> usize {
        group as usize & (self.buckets() - 1)
    }

    pub fn place(self, group: u32) -> usize {
        group as usize >> self.bucket
    }

    pub fn pack(self, row: Row) -> u64 {
        let (first, second, outcome) = unpack(row.key);
        self.packed(self.place(row.group), (first, second), outcome as u64)
    }

    pub fn packed(self, place: usize, (first, second): (u32, u32), outcome: u64) -> u64 {
        // If the other fields take 64 bits, the shift is out of range and the place is 0.
        let place = (place as u64).checked_shl(self.bits(0)).unwrap_or(0);
        let pair = u64::from(first) << self.contestant | u64::from(second);
        place | pair << OUTCOME | outcome
    }

    /// The place, contestants and outcome of a packed row.
    pub fn unpacked(self, packed: u64) -> (usize, (u32, u32), u64) {
        let mask = (1 << self.contestant) - 1;
        let place = packed.checked_shr(self.bits(0)).unwrap_or(0) as usize;
        let first = (packed >> (self.contestant + OUTCOME)) as u32 & mask;
        let second = (packed >> OUTCOME) as u32 & mask;
        (place, (first, second), packed & ((1 << OUTCOME) - 1))
    }

    pub fn row(self, bucket: usize, packed: u64) -> Row {
        let (place, (first, second), outcome) = self.unpacked(packed);
        Row {
            key: pack(first, second, outcome as u8),
            group: (place << self.bucket | bucket) as u32,
        }
    }
}
