//! Signals as TimeSeries in `/processing/behavior`.

use hdf5::{File, Group};

use super::marker::Marker;
use super::table::Names;
use crate::format::nwb::BEHAVIOR as PLACE;
use crate::format::result::attributes::{set, set_text, write_list};
use crate::spikes::Recording;

/// Steps that agree to this \[s\] are a rate: NWB's own inspector wants no timestamps then.
const SAME_STEP: f64 = 1e-9;

/// Writes all signals.
pub(super) fn write(file: &File, marker: &Marker, recording: &Recording, notes: &mut Vec<String>) -> hdf5::Result<()> {
    let signals = &recording.signals;
    if signals.is_empty() {
        return Ok(());
    }
    let module = file.create_group(PLACE)?;
    marker.mark(&module, PLACE, "ProcessingModule")?;
    set_text(&module, "description", "Behaviour and other signals that were recorded with the spikes")?;
    let mut names = Names::new(&[]);
    for signal in signals {
        let name = names.free(&signal.name);
        let place = module.create_group(&name)?;
        marker.mark(&place, &format!("{PLACE}/{name}"), "TimeSeries")?;
        let said = |what: &str| recording.remark(&format!("signals/{}/{what}", signal.name));
        let description =
            said("description").map_or_else(|| format!("Signal of the recording: {}", signal.name), str::to_owned);
        set_text(&place, "description", &description)?;
        set_text(&place, "comments", said("comments").unwrap_or("no comments"))?;
        let data = place.new_dataset::<f64>();
        let data = if signal.width == 1 {
            data.shape(signal.times.len()).create("data")?
        } else {
            data.shape((signal.times.len(), signal.width)).create("data")?
        };
        if !signal.data.is_empty() {
            data.write_raw(&signal.data)?;
        }
        set_text(&data, "unit", if signal.unit.is_empty() { "unknown" } else { &signal.unit })?;
        set(&data, "conversion", &1.0f64)?;
        set(&data, "offset", &0.0f64)?;
        let resolution = said("resolution").and_then(|text| text.parse().ok()).unwrap_or(-1.0f64);
        set(&data, "resolution", &resolution)?;
        match rate(&signal.times) {
            Some((rate, off)) => {
                if off > 0.0 {
                    notes.push(format!(
                        "the samples of {name} are regular: their start and rate are stored, which gives their times to \
                         within {off:.1e} s"
                    ));
                }
                regular(&place, signal.times[0], rate)?;
            }
            None => {
                let times = write_list(&place, "timestamps", &signal.times)?;
                set(&times, "interval", &1i32)?;
                set_text(&times, "unit", "seconds")?;
            }
        }
    }
    notes.extend(names.told("signals"));
    Ok(())
}

fn regular(place: &Group, start: f64, rate: f64) -> hdf5::Result<()> {
    let dataset = place.new_dataset::<f64>().create("starting_time")?;
    dataset.write_scalar(&start)?;
    set(&dataset, "rate", &rate)?;
    set_text(&dataset, "unit", "seconds")
}

/// The rate \[Hz\] of regular times and by how much the times that it gives are off \[s\]: a rate that gives the same bits, if
/// there is one among the likely ones.
fn rate(times: &[f64]) -> Option<(f64, f64)> {
    let (first, last) = (*times.first()?, *times.last()?);
    let step = (last - first) / (times.len().checked_sub(1)?) as f64;
    if times.len() < 3 || step.is_nan() || step <= 0.0 {
        return None;
    }
    if times.windows(2).any(|pair| (pair[1] - pair[0] - step).abs() > SAME_STEP) {
        return None;
    }
    let near = 1.0 / step;
    let off =
        |rate: f64| times.iter().enumerate().map(|(i, t)| (first + i as f64 / rate - t).abs()).fold(0.0, f64::max);
    let likely =
        [near.round(), (near * 1e3).round() / 1e3, 1.0 / ((step * 1e9).round() / 1e9), near, 1.0 / (times[1] - first)];
    let fine = likely.into_iter().filter(|rate| *rate > 0.0 && rate.is_finite()).map(|rate| (rate, off(rate)));
    fine.min_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn regular_times_have_a_rate_that_gives_the_same_bits_and_others_none() {
        for hz in [1000.0, 250.0, 30.0, 29.97, 1e4 / 3.0] {
            let times: Vec<f64> = (0..5000).map(|i| 3.7 + f64::from(i) / hz).collect();
            let (found, off) = rate(&times).unwrap();
            assert!(off <= 1e-12 && (found / hz - 1.0).abs() < 1e-12, "{hz}: {found}, off by {off}");
        }
        assert_eq!(rate(&[0.0, 0.1, 0.3]), None);
        assert_eq!(rate(&[0.0, 0.1]), None);
        assert_eq!(rate(&[]), None);
    }
}
