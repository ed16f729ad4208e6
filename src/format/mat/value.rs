//! Values of MATLAB. Arrays are in MATLAB's order: the first extent runs fastest.

/// What a variable is, without its content.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Variable {
    pub name: String,
    /// `double`, `cell`, `struct`, ..
    pub class: String,
    pub extents: Vec<usize>,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Numbers, also logical ones; the real part of complex ones.
    Numbers {
        extents: Vec<usize>,
        data: Vec<f64>,
    },
    Text(String),
    Cell {
        extents: Vec<usize>,
        items: Vec<Value>,
    },
    /// One record of named values per element.
    Struct(Vec<Vec<(String, Value)>>),
    /// What is not read here (sparse, function, object, table): its class.
    Other(String),
}

impl Value {
    /// Numbers as a list, if they lie along one dimension; nothing is an empty list.
    pub fn list(&self) -> Option<&[f64]> {
        match self {
            Value::Numbers { extents, data } if extents.iter().filter(|n| **n != 1).count() <= 1 => Some(data),
            Value::Numbers { data, .. } if data.is_empty() => Some(data),
            _ => None,
        }
    }
}
