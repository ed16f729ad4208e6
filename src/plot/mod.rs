//! Pictures from tables: rasters, traces, histograms, as PNG, SVG, PDF, a web page or text for a terminal.
//!
//! A plot is a function from tables to a [`Figure`], a list of marks that [`save`] writes.
//! Plots read no file and know no engine; the same tables give the same bytes.

mod aligned;
mod axis;
mod backend;
mod bitmap;
mod chart;
mod connectivity;
mod correlation;
mod correlogram;
mod curves;
mod drops;
mod elements;
mod energy;
mod evolution;
mod fields;
mod figure;
mod font;
mod heat;
mod histogram;
mod names;
mod page;
mod palette;
mod pdf;
mod raster;
mod rates;
mod rows;
mod scale;
mod signal;
mod spikes;
mod svg;
mod sweep;
mod tally;
mod terminal;
#[cfg(test)]
mod tests;
mod traces;
mod unit_rates;
pub mod xy;

use std::path::Path;

pub use aligned::{Aligned, aligned};
pub use bitmap::{Bitmap, rasterize};
pub use connectivity::connectivity;
pub use correlation::correlation_map;
pub use correlogram::cross_correlogram;
pub use curves::{Axes, Curve, curves};
pub use drops::{Drops, ir_drop};
pub use energy::{ENERGY_KINDS, EnergyBars, energy};
pub use evolution::weight_evolution;
pub use fields::{Fields, fields, fields_size};
pub use figure::{Anchor, Figure, Mark, Panel};
pub use histogram::{cv_histogram, isi_histogram, rate_histogram, weights, weights_of_several};
pub use page::{Clock, MOST_IN_PAGE, aligned_page, live_page, page};
pub use palette::{Ink, color};
pub use raster::{DENSE, RasterData, RasterOptions, raster};
pub use rows::{Selection, selected};
pub use svg::write_svg;
pub use sweep::{Swept, SweptKey, sweep};
pub use terminal::{TerminalOptions, raster_text};
pub use traces::traces;

use crate::analysis::{AnalysisError, tidy};
use crate::spikes::SourceError;
use crate::whole;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// The window is empty, reversed or not finite.
    #[error("the window from {} s to {} s is empty; expected a start before its stop, both finite", tidy(*start), tidy(*stop))]
    Window {
        /// Its start \[s\].
        start: f64,
        /// Its stop \[s\].
        stop: f64,
    },
    /// Too small to hold labels, or too large for memory.
    #[error("a picture of {0} x {1} pixels; expected 240 x 160 to 20000 x 20000")]
    Size(u32, u32),
    /// A population that is not there.
    #[error("there is no population `{name}`; there are {}", list(.known))]
    Population {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A selection that is not one.
    #[error("`{0}` does not select anything; expected a population, or some of its members as in `E[0:100]`")]
    Selection(String),
    /// Members beyond the end of a population.
    #[error("`{name}[{from}:{}]` goes beyond the end; `{name}` has {size} members, numbered from 0", shown(*to))]
    Slice {
        /// The population.
        name: String,
        /// First member asked for.
        from: usize,
        /// The member after the last; `usize::MAX` if it was left open.
        to: usize,
        /// How many there are.
        size: usize,
    },
    /// Members of which none are there, or the last are not.
    #[error("`{name}[{from}:{}]`: of `{name}` there are {count} members, from {first} to {last}", shown(*to))]
    Absent {
        /// The population.
        name: String,
        /// First member asked for.
        from: usize,
        /// The member after the last; `usize::MAX` if it was left open.
        to: usize,
        /// How many there are.
        count: usize,
        /// The first of them.
        first: i64,
        /// The last of them.
        last: i64,
    },
    /// Columns of a table that differ in length, or groups beyond the units.
    #[error("{0}")]
    Table(String),
    /// A number that cannot be worked out.
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    /// Spikes that cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// More spikes than a page can show smoothly.
    #[error(
        "there are {found} spikes in the window, of which a page holds at most {most}; choose fewer with --start, --stop, \
         --population or --max-neurons"
    )]
    TooMany {
        /// How many there are.
        found: usize,
        /// How many fit.
        most: usize,
    },
    /// A file name that says no known kind of picture.
    #[error("{path}: `{extension}` is not a kind of picture that memspike writes; expected png, svg or pdf")]
    Extension {
        /// The file.
        path: String,
        /// Its extension, perhaps empty.
        extension: String,
    },
    /// The file cannot be written.
    #[error("{path} could not be written: {error}")]
    Write {
        /// The file.
        path: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// The drawing library failed.
    #[error("the picture could not be drawn: {0}")]
    Draw(String),
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(", ") }
}

