//! Matrices: flags, extents, name, and by class numbers, text, cells or the fields of structures.

use std::path::Path;
use std::rc::Rc;

use super::super::MAX_DEPTH;
use super::super::value::{Numbers, Value, Variable};
use super::MATRIX;
use super::element::Reader;

const CLASSES: [&str; 18] = [
    "",
    "cell",
    "struct",
    "object",
    "char",
    "sparse",
    "double",
    "single",
    "int8",
    "uint8",
    "int16",
    "uint16",
    "int32",
    "uint32",
    "int64",
    "uint64",
    "function_handle",
    "opaque",
];

/// The flag of complex numbers.
const COMPLEX: u32 = 0x0800;

/// What comes before the content.
struct Head<'s> {
    class: usize,
    /// Whether its numbers have imaginary parts.
    complex: bool,
    extents: Vec<usize>,
    name: String,
    rest: Reader<'s>,
}

fn head(mut rest: Reader<'_>) -> Option<Head<'_>> {
    let flags = rest.element()?.head_numbers()?;
    let flags = *flags.first()? as u32;
    let (class, complex) = ((flags & 0xff) as usize, flags & COMPLEX != 0);
    if !(1..CLASSES.len()).contains(&class) {
        return None;
    }
    // An opaque object has no extents.
    if class == 17 {
        let name = rest.element()?.text();
        return Some(Head { class, complex, extents: Vec::new(), name, rest });
    }
    let extents = rest.element()?.head_numbers()?;
    let extents: Vec<usize> = extents.into_iter().map(|n| (n >= 0.0).then_some(n as usize)).collect::<Option<_>>()?;
    let name = rest.element()?.text();
    Some(Head { class, complex, extents, name, rest })
}

/// What a variable is.
pub(super) fn variable(data: Reader) -> Option<Variable> {
    let head = head(data)?;
    Some(Variable { name: head.name, class: CLASSES[head.class].to_owned(), extents: head.extents })
}

/// The value of a matrix, or what is wrong with it.
pub(super) fn value(data: Reader, path: &Rc<Path>) -> Result<Value<'static>, &'static str> {
    nested(data, path, 0)
}

fn nested(data: Reader, path: &Rc<Path>, depth: usize) -> Result<Value<'static>, &'static str> {
    if data.is_bare() {
        return Ok(Value::Numbers { extents: vec![0, 0], data: Numbers::default() });
    }
    if depth > MAX_DEPTH {
        return Err("is nested too deep");
    }
    let Head { class, complex, extents, mut rest, .. } = head(data).ok_or("has no class, extents and name")?;
    let count = extents.iter().try_fold(1usize, |all, n| all.checked_mul(*n)).ok_or("has impossible extents")?;
    match class {
        1 => {
            // Every item takes a tag, so that a count beyond the data ends at once.
            let mut items = Vec::new();
            for _ in 0..count {
                items.push(inner(&mut rest, path, depth)?);
            }
            Ok(Value::Cell { extents, items })
        }
        2 | 3 => structure(rest, class == 3, count, path, depth),
        4 => Ok(Value::Text(rest.element().map(|element| element.text()).unwrap_or_default())),
        6..=15 => {
            let element = rest.element().filter(|element| element.count().is_some()).ok_or("has no numbers")?;
            if element.count() != Some(count) {
                return Err("has another number of values than its extents say");
            }
            if complex {
                return Ok(Value::Other);
            }
            let data = element.numbers(path).ok_or("can't be read")?;
            Ok(Value::Numbers { extents, data })
        }
        _ => Ok(Value::Other),
    }
}

fn inner(rest: &mut Reader, path: &Rc<Path>, depth: usize) -> Result<Value<'static>, &'static str> {
    let element = rest.element().ok_or("ends before it should")?;
    if element.kind != MATRIX {
        return Err("holds something that is no matrix");
    }
    nested(rest.within(&element), path, depth + 1)
}

fn structure(
    mut rest: Reader,
    object: bool,
    count: usize,
    path: &Rc<Path>,
    depth: usize,
) -> Result<Value<'static>, &'static str> {
    if object {
        rest.element().ok_or("has no class name")?;
    }
    let length = rest.element().and_then(|e| e.head_numbers()).and_then(|n| n.first().copied());
    let length = length.filter(|n| (1.0..=4096.0).contains(n)).ok_or("has no length of field names")? as usize;
    let names = rest.element().and_then(|e| e.bytes()).ok_or("has no field names")?;
    let name = |bytes: &[u8]| {
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    };
    let names: Vec<String> = names.chunks_exact(length).map(name).collect();
    if names.is_empty() {
        return Ok(Value::Struct(Vec::new()));
    }
    let mut records = Vec::new();
    for _ in 0..count {
        let mut record = Vec::with_capacity(names.len());
        for name in &names {
            record.push((name.clone(), inner(&mut rest, path, depth)?));
        }
        records.push(record);
    }
    Ok(Value::Struct(records))
}
