//! Columns that grow together in whole chunks.
//!
//! Rows are gathered in memory and written one whole chunk at a time, the rest only when the file is
//! finished. So no chunk that has been written changes again, and a file that was flushed stays as
//! it was, up to that flush, however the program ends later. A checkpoint keeps the rows in memory
//! itself ([`Mark`]).

use hdf5::{Dataset, Group, H5Type, Result};
use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// Values in a chunk of a one-dimensional dataset.
const CHUNK_ROWS: usize = 16_384;
/// Values in a chunk of a dataset with several values per row, about.
const CHUNK_VALUES: usize = 65_536;

/// How far a table had got: what a resumed run truncates it to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Rows in all.
    pub rows: u64,
    /// The last of them, which are not in the file yet: for each column the bits of its values.
    pub tail: Vec<Vec<u64>>,
}

impl Mark {
    /// Takes it back to before the first row.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.tail.iter_mut().for_each(Vec::clear);
    }
}

/// Numbers of either type that a result holds.
#[derive(Clone, Debug)]
pub(super) enum Values {
    Reals(Vec<f64>),
    Ids(Vec<u64>),
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Values::Reals(values) => values.len(),
            Values::Ids(values) => values.len(),
        }
    }

    fn append(&mut self, more: Values) {
        match (self, more) {
            (Values::Reals(values), Values::Reals(more)) => values.extend(more),
            (Values::Ids(values), Values::Ids(more)) => values.extend(more),
            // Columns and chunks are made from the same layout, in the same order.
            (Values::Reals(_), Values::Ids(_)) | (Values::Ids(_), Values::Reals(_)) => {
                debug_assert!(false, "a column of reals got ids, or the reverse");
            }
        }
    }

    fn bits(&self) -> Vec<u64> {
        match self {
            Values::Reals(values) => values.iter().map(|v| v.to_bits()).collect(),
            Values::Ids(values) => values.clone(),
        }
    }

    fn set_bits(&mut self, bits: &[u64]) {
        match self {
            Values::Reals(values) => *values = bits.iter().map(|b| f64::from_bits(*b)).collect(),
            Values::Ids(values) => *values = bits.to_vec(),
        }
    }
}

/// A column: how it is stored, and the rows that wait for their chunk to fill.
struct Column {
    dataset: Dataset,
    /// Numbers per row; `None` for a one-dimensional dataset.
    width: Option<usize>,
    waiting: Values,
}

/// What a column is like before there is a file.
pub(super) struct Plan {
    pub name: &'static str,
    pub ids: bool,
    /// Numbers per row; `None` for a one-dimensional dataset.
    pub width: Option<usize>,
}

impl Plan {
    pub fn reals(name: &'static str) -> Plan {
        Plan { name, ids: false, width: None }
    }

    pub fn rows(name: &'static str, width: usize) -> Plan {
        Plan { name, ids: false, width: Some(width) }
    }
}

/// Columns of equal length.
pub(super) struct Table {
    columns: Vec<Column>,
    /// Rows per chunk, the same for all columns.
    chunk: usize,
    /// Rows in the file.
    stored: usize,
}

impl Table {
    /// Makes empty datasets, compressed if `packed`.
    pub fn create(group: &Group, plans: &[Plan], packed: bool) -> Result<Table> {
        let chunk = chunk_rows(plans);
        let columns = plans.iter().map(|plan| Column::create(group, plan, chunk, packed)).collect::<Result<_>>()?;
        Ok(Table { columns, chunk, stored: 0 })
    }

    /// Opens the datasets of an earlier run, of which those up to a mark are kept; nothing is written yet.
    pub fn open(group: &Group, plans: &[Plan], mark: &Mark) -> Result<Table> {
        let chunk = chunk_rows(plans);
        let tail = mark.tail.first().map_or(0, Vec::len) / plans.first().and_then(|p| p.width).unwrap_or(1).max(1);
        let stored = usize::try_from(mark.rows).unwrap_or(usize::MAX).saturating_sub(tail);
        let mut columns = plans.iter().map(|plan| Column::open(group, plan)).collect::<Result<Vec<_>>>()?;
        if mark.tail.len() != columns.len() || columns.iter().any(|c| c.dataset.shape().first() < Some(&stored)) {
            return Err(format!("{} holds fewer than {stored} rows", group.name()).into());
        }
        columns.iter_mut().zip(&mark.tail).for_each(|(column, bits)| column.waiting.set_bits(bits));
        Ok(Table { columns, chunk, stored })
    }

    /// Cuts what was opened back to its mark.
    pub fn cut(&self) -> Result<()> {
        self.columns.iter().try_for_each(|column| column.resize(self.stored))
    }

