//! What came out of an array: figures, tables, files.

use std::fmt::Write;

use memspike::crossbar::{Adc, Solution};
use serde_json::{Value, json};

use super::{Args, Job, table};
use crate::cli::Failure;
use crate::cli::figures::{short, with_prefix};
use crate::cli::output::{Output, unwritten_by_library};

/// A solved array with what follows from it.
pub struct Outcome {
    solution: Solution,
    /// Currents of the bit lines without resistance of wires \[A\]; none where a line floats.
    ideal: Option<Vec<f64>>,
    /// With weights: the difference of each pair \[A\].
    pairs: Option<Vec<f64>>,
    converted: Option<Converted>,
    seconds: f64,
}

/// What the converters make of the currents.
struct Converted {
    codes: Vec<f64>,
    full_scale: f64,
    /// The current of each code \[A\].
    currents: Vec<f64>,
    /// With weights: the sums of inputs times weights that they stand for.
    outputs: Option<Vec<f64>>,
}

impl Outcome {
    pub fn new(job: &Job, args: &Args, solution: Solution, seconds: f64) -> Result<Outcome, Failure> {
        let ideal = ideal(job);
        let pairs = args.weights.then(|| differences(&solution.bit_line_currents));
        let currents = pairs.as_ref().unwrap_or(&solution.bit_line_currents);
        let converted = match args.adc_bits {
            None => None,
            Some(bits) => {
                let largest = currents.iter().fold(0.0f64, |most, i| most.max(i.abs()));
                let full_scale = args.full_scale.unwrap_or(if largest > 0.0 { largest } else { 1e-6 });
                let adc = Adc::new(bits, full_scale).map_err(Failure::input)?;
                let codes: Vec<f64> = currents.iter().map(|&i| adc.code(i)).collect();
                let currents: Vec<f64> = codes.iter().map(|&code| adc.current(code)).collect();
                let per_one = args.g_min.zip(args.g_max).map(|(low, high)| args.v_max() * (high - low));
                let outputs = per_one.map(|per_one| currents.iter().map(|i| i / per_one).collect());
                Some(Converted { codes, full_scale, currents, outputs })
            }
        };
        Ok(Outcome { solution, ideal, pairs, converted, seconds })
    }

    /// Voltage that is missing at each cell \[V\], row by row: what its lines' sources say less what it has.
    pub fn drops(&self, job: &Job) -> memspike::plot::Drops {
        let (rows, columns) = (job.array.rows(), job.array.columns());
        let s = &self.solution;
        let sources = &job.drive.sources;
        let values = (0..rows * columns).map(|k| {
            let (i, j) = (k / columns, k % columns);
            match (sources.word_lines[i], sources.bit_lines[j]) {
                (Some(w), Some(b)) => (w - b).abs() - (s.word_voltages[k] - s.bit_voltages[k]).abs(),
                _ => f64::NAN,
            }
        });
        memspike::plot::Drops { rows, columns, volts: values.collect() }
    }

    /// Share of the currents of the bit lines, all as sizes, that wires cost; negative where what cancels with ideal wires does so less.
    fn loss(&self) -> Option<f64> {
        let sum = |currents: &[f64]| currents.iter().map(|i| i.abs()).sum::<f64>();
        let ideal = sum(self.ideal.as_ref()?);
        (ideal > 0.0).then(|| 1.0 - sum(&self.solution.bit_line_currents) / ideal)
    }

