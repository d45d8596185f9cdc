//! A text in blocks of whole lines, each read by the thread that works on it.

use memchr::memchr;
use rayon::prelude::*;

use crate::{Unusual, positioned::Positioned, spare::Spare};

/// Bytes that one thread takes at a time: few enough for its cache.
pub const BLOCK: usize = 1 << 18;
/// Bytes beyond a block in which its last line usually ends, and must end.
const BEYOND: usize = 1 << 10;
const LONGEST: usize = 1 << 24;

/// What a text is read from.
pub struct Blocks {
    file: Positioned,
    /// One for each thread that reads.
    buffers: Spare<Vec<u8>>,
}

/// Whole lines, and where they end in the file.
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

    /// Does something with each of the next blocks, on all threads.
    ///
    /// # Arguments
    /// - `start`: where a line starts.
    /// - `most`: how many blocks at most.
    /// - `work`: what to do; none where another reader must read these blocks.
    ///
    /// # Returns
    /// The results in the order of the blocks, and where the last one ends.
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

    /// The lines that start between two positions; at the first one starts a line only if
    /// that is known (`at_line`) or a line break stands before it.
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
                None if wanted > LONGEST => return Err(Unusual::new("a very long line")),
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
