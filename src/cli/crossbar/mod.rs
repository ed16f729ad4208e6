//! `memspike crossbar`: one array alone.

mod drive;
mod outcome;
mod table;

use std::path::{Path, PathBuf};
use std::time::Instant;

use memspike::crossbar::{Array, Levels, Scheme, pair};
use memspike::plot;
use memspike::units::{self, Factor};

use super::output::Output;
use super::{Done, Failure};
use drive::Drive;
use outcome::Outcome;

/// Solve a memristive crossbar: currents, IR drop, sneak paths, power
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  \
    memspike crossbar tests/data/crossbar/cells.csv --voltages 1V,0V,1V,0V --wire-resistance 2ohm\n  \
    memspike crossbar tests/data/crossbar/cells.csv --read 2,1 --scheme half --wire-resistance 1ohm\n  \
    memspike crossbar tests/data/crossbar/cells.csv --read 2,1 --access-resistance 15kohm --json\n  \
    memspike crossbar tests/data/crossbar/w.csv --weights --g-min 0S --g-max 9uS --inputs 1,0,1,1\n\n\
    Word lines (rows of the file) are driven at their left ends, bit lines (columns) end below; each segment of wire between two cells, and from \
    the last cell to the source, has the given resistance. With --read one cell is read, and a scheme says what all other lines are tied to: floating \
    (nothing), grounded (0 V), half (V/2), third (word lines V/3, bit lines 2V/3). With --access-resistance a transistor is in series with each cell \
    (1T1R): on in selected rows, off in the others. With --weights the file holds weights from -1 to 1, each a pair of cells on neighbouring bit lines. What \
    the wires cost (`ir_loss` of --json) is 1 - the sum of |current| of all bit lines over the same with ideal wires, negative where those let currents of both signs cancel more. Where a line floats, its voltage is another one with ideal wires: `ir_loss` and \
    `ideal_bit_line_currents_a` are null then.")]
pub struct Args {
    /// Conductances, or weights: .csv (lines of numbers), .npy or .h5; a row for each word line, a column for each bit line
    file: PathBuf,

    /// .h5: the dataset
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,

    /// The unit of the conductances in the file [default: that of the dataset's attribute `units`, or S]
    #[arg(long, value_name = "UNIT", conflicts_with = "weights")]
    unit: Option<String>,

    /// The file holds weights from -1 to 1
    #[arg(long, requires_all = ["g_min", "g_max"])]
    weights: bool,

    /// weights: the conductance of a weight of 0
    #[arg(long, value_name = "G", value_parser = siemens, requires = "weights")]
    g_min: Option<f64>,

    /// weights: the conductance of a weight of 1 or -1
    #[arg(long, value_name = "G", value_parser = siemens, requires = "weights")]
    g_max: Option<f64>,

    /// weights: cells hold so many, equally spaced conductances
    #[arg(long, value_name = "N", requires = "weights")]
    levels: Option<u32>,

    /// Voltages of the word lines, of at most 100 V: a list such as 0.2V,0V,float, or a file of volts (nan floats)
    #[arg(long, value_name = "LIST|FILE", allow_hyphen_values = true, required_unless_present_any = ["read", "inputs"], conflicts_with_all = ["read", "inputs"])]
    voltages: Option<String>,

    /// Voltages of the bit lines, in the same way [default: all 0 V]
    #[arg(long, value_name = "LIST|FILE", allow_hyphen_values = true, conflicts_with = "read")]
    bit_line_voltages: Option<String>,

    /// Word lines at these shares (0 to 1) of --v-max: a list or a file
    #[arg(long, value_name = "LIST|FILE", allow_hyphen_values = true, conflicts_with = "read")]
    inputs: Option<String>,

    /// Read one cell: its word line and bit line, from 0
    #[arg(long, value_name = "ROW,COLUMN", value_parser = cell, conflicts_with = "weights")]
    read: Option<(usize, usize)>,

    /// read: what the other lines are tied to [default: grounded]
    #[arg(long, value_enum)]
    scheme: Option<SchemeName>,

    /// read: the voltage of the selected word line [default: 0.2V]
    #[arg(long, value_name = "V", value_parser = volt, allow_hyphen_values = true)]
    read_voltage: Option<f64>,

    /// Resistance of a segment of any line
    #[arg(long, value_name = "R", value_parser = ohm, default_value = "0ohm")]
    wire_resistance: f64,

    /// Resistance of a segment of a word line, where it is another
    #[arg(long, value_name = "R", value_parser = ohm)]
    word_line_resistance: Option<f64>,

