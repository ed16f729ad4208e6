//! Lines of text as tables: separators, numbers, names of columns, units of time.

use crate::given::unquote;
use crate::spikes::Column;

/// What stands between the cells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    /// A character of its own.
    Char(char),
    /// Any number of blanks and tabs.
    Blanks,
}

impl Separator {
    /// The separator of a line: comma, semicolon or tab where there is one, else blanks.
    pub fn of(line: &str) -> Separator {
        [',', ';', '\t'].into_iter().find(|c| line.contains(*c)).map_or(Separator::Blanks, Separator::Char)
    }

    /// The cells of a line, without blanks and quotes around them.
    pub fn cells(self, line: &str) -> Vec<&str> {
        match self {
            Separator::Char(c) if line.contains('"') => quoted(line, c),
            Separator::Char(c) => line.split(c).map(str::trim).collect(),
            Separator::Blanks => line.split_whitespace().map(unquote).collect(),
        }
    }
}

/// The cells of a line, of which some are in quotes, between which a separator is none.
fn quoted(line: &str, separator: char) -> Vec<&str> {
    let mut cells = Vec::new();
    let (mut begin, mut within, mut blank) = (0, false, true);
    for (at, c) in line.char_indices() {
        match c {
            // One that is written twice ends the cell and begins it again.
            '"' if within => within = false,
            '"' if blank || line[..at].ends_with('"') => within = true,
            c if c == separator && !within => {
                cells.push(unquote(&line[begin..at]));
                (begin, blank) = (at + c.len_utf8(), true);
                continue;
            }
            _ => {}
        }
        blank &= c.is_whitespace();
    }
    cells.push(unquote(&line[begin..]));
    cells
}

/// Whether a line says nothing: empty, or a comment.
pub(super) fn is_remark(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with(['#', '%']) || line.starts_with("//")
}

/// The name of a column in lower case, and the unit behind it in brackets or after an underscore, if it is one of time.
fn split_unit(name: &str) -> (String, Option<f64>) {
    let name = name.trim().to_lowercase();
    let (base, unit) = match name.find(['(', '[']) {
        Some(at) => (name[..at].trim_end(), name[at + 1..].trim_end_matches([')', ']'])),
        // `t_min` may be the least time.
        None => name.rsplit_once('_').filter(|(_, unit)| *unit != "min").unwrap_or((&name, "")),
    };
    match per_second(unit) {
        Some(factor) => (base.to_owned(), Some(factor)),
        None => (name.clone(), None),
    }
}

/// The units of time that are known, for messages.
pub(super) const UNITS_OF_TIME: &str = "s, ms, us, ns, min or h";

/// How many of a unit of time make a second.
pub(super) fn per_second(unit: &str) -> Option<f64> {
    match unit {
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0),
        "ms" | "msec" | "millisecond" | "milliseconds" => Some(1e3),
        "us" | "µs" | "μs" | "usec" | "microsecond" | "microseconds" => Some(1e6),
        "ns" | "nsec" | "nanosecond" | "nanoseconds" => Some(1e9),
        "min" | "minute" | "minutes" => Some(1.0 / 60.0),
        "h" | "hr" | "hour" | "hours" => Some(1.0 / 3600.0),
        _ => None,
    }
}

/// Whether a column holds times; with its unit, if the name says one.
pub(super) fn is_time(name: &str) -> Option<Option<f64>> {
    const NAMES: [&str; 9] =
        ["time", "times", "t", "timestamp", "timestamps", "spike_time", "spike_times", "spiketime", "spiketimes"];
    let (base, unit) = split_unit(name);
    NAMES.contains(&base.as_str()).then_some(unit)
}

/// Are columns of these names a list of spikes, a row for each: are there times and units?
pub fn name_spikes<S: AsRef<str>>(names: &[S]) -> bool {
    let any = |fits: &dyn Fn(&str) -> bool| names.iter().any(|name| fits(name.as_ref()));
    any(&|name| is_time(name).is_some()) && any(&is_unit)
}

