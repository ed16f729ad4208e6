//! MATLAB 5 files for the fuzzer: every layout that the reader knows, both byte orders, elements packed after they were changed.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::ZlibEncoder;

const HEADER: usize = 128;
const MATRIX: u32 = 14;
const PACKED: u32 = 15;

/// A byte that says which elements are packed, and a file whose elements are not: a change in a packed element would end at its checksum,
/// as it does in the samples, which are added as they are.
pub fn seeds(files: &[PathBuf]) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for path in files.iter().filter(|path| path.extension().is_some_and(|e| e == "mat")) {
        let bytes = std::fs::read(path).expect("a sample");
        if !bytes.starts_with(b"MATLAB 5.0") {
            continue;
        }
        seeds.push([&[0x00], &bytes[..]].concat());
    }
    for big in [false, true] {
        for (number, variables) in layouts(big).into_iter().enumerate() {
            let mark: &[u8; 4] = if big { b"\x01\x00MI" } else { b"\x00\x01IM" };
            let mut file = [&[b' '; HEADER - 4][..], mark].concat();
            file[..10].copy_from_slice(b"MATLAB 5.0");
            variables.iter().for_each(|variable| file.extend(variable));
            // Half of the layouts have all elements packed, the others none or some.
            seeds.push([&[[0xff, 0x00, 0x55][number % 3]], &file[..]].concat());
        }
    }
    seeds
}

/// The file that an input stands for: its elements packed where the first byte has a bit for them.
pub fn file(input: &[u8]) -> Vec<u8> {
    let [which, plain @ ..] = input else { return Vec::new() };
    let Some((header, body)) = plain.split_at_checked(HEADER) else { return plain.to_vec() };
    let big = header.ends_with(b"MI");
    let mut out = header.to_vec();
    for (index, element) in elements(body, big).into_iter().enumerate() {
        if which >> (index % 8) & 1 == 0 {
            out.extend(element);
            continue;
        }
        let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(element).expect("into memory");
        let packed = packed.finish().expect("into memory");
        out.extend([word(PACKED, big), word(packed.len() as u32, big)].concat());
        out.extend(packed);
    }
    out
}

