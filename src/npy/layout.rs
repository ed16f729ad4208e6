//! Where the fields of an item are: the `descr` of a header, a text of type or a list of fields, as Python writes them.

/// Extents and fields within fields that a header may have one in another.
const DEEPEST: usize = 32;

/// Bytes of an item that a header may tell of.
const LARGEST_ITEM: usize = 1 << 40;

/// One number of each item.
pub(super) struct Field {
    /// Empty in a plain array.
    pub name: String,
    /// The letter of its type: `f`, `i`, `u` or `b`.
    pub kind: char,
    /// Bytes.
    pub size: usize,
    pub big_endian: bool,
    /// Where it begins in the item \[bytes\].
    pub start: usize,
}

/// What an item consists of.
#[derive(Default)]
pub(super) struct Layout {
    pub fields: Vec<Field>,
    /// Names of fields that hold more than one number.
    pub several: Vec<String>,
    /// Bytes of an item.
    pub stride: usize,
}

impl Layout {
    /// Reads it.
    ///
    /// # Errors
    /// If there is something else than numbers.
    pub fn of(descr: &str) -> Result<Layout, String> {
        match literal(&mut &*descr, DEEPEST) {
            Some(Literal::Text(code)) => {
                let mut layout = Layout::default();
                layout.push(String::new(), &code)?;
                Ok(layout)
            }
            Some(Literal::Sequence(entries)) => {
                let layout = Layout::of_fields(&entries)?;
                if layout.fields.iter().all(|field| field.name.is_empty()) {
                    return Err("its header describes no field of one number that has a name".to_string());
                }
                Ok(layout)
            }
            _ => Err(not_understood()),
        }
    }

    fn of_fields(entries: &[Literal]) -> Result<Layout, String> {
        let mut layout = Layout::default();
        for entry in entries {
            let Literal::Sequence(entry) = entry else { return Err(not_understood()) };
            let (name, code, shape) = match &entry[..] {
                [name, code] => (name, code, &[][..]),
                [name, code, Literal::Sequence(shape)] => (name, code, &shape[..]),
                _ => return Err(not_understood()),
            };
            let name = match name {
                Literal::Text(name) => name.clone(),
                // A title goes before the name.
                Literal::Sequence(both) => match &both[..] {
                    [_, Literal::Text(name)] => name.clone(),
                    _ => return Err(not_understood()),
                },
                Literal::Number(_) => return Err(not_understood()),
            };
            let extent = |count: usize, extent: &Literal| match extent {
                Literal::Number(extent) => count.checked_mul(*extent),
                _ => None,
            };
            let count = shape.iter().try_fold(1, extent).ok_or_else(not_understood)?;
            let begin = layout.stride;
            let size = match code {
                // Bytes by which fields of an aligned array begin where the processor wants them.
                Literal::Text(code) if name.is_empty() && code.starts_with("|V") => {
                    code[2..].parse().map_err(|_| not_understood())?
                }
                Literal::Text(code) if shape.is_empty() => {
                    layout.push(name, code)?;
                    continue;
                }
                Literal::Text(code) => {
                    let (_, size, _) = number_type(&name, code)?;
                    layout.several.push(name);
                    size
                }
                Literal::Sequence(within) => {
                    layout.several.push(name);
                    Layout::of_fields(within)?.stride
                }
                Literal::Number(_) => return Err(not_understood()),
            };
            let end = size.checked_mul(count).and_then(|size| begin.checked_add(size));
            layout.stride = end.filter(|end| *end <= LARGEST_ITEM).ok_or_else(not_understood)?;
        }
        Ok(layout)
    }

    /// Adds a field of one number at the end.
    fn push(&mut self, name: String, code: &str) -> Result<(), String> {
        let (kind, size, big_endian) = number_type(&name, code)?;
        self.fields.push(Field { name, kind, size, big_endian, start: self.stride });
        self.stride += size;
        Ok(())
    }
}

fn not_understood() -> String {
    "its header describes fields that can't be understood".to_string()
}

/// (kind, bytes, big-endian) of a type such as `<f8`, which the numbers of this field are of; a plain array has none.
fn number_type(field: &str, code: &str) -> Result<(char, usize, bool), String> {
    let plain = code.trim_start_matches(['<', '>', '|', '=']);
    let kind = plain.chars().next().filter(|k| matches!(k, 'f' | 'i' | 'u' | 'b'));
    let size = plain.get(1..).and_then(|s| s.parse::<usize>().ok()).filter(|s| matches!(s, 1 | 2 | 4 | 8));
    match (kind, size) {
        (Some(kind), Some(size)) if kind != 'f' || size >= 4 => Ok((kind, size, code.starts_with('>'))),
        _ => {
            let what = if field.is_empty() { "its numbers are".to_string() } else { format!("its field {field} is") };
            Err(format!("{what} of the type {code}; expected floats of 4 or 8 bytes, or integers of up to 8"))
        }
    }
}

/// What Python writes of texts, whole numbers, and tuples and lists of them.
enum Literal {
    Text(String),
    Number(usize),
    Sequence(Vec<Literal>),
}

/// Takes the first literal off a text; none if there is something else, or sequences are deeper within one another.
fn literal(text: &mut &str, deepest: usize) -> Option<Literal> {
    *text = text.trim_start();
    let first = text.chars().next()?;
    match first {
        '\'' | '"' => word(text, first).map(Literal::Text),
        '(' | '[' => {
            let end = if first == '(' { ')' } else { ']' };
            *text = &text[1..];
            let mut all = Vec::new();
            loop {
                *text = text.trim_start();
                if let Some(rest) = text.strip_prefix(end) {
                    *text = rest;
                    return Some(Literal::Sequence(all));
                }
                all.push(literal(text, deepest.checked_sub(1)?)?);
                *text = text.trim_start();
                match text.strip_prefix(',') {
                    Some(rest) => *text = rest,
                    None if text.starts_with(end) => {}
                    None => return None,
                }
            }
        }
        _ => {
            let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            let number = text[..end].parse().ok()?;
            // Python 2 marks long numbers.
            *text = text[end..].trim_start_matches('L');
            Some(Literal::Number(number))
        }
    }
}

/// Takes a text in quotes off the beginning. What a backslash stands before counts as it is, which tells names apart.
fn word(text: &mut &str, quote: char) -> Option<String> {
    let (mut word, mut escaped) = (String::new(), false);
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '\\' if !escaped => escaped = true,
            _ if character == quote && !escaped => {
                *text = &text[at + 1..];
                return Some(word);
            }
            _ => {
                word.push(character);
                escaped = false;
            }
        }
    }
    None
}