/// Does a text begin, after its remarks, with the names of columns of such a list?
pub fn begins_spikes(text: &str) -> bool {
    let first = text.lines().find(|line| !is_remark(line));
    first.is_some_and(|line| name_spikes(&Separator::of(line).cells(line)))
}

/// What is assumed of a column of times whose name says no unit.
pub(super) fn taken_as_seconds(column: &str) -> String {
    format!("times of the column {column} are taken as seconds, which the file does not say")
}

/// Whether a column says whose spike a row is.
pub(super) fn is_unit(name: &str) -> bool {
    unit_rank(name).is_some()
}

/// The column that says whose spike a row is: of several whose names may mean that, the one whose name says it best.
pub(super) fn unit_column<S: AsRef<str>>(names: &[S]) -> Option<usize> {
    let ranks = names.iter().enumerate().filter_map(|(column, name)| Some((unit_rank(name.as_ref())?, column)));
    ranks.min().map(|(_, column)| column)
}

/// How little a name says that a column is of units; none if it is of something else.
fn unit_rank(name: &str) -> Option<usize> {
    const NAMES: [&[&str]; 3] = [
        &[
            "unit",
            "units",
            "unit_id",
            "neuron",
            "neurons",
            "neuron_id",
            "gid",
            "gids",
            "node_id",
            "node_ids",
            "sender",
            "senders",
            "cell",
            "cell_id",
            "cluster",
            "cluster_id",
        ],
        // May have several units.
        &["channel", "electrode"],
        // May number the rows.
        &["id", "ids", "i", "index"],
    ];
    let name = name.trim().to_lowercase();
    NAMES.iter().position(|names| names.contains(&name.as_str()))
}

/// A column of words, as numbers if all of them are; an empty cell is no number then.
pub(super) fn column(words: Vec<String>) -> Column {
    let number = |word: &String| if word.is_empty() { Some(f64::NAN) } else { word.parse::<f64>().ok() };
    let numbers: Option<Vec<f64>> = words.iter().map(number).collect();
    match numbers {
        Some(numbers) if words.iter().any(|word| !word.is_empty()) => Column::Number(numbers),
        _ => Column::Text(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_within_quotes_are_none() {
        let cells = |line| Separator::Char(',').cells(line);
        assert_eq!(cells("1, \"a, b\" ,2"), ["1", "a, b", "2"]);
        assert_eq!(cells("\"0.5\",\"\",x"), ["0.5", "", "x"]);
        assert_eq!(cells("\"say \"\"hi, you\"\" now\",2"), ["say \"\"hi, you\"\" now", "2"]);
        // An inch is no quote.
        assert_eq!(cells("5\", 6\",7"), ["5", "6", "7"]);
    }

    #[test]
    fn columns_of_time_and_their_units_are_told_by_name() {
        assert_eq!(is_time("time"), Some(None));
        assert_eq!(is_time(" Time [ms]"), Some(Some(1e3)));
        assert_eq!(is_time("time_ms"), Some(Some(1e3)));
        assert_eq!(is_time("spike_time (s)"), Some(Some(1.0)));
        assert_eq!(is_time("spike_times"), Some(None), "the s of times is no unit");
        assert_eq!((is_time("time [min]"), is_time("time_ns")), (Some(Some(1.0 / 60.0)), Some(Some(1e9))));
        assert_eq!((is_time("t_min"), is_time("reaction_time")), (None, None), "the least time is no time in minutes");
        assert!(is_unit("Sender") && !is_unit("unit_1011"));
        assert_eq!(unit_column(&["time", "channel", "cluster_id"]), Some(2));
        assert_eq!([unit_column(&["index", "time", "neuron"]), unit_column(&["id", "i", "time"])], [Some(2), Some(0)]);
    }

    #[test]
    fn a_line_is_cut_at_its_own_separator() {
        assert_eq!(Separator::of("a, b;c").cells("1, \"2\""), ["1", "2"]);
        assert_eq!(Separator::of("a b").cells("  1 \t 2 "), ["1", "2"]);
        assert_eq!(Separator::Char('\t').cells("1\t\t3"), ["1", "", "3"]);
    }
}