/// A population: units that lie next to each other in a spike table.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its first unit: an index into `unit_ids`.
    pub first: usize,
    /// Number of units.
    pub count: usize,
}

impl Group {
    /// A group of `count` units from `first` on.
    pub fn new(name: impl Into<String>, first: usize, count: usize) -> Group {
        Group { name: name.into(), first, count }
    }

    /// Its units among `units`.
    pub(crate) fn range(&self, units: usize) -> Result<std::ops::Range<usize>, PlotError> {
        match self.first.checked_add(self.count).filter(|end| *end <= units) {
            Some(end) => Ok(self.first..end),
            None => Err(PlotError::Table(format!(
                "population `{}` has {} units from {} on, but the spike table has {units}",
                self.name, self.count, self.first
            ))),
        }
    }
}

/// Samples of one variable of several neurons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Traces {
    /// The variable and whose it is, e.g. `v_m of E`.
    pub name: String,
    /// Unit of the samples.
    pub unit: String,
    /// Sample times \[ms\], not decreasing.
    pub times_ms: Vec<f64>,
    /// (label, samples) of each neuron; as many samples as times.
    pub series: Vec<(String, Vec<f64>)>,
    /// Spike times of each of these neurons \[ms\], drawn above its trace; may be empty.
    pub spikes_ms: Vec<Vec<f64>>,
    /// A level to mark with a dashed line, e.g. the threshold, with its name.
    pub level: Option<(String, f64)>,
}

/// The weights of a projection at one or more times.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WeightSnapshots {
    /// The projection.
    pub name: String,
    /// Unit of the weights; empty if they are bare numbers.
    pub unit: String,
    /// When each snapshot was taken \[ms\].
    pub times_ms: Vec<f64>,
    /// All weights at each of these times.
    pub weights: Vec<Vec<f64>>,
}

impl WeightSnapshots {
    fn check(&self) -> Result<(), PlotError> {
        let (snapshots, times) = (self.weights.len(), self.times_ms.len());
        if snapshots == times {
            return Ok(());
        }
        let name = &self.name;
        Err(PlotError::Table(format!("{name} has {snapshots} snapshots at {times} times; expected as many")))
    }
}

/// The kinds of picture by extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Pixels.
    Png,
    /// Scalable, editable.
    Svg,
    /// Scalable, for papers.
    Pdf,
}

impl Format {
    /// The format that a path's extension names, in either case.
    ///
    /// # Errors
    /// If it names none, with those there are.
    pub fn of(path: &Path) -> Result<Format, PlotError> {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
        match extension.as_str() {
            "png" => Ok(Format::Png),
            "svg" => Ok(Format::Svg),
            "pdf" => Ok(Format::Pdf),
            _ => Err(PlotError::Extension { path: path.display().to_string(), extension }),
        }
    }
}

/// The figure as the bytes of a file.
///
/// # Errors
/// If it cannot be drawn.
pub fn encode(figure: &Figure, format: Format) -> Result<Vec<u8>, PlotError> {
    match format {
        Format::Svg => Ok(write_svg(figure)?.into_bytes()),
        Format::Pdf => pdf::write_pdf(figure),
        Format::Png => {
            let bitmap = rasterize(figure)?;
            bitmap::encode(bitmap.width, bitmap.height, png::ColorType::Rgb, &bitmap.rgb)
        }
    }
}

/// Writes the figure as the kind of picture that the path's extension names. An existing file is replaced.
///
/// # Errors
/// If the extension names no kind of picture, or the file cannot be written.
pub fn save(figure: &Figure, path: &Path) -> Result<(), PlotError> {
    let bytes = encode(figure, Format::of(path)?)?;
    whole::write(path, bytes).map_err(|error| PlotError::Write { path: path.display().to_string(), error })
}

/// The end of a slice as it was written.
fn shown(to: usize) -> String {
    if to == usize::MAX { String::new() } else { to.to_string() }
}
