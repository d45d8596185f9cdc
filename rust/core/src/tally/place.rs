//! The order of contestants and pairs in a tally.

/// The maximum number of contestants of a tally.
pub const MOST_CONTESTANTS: usize = 1 << 30;

/// Contestants are processed in blocks of 2^15. The data that a fit keeps for the contestants of
/// two blocks takes two megabytes, about the size of the private cache of a processor core.
pub const BLOCK_BITS: u32 = 15;

/// The sort key of a pair: the block of the higher contestant, the block of the lower one, then the
/// contestants. If there is only one block, this is the order of the contestants.
#[must_use]
pub fn place(low: u32, high: u32) -> (u32, u32, u32, u32) {
    (high >> BLOCK_BITS, low >> BLOCK_BITS, low, high)
}

/// Whether two contestants are in the same block.
#[must_use]
pub fn same_block(one: u32, other: u32) -> bool {
    one >> BLOCK_BITS == other >> BLOCK_BITS
}
