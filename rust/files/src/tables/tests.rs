use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow_array::{
    ArrayRef, DictionaryArray, Int32Array, RecordBatch, StringArray, types::Int8Type,
};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, Encoding},
    file::properties::WriterProperties,
};

use super::{Format, Table};

const FORMATS: [(Format, &str); 3] = [
    (Format::Parquet, "parquet"),
    (Format::IpcFile, "arrow"),
    (Format::IpcStream, "arrows"),
];

fn batch() -> RecordBatch {
    let names = ["pun", "irony", "pun", "dad joke"];
    let dictionary: DictionaryArray<Int8Type> = names.into_iter().collect();
    let columns: [(&str, ArrayRef); 4] = [
        ("model_a", Arc::new(StringArray::from(names.to_vec()))),
        (
            "count",
            Arc::new(Int32Array::from(vec![
                Some(1),
                None,
                Some(3),
                Some(1 << 30),
            ])),
        ),
        ("judge", Arc::new(dictionary)),
        (
            "note",
            Arc::new(StringArray::from(vec![None, Some("Käse"), Some(""), None])),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}

fn written(format: Format, encoding: Option<Encoding>, compression: Compression) -> Vec<u8> {
    let (batch, mut bytes) = (batch(), Vec::new());
    let schema = batch.schema();
    match format {
        Format::Parquet => {
            let mut properties = WriterProperties::builder().set_compression(compression);
            if let Some(encoding) = encoding {
                properties = properties
                    .set_dictionary_enabled(false)
                    .set_column_encoding("model_a".into(), encoding)
                    .set_column_encoding("note".into(), encoding)
                    .set_column_encoding("count".into(), Encoding::DELTA_BINARY_PACKED);
            }
            let mut writer =
                ArrowWriter::try_new(&mut bytes, schema, Some(properties.build())).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
        }
        Format::IpcFile => {
            let mut writer = FileWriter::try_new(&mut bytes, &schema).unwrap();
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
        }
        Format::IpcStream => {
            let mut writer = StreamWriter::try_new(&mut bytes, &schema).unwrap();
            writer.write(&batch).unwrap();
            writer.finish().unwrap();
        }
    }
    bytes
}

fn temporary(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("humorrank-{}-{name}", std::process::id()))
}

/// The text of all rows, or the message of the error.
fn read(path: &Path, format: Format, rows: usize) -> Result<Vec<String>, String> {
    let table = Table::open(path, format).map_err(|error| error.to_string())?;
    let every: Vec<usize> = (0..table.schema().fields().len()).collect();
    let mut batches = table
        .read(&every, rows)
        .map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    while let Some(batch) = batches.next_batch().map_err(|error| error.to_string())? {
        for row in 0..batch.num_rows() {
            out.push(format!("{:?}", batch.slice(row, 1).columns()));
        }
        if out.len() > 10_000 {
            return Err("too many rows".to_owned());
        }
    }
    Ok(out)
}

#[test]
fn batches_of_any_size_contain_all_rows() {
    for (format, extension) in FORMATS {
        let path = temporary(&format!("whole.{extension}"));
        fs::write(&path, written(format, None, Compression::UNCOMPRESSED)).unwrap();
        let whole = read(&path, format, 100).unwrap();
        assert_eq!(whole.len(), 4);
        assert!(whole[1].contains("irony") && whole[1].contains("Käse"));
        assert_eq!(read(&path, format, 1).unwrap().len(), 4);
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn a_file_with_a_changed_byte_is_read_or_refused() {
    let path = temporary("changed");
    for (format, encoding, compression) in [
        (Format::Parquet, None, Compression::UNCOMPRESSED),
        (Format::Parquet, None, Compression::SNAPPY),
        (
            Format::Parquet,
            Some(Encoding::DELTA_BYTE_ARRAY),
            Compression::UNCOMPRESSED,
        ),
        (
            Format::Parquet,
            Some(Encoding::DELTA_LENGTH_BYTE_ARRAY),
            Compression::LZ4_RAW,
        ),
        (Format::IpcFile, None, Compression::UNCOMPRESSED),
        (Format::IpcStream, None, Compression::UNCOMPRESSED),
    ] {
        let bytes = written(format, encoding, compression);
        let mut refused = 0;
        for at in (0..bytes.len()).step_by(5) {
            let mut damaged = bytes.clone();
            damaged[at] = [0x7F, 0xFF, bytes[at] ^ 1][at % 3];
            fs::write(&path, damaged).unwrap();
            refused += usize::from(read(&path, format, 100).is_err());
        }
        assert!(refused > bytes.len() / 15);
    }
    fs::remove_file(&path).unwrap();
}

#[test]
fn a_file_that_was_cut_off_is_refused() {
    for (format, extension) in FORMATS {
        let path = temporary(&format!("cut.{extension}"));
        let bytes = written(format, None, Compression::UNCOMPRESSED);
        let whole = {
            fs::write(&path, &bytes).unwrap();
            read(&path, format, 100).unwrap()
        };
        for length in 0..bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            // A stream without its end has all rows, or none if only its schema is left.
            if let Ok(rows) = read(&path, format, 100) {
                assert!(format == Format::IpcStream && (rows == whole || rows.is_empty()));
            }
        }
        fs::remove_file(&path).unwrap();
    }
}