    /// Resistance of a segment of a bit line, where it is another
    #[arg(long, value_name = "R", value_parser = ohm)]
    bit_line_resistance: Option<f64>,

    /// Resistance of the transistor of each cell in a selected row (1T1R)
    #[arg(long, value_name = "R", value_parser = ohm)]
    access_resistance: Option<f64>,

    /// access: the selected rows, such as 0,2 [default: that of --read, or all]
    #[arg(long, value_name = "ROWS", value_delimiter = ',', requires = "access_resistance")]
    select: Vec<usize>,

    /// Bits of the converter in front of each word line: voltages in steps of V_MAX / (2^N - 1), those of a scheme too
    #[arg(long, value_name = "N")]
    dac_bits: Option<u32>,

    /// Voltage of an input of 1, and the largest of a converter [default: 0.2V]
    #[arg(long, value_name = "V", value_parser = volt, allow_hyphen_values = true)]
    v_max: Option<f64>,

    /// Bits of the converter behind each bit line (or pair of them): codes up to 2^(N-1) - 1 in both directions
    #[arg(long, value_name = "N")]
    adc_bits: Option<u32>,

    /// adc: the current of the largest code [default: the largest that comes out]
    #[arg(long, value_name = "I", value_parser = ampere, requires = "adc_bits")]
    full_scale: Option<f64>,

    /// Write the result: .h5 (all voltages and currents), .csv (a row for each bit line) or .npy (their currents)
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Draw where voltage is lost: .png, .svg or .pdf
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,

    /// Replace files that exist
    #[arg(long)]
    force: bool,

    /// As one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum SchemeName {
    Floating,
    Grounded,
    Half,
    Third,
}

impl From<SchemeName> for Scheme {
    fn from(name: SchemeName) -> Scheme {
        match name {
            SchemeName::Floating => Scheme::Floating,
            SchemeName::Grounded => Scheme::Grounded,
            SchemeName::Half => Scheme::Half,
            SchemeName::Third => Scheme::Third,
        }
    }
}

fn quantity(text: &str, unit: &str) -> Result<f64, String> {
    let value = units::parse_quantity(text).and_then(|q| q.in_unit(unit)).map_err(|e| e.to_string())?;
    if value.is_finite() { Ok(value) } else { Err("expected a finite value".to_string()) }
}

fn siemens(text: &str) -> Result<f64, String> {
    quantity(text, "S")
}

fn volt(text: &str) -> Result<f64, String> {
    quantity(text, "V")
}

fn ohm(text: &str) -> Result<f64, String> {
    quantity(text, "ohm")
}

fn ampere(text: &str) -> Result<f64, String> {
    quantity(text, "A")
}

fn cell(text: &str) -> Result<(usize, usize), String> {
    let parsed =
        text.split_once(',').and_then(|(row, column)| Some((row.trim().parse().ok()?, column.trim().parse().ok()?)));
    parsed.ok_or_else(|| "expected a row and a column, such as 2,5".to_string())
}

/// A full voltage, or that of a read, where none is given \[V\].
const VOLTAGE: f64 = 0.2;

impl Args {
    /// The full voltage \[V\].
    fn v_max(&self) -> f64 {
        self.v_max.unwrap_or(VOLTAGE)
    }

    /// The files that are read.
    fn files(&self) -> impl Iterator<Item = &Path> {
        let lists = [&self.voltages, &self.bit_line_voltages, &self.inputs].into_iter().flatten();
        let beside = lists.filter(|text| table::is_file(text)).map(Path::new);
        std::iter::once(self.file.as_path()).chain(beside)
    }

    /// Refuses what would change nothing.
    fn check(&self) -> Result<(), Failure> {
        let is_hdf5 = matches!(table::extension(&self.file).as_str(), "h5" | "hdf5");
        // The conductances of weights have the full voltage in the numbers that an ADC stands for.
        let full = self.inputs.is_some() || self.dac_bits.is_some() || (self.weights && self.adc_bits.is_some());
        let (read, file) = (self.read.is_some(), shown(&self.file));
        for (given, heeded, what) in [
            (
                self.scheme.is_some(),
                read,
                "--scheme says what the other lines are tied to while one cell is read (--read)".to_string(),
            ),
            (self.read_voltage.is_some(), read, "--read-voltage is that of one cell that is read (--read)".to_string()),
            (
                self.v_max.is_some(),
                full,
                "--v-max is the voltage of an input of 1 (--inputs) and of a converter (--dac-bits)".to_string(),
            ),
            (self.dataset.is_some(), is_hdf5, format!("--dataset is of .h5 files, and {file} is none")),
        ] {
            if given && !heeded {
                return Err(Failure::input(format!("{what}: here it changes nothing, leave it out.")));
            }
        }
        Ok(())
    }
}

