//! Reading a file at given positions from several threads.

use std::{fs::File, io, path::Path, sync::Arc};

use bytes::Bytes;

use crate::Unusual;

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

    /// The length of the file when it was opened.
    pub fn size(&self) -> u64 {
        self.length
    }

    /// Returns bytes of the file. No memory is reserved for bytes beyond its end.
    pub fn bytes(&self, start: u64, length: usize) -> Result<Bytes, Unusual> {
        if start
            .checked_add(length as u64)
            .is_none_or(|end| end > self.length)
        {
            return Err(Unusual::new("the file is too short"));
        }
        let mut bytes = vec![0; length];
        match self.read_at(&mut bytes, start) {
            Ok(read) if read == length => Ok(bytes.into()),
            Ok(_) => Err(Unusual::new("the file has become shorter")),
            Err(error) => Err(Unusual::new(error.to_string())),
        }
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
