//! A figure of a sweep over the keys that it goes over: curves over one, a map over two.

use super::PlotError;
use super::figure::Figure;
use super::heat::Heat;
use super::xy::{self, Axes, Series, Shape};
use crate::counted::counted;

/// A key and its values, in the order in which they are drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SweptKey {
    /// Its name, with the unit.
    pub label: String,
    /// Its values as they were written.
    pub values: Vec<String>,
}

/// A figure of some runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Swept {
    /// One key or two: along x, along y.
    pub keys: Vec<SweptKey>,
    /// What is drawn, with the unit.
    pub figure: String,
    /// Name, and for each value of the first key, for each of the second, what the runs there gave; perhaps nothing. A map shows one.
    pub groups: Vec<(String, Vec<Vec<f64>>)>,
}

impl Swept {
    /// How many runs gave a value. One figure may have none in a run that has another's.
    pub fn runs(&self) -> usize {
        self.groups.iter().map(|(_, samples)| samples.iter().map(Vec::len).sum()).max().unwrap_or(0)
    }
}

impl SweptKey {
    /// The values as numbers, if they are some.
    fn numbers(&self) -> Option<Vec<f64>> {
        self.values.iter().map(|value| value.parse().ok()).collect()
    }

    /// Labels in the middle of cells, of which there is room for so many.
    fn ticks(&self, room: usize, place: impl Fn(usize) -> f64) -> Vec<(f64, String)> {
        let step = self.values.len().div_ceil(room).max(1);
        self.values.iter().enumerate().step_by(step).map(|(i, value)| (place(i), value.clone())).collect()
    }
}

/// Draws it: over one key of numbers the means as curves, with a pale dot for each run; over two keys, or one of texts, the mean of the
/// runs as a colour.
///
/// # Errors
/// If the table does not have its stated shape, or the picture is too small.
pub fn sweep(title: &str, swept: &Swept, size: (u32, u32)) -> Result<Figure, PlotError> {
    let cells: usize = swept.keys.iter().map(|key| key.values.len()).product();
    if !(1..=2).contains(&swept.keys.len()) || swept.groups.iter().any(|(_, samples)| samples.len() != cells) {
        let found = swept.groups.iter().map(|(_, samples)| samples.len()).max().unwrap_or(0);
        return Err(PlotError::Table(format!("found {} keys and {found} cells for {cells}", swept.keys.len())));
    }
    let caption = caption(swept);
    match (&swept.keys[..], swept.keys[0].numbers()) {
        ([key], Some(at)) => xy::xy(title, &caption, &[curves(swept, key, &at)], size),
        ([key], None) => groups_by_text(swept, key).draw(title, &caption, size),
        (keys, _) => map(swept, keys).draw(title, &caption, size),
    }
}

fn curves(swept: &Swept, key: &SweptKey, at: &[f64]) -> Axes {
    let mut series = Vec::new();
    for (color, (name, samples)) in swept.groups.iter().enumerate() {
        let mean: Vec<(f64, f64)> = at.iter().zip(samples).map(|(&x, samples)| (x, mean(samples))).collect();
        let each = at.iter().zip(samples).flat_map(|(&x, samples)| samples.iter().map(move |&y| (x, y))).collect();
        let of = |label: &str, shape, points| Series { label: label.to_string(), shape, color, points };
        if samples.iter().any(|samples| samples.len() > 1) {
            series.push(of("", Shape::Cloud, each));
        }
        series.push(of("", Shape::Line, mean.clone()));
        series.push(of(name, Shape::Dots, mean));
    }
    Axes { name: String::new(), x: key.label.clone(), y: swept.figure.clone(), series, zero: false }
}

/// The first key along x, the second upwards.
fn map(swept: &Swept, keys: &[SweptKey]) -> Heat {
    let (columns, rows) = (keys[0].values.len(), keys[1].values.len());
    let samples = swept.groups.first().map_or(&[][..], |(_, samples)| samples);
    let values: Vec<f64> =
        (0..rows).rev().flat_map(|row| (0..columns).map(move |column| mean(&samples[column * rows + row]))).collect();
    let ticks = [keys[0].ticks(12, |i| i as f64 + 0.5), keys[1].ticks(20, |i| (rows - 1 - i) as f64 + 0.5)];
    heat(values, (rows, columns), [keys[0].label.clone(), keys[1].label.clone(), swept.figure.clone()], ticks)
}

