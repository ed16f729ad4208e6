//! How the lines of an array are driven: what was typed, as sources.

use std::path::Path;

use memspike::crossbar::{Dac, Scheme, Sources};
use memspike::device::physical::drive::too_high;

use super::{Args, SchemeName, VOLTAGE, quantity, shown, table};
use crate::cli::Failure;

/// Sources of all lines, and the cell that is read.
pub struct Drive {
    pub sources: Sources,
    /// Row, column and scheme of a read.
    pub read: Option<(usize, usize, Scheme)>,
}

impl Drive {
    /// What was typed, of at most 100 V.
    ///
    /// # Errors
    /// Exit code 2 if it can't be understood or does not fit the array.
    pub fn new(args: &Args, rows: usize, columns: usize) -> Result<Drive, Failure> {
        let drive = Drive::typed(args, rows, columns)?;
        let sources = &drive.sources;
        let mut all = sources.word_lines.iter().chain(&sources.bit_lines).flatten();
        if let Some(wrong) = all.find_map(|volt| too_high(*volt)) {
            return Err(Failure::input(format!("voltage: {wrong}.")));
        }
        Ok(drive)
    }

    /// As it was typed.
    fn typed(args: &Args, rows: usize, columns: usize) -> Result<Drive, Failure> {
        let dac = args.dac_bits.map(|bits| Dac::new(bits, args.v_max())).transpose().map_err(Failure::input)?;
        let given = |v: f64| dac.map_or(v, |dac| dac.voltage(v));
        // A converter clips, but nobody asks for a voltage that it can't give.
        let within = |flag: &str, v: f64| match args.v_max() {
            // As much as single precision rounds is let through.
            most if dac.is_some() && v.abs() > most * (1.0 + 1e-6) => Err(Failure::input(format!(
                "{flag}: found {v} V, which is more than the {most} V that the converters of --dac-bits give at most; set --v-max."
            ))),
            _ => Ok(()),
        };
        if let Some((row, column)) = args.read {
            let scheme = Scheme::from(args.scheme.unwrap_or(SchemeName::Grounded));
            let voltage = args.read_voltage.unwrap_or(VOLTAGE);
            within("--read-voltage", voltage)?;
            let mut sources = scheme.sources((rows, columns), (row, column), voltage).map_err(Failure::input)?;
            // There is a converter in front of each word line, of those that are half or a third selected too.
            sources.word_lines.iter_mut().flatten().for_each(|volt| *volt = given(*volt));
            return Ok(Drive { sources, read: Some((row, column, scheme)) });
        }
        let word_lines = match (&args.voltages, &args.inputs) {
            (Some(text), _) => {
                let volts = lines("--voltages", text, rows, "V")?;
                volts.iter().flatten().try_for_each(|&volt| within("--voltages", volt))?;
                volts
            }
            (None, Some(text)) => {
                let mut shares = lines("--inputs", text, rows, "")?;
                if let Some(share) = shares.iter().flatten().find(|x| !(0.0..=1.0).contains(*x)) {
                    return Err(Failure::input(format!("--inputs: found {share}, expected shares from 0 to 1.")));
                }
                shares.iter_mut().flatten().for_each(|x| *x *= args.v_max());
                shares
            }
            (None, None) => return Err(Failure::input("Expected --voltages, --inputs or --read.")),
        };
        let word_lines = word_lines.into_iter().map(|v| v.map(given)).collect();
        let bit_lines = match &args.bit_line_voltages {
            Some(text) => lines("--bit-line-voltages", text, columns, "V")?,
            None => vec![Some(0.0); columns],
        };
        Ok(Drive { sources: Sources { word_lines, bit_lines }, read: None })
    }
}

/// One value per line, from a list or a file.
fn lines(flag: &str, text: &str, count: usize, unit: &str) -> Result<Vec<Option<f64>>, Failure> {
    let wrong = |message: String| Failure::input(format!("{flag}: {message}."));
    let values: Vec<Option<f64>> = if table::is_file(text) {
        let matrix = table::read(Path::new(text), Some("voltages"), None, unit)
            .map_err(|e| Failure::input(format!("{flag}: {e}")))?;
        if matrix.rows != 1 && matrix.columns != 1 {
            let message = format!("{} holds {} x {} numbers", shown(Path::new(text)), matrix.rows, matrix.columns);
            return Err(wrong(format!("{message}, expected one row or column")));
        }
        matrix.numbers.iter().map(|v| (!v.is_nan()).then_some(*v)).collect()
    } else {
        let one = |item: &str| match item.trim() {
            "float" => Ok(None),
            item => quantity(item, unit).map(Some),
        };
        text.split(',').map(one).collect::<Result<_, _>>().map_err(wrong)?
    };
    if values.len() != count {
        return Err(wrong(format!("found {} values, expected {count}: one for each line", values.len())));
    }
    Ok(values)
}
