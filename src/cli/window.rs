//! Flags of what is shown of a file: `raster` and `view` have them.

use std::path::PathBuf;

use memspike::plot::{RasterOptions, Selection};

use super::quantity;
use super::raster::Shown;

/// What is shown of a file of spikes.
#[derive(Debug, clap::Args)]
pub struct Window {
    /// Start of the window, on the file's clock
    #[arg(long, value_name = "TIME", value_parser = quantity::moment, allow_hyphen_values = true)]
    start: Option<f64>,

    /// End of the window, on the file's clock
    #[arg(long, value_name = "TIME", value_parser = quantity::moment, allow_hyphen_values = true)]
    stop: Option<f64>,

    /// A population or some of its members, such as E or 'E[0:100]'; may be repeated
    #[arg(long, value_name = "POPULATION")]
    population: Vec<Selection>,

    /// Draw at most so many neurons, evenly chosen, but one of each population in any case
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    max_neurons: Option<u32>,

    /// Draw the recorded behaviour below and shade the trials; --behavior=hand_pos,hand_vel for some of it
    #[arg(long, value_name = "NAMES", num_args = 0..=1, require_equals = true)]
    behavior: Option<Vec<String>>,

    /// Shade these intervals: a table that `memspike info` names, such as trials, an interval of the model, or what a source showed
    #[arg(long, value_name = "INTERVALS")]
    shade: Option<String>,
}

impl Window {
    /// Of spikes, and of what is shown beside those of a file.
    pub fn split(self, file: PathBuf) -> (RasterOptions, Shown) {
        let options = RasterOptions {
            start: self.start,
            stop: self.stop,
            select: self.population,
            max_neurons: self.max_neurons.map(|n| n as usize),
            ..RasterOptions::default()
        };
        (options, Shown { file, behavior: self.behavior, shade: self.shade })
    }
}
