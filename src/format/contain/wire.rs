//! How contents cross the pipe: a head in postcard, then the long columns, block by block.
//!
//! ```text
//! "memspkR1" | kind (0 error, 1 contents) | length of the head u64 | head | for each column: length u64, values | "end."
//! ```
//! All numbers are little-endian. Columns are sent one after the other and dropped, so that both processes together never hold more
//! than the contents and one column. The receiver believes nothing: it takes memory only for bytes that arrived.

use std::io::{self, ErrorKind, Read, Write};

use serde::{Deserialize, Serialize};

use super::Contents;
use super::contents::Long;
use crate::format::error::{Fault, FormatError};

const MAGIC: &[u8; 8] = b"memspkR1";
const END: &[u8; 4] = b"end.";
/// Stands for the length of a block where an error follows.
const FAILED: u64 = u64::MAX;
/// No block of a stream is longer.
const MOST_AT_ONCE: u64 = 1 << 20;
/// Bytes of a spike in a stream.
const SPIKE: usize = 12;
/// Bytes per system call.
pub(super) const BLOCK: usize = 1 << 18;

/// An error as a child tells it: the file is the one that was asked for.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Told {
    pub place: String,
    pub fault: Fault,
    pub message: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// It breaks off: the sender died.
    Off,
    /// It can't be.
    Wrong(String),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Broken {
        match error.kind() {
            ErrorKind::UnexpectedEof => Broken::Off,
            _ => Broken::Wrong(error.to_string()),
        }
    }
}

