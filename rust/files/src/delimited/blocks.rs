//! Blocks of whole lines of a text, each read by the thread that processes it.

use memchr::memchr;
use rayon::prelude::*;

use crate::{Unusual, positioned::Positioned, spare::Spare};

/// The number of bytes that one thread processes at a time, which fit its cache.
pub const BLOCK: usize = 1 << 18;
/// The number of bytes after a block that are read to find the end of its last line.
const BEYOND: usize = 1 << 10;
const LONGEST: usize = 1 << 24;

/// The file and the buffers of the blocks.
pub struct Blocks {
    file: Positioned,
    /// One buffer for each thread that reads.
    buffers: Spare<Vec<u8>>,
}

/// Whole lines, and their end in the file.
struct Lines<'a> {
    bytes: &'a [u8],
    end: u64,
}

impl Blocks {
    pub fn new(file: Positioned) -> Self {
        Self {
            file,
            buffers: Spare::new(),
        }
    }

    pub fn file(&self) -> &Positioned {
        &self.file
    }

    /// Processes each of the next blocks, using all threads.
    ///
    /// # Arguments
    /// - `start`: the start of a line.
    /// - `most`: the maximum number of blocks.
    /// - `work`: processes a block. Returns `None` if another reader must read these blocks.
    ///
    /// # Returns
    /// The results in the order of the blocks, and the end of the last block.
    pub fn each<T: Send>(
        &self,
        start: u64,
        most: usize,
        work: impl Fn(&[u8]) -> Result<Option<T>, Unusual> + Sync,
    ) -> Result<Option<(Vec<T>, u64)>, Unusual> {
        let left = self.file.length()?.saturating_sub(start);
        let blocks = left.div_ceil(BLOCK as u64).min(most as u64) as usize;
        let stop = start + left.min((blocks * BLOCK) as u64);
        let block = |number: usize, buffer: &mut Vec<u8>| {
            let from = start + (number * BLOCK) as u64;
            let lines = self.lines(from, stop.min(from + BLOCK as u64), number == 0, buffer)?;
            Ok(work(lines.bytes)?.map(|result| (result, lines.end)))
        };
        let parts = (0..blocks)
            .into_par_iter()
            .with_max_len(1)
            .map(|number| (self.buffers).lend(Vec::new, |buffer| block(number, buffer)))
            .collect::<Result<Option<Vec<_>>, Unusual>>()?;
        Ok(parts.map(|parts| {
            let end = parts.last().map_or(start, |&(_, end)| end);
            (parts.into_iter().map(|(part, _)| part).collect(), end)
        }))
    }

    /// The lines that start between two positions. A line starts at the first position only if
    /// `at_line` is set or the preceding byte is a line break.
    fn lines<'a>(
        &self,
        from: u64,
        to: u64,
        at_line: bool,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Lines<'a>, Unusual> {
        let base = from - u64::from(!at_line);
        let length = (to - base) as usize;
        let mut wanted = length + BEYOND;
        let (filled, end) = loop {
            if buffer.len() < wanted {
                buffer.resize(wanted, 0);
            }
            let filled = self.file.read_at(&mut buffer[..wanted], base)?;
            let last = (length - 1).min(filled);
            match memchr(b'\n', &buffer[last..filled]) {
                Some(at) => break (filled, last + at + 1),
                None if filled < wanted => break (filled, filled),
                None if wanted > LONGEST => return Err(Unusual::new("a line is too long")),
                None => wanted *= 2,
            }
        };
        let start = match memchr(b'\n', &buffer[..filled]) {
            _ if at_line => 0,
            Some(at) => at + 1,
            None => filled,
        };
        Ok(Lines {
            bytes: &buffer[start.min(end)..end],
            end: base + end as u64,
        })
    }
}
