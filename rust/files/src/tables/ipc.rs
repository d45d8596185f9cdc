//! Arrow IPC files and streams as Arrow arrays.

use std::{collections::HashMap, fs::File, path::Path, ptr::NonNull, sync::Arc, vec};

use arrow_array::{ArrayRef, RecordBatch};
use arrow_buffer::Buffer;
use arrow_ipc::{
    CompressionType, Message, MessageHeader, MetadataVersion, RecordBatch as Header,
    convert::try_fb_to_schema,
    reader::{RecordBatchDecoder, read_dictionary},
    root_as_footer, root_as_message,
};
use arrow_schema::SchemaRef;
use memmap2::Mmap;

use crate::Unusual;

const MAGIC: &[u8] = b"ARROW1";
/// The length of the start of a file: [`MAGIC`] and padding.
const START: usize = 8;
/// The length of the end of a file: the length of its footer, and [`MAGIC`].
const TAIL: usize = 10;
/// The mark of a message, which files of before 2019 lack.
const MARK: [u8; 4] = [0xFF; 4];
/// The number of bytes to which the starts of buffers are aligned.
const ALIGNMENT: i64 = 8;
/// The maximum number of rows of a batch, and of values in it.
const MOST_ROWS: i64 = 1 << 32;
const MOST_VALUES: i64 = 1 << 40;

fn damaged<T>(what: &str) -> Result<T, Unusual> {
    Err(Unusual::new(what))
}

/// A file or stream.
pub struct IpcFile {
    bytes: Buffer,
    schema: SchemaRef,
    version: MetadataVersion,
    /// The places of the dictionaries and of the batches, in the order in which they are read.
    messages: Vec<Place>,
}

/// The place of a message: its start, the length of its header, and that of its body.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    header: usize,
    body: usize,
}

impl Place {
    /// Creates a place in the first `end` bytes of a file from what the file states.
    fn new(start: i64, header: i64, body: i64, end: usize) -> Result<Self, Unusual> {
        let place = (|| {
            let place = Self {
                start: start.try_into().ok()?,
                header: header.try_into().ok()?,
                body: body.try_into().ok()?,
            };
            let stop = place
                .start
                .checked_add(place.header)?
                .checked_add(place.body)?;
            (stop <= end).then_some(place)
        })();
        place.ok_or_else(|| Unusual::new("a message ends behind the end of the file"))
    }
}

impl IpcFile {
    /// Opens a file, which ends with the places of its batches.
    pub fn open(path: &Path) -> Result<Self, Unusual> {
        let bytes = mapped(path)?;
        let end = bytes.len().saturating_sub(TAIL);
        if end < START || bytes[end + 4..] != *MAGIC {
            return damaged("the file does not end as an Arrow IPC file does");
        }
        let length =
            i32::from_le_bytes([bytes[end], bytes[end + 1], bytes[end + 2], bytes[end + 3]]);
        let start = usize::try_from(length)
            .ok()
            .and_then(|length| end.checked_sub(length))
            .filter(|&start| start >= START)
            .ok_or_else(|| Unusual::new("the footer is longer than the file"))?;
        let footer = root_as_footer(&bytes[start..end])
            .map_err(|error| Unusual::new(format!("the footer is damaged: {error}")))?;
        let Some(schema) = footer.schema() else {
            return damaged("the file has no schema");
        };
        let blocks = (footer.dictionaries().into_iter().flatten())
            .chain(footer.recordBatches().into_iter().flatten());
        let messages = blocks
            .map(|block| {
                let header = i64::from(block.metaDataLength());
                Place::new(block.offset(), header, block.bodyLength(), start)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            schema: schema_of(schema)?,
            version: footer.version(),
            messages,
            bytes,
        })
    }

    /// Opens a stream, which begins with its schema.
    pub fn open_stream(path: &Path) -> Result<Self, Unusual> {
        let bytes = mapped(path)?;
        let mut schema = None;
        let mut version = MetadataVersion::V5;
        let mut messages = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let mut header = 4;
            let mut length = length_at(&bytes, at)?;
            if length == -1 {
                header = 8;
                length = length_at(&bytes, at + 4)?;
            }
            if length == 0 {
                if at + header < bytes.len() {
                    return damaged("there are bytes behind the end of the stream");
                }
                break;
            }
            let header = header as i64 + i64::from(length);
            let place = Place::new(at as i64, header, 0, bytes.len())?;
            let message = message_at(&bytes, place)?;
            let place = Place::new(at as i64, header, message.bodyLength(), bytes.len())?;
            at += place.header + place.body;
            match (message.header_type(), &schema) {
                (MessageHeader::Schema, None) => {
                    let found = message.header_as_schema();
                    let Some(found) = found else {
                        return damaged("the file has no schema");
                    };
                    schema = Some(schema_of(found)?);
                    version = message.version();
                }
                (_, Some(_)) => messages.push(place),
                (_, None) => return damaged("the file does not begin with a schema"),
            }
        }
        let Some(schema) = schema else {
            return damaged("the file has no schema");
        };
        Ok(Self {
            bytes,
            schema,
            version,
            messages,
        })
    }

    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    pub fn read(&self, columns: &[usize]) -> Batches {
        Batches {
            bytes: self.bytes.clone(),
            schema: Arc::clone(&self.schema),
            version: self.version,
            columns: columns.to_vec(),
            dictionaries: HashMap::new(),
            messages: self.messages.clone().into_iter(),
        }
    }
}