/// The elements of a file, as far as their lengths go.
fn elements(mut rest: &[u8], big: bool) -> Vec<&[u8]> {
    let read = |bytes: &[u8]| {
        let bytes: [u8; 4] = bytes.try_into().expect("four bytes");
        if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    let mut out = Vec::new();
    while rest.len() >= 8 {
        let length = read(&rest[4..8]) as usize;
        let (element, after) = rest.split_at(length.saturating_add(8).min(rest.len()));
        out.push(element);
        rest = after;
    }
    if !rest.is_empty() {
        out.push(rest);
    }
    out
}

fn word(value: u32, big: bool) -> [u8; 4] {
    if big { value.to_be_bytes() } else { value.to_le_bytes() }
}

/// Writes values as MATLAB does, in one byte order.
#[derive(Clone, Copy)]
struct Writer {
    big: bool,
}

/// Classes of matrices, and types of data.
const CELL: u32 = 1;
const STRUCT: u32 = 2;
const CHAR: u32 = 4;
const DOUBLE: u32 = 6;
const INT32: u32 = 12;
const UINT16: u32 = 11;

impl Writer {
    fn element(self, kind: u32, data: &[u8]) -> Vec<u8> {
        let length = data.len() as u32;
        if (1..=4).contains(&length) {
            // Type and length share a word, the data lie in the other.
            let tag = word(length << 16 | kind, self.big);
            let mut out = [&tag[..], data].concat();
            out.resize(8, 0);
            return out;
        }
        let mut out = [&word(kind, self.big)[..], &word(length, self.big), data].concat();
        out.resize(out.len().next_multiple_of(8), 0);
        out
    }

    fn words(self, kind: u32, values: &[u32]) -> Vec<u8> {
        self.element(kind, &values.iter().flat_map(|value| word(*value, self.big)).collect::<Vec<u8>>())
    }

    fn matrix(self, name: &str, class: u32, extents: [u32; 2], content: &[Vec<u8>]) -> Vec<u8> {
        let head = [self.words(6, &[class, 0]), self.words(5, &extents), self.element(1, name.as_bytes())];
        self.element(MATRIX, &[head.concat(), content.concat()].concat())
    }

    /// A column of doubles, stored as such.
    fn list(self, name: &str, values: &[f64]) -> Vec<u8> {
        let bytes = |x: &f64| if self.big { x.to_be_bytes() } else { x.to_le_bytes() };
        let data: Vec<u8> = values.iter().flat_map(bytes).collect();
        self.matrix(name, DOUBLE, [values.len() as u32, 1], &[self.element(9, &data)])
    }

    /// Doubles that are whole and small are stored as bytes.
    fn small(self, name: &str, class: u32, extents: [u32; 2], values: &[u8]) -> Vec<u8> {
        self.matrix(name, class, extents, &[self.element(2, values)])
    }

    fn text(self, name: &str, text: &str) -> Vec<u8> {
        let units = text.encode_utf16().flat_map(|c| if self.big { c.to_be_bytes() } else { c.to_le_bytes() });
        self.matrix(name, CHAR, [1, text.len() as u32], &[self.element(4, &units.collect::<Vec<u8>>())])
    }

    fn cell(self, name: &str, extents: [u32; 2], items: &[Vec<u8>]) -> Vec<u8> {
        self.matrix(name, CELL, extents, items)
    }

    /// Records of a structure, field by field.
    fn records(self, name: &str, fields: &[&str], records: &[Vec<Vec<u8>>]) -> Vec<u8> {
        let names: Vec<u8> = fields.iter().flat_map(|field| format!("{field:\0<32}").into_bytes()).collect();
        let content = [vec![self.words(5, &[32]), self.element(1, &names)], records.concat()].concat();
        self.matrix(name, STRUCT, [1, records.len() as u32], &content)
    }
}

/// The variables of files of every layout that is known.
fn layouts(big: bool) -> Vec<Vec<Vec<u8>>> {
    let w = Writer { big };
    let train = |name: &str, start: f64| w.list(name, &[start, start + 0.25, start + 0.5, start + 2.0]);
    let times: Vec<f64> = (0..8).map(|i| f64::from(i) * 0.5).collect();
    let unit = |start: f64, region: &str| {
        vec![train("", start), w.text("", region), w.list("", &[0.0, 9.0]), w.small("", DOUBLE, [1, 1], &[3])]
    };
    let reaching = vec![
        w.cell("spikes", [2, 2], &[train("", 0.1), train("", 0.2), w.list("", &[]), train("", 0.3)]),
        w.list("t", &times),
        w.small("cursor_pos", DOUBLE, [8, 2], &(0..16).collect::<Vec<u8>>()),
        w.small("target_pos", DOUBLE, [8, 2], &[[1, 1, 2, 2, 2, 3, 3, 3]; 2].concat()),
        w.cell("chan_names", [2, 1], &[w.text("", "M1 001"), w.text("", "S1 002")]),
    ];
    let structures = vec![w.records(
        "units",
        &["spike_times", "region", "time_range", "depth"],
        &[unit(0.5, "CA1"), unit(1.5, "CA3"), unit(2.5, "CA1")],
    )];
    let nested = vec![w.cell(
        "spikes",
        [1, 2],
        &[
            w.cell(
                "",
                [1, 2],
                &[w.records("", &["data", "times"], &[vec![w.text("", "x"), train("", 1.0)]]), w.list("", &[])],
            ),
            w.cell("", [2, 1], &[w.records("", &["time"], &[vec![train("", 2.0)]]), w.records("", &["ts"], &[])]),
        ],
    )];
    let flat = vec![
        w.list("spike_times", &times),
        w.small("spike_clusters", INT32, [8, 1], &[1, 2, 3, 1, 2, 3, 1, 1]),
        w.small("time", UINT16, [4, 1], &[1, 2, 3, 4]),
        w.small("lfp", DOUBLE, [3, 4], &[0; 12]),
        w.text("note", "é and more"),
    ];
    let lists = vec![w.cell("spike_trains", [3, 1], &[train("", 0.0), train("", 0.1), train("", 0.2)])];
    vec![reaching, structures, nested, flat, lists]
}
