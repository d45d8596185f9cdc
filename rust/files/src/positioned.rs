//! Reading a file at given positions from several threads.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
    sync::Arc,
};

use bytes::Bytes;
use parquet::{
    errors::ParquetError,
    file::reader::{ChunkReader, Length},
};

/// A file that is read at given positions. In contrast to cloned [`File`] handles, there is no
/// shared cursor.
#[derive(Clone, Debug)]
pub struct Positioned {
    file: Arc<File>,
    length: u64,
}

impl Positioned {
    /// Opens a file.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self {
            file: Arc::new(file),
            length,
        })
    }

    /// The current length of the file, which may have increased since it was opened.
    pub fn length(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Reads as many bytes as available, up to the length of `into`.
    pub fn read_at(&self, into: &mut [u8], start: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < into.len() {
            match read_some(&self.file, &mut into[filled..], start + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }
}

#[cfg(unix)]
fn read_some(file: &File, into: &mut [u8], start: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, into, start)
}

#[cfg(windows)]
fn read_some(file: &File, into: &mut [u8], start: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, into, start)
}

/// The bytes of a file from a position on.
pub struct Cursor {
    file: Positioned,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = read_some(&self.file.file, into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Length for Positioned {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Positioned {
    type T = BufReader<Cursor>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        // The reader is requested only for the headers of pages, which are short.
        Ok(BufReader::with_capacity(
            512,
            Cursor {
                file: self.clone(),
                at: start,
            },
        ))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let mut bytes = vec![0; length];
        let read = self.read_at(&mut bytes, start)?;
        if read < length {
            return Err(ParquetError::EOF(format!(
                "expected {length} bytes, found {read}"
            )));
        }
        Ok(bytes.into())
    }
}
