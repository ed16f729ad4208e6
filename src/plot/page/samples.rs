//! Samples of a signal in a page: all of them, or the lowest and the highest of each stretch, so that no pulse is lost.

use serde_json::{Value, json};

use crate::counted::grouped;
use crate::plot::signal::{around, names};
use crate::plot::traces::typical_step;
use crate::spikes::Signal;

/// At most so many moments of a signal.
const MOST: usize = 20_000;

/// Fewer where it has so many columns that these would be more values than this.
const VALUES: usize = 1_000_000;

/// But not fewer than these: more than a screen has pixels.
const LEAST: usize = 5_000;

/// A signal's samples within a window \[s\], and one on either side of it. What is left out of them is told in `notes`.
pub(super) fn of(signal: &Signal, (start, stop): (f64, f64), notes: &mut Vec<String>) -> Value {
    let width = signal.width.max(1);
    let range = around(signal, (start, stop));
    let inside: Vec<usize> = range.clone().collect();
    let name = signal.name.replace('_', " ");
    let most = (VALUES / width).clamp(LEAST, MOST);
    let mut stretch = 0;
    let (times, columns) = if inside.len() <= most {
        let column = |k: usize| inside.iter().map(|i| signal.data[i * width + k]).collect();
        (inside.iter().map(|i| signal.times[*i]).collect(), (0..width).map(column).collect())
    } else {
        let length = inside.len().div_ceil(most / 2);
        let each = grouped(length);
        notes.push(format!("Of {name} the lowest and the highest of any {each} samples; a shorter window shows all."));
        stretch = 2 * length;
        extremes(signal, &inside, length)
    };
    // What is further apart is not joined, as in a picture.
    let gap = typical_step(&signal.times[range]).map(|step| (8 + stretch) as f64 * step);
    // NaN becomes null, which interrupts the curve.
    json!({ "name": name, "unit": signal.unit, "names": names(signal.width), "times": times, "columns": columns, "gap": gap })
}

/// Of each stretch of so many samples the lowest and the highest, in the order in which they come: at their own times if the signal has one
/// column, otherwise at the first and the last of the stretch.
fn extremes(signal: &Signal, inside: &[usize], length: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let width = signal.width.max(1);
    let (mut times, mut columns) = (Vec::new(), vec![Vec::new(); width]);
    for stretch in inside.chunks(length) {
        let mut at = [stretch[0], stretch[stretch.len() - 1]];
        for (k, column) in columns.iter_mut().enumerate() {
            let value = |i: &usize| signal.data[i * width + k];
            let known = || stretch.iter().copied().filter(|i| value(i).is_finite());
            let by_value = |a: &usize, b: &usize| value(a).total_cmp(&value(b));
            let Some((low, high)) = known().min_by(by_value).zip(known().max_by(by_value)) else {
                column.extend([f64::NAN; 2]);
                continue;
            };
            let pair = [low.min(high), low.max(high)];
            column.extend(pair.map(|i| value(&i)));
            if width == 1 {
                at = pair;
            }
        }
        times.extend(at.map(|i| signal.times[i]));
    }
    (times, columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples at 1 kHz.
    fn signal(width: usize, samples: usize, value: impl Fn(usize, usize) -> f64) -> Signal {
        let data = (0..samples).flat_map(|i| (0..width).map(|k| value(i, k)).collect::<Vec<_>>()).collect();
        let times = (0..samples).map(|i| i as f64 / 1e3).collect();
        Signal { name: "hand_pos".into(), unit: "m".into(), times, width, data }
    }

    fn shown(signal: &Signal) -> (Vec<f64>, Vec<Vec<Option<f64>>>, Vec<String>) {
        let mut notes = Vec::new();
        let found = of(signal, (0.0, 1e9), &mut notes);
        let of = |value: &Value| value.as_array().unwrap().iter().map(Value::as_f64).collect::<Vec<_>>();
        let columns = found["columns"].as_array().unwrap().iter().map(of).collect();
        (of(&found["times"]).into_iter().flatten().collect(), columns, notes)
    }

    #[test]
    fn a_pulse_of_one_sample_in_many_is_there_at_its_time() {
        let (times, columns, notes) = shown(&signal(1, 300_000, |i, _| if i == 123_457 { 1.0 } else { 0.0 }));
        assert!(times.len() <= MOST && times.len() == columns[0].len() && times.is_sorted());
        let peak = columns[0].iter().position(|v| *v == Some(1.0)).unwrap();
        assert_eq!(times[peak], 123.457);
        assert_eq!(notes, ["Of hand pos the lowest and the highest of any 30 samples; a shorter window shows all."]);
    }

    #[test]
    fn every_column_is_there_and_keeps_all_of_its_pulses() {
        let pulse = |i: usize, k: usize| if i % 5000 == 100 * k { 1.0 } else { 0.0 };
        let (times, columns, _) = shown(&signal(32, 100_000, pulse));
        assert_eq!(columns.len(), 32);
        for column in &columns {
            assert_eq!(column.len(), times.len());
            assert_eq!(column.iter().filter(|v| **v == Some(1.0)).count(), 20);
        }
        assert!(times.is_sorted());
    }

    #[test]
    fn few_samples_are_as_they_are_and_what_is_no_number_stays_a_gap() {
        let (times, columns, notes) = shown(&signal(2, 5, |i, k| if i == 2 { f64::NAN } else { (i + k) as f64 }));
        assert_eq!((times.len(), &columns[1][..]), (5, &[Some(1.0), Some(2.0), None, Some(4.0), Some(5.0)][..]));
        assert!(notes.is_empty());
        let gap = |i: usize, _| if (20_000..40_000).contains(&i) { f64::NAN } else { 1.0 };
        let (times, columns, _) = shown(&signal(1, 60_000, gap));
        for (time, value) in times.iter().zip(&columns[0]) {
            assert_eq!(value.is_none(), (20.0..40.0).contains(time), "{time}");
        }
    }
}