    /// Adds rows: one list of values per column.
    pub fn append<const N: usize>(&mut self, rows: [Values; N]) -> Result<()> {
        for (column, values) in self.columns.iter_mut().zip(rows) {
            column.waiting.append(values);
        }
        let whole = self.waiting_rows() / self.chunk * self.chunk;
        self.store(whole)
    }

    /// Writes what is still in memory. Only for the end: a chunk that is not full may not be written twice.
    pub fn finish(&mut self) -> Result<()> {
        self.store(self.waiting_rows())
    }

    /// How far the table has got.
    pub fn mark(&self) -> Mark {
        let rows = (self.stored + self.waiting_rows()) as u64;
        Mark { rows, tail: self.columns.iter().map(|c| c.waiting.bits()).collect() }
    }

    /// Sets the attribute `units` of a column.
    pub fn set_unit(&self, column: usize, unit: &str) -> Result<()> {
        super::attributes::set_text(&self.columns[column].dataset, "units", unit)
    }

    /// Sets the attribute `meaning` of a column.
    pub fn set_meaning(&self, column: usize, meaning: &str) -> Result<()> {
        super::attributes::set_text(&self.columns[column].dataset, "meaning", meaning)
    }

    fn waiting_rows(&self) -> usize {
        self.columns.iter().filter(|c| c.width != Some(0)).map(Column::waiting_rows).next().unwrap_or(0)
    }

    fn store(&mut self, rows: usize) -> Result<()> {
        if rows == 0 {
            return Ok(());
        }
        for column in &mut self.columns {
            column.store(self.stored, rows)?;
        }
        self.stored += rows;
        Ok(())
    }
}

impl Column {
    fn create(group: &Group, plan: &Plan, chunk: usize, packed: bool) -> Result<Column> {
        let dataset = if plan.ids {
            create::<u64>(group, plan, chunk, packed)?
        } else {
            create::<f64>(group, plan, chunk, packed)?
        };
        Ok(Column { dataset, width: plan.width, waiting: plan.empty() })
    }

    fn open(group: &Group, plan: &Plan) -> Result<Column> {
        Ok(Column { dataset: group.dataset(plan.name)?, width: plan.width, waiting: plan.empty() })
    }

    fn waiting_rows(&self) -> usize {
        self.waiting.len() / self.width.unwrap_or(1).max(1)
    }

    fn resize(&self, rows: usize) -> Result<()> {
        match self.width {
            None => self.dataset.resize(rows),
            Some(width) => self.dataset.resize((rows, width)),
        }
    }

    /// Moves the first `rows` waiting rows to the file, from row `at` on.
    fn store(&mut self, at: usize, rows: usize) -> Result<()> {
        self.resize(at + rows)?;
        match &mut self.waiting {
            Values::Reals(values) => store(&self.dataset, self.width, values, at, rows),
            Values::Ids(values) => store(&self.dataset, self.width, values, at, rows),
        }
    }
}

impl Plan {
    fn empty(&self) -> Values {
        if self.ids { Values::Ids(Vec::new()) } else { Values::Reals(Vec::new()) }
    }
}

fn store<T: H5Type>(
    dataset: &Dataset,
    width: Option<usize>,
    values: &mut Vec<T>,
    at: usize,
    rows: usize,
) -> Result<()> {
    let count = rows * width.unwrap_or(1);
    if count > 0 {
        match width {
            None => dataset.write_slice(&values[..count], at..at + rows)?,
            Some(width) => {
                let view = ArrayView2::from_shape((rows, width), &values[..count])?;
                dataset.write_slice(view, (at..at + rows, ..))?;
            }
        }
    }
    values.drain(..count);
    Ok(())
}

fn create<T: H5Type>(group: &Group, plan: &Plan, chunk: usize, packed: bool) -> Result<Dataset> {
    let plain = group.new_dataset::<T>();
    let builder = if packed { plain.shuffle().deflate(1) } else { plain };
    match plan.width {
        None => builder.chunk(chunk).shape((0..,)).create(plan.name),
        // HDF5 has no chunks of width 0; nothing will ever be in such a dataset.
        Some(0) => builder.chunk((1, 1)).shape((0.., 0..)).create(plan.name),
        Some(width) => builder.chunk((chunk, width.min(CHUNK_VALUES))).shape((0.., width)).create(plan.name),
    }
}

/// Rows per chunk: fewer where rows are wide.
fn chunk_rows(plans: &[Plan]) -> usize {
    let widest = plans.iter().filter_map(|p| p.width).max().unwrap_or(1).max(1);
    (CHUNK_VALUES / widest).clamp(1, CHUNK_ROWS)
}
