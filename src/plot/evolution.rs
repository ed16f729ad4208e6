//! How weights change: their mean over time, with the band that holds the middle 80 %.

use plotters::prelude::{Circle, Color};

use super::axis::{TimeAxis, in_brackets, padded_from_zero};
use super::backend::fine;
use super::chart::Sheet;
use super::figure::Figure;
use super::scale::Axis;
use super::{PlotError, WeightSnapshots, palette};
use crate::analysis::percentile;

/// Mean and 10th and 90th percentile of the finite weights; `None` if there are none.
fn summary(weights: &[f64]) -> Option<[f64; 3]> {
    let mut sorted: Vec<f64> = weights.iter().copied().filter(|w| w.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
    Some([mean, percentile(&sorted, 0.1)?, percentile(&sorted, 0.9)?])
}

/// Draws the mean weight of each projection over time, in a band from the 10th to the 90th percentile.
///
/// All projections share one axis; if their units differ, the legend says each one's.
///
/// # Errors
/// If there are not as many snapshots as times, or the picture is too small.
pub fn weight_evolution(title: &str, tables: &[WeightSnapshots], size: (u32, u32)) -> Result<Figure, PlotError> {
    tables.iter().try_for_each(WeightSnapshots::check)?;
    let courses: Vec<Vec<(f64, [f64; 3])>> = tables
        .iter()
        .map(|t| t.times_ms.iter().zip(&t.weights).filter_map(|(ms, w)| Some((ms / 1e3, summary(w)?))).collect())
        .collect();
    let times = || courses.iter().flatten().map(|(time, _)| *time).filter(|time| time.is_finite());
    let (first, last) = (times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max));
    let time = match (first < last, first.is_finite()) {
        (true, _) => TimeAxis { start: first, stop: last },
        (false, true) => TimeAxis { start: first - 0.5, stop: first + 0.5 },
        _ => TimeAxis { start: 0.0, stop: 1.0 },
    };
    let caption = if times().next().is_some() { "line: mean; band: 10th to 90th percentile." } else { "" };
    let sheet = Sheet::new(title, caption, size)?;
    // An axis has one unit or none; where the projections' differ, the legend says each one's.
    let one_unit = tables.windows(2).all(|pair| pair[0].unit == pair[1].unit);
    let name = if let [table] = tables { format!("weight of {}", table.name) } else { "weight".into() };
    let unit = tables.first().filter(|_| one_unit).map_or("", |t| t.unit.as_str());
    let range = padded_from_zero(courses.iter().flatten().flat_map(|(_, numbers)| *numbers));
    let y = Axis::numbers(range, name + &in_brackets(unit));
    let em = sheet.style.em;
    let mut chart = sheet.chart_in(&sheet.area, "evolution", (Axis::time(time), y))?;
    for (index, course) in courses.iter().enumerate() {
        let ink = palette::color(index);
        let [mean, low, high] = [0, 1, 2].map(|n| course.iter().map(|(t, w)| (*t, w[n])).collect::<Vec<_>>());
        if let ([at], [low], [high]) = (&mean[..], &low[..], &high[..]) {
            // A single snapshot: a dot with a bar.
            chart.line(&[*low, *high], 1.5, ink)?;
            chart.plot.draw_series([Circle::new(*at, fine(0.3 * em), ink.filled())])?;
        } else {
            chart.band(&low, &high, ink.fade(0.2))?;
            chart.line(&mean, 2.0, ink)?;
        }
    }
    if times().next().is_none() {
        chart.say("no weights")?;
    }
    if tables.len() > 1 {
        let names: Vec<String> =
            tables.iter().map(|t| t.name.clone() + &in_brackets(if one_unit { "" } else { &t.unit })).collect();
        chart
            .legend(&names.iter().enumerate().map(|(i, n)| (n.as_str(), palette::color(i))).collect::<Vec<_>>(), 0.0)?;
    }
    Ok(sheet.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_the_tenth_and_ninetieth_percentile_and_nan_is_left_out() {
        let weights: Vec<f64> = (0..=10).map(f64::from).chain([f64::NAN]).collect();
        assert_eq!(summary(&weights), Some([5.0, 1.0, 9.0]));
        assert_eq!(summary(&[f64::NAN]), None);
    }
}
