//! Where contestants and their pairs stand in the order of a tally.

/// Contestants that a tally can tell apart.
pub const MOST_CONTESTANTS: usize = 1 << 30;

/// Contestants are taken in blocks of 2^15: what a fit keeps of those of two blocks takes two
/// megabytes, about what a processor's own cache holds.
pub const BLOCK_BITS: u32 = 15;

/// Where a pair stands among all: by the blocks of both contestants, the higher one's first, then
/// by the contestants. Up to one block of contestants it is just the latter.
#[must_use]
pub fn place(low: u32, high: u32) -> (u32, u32, u32, u32) {
    (high >> BLOCK_BITS, low >> BLOCK_BITS, low, high)
}

/// Whether two contestants are in one block.
#[must_use]
pub fn same_block(one: u32, other: u32) -> bool {
    one >> BLOCK_BITS == other >> BLOCK_BITS
}