/// Numbers of a fixed width.
pub(super) trait Word: Copy {
    const BYTES: usize;
    fn put(self, out: &mut [u8]);
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! word {
    ($kind:ty) => {
        impl Word for $kind {
            const BYTES: usize = size_of::<$kind>();
            fn put(self, out: &mut [u8]) {
                out.copy_from_slice(&self.to_le_bytes());
            }
            fn get(bytes: &[u8]) -> Self {
                let mut word = [0; size_of::<$kind>()];
                word.copy_from_slice(bytes);
                <$kind>::from_le_bytes(word)
            }
        }
    };
}
word!(f64);
word!(u32);
word!(i64);
word!(u64);

/// A column that was taken out of its contents.
enum Taken {
    F64(Vec<f64>),
    U32(Vec<u32>),
    I64(Vec<i64>),
    U64(Vec<u64>),
}

/// Sends contents, or why there are none.
pub(super) fn send<T: Contents>(out: &mut impl Write, contents: Result<T, FormatError>) -> io::Result<()> {
    out.write_all(MAGIC)?;
    let mut contents = match contents {
        Ok(contents) => contents,
        Err(error) => {
            let told = Told { place: error.place, fault: error.fault, message: error.message };
            send_head(out, 0, &told)?;
            out.write_all(END)?;
            return out.flush();
        }
    };
    let take = |column: Long| match column {
        Long::F64(column) => Taken::F64(std::mem::take(column)),
        Long::U32(column) => Taken::U32(std::mem::take(column)),
        Long::I64(column) => Taken::I64(std::mem::take(column)),
        Long::U64(column) => Taken::U64(std::mem::take(column)),
    };
    let columns: Vec<Taken> = contents.columns().into_iter().map(take).collect();
    send_head(out, 1, &contents)?;
    for column in columns {
        match column {
            Taken::F64(column) => send_column(out, &column)?,
            Taken::U32(column) => send_column(out, &column)?,
            Taken::I64(column) => send_column(out, &column)?,
            Taken::U64(column) => send_column(out, &column)?,
        }
    }
    out.write_all(END)?;
    out.flush()
}

fn send_head(out: &mut impl Write, kind: u8, head: &impl Serialize) -> io::Result<()> {
    let head = postcard::to_stdvec(head).map_err(io::Error::other)?;
    out.write_all(&[kind])?;
    out.write_all(&(head.len() as u64).to_le_bytes())?;
    out.write_all(&head)
}

fn send_column<W: Word>(out: &mut impl Write, column: &[W]) -> io::Result<()> {
    out.write_all(&(column.len() as u64).to_le_bytes())?;
    let mut block = vec![0; BLOCK];
    for values in column.chunks(BLOCK / W::BYTES) {
        let bytes = &mut block[..values.len() * W::BYTES];
        values.iter().zip(bytes.chunks_exact_mut(W::BYTES)).for_each(|(value, out)| value.put(out));
        out.write_all(bytes)?;
    }
    Ok(())
}

/// Sends spikes of a stream.
pub(super) fn send_block(out: &mut impl Write, block: &[(f64, u32)]) -> io::Result<()> {
    out.write_all(&(block.len() as u64).to_le_bytes())?;
    for (time, unit) in block {
        out.write_all(&time.to_le_bytes())?;
        out.write_all(&unit.to_le_bytes())?;
    }
    Ok(())
}

/// Ends a stream, well or with an error.
pub(super) fn send_end(out: &mut impl Write, ended: Result<(), FormatError>) -> io::Result<()> {
    match ended {
        Ok(()) => out.write_all(&0u64.to_le_bytes())?,
        Err(error) => {
            out.write_all(&FAILED.to_le_bytes())?;
            let told = Told { place: error.place, fault: error.fault, message: error.message };
            send_head(out, 0, &told)?;
        }
    }
    out.write_all(END)?;
    out.flush()
}

/// Spikes of a stream: time \[s\] and unit.
type Block = Vec<(f64, u32)>;

/// Receives spikes of a stream; nothing at its end.
pub(super) fn receive_block(input: &mut impl Read) -> Result<Result<Option<Block>, Told>, Broken> {
    let mut word = [0; 8];
    input.read_exact(&mut word)?;
    let count = u64::from_le_bytes(word);
    if count == FAILED {
        let mut kind = [0];
        input.read_exact(&mut kind)?;
        let told = receive_head(input, 1 << 20)?;
        end(input)?;
        return Ok(Err(told));
    }
    if count == 0 {
        end(input)?;
        return Ok(Ok(None));
    }
    if count > MOST_AT_ONCE {
        return Err(Broken::Wrong(format!("it claims a block of {count} spikes")));
    }
    let mut bytes = vec![0; count as usize * SPIKE];
    input.read_exact(&mut bytes)?;
    let spike = |bytes: &[u8]| (f64::get(&bytes[..8]), u32::get(&bytes[8..]));
    Ok(Ok(Some(bytes.chunks_exact(SPIKE).map(spike).collect())))
}

/// Receives contents of at most so many bytes, or why there are none.
pub(super) fn receive<T: Contents>(input: &mut impl Read, most: u64) -> Result<Result<T, Told>, Broken> {
    let mut magic = [0; MAGIC.len()];
    input.read_exact(&mut magic)?;
    if &magic != MAGIC {
        return Err(Broken::Wrong("it is of another version of memspike".to_owned()));
    }
    let mut kind = [0];
    input.read_exact(&mut kind)?;
    if kind == [0] {
        let told = receive_head(input, most)?;
        end(input)?;
        return Ok(Err(told));
    }
    let mut contents: T = receive_head(input, most)?;
    for column in contents.columns() {
        match column {
            Long::F64(column) => receive_column(input, column, most)?,
            Long::U32(column) => receive_column(input, column, most)?,
            Long::I64(column) => receive_column(input, column, most)?,
            Long::U64(column) => receive_column(input, column, most)?,
        }
    }
    end(input)?;
    contents.check().map_err(Broken::Wrong)?;
    Ok(Ok(contents))
}

fn length(input: &mut impl Read, most: u64, bytes_each: usize) -> Result<usize, Broken> {
    let mut word = [0; 8];
    input.read_exact(&mut word)?;
    let count = u64::from_le_bytes(word);
    let bytes = count.checked_mul(bytes_each as u64).filter(|bytes| *bytes <= most);
    match bytes.and_then(|_| usize::try_from(count).ok()) {
        Some(count) => Ok(count),
        None => Err(Broken::Wrong(format!("it claims {count} values, more than its memory could hold"))),
    }
}

fn receive_head<H: for<'a> Deserialize<'a>>(input: &mut impl Read, most: u64) -> Result<H, Broken> {
    let count = length(input, most, 1)?;
    let mut head = Vec::new();
    input.take(count as u64).read_to_end(&mut head)?;
    if head.len() < count {
        return Err(Broken::Off);
    }
    postcard::from_bytes(&head).map_err(|error| Broken::Wrong(error.to_string()))
}

fn receive_column<W: Word>(input: &mut impl Read, column: &mut Vec<W>, most: u64) -> Result<(), Broken> {
    let count = length(input, most, W::BYTES)?;
    column.clear();
    // Room at once, so that nothing is copied; pages are taken as values arrive.
    if column.try_reserve_exact(count).is_err() {
        return Err(Broken::Wrong(format!("{count} values need more memory than this machine gives")));
    }
    let mut block = vec![0; BLOCK];
    let mut left = count;
    while left > 0 {
        let values = left.min(BLOCK / W::BYTES);
        let bytes = &mut block[..values * W::BYTES];
        input.read_exact(bytes)?;
        column.extend(bytes.chunks_exact(W::BYTES).map(W::get));
        left -= values;
    }
    Ok(())
}

fn end(input: &mut impl Read) -> Result<(), Broken> {
    let mut end = [0; END.len()];
    input.read_exact(&mut end)?;
    if &end == END { Ok(()) } else { Err(Broken::Wrong("it goes on beyond its end".to_owned())) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::spikes::{Column, IntervalTable, Kind, Observable, Recording, Signal, SpikeTable, UnitSpan};

    fn recording() -> Recording {
        Recording {
            format: "NWB 2".into(),
            about: vec![("lab".into(), "a lab".into())],
            spikes: SpikeTable {
                times: (0..20_000).map(|i| f64::from(i) * 0.1).collect(),
                units: (0..20_000).map(|i| i % 3).collect(),
                unit_ids: vec![7, -1, i64::MAX],
            },
            populations: vec![("E".into(), 0, 2), ("I".into(), 2, 1)],
            unit_columns: vec![("quality".into(), Column::Text(vec!["good".into(), String::new(), "é".into()]))],
            electrodes: vec![("x".into(), Column::Number(vec![1.0, f64::NEG_INFINITY]))],
            observed: vec![(0.0, 2000.0)],
            unit_spans: vec![
                UnitSpan { segment: "a".into(), span: Some((0.0, 1.0)) },
                UnitSpan::default(),
                UnitSpan::default(),
            ],
            signals: vec![Signal {
                name: "hand".into(),
                unit: "m".into(),
                times: vec![0.0, 1.0],
                data: vec![1.0; 6],
                width: 3,
            }],
            intervals: vec![IntervalTable {
                name: "trials".into(),
                start: vec![1.0],
                stop: vec![2.0],
                columns: Vec::new(),
            }],
            observables: vec![Observable::PreSpike { projection: "p".into(), unit: "pA".into(), weights: 7 }],
            kinds: vec![("units/quality".into(), Kind::Flag)],
            remarks: vec![("signals/hand/comments".into(), "a comment".into())],
            notes: vec!["a note".into()],
        }
    }

    fn sent(contents: Result<Recording, FormatError>) -> Vec<u8> {
        let mut bytes = Vec::new();
        send(&mut bytes, contents).unwrap();
        bytes
    }

    #[test]
    fn what_is_sent_arrives() {
        let bytes = sent(Ok(recording()));
        assert_eq!(receive::<Recording>(&mut &bytes[..], 1 << 30).unwrap().unwrap(), recording());
        let error = FormatError::new(Path::new("a"), "/units", Fault::Invalid, "is wrong");
        let told = receive::<Recording>(&mut &sent(Err(error))[..], 1 << 30).unwrap().unwrap_err();
        assert_eq!((&*told.place, told.fault, &*told.message), ("/units", Fault::Invalid, "is wrong"));
    }

    #[test]
    fn what_breaks_off_anywhere_is_told_from_what_can_not_be() {
        let bytes = sent(Ok(recording()));
        for cut in (0..bytes.len()).step_by(997).chain(bytes.len() - 20..bytes.len()) {
            assert!(matches!(receive::<Recording>(&mut &bytes[..cut], 1 << 30), Err(Broken::Off)), "{cut}");
        }
        assert!(matches!(receive::<Recording>(&mut &bytes[..], 1000), Err(Broken::Wrong(_))));
        let mut wrong = recording();
        wrong.spikes.units[5] = 3;
        assert!(
            matches!(receive::<Recording>(&mut &sent(Ok(wrong))[..], 1 << 30), Err(Broken::Wrong(m)) if m.contains("unit 3"))
        );
    }

    #[test]
    fn changed_bytes_never_panic() {
        let bytes = sent(Ok(recording()));
        for place in (0..400).chain((400..bytes.len()).step_by(1501)) {
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = bytes.clone();
                changed[place] = value;
                let _ = receive::<Recording>(&mut &changed[..], 1 << 20);
            }
        }
    }
}