/// What was typed, understood: the array and how it is driven.
struct Job {
    array: Array,
    /// Conductances of the devices alone \[S\].
    devices: Vec<f64>,
    drive: Drive,
}

/// Reads, solves, writes, and says what came out.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let ready = |path: &PathBuf| Output::new(path, args.force)?.spare(args.files());
    let (output, picture) = (args.output.as_ref().map(ready).transpose()?, args.plot.as_ref().map(ready).transpose()?);
    if let Some(output) = &output
        && !matches!(table::extension(output.path()).as_str(), "h5" | "hdf5" | "csv" | "npy")
    {
        let message = format!("The output {} has another ending than .h5, .csv and .npy.", output.path().display());
        return Err(Failure::input(message));
    }
    picture.as_ref().map(|p| plot::Format::of(p.path())).transpose().map_err(Failure::input)?;
    Output::apart(output.iter().chain(&picture))?;
    args.check()?;
    let job = Job::new(args)?;
    let begin = Instant::now();
    let solution = job.array.solve(&job.drive.sources).map_err(Failure::input)?;
    let outcome = Outcome::new(&job, args, solution, begin.elapsed().as_secs_f64())?;
    if let Some(output) = &output {
        outcome.write(&job, output)?;
    }
    if let Some(picture) = &picture {
        let title = args.file.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let figure = plot::ir_drop(&title, &outcome.drops(&job), (900, 800)).map_err(Failure::input)?;
        picture.draw(&figure)?;
    }
    if args.json { Done::json(&outcome.as_json(&job)) } else { Ok(Done::text(outcome.as_text(&job))) }
}

impl Job {
    fn new(args: &Args) -> Result<Job, Failure> {
        let unit = args.unit.as_deref();
        if let Some(Err(error)) = unit.map(|unit| Factor::new(unit, "S")) {
            return Err(Failure::input(format!("--unit {}: {error}.", unit.unwrap_or_default())));
        }
        let due = if args.weights { "" } else { "S" };
        let matrix = table::read(&args.file, args.dataset.as_deref(), unit, due).map_err(Failure::input)?;
        let wrong = |message: String| Failure::input(format!("{}: {message}.", args.file.display()));
        let (rows, mut columns, mut devices) = (matrix.rows, matrix.columns, matrix.numbers);
        if args.weights {
            let (g_min, g_max) = (args.g_min.unwrap_or(f64::NAN), args.g_max.unwrap_or(f64::NAN));
            let levels = Levels::new(g_min, g_max, args.levels).map_err(Failure::input)?;
            if let Some(at) = devices.iter().position(|w| !(-1.0..=1.0).contains(w)) {
                let (row, column) = (at / columns, at % columns);
                return Err(wrong(format!(
                    "the weight in row {row}, column {column} (from 0) is {}, expected -1 to 1",
                    devices[at]
                )));
            }
            devices = devices.iter().flat_map(|&w| <[f64; 2]>::from(pair(&levels, w))).collect();
            columns *= 2;
        }
        let word = args.word_line_resistance.unwrap_or(args.wire_resistance);
        let bit = args.bit_line_resistance.unwrap_or(args.wire_resistance);
        let array = Array::new(rows, columns, devices.clone(), word, bit).map_err(|e| wrong(e.to_string()))?;
        let drive = Drive::new(args, rows, columns)?;
        let array = match args.access_resistance {
            None => array,
            Some(resistance) => array.with_access(resistance, &selected(args, rows)?).map_err(Failure::input)?,
        };
        Ok(Job { array, devices, drive })
    }
}

/// Which rows have their transistors on.
fn selected(args: &Args, rows: usize) -> Result<Vec<bool>, Failure> {
    if let Some(row) = args.select.iter().find(|row| **row >= rows) {
        return Err(Failure::input(format!("--select names row {row}, but there are {rows} rows, numbered from 0.")));
    }
    Ok(match (args.read, &args.select[..]) {
        (Some((read, _)), []) => (0..rows).map(|row| row == read).collect(),
        (None, []) => vec![true; rows],
        (_, list) => (0..rows).map(|row| list.contains(&row)).collect(),
    })
}

/// How a file is named in messages.
fn shown(path: &Path) -> String {
    path.display().to_string()
}
