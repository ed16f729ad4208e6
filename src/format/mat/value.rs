//! Values of MATLAB. Arrays are in MATLAB's order: the first extent runs fastest.

use std::ops::Range;
use std::rc::Rc;

use crate::format::error::FormatError;
use crate::format::h5::parts;
use crate::format::listing::AT_ONCE;

/// Longer arrays stay in the file until they are asked for.
pub(super) const HELD: usize = 256;

/// What a variable is, without its content.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Variable {
    pub name: String,
    /// `double`, `cell`, `struct`, ..
    pub class: String,
    pub extents: Vec<usize>,
}

impl Variable {
    /// Does it hold numbers, as far as its class says?
    pub fn is_numeric(&self) -> bool {
        !["cell", "struct", "char"].contains(&self.class.as_str())
    }
}

/// A value.
#[derive(Clone)]
pub(super) enum Value<'f> {
    /// Numbers, also logical ones.
    Numbers {
        extents: Vec<usize>,
        data: Numbers<'f>,
    },
    Text(String),
    Cell {
        extents: Vec<usize>,
        items: Vec<Value<'f>>,
    },
    /// One record of named values per element.
    Struct(Vec<Vec<(String, Value<'f>)>>),
    /// What is not read here: complex numbers, sparse, function, object, table, a reference to nothing.
    Other,
}

/// The numbers of an array.
#[derive(Clone)]
pub(super) enum Numbers<'f> {
    Held(Rc<[f64]>),
    Kept(Rc<dyn Kept + 'f>),
}

/// Numbers that are still in the file.
pub(super) trait Kept {
    /// How many there are.
    fn len(&self) -> usize;

    /// Some of them.
    fn read(&self, range: Range<usize>) -> Result<Vec<f64>, FormatError>;

    /// Ranges that are best read at once.
    fn parts(&self) -> Vec<Range<usize>> {
        parts(0..self.len(), AT_ONCE).collect()
    }
}

impl Default for Numbers<'_> {
    fn default() -> Self {
        Numbers::Held(Rc::new([]))
    }
}

impl Numbers<'_> {
    pub fn held(numbers: Vec<f64>) -> Self {
        Numbers::Held(numbers.into())
    }

    pub fn len(&self) -> usize {
        match self {
            Numbers::Held(numbers) => numbers.len(),
            Numbers::Kept(kept) => kept.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of a short array; none of a long one.
    pub fn short(&self) -> &[f64] {
        match self {
            Numbers::Held(numbers) => numbers,
            Numbers::Kept(_) => &[],
        }
    }

    /// Some of them.
    pub fn read(&self, range: Range<usize>) -> Result<Vec<f64>, FormatError> {
        match self {
            Numbers::Held(numbers) => Ok(numbers.get(range).unwrap_or_default().to_vec()),
            Numbers::Kept(kept) => kept.read(range),
        }
    }

    /// All of them.
    pub fn all(&self) -> Result<Vec<f64>, FormatError> {
        self.read(0..self.len())
    }

    /// Ranges that are best read at once.
    pub fn parts(&self) -> Vec<Range<usize>> {
        match self {
            Numbers::Held(numbers) => parts(0..numbers.len(), numbers.len()).collect(),
            Numbers::Kept(kept) => kept.parts(),
        }
    }

    /// Whether they are finite and don't decrease.
    pub fn rise(&self) -> Result<bool, FormatError> {
        let mut before = f64::NEG_INFINITY;
        for part in self.parts() {
            for number in self.read(part)? {
                if !number.is_finite() || number < before {
                    return Ok(false);
                }
                before = number;
            }
        }
        Ok(true)
    }
}

impl<'f> Value<'f> {
    /// Numbers as a list, if they lie along one dimension; nothing is an empty list.
    pub fn list(&self) -> Option<&Numbers<'f>> {
        match self {
            Value::Numbers { extents, data } if extents.iter().filter(|n| **n != 1).count() <= 1 => Some(data),
            Value::Numbers { data, .. } if data.is_empty() => Some(data),
            _ => None,
        }
    }
}
