//! Checks of structs in Thrift's compact protocol, in which Parquet writes its metadata.
//!
//! The `parquet` crate reserves memory for the lengths that a file states, and aborts if there is
//! too little. The lengths are therefore compared with the size of the file beforehand.

use crate::Unusual;

/// The maximum depth of structs. Those of Parquet are less than ten deep.
const DEEPEST: usize = 32;

/// An event while a struct is read, for the path of field numbers that leads to it.
pub enum Event {
    /// An integer.
    Integer(i64),
    /// The end of a struct.
    End,
}

/// Receives the events of a struct with their paths.
type Visit<'a> = dyn FnMut(&[i16], Event) -> Result<(), Unusual> + 'a;

/// The reason why the bytes cannot be read as a struct.
enum Stop {
    /// The bytes end before the struct, which needs at least this many.
    Short(usize),
    Bad(Unusual),
}

impl From<Unusual> for Stop {
    fn from(error: Unusual) -> Self {
        Self::Bad(error)
    }
}

/// The extent of a struct.
pub enum Extent {
    /// The bytes contain all of it.
    Whole,
    /// It has more than the given bytes, at least this many.
    More(usize),
}

/// Checks the struct at the start of some bytes.
///
/// # Arguments
/// - `bytes`: the bytes from the start of the struct.
/// - `available`: the number of bytes from there to the end of the file, of which `bytes` are the
///   first.
/// - `visit`: a function that receives integers and the ends of structs with their paths.
///
/// # Errors
/// If the bytes are not a struct, a length exceeds the file, or `visit` returns an error.
pub fn check(bytes: &[u8], available: usize, visit: &mut Visit<'_>) -> Result<Extent, Unusual> {
    let mut walk = Walk {
        bytes,
        available,
        at: 0,
        path: Vec::new(),
        visit,
    };
    match walk.structure() {
        Ok(()) => Ok(Extent::Whole),
        Err(Stop::Short(needed)) if needed <= available => Ok(Extent::More(needed)),
        Err(Stop::Short(_)) => Err(damaged("ends too early")),
        Err(Stop::Bad(error)) => Err(error),
    }
}

fn damaged(what: &str) -> Unusual {
    Unusual::new(format!("the metadata of the file is damaged: it {what}"))
}

struct Walk<'a> {
    bytes: &'a [u8],
    available: usize,
    at: usize,
    path: Vec<i16>,
    visit: &'a mut Visit<'a>,
}

impl Walk<'_> {
    fn byte(&mut self) -> Result<u8, Stop> {
        let byte = *self.bytes.get(self.at).ok_or(Stop::Short(self.at + 1))?;
        self.at += 1;
        Ok(byte)
    }

    fn skip(&mut self, length: u64) -> Result<(), Stop> {
        let left = (self.available - self.at) as u64;
        if length > left {
            return Err(damaged("states a length beyond the end of the file").into());
        }
        let end = self.at + length as usize;
        if end > self.bytes.len() {
            return Err(Stop::Short(end));
        }
        self.at = end;
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Stop> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(damaged("contains a number of more than 64 bits").into())
    }

    fn zigzag(&mut self) -> Result<i64, Stop> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// The number of elements of a collection, each of which takes at least one byte.
    fn size(&mut self, size: u64) -> Result<u64, Stop> {
        if size > (self.available - self.at) as u64 {
            return Err(damaged("states a number of elements that the file cannot hold").into());
        }
        Ok(size)
    }

    fn structure(&mut self) -> Result<(), Stop> {
        if self.path.len() >= DEEPEST {
            return Err(damaged("is nested too deeply").into());
        }
        let mut field = 0i16;
        loop {
            let header = self.byte()?;
            if header == 0 {
                (self.visit)(&self.path, Event::End)?;
                return Ok(());
            }
            field = match header >> 4 {
                0 => self.zigzag()? as i16,
                delta => field.wrapping_add(i16::from(delta)),
            };
            self.path.push(field);
            match header & 0x0F {
                // The value of a boolean field is its type.
                1 | 2 => {}
                kind => self.value(kind)?,
            }
            self.path.pop();
        }
    }

    fn value(&mut self, kind: u8) -> Result<(), Stop> {
        match kind {
            1..=3 => self.skip(1),
            4..=6 => {
                let value = self.zigzag()?;
                (self.visit)(&self.path, Event::Integer(value))?;
                Ok(())
            }
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(length)
            }
            9 | 10 => {
                let header = self.byte()?;
                let size = match header >> 4 {
                    15 => self.varint()?,
                    size => u64::from(size),
                };
                for _ in 0..self.size(size)? {
                    self.value(header & 0x0F)?;
                }
                Ok(())
            }
            11 => {
                let size = self.varint()?;
                if self.size(size)? > 0 {
                    let kinds = self.byte()?;
                    for _ in 0..size {
                        self.value(kinds >> 4)?;
                        self.value(kinds & 0x0F)?;
                    }
                }
                Ok(())
            }
            12 => self.structure(),
            _ => Err(damaged("contains a value of an unknown type").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    fn extent(bytes: &[u8], available: usize) -> Result<Extent, Unusual> {
        check(bytes, available, &mut |_, _| Ok(()))
    }

    #[test]
    fn lengths_beyond_the_file_are_refused() {
        // A field of bytes that states a length of 2^60.
        let length = [
            0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10, 0,
        ];
        assert!(extent(&length, length.len()).is_err());
        // A list of 2^31 structs.
        let list = [0x19, 0xFC, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0];
        assert!(extent(&list, list.len()).is_err());
    }

    #[test]
    fn structs_that_are_nested_too_deeply_are_refused() {
        assert!(extent(&[0x1C; 10_000], 10_000).is_err());
    }

    #[test]
    fn more_bytes_are_requested_if_the_file_has_them() {
        // A field of five bytes, of which two are given.
        let bytes = [0x18, 5, 1, 2];
        assert!(matches!(extent(&bytes, 8), Ok(Extent::More(7))));
        assert!(extent(&bytes, 6).is_err());
        assert!(matches!(extent(&[0x18, 2, 1, 2, 0], 5), Ok(Extent::Whole)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_struct_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = extent(&bytes, bytes.len());
        }
    }
}
