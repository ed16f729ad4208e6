//! The raster as text: Unicode braille, 2 x 4 dots to a character.

use super::names::told_apart;
use super::rows::{NONE, Rows};
use super::{PlotError, RasterData, RasterOptions, axis, palette, raster};
use crate::analysis::Spans;

/// How a raster fits a terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct TerminalOptions {
    /// Width \[characters\], at least 30.
    pub width: usize,
    /// Lines of dots, at least one per population.
    pub height: usize,
    /// Colour the populations (only where a terminal reads it).
    pub color: bool,
}

/// Columns for the highest rate, e.g. ` 123.4 Hz`.
const PEAK: usize = 9;

/// A raster in at most `terminal.width` columns: names on the left, below it the time axis and a
/// line of rates per population over what was observed, with its highest rate on the right. Window and selection are those of `options`.
///
/// # Errors
/// As [`raster()`](super::raster()).
pub fn raster_text(
    data: &RasterData,
    options: &RasterOptions,
    terminal: &TerminalOptions,
) -> Result<String, PlotError> {
    let rows = Rows::new(data.spikes.unit_ids(), data.groups, &options.select, options.max_neurons)?;
    let time = raster::window(data.spikes.ends()?, options.start, options.stop)?;
    let longest = rows.bands.iter().map(|b| b.name.chars().count()).max().unwrap_or(0).clamp(2, 14);
    let columns = terminal.width.max(30) - longest - 2 - PEAK;
    let paint = |band: usize, text: String| {
        let code = palette::ansi256(rows.bands[band].color);
        if terminal.color { format!("\u{1b}[38;5;{code}m{text}\u{1b}[0m") } else { text }
    };
    // Each population gets whole lines, in proportion to its rows.
    let share = |n: usize| ((terminal.height * n) as f64 / rows.count.max(1) as f64).round().max(1.0) as usize;
    let mut dots: Vec<Vec<u8>> =
        rows.bands.iter().map(|b| vec![0; columns * share(b.ids.len()).min(b.ids.len().div_ceil(4).max(1))]).collect();
    let mut counts = vec![vec![0u32; columns]; rows.bands.len()];
    let per_s = 1.0 / (time.stop - time.start);
    let spans = Spans::within(data.observed, time.start, time.stop);
    let mut any = false;
    let mut add = |at: f64, unit: u32| {
        any = true;
        let band = rows.band_of[unit as usize];
        if band == NONE {
            return;
        }
        let band = band as usize;
        let x = (((at - time.start) * per_s * (2 * columns) as f64) as usize).min(2 * columns - 1);
        // At the very end of the window a new column would begin: the last would count both its edges.
        counts[band][x / 2] += u32::from(spans.hold_in_bins(at));
        let row = rows.row_of[unit as usize];
        if row != NONE {
            let height = 4 * dots[band].len() / columns;
            let place = row as usize - rows.bands[band].first_row;
            let y = place * height / rows.bands[band].ids.len();
            // Unicode numbers the dots down the left column, then the right; the lowest two last.
            dots[band][y / 4 * columns + x / 2] |= [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]][x % 2][y % 4];
        }
    };
    data.spikes.pieces(time.start, time.stop, &mut |times, units| {
        times.iter().zip(units).for_each(|(&at, &unit)| add(at, unit));
    })?;
    let mut text = String::new();
    // A control character in a name is none for the terminal.
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let whole: Vec<&str> = rows.bands.iter().map(|band| band.name.as_str()).collect();
    let names = told_apart(&whole, |text| text.chars().count() <= longest);
    let label = |name: &str| format!("{:>longest$} ", name.chars().map(shown).collect::<String>());
    for (band, cells) in dots.iter().enumerate().filter(|(band, _)| !rows.bands[*band].ids.is_empty()) {
        for (line, cells) in cells.chunks(columns).enumerate() {
            let name = if line == 0 { names[band].as_str() } else { "" };
            let drawn: String = cells.iter().filter_map(|c| char::from_u32(0x2800 + u32::from(*c))).collect();
            text += &format!("{}\u{2502}{}\n", paint(band, label(name)), paint(band, drawn));
        }
    }
    text += &time_axis(time, columns, longest);
    let width = (time.stop - time.start) / columns as f64;
    let begin = |column: usize| time.start + column as f64 * width;
    // Where next to nothing was observed no rate is drawn.
    let observed = |column| spans.seconds_of_bin(begin(column), begin(column) + width).unwrap_or(f64::INFINITY);
    let seconds: Vec<f64> = (0..columns).map(observed).collect();
    for (band, counts) in counts.iter().enumerate().filter(|(band, _)| rows.bands[*band].selected > 0) {
        let rate = |(&count, seconds): (&u32, &f64)| f64::from(count) / (seconds * rows.bands[band].selected as f64);
        let rates: Vec<f64> = counts.iter().zip(&seconds).map(rate).collect();
        let hz = rates.iter().copied().fold(0.0, f64::max);
        let line: String = rates.iter().map(|&rate| level(rate, hz)).collect();
        let peak = match hz {
            _ if hz >= 1000.0 => format!("{hz:.0} Hz"),
            _ if hz > 0.0 && hz < 0.05 => format!("{hz:.1e} Hz"),
            _ => format!("{hz:.1} Hz"),
        };
        text += &format!("{} {}{peak:>PEAK$}\n", paint(band, label(&names[band])), paint(band, line));
    }
    if rows.selected() == 0 {
        text += "no units\n";
    } else if !any {
        text += "no spikes in this window\n";
    }
    Ok(text)
}

fn level(rate: f64, most: f64) -> char {
    const LEVELS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    // An eighth is one, however it is rounded.
    LEVELS[if most > 0.0 { (8.0 * rate / most - 1e-9).ceil().max(0.0) as usize } else { 0 }.min(8)]
}

fn time_axis(time: axis::TimeAxis, columns: usize, longest: usize) -> String {
    let (ticks, name) = (time.ticks((columns / 14).max(2)), time.label());
    let mut line: Vec<char> = vec!['\u{2500}'; columns];
    let mut labels = vec![' '; columns];
    let mut free = 0;
    for (at, text) in ticks {
        let x = (((at - time.start) / (time.stop - time.start)) * columns as f64) as usize;
        let from = x.min(columns - 1).saturating_sub(text.chars().count() / 2);
        line[x.min(columns - 1)] = '\u{252c}';
        if from >= free && from + text.chars().count() <= columns {
            text.chars().enumerate().for_each(|(i, c)| labels[from + i] = c);
            free = from + text.chars().count() + 1;
        }
    }
    let pad = " ".repeat(longest + 1);
    let line: String = line.into_iter().collect();
    let labels: String = labels.into_iter().collect();
    let peak = "peak rate";
    let gap = columns + PEAK - peak.len();
    format!("{pad}\u{2514}{line}\n{pad} {}\n{pad} {name:<gap$}{peak}\n", labels.trim_end())
}
