//! How weights change: their mean over time, with the band that holds the middle 80 %.

use super::axis::{self, Style, TimeAxis};
use super::figure::{Anchor, Figure, Mark, Panel};
use super::palette::{self, MUTED, TEXT};
use super::{PlotError, WeightSnapshots};
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
    let style = Style::of(size)?;
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
    let (mut figure, top) = style.figure(size, title);
    figure.caption = if times().next().is_some() { "line: mean; band: 10th to 90th percentile." } else { "" }.into();
    let lines = style.caption_lines(size.0, &figure.caption);
    let left = (6.5 * style.em).round();
    let right = (f64::from(size.0) - 2.0 * style.em).round();
    let bottom = (f64::from(size.1) - axis::x_room(style) - style.caption_height(lines.len())).round();
    let pixels = [left, (top + 1.2 * style.em).round(), right, bottom];
    let y = axis::padded_from_zero(courses.iter().flatten().flat_map(|(_, numbers)| *numbers));
    let panel = Panel { name: "evolution".into(), pixels, x: (time.start, time.stop), y };
    let (xs, x_label) = time.ticks(axis::wanted(right - left, 6.0 * style.em));
    let ys = axis::labelled(y.0, y.1, axis::wanted(bottom - pixels[1], 3.0 * style.em));
    let places = |ticks: &[(f64, String)]| ticks.iter().map(|t| t.0).collect::<Vec<_>>();
    axis::grid(&mut figure, style, &panel, &places(&xs), &places(&ys));
    for (index, course) in courses.iter().enumerate() {
        let ink = palette::color(index);
        let line = |n: usize| course.iter().map(move |(time, numbers)| (*time, numbers[n]));
        let pixel = |(time, weight): (f64, f64)| (panel.px(time), panel.py(weight));
        if let [(at, [mean, low, high])] = course[..] {
            // A single snapshot: a dot with a bar.
            let (x, half) = (panel.px(at), 0.3 * style.em);
            figure.line(vec![pixel((at, low)), pixel((at, high))], 1.5 * style.hair, ink);
            figure.rect(x - half, panel.py(mean) - half, 2.0 * half, 2.0 * half, ink);
            continue;
        }
        if course.len() > 1 {
            let points = line(1).chain(line(2).collect::<Vec<_>>().into_iter().rev()).map(pixel).collect();
            figure.marks.push(Mark::Area { points, ink: ink.fade(0.2) });
        }
        figure.line(line(0).map(pixel).collect(), 2.0 * style.hair, ink);
    }
    if times().next().is_none() {
        let middle = ((left + right) / 2.0, (pixels[1] + bottom) / 2.0);
        figure.text(middle, 1.2 * style.em, "no weights", MUTED, Anchor::Middle);
    }
    // An axis has one unit or none; where the projections' differ, the legend says each one's.
    let one_unit = tables.windows(2).all(|pair| pair[0].unit == pair[1].unit);
    if tables.len() > 1 {
        let names: Vec<String> =
            tables.iter().map(|t| t.name.clone() + &axis::in_brackets(if one_unit { "" } else { &t.unit })).collect();
        super::traces::legend(&mut figure, style, &panel, &names.iter().map(String::as_str).collect::<Vec<_>>());
    }
    axis::frame(&mut figure, style, &panel);
    axis::x_ticks(&mut figure, style, &panel, &xs, true);
    axis::y_ticks(&mut figure, style, &panel, &ys);
    axis::x_label(&mut figure, style, &panel, &x_label);
    let name = if let [table] = tables { format!("weight of {}", table.name) } else { "weight".into() };
    let unit = tables.first().filter(|_| one_unit).map_or("", |t| t.unit.as_str());
    let label = name + &axis::in_brackets(unit);
    axis::y_label(&mut figure, style, &panel, 1.6 * style.em, &label, TEXT);
    style.caption(&mut figure, &lines);
    figure.panels.push(panel);
    Ok(figure)
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
