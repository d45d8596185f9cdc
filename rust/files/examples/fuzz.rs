//! Reads damaged files with the readers of Parquet, Arrow IPC and delimited text.
//!
//! ```text
//! python tests/attack/originals.py build/originals
//! cargo run --release -p humorrank-files --example fuzz -- 3600 build/originals/*
//! ```
//!
//! Each file is damaged at random and read, for the given number of seconds in total. It may be
//! refused or read, but the process must not end, and where both readers of Parquet accept a file,
//! they must read the same. The file that is being read is in the directory of temporary files, so
//! that it remains if the process ends.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use arrow_array::cast::AsArray;
use humorrank_core::Interner;
use humorrank_files::{
    NULL_CODE, Unusual,
    csv::{self, CsvReader, Dialect},
    delimited::DelimitedCodes,
    guarded,
    parquet::ParquetCodes,
    tables::{Format, Table},
};

const COLUMNS: [&str; 3] = ["model_a", "model_b", "winner"];
/// The number of rows after which reading stops, because few bytes can contain many equal rows.
const MOST_ROWS: usize = 1 << 18;

/// Random numbers (splitmix64).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        value ^ (value >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

fn damage(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..=dice.below(3) {
        let at = dice.below(bytes.len());
        let length = (1 << dice.below(8)).min(bytes.len() - at);
        match dice.below(6) {
            0 if length > 0 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][dice.below(5)],
            1 if length > 0 => bytes[at] ^= 1 << dice.below(8),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..at + length)),
            4 => {
                let value = [u64::MAX, 1 << 62, u64::from(u32::MAX), 1 << 31, 0][dice.below(5)];
                let length = length.min(8);
                bytes[at..at + length].copy_from_slice(&value.to_le_bytes()[..length]);
            }
            _ => {
                let copied = bytes[at..at + length].to_vec();
                let to = dice.below(bytes.len());
                bytes.splice(to..to, copied);
            }
        }
    }
}

type Rows = Vec<Vec<Option<String>>>;

/// The columns of a Parquet file by their codes.
fn by_codes(path: &Path) -> Result<Rows, Unusual> {
    guarded(|| {
        let columns = COLUMNS.map(|name| (name.to_owned(), 0));
        let mut reader = ParquetCodes::open(path, &columns)?;
        let mut names = Interner::new();
        let mut rows = vec![Vec::new(); COLUMNS.len()];
        if reader.rows() > MOST_ROWS as u64 {
            return Ok(rows);
        }
        while let Some(batch) = reader.read(&mut [&mut names])? {
            for (column, codes) in rows.iter_mut().zip(&batch) {
                let text = |&code: &u32| (code != NULL_CODE).then(|| names.name(code).to_owned());
                column.extend(codes.iter().map(text));
            }
        }
        Ok(rows)
    })
}

/// The columns of any columnar file by their values; `None` if they are not text, or too long.
fn by_values(path: &Path, format: Format) -> Result<Option<Rows>, Unusual> {
    let table = Table::open(path, format)?;
    let every: Vec<usize> = (0..table.schema().fields().len()).collect();
    let mut batches = table.read(&every, 1000)?;
    let mut seen = 0;
    while let Some(batch) = batches.next_batch()? {
        seen += batch.num_rows();
        if seen > MOST_ROWS {
            return Ok(None);
        }
    }
    let place = |name: &&str| table.schema().index_of(name).ok();
    let Some(places) = COLUMNS.iter().map(place).collect::<Option<Vec<_>>>() else {
        return Ok(None);
    };
    let mut rows = vec![Vec::new(); COLUMNS.len()];
    let mut batches = table.read(&places, 1000)?;
    while let Some(batch) = batches.next_batch()? {
        for (column, array) in rows.iter_mut().zip(batch.columns()) {
            let Some(array) = array.as_string_view_opt() else {
                return Ok(None);
            };
            column.extend(array.iter().map(|text| text.map(str::to_owned)));
        }
    }
    Ok(Some(rows))
}

fn delimited(path: &Path, delimiter: u8) -> Result<(), Unusual> {
    let dialect = Dialect {
        delimiter,
        quote: true,
        has_header: true,
    };
    guarded(|| {
        let mut reader = CsvReader::new(csv::open(path)?, dialect)?;
        let header = reader.header().to_vec();
        let every: Vec<usize> = (0..header.len()).collect();
        while let Ok(Some(_)) = reader.read(&every, 100) {}
        let columns: Vec<(usize, usize)> = every.iter().map(|&at| (at, 0)).collect();
        let mut codes = DelimitedCodes::open(path, dialect, &header, &columns)?;
        let mut names = Interner::new();
        while codes.read(&mut [&mut names])?.is_some() {}
        Ok(())
    })
}

/// Reads a file. Returns what came of it, and what is wrong.
fn read(path: &Path, extension: &str) -> (&'static str, Option<String>) {
    let result = match extension {
        "parquet" => {
            let values = by_values(path, Format::Parquet);
            if let (Ok(Some(values)), Ok(codes)) = (&values, by_codes(path))
                && *values != codes
            {
                return ("wrong", Some(format!("{values:?} or {codes:?}")));
            }
            values.map(drop)
        }
        "arrow" => by_values(path, Format::IpcFile).map(drop),
        "arrows" => by_values(path, Format::IpcStream).map(drop),
        "tsv" => delimited(path, b'\t'),
        _ => delimited(path, b','),
    };
    (if result.is_ok() { "read" } else { "refused" }, None)
}

fn main() -> ExitCode {
    let mut given = env::args().skip(1);
    let seconds = given.next().and_then(|seconds| seconds.parse().ok());
    let files: Vec<PathBuf> = given.map(PathBuf::from).collect();
    let (Some(seconds), false) = (seconds, files.is_empty()) else {
        eprintln!("usage: fuzz SECONDS FILES");
        return ExitCode::from(2);
    };
    std::panic::set_hook(Box::new(|_| {}));
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut dice = Dice(1);
    let mut told: BTreeMap<(String, &str), u64> = BTreeMap::new();
    let mut wrong = 0;
    while Instant::now() < until {
        let file = &files[dice.below(files.len())];
        let extension = file.extension().unwrap_or_default().to_string_lossy();
        let path = env::temp_dir().join(format!("humorrank-fuzz.{extension}"));
        let damaged = fs::read(file).and_then(|mut bytes| {
            damage(&mut dice, &mut bytes);
            fs::write(&path, &bytes)
        });
        if let Err(error) = damaged {
            eprintln!("{}: {error}", file.display());
            return ExitCode::from(2);
        }
        let (result, fault) = read(&path, &extension);
        if let Some(fault) = fault {
            let kept = path.with_extension(format!("{wrong}.{extension}"));
            let _ = fs::rename(&path, &kept);
            eprintln!("{}: {fault}", kept.display());
            wrong += 1;
        }
        *told.entry((extension.into_owned(), result)).or_default() += 1;
    }
    for ((extension, result), times) in told {
        println!("{extension:8} {result:8} {times}");
    }
    ExitCode::from(u8::from(wrong > 0))
}