/// Texts along x, a row for each group.
fn groups_by_text(swept: &Swept, key: &SweptKey) -> Heat {
    let columns = key.values.len();
    let values = swept.groups.iter().flat_map(|(_, samples)| samples.iter().map(|samples| mean(samples))).collect();
    let names = swept.groups.iter().enumerate().map(|(row, (name, _))| (row as f64 + 0.5, name.clone())).collect();
    let ticks = [key.ticks(8, |i| i as f64 + 0.5), names];
    heat(values, (swept.groups.len(), columns), [key.label.clone(), String::new(), swept.figure.clone()], ticks)
}

fn heat(values: Vec<f64>, shape: (usize, usize), labels: [String; 3], ticks: [Vec<(f64, String)>; 2]) -> Heat {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let two_sided = low < 0.0 && high > 0.0;
    let range = if two_sided {
        (-high.max(-low), high.max(-low))
    } else if high > low {
        (low, high)
    } else if low.is_finite() && low != 0.0 {
        // All the same: a scale from 0 shows how much it is.
        (low.min(0.0), high.max(0.0))
    } else {
        (0.0, 1.0)
    };
    Heat { rows: shape.0, columns: shape.1, values, range, two_sided, labels, ticks, ..Heat::default() }
}

fn mean(samples: &[f64]) -> f64 {
    let finite: Vec<f64> = samples.iter().copied().filter(|s| s.is_finite()).collect();
    finite.iter().sum::<f64>() / finite.len() as f64
}

fn caption(swept: &Swept) -> String {
    let counts = || swept.groups.iter().flat_map(|(_, samples)| samples.iter().map(Vec::len));
    let (least, most) = (counts().filter(|count| *count > 0).min(), counts().max().unwrap_or(0));
    let up_to = if least == Some(most) { "" } else { "up to " };
    let each = if swept.keys.len() == 1 { "; pale dots: each run" } else { "" };
    let seeds = if most > 1 { format!(", mean of {up_to}{most} seeds{each}") } else { String::new() };
    let missing = counts().filter(|count| *count == 0).count();
    let missing = if missing > 0 { format!("; places without a value: {missing}") } else { String::new() };
    format!("{}{seeds}{missing}", counted(swept.runs(), "run"))
}

#[cfg(test)]
mod tests {
    use super::super::figure::Mark;
    use super::*;

    fn key(label: &str, values: &[&str]) -> SweptKey {
        SweptKey { label: label.into(), values: values.iter().map(|v| v.to_string()).collect() }
    }

    #[test]
    fn one_key_makes_curves_of_means_with_a_dot_for_each_run() {
        let groups = vec![
            ("E".to_string(), vec![vec![1.0, 3.0], vec![4.0, 6.0], vec![f64::NAN, 5.0]]),
            ("I".to_string(), vec![vec![7.0], vec![], vec![9.0]]),
        ];
        let swept = Swept { keys: vec![key("g", &["3", "4", "5"])], figure: "rate (Hz)".into(), groups };
        let axes = curves(&swept, &swept.keys[0], &[3.0, 4.0, 5.0]);
        assert_eq!(axes.series[1].points, [(3.0, 2.0), (4.0, 5.0), (5.0, 5.0)]);
        assert_eq!(axes.series[0].points.len(), 6);
        assert!(axes.series[3].points[1].1.is_nan(), "a gap where there is no run");
        let figure = sweep("t", &swept, (900, 600)).unwrap();
        assert!(["g", "rate (Hz)", "E", "I"].iter().all(|text| figure.texts().any(|t| t == *text)));
        assert_eq!(figure.caption, "6 runs, mean of up to 2 seeds; pale dots: each run; places without a value: 1");
        assert!(sweep("t", &Swept { keys: vec![key("g", &["3"])], ..swept }, (900, 600)).is_err());
    }

    #[test]
    fn two_keys_make_a_map_whose_second_key_grows_upwards() {
        let samples = vec![vec![1.0], vec![2.0], vec![3.0, 5.0], vec![]];
        let keys = vec![key("g", &["3", "4"]), key("eta", &["1", "2"])];
        let swept = Swept { keys, figure: "rate (Hz)".into(), groups: vec![(String::new(), samples)] };
        let heat = map(&swept, &swept.keys);
        assert_eq!((heat.values[0], heat.values[2], heat.values[3], heat.range), (2.0, 1.0, 4.0, (1.0, 4.0)));
        assert!(heat.values[1].is_nan());
        assert_eq!(heat.ticks[1], [(1.5, "1".to_string()), (0.5, "2".to_string())]);
        let figure = sweep("t", &swept, (900, 600)).unwrap();
        assert!(figure.marks.iter().any(|m| matches!(m, Mark::Pixels { .. })));
    }
}