/// Maps a file into memory.
fn mapped(path: &Path) -> Result<Buffer, Unusual> {
    let failed = |error: std::io::Error| Unusual::new(error.to_string());
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.len() == 0 {
        return damaged("the file is empty");
    }
    // SAFETY: as for every mapped file, nobody may change the file while it is read.
    let map = unsafe { Mmap::map(&file) }.map_err(failed)?;
    let (start, length) = (NonNull::from(&map[0]), map.len());
    // SAFETY: the bytes are valid as long as the map, which the buffer owns.
    Ok(unsafe { Buffer::from_custom_allocation(start, length, Arc::new(map)) })
}

fn length_at(bytes: &[u8], at: usize) -> Result<i32, Unusual> {
    match bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        Some(length) => Ok(i32::from_le_bytes(*length)),
        None => damaged("the stream ends within a message"),
    }
}

fn schema_of(schema: arrow_ipc::Schema<'_>) -> Result<SchemaRef, Unusual> {
    if !schema.endianness().equals_to_target_endianness() {
        return damaged("the file was written for machines with the other order of bytes");
    }
    Ok(Arc::new(try_fb_to_schema(schema)?))
}

/// The header of a message.
fn message_at(bytes: &[u8], place: Place) -> Result<Message<'_>, Unusual> {
    let header = &bytes[place.start..place.start + place.header];
    let header = header.strip_prefix(&MARK).unwrap_or(header);
    let length = usize::try_from(length_at(header, 0)?).unwrap_or(usize::MAX);
    let header = header[4..].get(..length);
    let header = header.ok_or_else(|| Unusual::new("a message is longer than its place"))?;
    root_as_message(header).map_err(|error| Unusual::new(format!("a message is damaged: {error}")))
}

/// The batches of a file.
pub struct Batches {
    bytes: Buffer,
    schema: SchemaRef,
    version: MetadataVersion,
    columns: Vec<usize>,
    dictionaries: HashMap<i64, ArrayRef>,
    messages: vec::IntoIter<Place>,
}

impl Batches {
    pub fn next(&mut self) -> Result<Option<RecordBatch>, Unusual> {
        for place in self.messages.by_ref() {
            let message = message_at(&self.bytes, place)?;
            if message.version() != self.version {
                return damaged("the messages have different versions");
            }
            if message.bodyLength() != place.body as i64 {
                return damaged("a message has another length than its place");
            }
            let body = self
                .bytes
                .slice_with_length(place.start + place.header, place.body);
            if let Some(header) = message.header_as_dictionary_batch() {
                let Some(data) = header.data() else {
                    return damaged("a dictionary has no values");
                };
                check(data, &body)?;
                read_dictionary(
                    &body,
                    header,
                    &self.schema,
                    &mut self.dictionaries,
                    &self.version,
                )?;
            } else if let Some(header) = message.header_as_record_batch() {
                check(header, &body)?;
                let batch = RecordBatchDecoder::try_new(
                    &body,
                    header,
                    Arc::clone(&self.schema),
                    &self.dictionaries,
                    &self.version,
                )?
                .with_projection(Some(&self.columns))
                .read_record_batch()?;
                return Ok(Some(batch));
            } else {
                return damaged("a message is neither a batch nor a dictionary");
            }
        }
        Ok(None)
    }
}

/// Checks the places and counts of a batch, for which memory is reserved.
fn check(header: Header<'_>, body: &Buffer) -> Result<(), Unusual> {
    if !(0..=MOST_ROWS).contains(&header.length()) {
        return damaged("a batch has an invalid number of rows");
    }
    for node in header.nodes().into_iter().flatten() {
        let fits = (0..=MOST_VALUES).contains(&node.length());
        if !fits || !(0..=node.length()).contains(&node.null_count()) {
            return damaged("a column has an invalid number of values");
        }
    }
    // How many times as long as its compressed bytes a buffer can be.
    let expansion = match header.compression().map(|compression| compression.codec()) {
        None => None,
        Some(CompressionType::LZ4_FRAME) => Some(256),
        Some(_) => Some(1 << 16),
    };
    for buffer in header.buffers().into_iter().flatten() {
        if buffer.offset() % ALIGNMENT != 0 {
            return damaged("a buffer does not start at a multiple of 8 bytes");
        }
        let place = Place::new(buffer.offset(), buffer.length(), 0, body.len())?;
        let bytes = &body[place.start..place.start + place.header];
        if let (Some(expansion), false) = (expansion, bytes.is_empty()) {
            let Some((length, rest)) = bytes.split_first_chunk::<8>() else {
                return damaged("a compressed buffer has no length");
            };
            let length = i64::from_le_bytes(*length);
            if length < -1 || length > (rest.len() as i64 + 64).saturating_mul(expansion) {
                return damaged("a buffer is longer than its compressed bytes can be");
            }
        }
    }
    Ok(())
}
