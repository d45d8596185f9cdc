use super::*;

use std::fmt::Write as _;

use proptest::prelude::*;

const DIALECT: Dialect = Dialect {
    delimiter: b',',
    quote: true,
    has_header: true,
};

fn header() -> Vec<String> {
    ["a", "b", "c"].map(str::to_owned).to_vec()
}

/// The values of all columns; `None` if the text is unusual.
fn fast(path: &Path, steps: Option<usize>) -> Option<Vec<Vec<String>>> {
    let columns = [(0, 0), (2, 1), (1, 0)];
    let mut reader = DelimitedCodes::open(path, DIALECT, &header(), &columns).ok()?;
    let (mut names, mut words) = (Interner::new(), Interner::new());
    let mut rows = Vec::new();
    let mut most = 0;
    while let Some(columns) = reader.read(&mut [&mut names, &mut words]).ok()? {
        for (row, (&first, &last)) in columns[0].iter().zip(&columns[2]).enumerate() {
            // In order of first appearance, so a new code is always the next one.
            assert!(first <= most && last <= most.max(first + 1));
            most = most.max(first + 1).max(last + 1);
            let value = |of: &Interner, at: usize| of.name(columns[at][row]).to_owned();
            rows.push(vec![value(&names, 0), value(&names, 2), value(&words, 1)]);
        }
    }
    assert!(steps.is_none_or(|least| rows.len() >= least));
    Some(rows)
}

fn strict(path: &Path) -> Option<Vec<Vec<String>>> {
    let mut reader = CsvReader::new(crate::csv::open(path).ok()?, DIALECT).ok()?;
    let mut rows = Vec::new();
    while let Some(chunk) = reader.read(&[0, 1, 2], 1000).ok()? {
        for row in 0..chunk.lines.len() {
            let value = |at: usize| {
                let column = &chunk.columns[at];
                column.text[column.offsets[row] as usize..column.offsets[row + 1] as usize]
                    .to_owned()
            };
            rows.push((0..3).map(value).collect());
        }
    }
    Some(rows)
}

/// A file that is deleted after the test.
struct Temporary(std::path::PathBuf);

impl std::ops::Deref for Temporary {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn file(name: &str, text: &[u8]) -> Temporary {
    let name = format!("humorrank-{}-{name}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    Temporary(path)
}

proptest! {
    #[test]
    fn what_is_read_is_what_the_strict_reader_reads(
        lines in prop::collection::vec("[xy\\r]{0,2}(,[xyé\"\\r]{0,2}){1,3}|\\r|", 1..12),
        start in prop::sample::select(vec!["", "\u{feff}", "\n\r\n"]),
        end in prop::sample::select(vec!["", "\n", "\r\n\n"]),
    ) {
        let text = format!("{start}a,b,c\n{}{end}", lines.join("\n"));
        let path = file("random.csv", text.as_bytes());
        if let Some(rows) = fast(&path, None) {
            prop_assert_eq!(Some(rows), strict(&path));
        }
    }
}

#[test]
fn long_texts_are_read_in_blocks_and_quotes_late_in_them_too() {
    let mut text = String::from("a,b,c\n");
    for i in 0..900_000 {
        writeln!(text, "model {},model {},tie", i % 991, i % 7).unwrap();
    }
    let path = file("long.csv", text.as_bytes());
    assert_eq!(fast(&path, Some(900_000)), strict(&path));
    text += "\"p,q\",r,\"x\ny\"\n";
    let path = file("quoted.csv", text.as_bytes());
    assert_eq!(fast(&path, Some(900_001)), strict(&path));
    text += "p,q\n";
    assert_eq!(fast(&file("ragged.csv", text.as_bytes()), None), None);
}

#[test]
fn what_is_broken_is_unusual() {
    for text in [
        &b"a,b,c\n1,2,3\n1,2\n"[..],
        b"a,b,c\n1,2,\xff\n",
        b"a,b,d\n1,2,3\n",
        b"a,b,c",
    ] {
        assert_eq!(fast(&file("broken.csv", text), None), None);
    }
}