    pub fn as_json(&self, job: &Job) -> Value {
        let s = &self.solution;
        let mut all = json!({
            "rows": job.array.rows(),
            "columns": job.array.columns(),
            "word_line_voltages_v": job.drive.sources.word_lines,
            "bit_line_voltages_v": job.drive.sources.bit_lines,
            "word_line_currents_a": s.word_line_currents,
            "bit_line_currents_a": s.bit_line_currents,
            "ideal_bit_line_currents_a": self.ideal,
            "ir_loss": self.loss(),
            "power_w": s.power,
            "power_cells_w": s.power_cells,
            "power_wires_w": s.power_wires,
        });
        if let Some((row, column, scheme)) = job.drive.read {
            let at = row * job.array.columns() + column;
            all["read"] = json!({
                "row": row,
                "column": column,
                "scheme": scheme.name(),
                "bit_line_current_a": s.bit_line_currents[column],
                "device_current_a": s.device_currents[at],
                "word_line_current_a": s.word_line_currents[row],
                "ideal_current_a": self.ideal_read(job, row, column),
            });
        }
        if let Some(pairs) = &self.pairs {
            let (plus, minus): (Vec<f64>, Vec<f64>) =
                job.devices.as_chunks::<2>().0.iter().map(|p| (p[0], p[1])).unzip();
            let rows = |list: &[f64]| list.chunks(job.array.columns() / 2).map(<[f64]>::to_vec).collect::<Vec<_>>();
            all["pairs"] = json!({ "currents_a": pairs, "g_plus_s": rows(&plus), "g_minus_s": rows(&minus) });
        }
        if let Some(c) = &self.converted {
            let codes: Vec<i64> = c.codes.iter().map(|&code| code as i64).collect();
            all["adc"] =
                json!({ "full_scale_a": c.full_scale, "codes": codes, "currents_a": c.currents, "outputs": c.outputs });
        }
        all["solve_s"] = json!(self.seconds);
        all["factor_mib"] = json!(s.bytes as f64 / f64::from(1 << 20));
        all
    }

    fn ideal_read(&self, job: &Job, row: usize, column: usize) -> f64 {
        let v = job.drive.sources.word_lines[row].unwrap_or(0.0) - job.drive.sources.bit_lines[column].unwrap_or(0.0);
        v * job.array.cells()[row * job.array.columns() + column]
    }

    pub fn as_text(&self, job: &Job) -> String {
        let s = &self.solution;
        let ampere = |i: f64| with_prefix(i, "A");
        let mut out = format!("{} word lines, {} bit lines", job.array.rows(), job.array.columns());
        let _ = writeln!(
            out,
            "; solved in {} s, factor {} MiB",
            short(self.seconds),
            short(s.bytes as f64 / f64::from(1 << 20))
        );
        let _ = write!(out, "power {}: {} in the cells", with_prefix(s.power, "W"), with_prefix(s.power_cells, "W"));
        let _ = writeln!(out, ", {} in the wires", with_prefix(s.power_wires, "W"));
        if let Some((row, column, scheme)) = job.drive.read {
            let ideal = self.ideal_read(job, row, column);
            let current = s.bit_line_currents[column];
            let at = row * job.array.columns() + column;
            let _ = writeln!(out, "reading row {row}, column {column}, other lines {}:", scheme.name());
            let _ = writeln!(out, "  the cell alone  {}", ampere(ideal));
            let _ = writeln!(out, "  through it      {}", ampere(s.device_currents[at]));
            let times = if ideal == 0.0 {
                String::new()
            } else {
                format!(" ({} times the cell alone)", short(current / ideal))
            };
            let _ = writeln!(out, "  its bit line    {}{times}", ampere(current));
            let _ = writeln!(out, "  its word line   {}", ampere(s.word_line_currents[row]));
            return out;
        }
        if let Some(loss) = self.loss() {
            out += &lost(loss);
        }
        let currents = self.pairs.as_ref().unwrap_or(&s.bit_line_currents);
        let what = if self.pairs.is_some() { "pair" } else { "bit line" };
        let most = 16;
        let _ = writeln!(
            out,
            "\n{what:<10} {:>14}{}",
            "current",
            if self.converted.is_some() { "      code        output" } else { "" }
        );
        for (index, current) in currents.iter().enumerate().take(most) {
            let _ = write!(out, "{index:<10} {:>14}", ampere(*current));
            if let Some(c) = &self.converted {
                let output = c.outputs.as_ref().map_or_else(|| ampere(c.currents[index]), |o| short(o[index]));
                let _ = write!(out, "{:>10} {output:>13}", c.codes[index]);
            }
            out.push('\n');
        }
        if currents.len() > most {
            let _ = writeln!(out, ".. and {} more: --json, or -o FILE", currents.len() - most);
        }
        out
    }

    /// Writes the file that its ending asks for.
    ///
    /// # Errors
    /// Exit code 2 if it may not be written there, 1 if the machine fails.
    pub fn write(&self, job: &Job, output: &Output) -> Result<(), Failure> {
        let path = output.path();
        let s = &self.solution;
        let currents = self.pairs.as_ref().unwrap_or(&s.bit_line_currents);
        match table::extension(path).as_str() {
            "csv" => {
                let mut header = vec!["column", "current_a"];
                let mut columns = vec![(0..currents.len()).map(|j| j as f64).collect(), currents.clone()];
                if let (Some(ideal), None) = (&self.ideal, &self.pairs) {
                    header.push("ideal_current_a");
                    columns.push(ideal.clone());
                }
                if let Some(c) = &self.converted {
                    header.push("code");
                    columns.push(c.codes.clone());
                    if let Some(outputs) = &c.outputs {
                        header.push("output");
                        columns.push(outputs.clone());
                    }
                }
                output.write(table::csv_text(&header, &columns))
            }
            "npy" => output.write(table::npy_bytes(currents)),
            _ => {
                let (m, n) = (job.array.rows(), job.array.columns());
                let volts = |list: &[Option<f64>]| list.iter().map(|v| v.unwrap_or(f64::NAN)).collect::<Vec<_>>();
                let (word, bit) = (volts(&job.drive.sources.word_lines), volts(&job.drive.sources.bit_lines));
                let mut all: Vec<table::Dataset<'_>> = vec![
                    ("conductances", "S", vec![m, n], &job.devices),
                    ("word_line_voltages", "V", vec![m], &word),
                    ("bit_line_voltages", "V", vec![n], &bit),
                    ("word_line_node_voltages", "V", vec![m, n], &s.word_voltages),
                    ("bit_line_node_voltages", "V", vec![m, n], &s.bit_voltages),
                    ("device_currents", "A", vec![m, n], &s.device_currents),
                    ("word_line_currents", "A", vec![m], &s.word_line_currents),
                    ("bit_line_currents", "A", vec![n], &s.bit_line_currents),
                ];
                if let Some(pairs) = &self.pairs {
                    all.push(("pair_currents", "A", vec![n / 2], pairs));
                }
                if let Some(c) = &self.converted {
                    all.push(("adc_codes", "1", vec![c.codes.len()], &c.codes));
                }
                let failed = |e| unwritten_by_library(path, format!("{} could not be written: {e}.", path.display()));
                table::write_h5(path, &all).map_err(failed)
            }
        }
    }
}

/// Sums of voltage times conductance, where every line has a source.
fn ideal(job: &Job) -> Option<Vec<f64>> {
    let sources = &job.drive.sources;
    let words: Vec<f64> = sources.word_lines.iter().copied().collect::<Option<_>>()?;
    let bits: Vec<f64> = sources.bit_lines.iter().copied().collect::<Option<_>>()?;
    let mut sums = vec![0.0; bits.len()];
    for (row, w) in job.array.cells().chunks_exact(bits.len()).zip(&words) {
        sums.iter_mut().zip(row).zip(&bits).for_each(|((sum, g), b)| *sum += (w - b) * g);
    }
    Some(sums)
}

/// First less second of each pair.
fn differences(currents: &[f64]) -> Vec<f64> {
    currents.as_chunks::<2>().0.iter().map(|[plus, minus]| plus - minus).collect()
}

/// What the wires do to the currents of the bit lines, all as sizes.
fn lost(share: f64) -> String {
    if share < 0.0 {
        let more = short(-100.0 * share);
        return format!("on the wires currents of both signs cancel less: {more} % more than with ideal ones\n");
    }
    format!("the wires cost {} % of the current\n", short(100.0 * share))
}
