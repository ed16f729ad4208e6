//! State traces: a variable of some neurons over time, one panel per table.

use super::axis::{self, Style, TimeAxis};
use super::figure::{Anchor, Figure, Mark, Panel};
use super::font;
use super::palette::{self, Ink, MUTED, TEXT};
use super::{PlotError, Traces};

/// Draws tables of traces under each other on one time axis.
///
/// # Errors
/// If a series has another length than its times, or the picture is too small.
pub fn traces(title: &str, tables: &[Traces], size: (u32, u32)) -> Result<Figure, PlotError> {
    let style = Style::of(size)?;
    for table in tables {
        if let Some((label, series)) = table.series.iter().find(|(_, s)| s.len() != table.times_ms.len()) {
            return Err(PlotError::Table(format!(
                "the trace `{label}` of {} has {} samples at {} times; expected as many",
                table.name,
                series.len(),
                table.times_ms.len()
            )));
        }
    }
    let times = || tables.iter().flat_map(|t| &t.times_ms).filter(|t| t.is_finite()).map(|t| t / 1e3);
    let (first, last) = (times().fold(f64::INFINITY, f64::min), times().fold(f64::NEG_INFINITY, f64::max));
    let time = if first < last { TimeAxis { start: first, stop: last } } else { TimeAxis { start: 0.0, stop: 1.0 } };

    let (mut figure, top) = style.figure(size, title);
    let left = (7.0 * style.em).round();
    let right = (f64::from(size.0) - 1.5 * style.em).round();
    let bottom = f64::from(size.1) - axis::x_room(style) - 0.5 * style.em;
    let (ticks, label) = time.ticks(axis::wanted(right - left, 6.0 * style.em));
    let xs: Vec<f64> = ticks.iter().map(|t| t.0).collect();
    let count = tables.len().max(1);
    let gap = 2.0 * style.em;
    let height = ((bottom - top - gap * (count as f64 - 1.0)) / count as f64).max(8.0);
    for index in 0..count {
        let y = top + index as f64 * (height + gap);
        let pixels = [left, y.round(), right, (y + height).round()];
        let mut panel = Panel { name: String::new(), pixels, x: (time.start, time.stop), y: (0.0, 1.0) };
        match tables.get(index).filter(|t| !t.times_ms.is_empty() && !t.series.is_empty()) {
            Some(table) => one(&mut figure, style, &mut panel, &xs, table),
            None => {
                let at = ((left + right) / 2.0, y + height / 2.0);
                figure.text(at, 1.2 * style.em, "no samples", MUTED, Anchor::Middle);
            }
        }
        axis::frame(&mut figure, style, &panel);
        axis::x_ticks(&mut figure, style, &panel, &ticks, index + 1 == count);
        if index + 1 == count {
            axis::x_label(&mut figure, style, &panel, &label);
        }
        figure.panels.push(panel);
    }
    Ok(figure)
}

fn one(figure: &mut Figure, style: Style, panel: &mut Panel, xs: &[f64], table: &Traces) {
    panel.name = table.name.clone();
    let level = table.level.iter().map(|(_, level)| *level);
    panel.y = axis::padded(table.series.iter().flat_map(|(_, s)| s.iter().copied()).chain(level));
    let [left, top, right, bottom] = panel.pixels;
    let rows = table.spikes_ms.iter().filter(|train| !train.is_empty()).count();
    let height = (0.8 * style.em).min(0.25 * (bottom - top) / rows.max(1) as f64);
    // The traces keep clear of the strokes of spikes above them.
    let clear = rows as f64 * height / (bottom - top);
    panel.y.1 += (panel.y.1 - panel.y.0) * clear / (1.0 - clear);
    let ticks = axis::labelled(panel.y.0, panel.y.1, axis::wanted(bottom - top, 3.0 * style.em));
    axis::grid(figure, style, panel, xs, &ticks.iter().map(|t| t.0).collect::<Vec<_>>());
    let times: Vec<f64> = table.times_ms.iter().map(|t| t / 1e3).collect();
    for (index, (_, series)) in table.series.iter().enumerate() {
        curve(figure, panel, &times, series, 1.3 * style.hair, palette::color(index));
    }
    if let Some((name, level)) = &table.level {
        let y = panel.py(*level);
        dashes(figure, (left, right), y, style);
        figure.text((right, y - 0.35 * style.em), style.small, name, MUTED, Anchor::End);
    }
    // Spikes stand as strokes above the traces, a line for each neuron.
    let mut y = top;
    for (index, train) in table.spikes_ms.iter().enumerate().filter(|(_, train)| !train.is_empty()) {
        let within = train.iter().map(|ms| ms / 1e3).filter(|t| *t >= panel.x.0 && *t <= panel.x.1);
        let at: Vec<(f64, f64)> = within.map(|t| (panel.px(t) - style.hair, y)).collect();
        figure.marks.push(Mark::Ticks { at, w: 2.0 * style.hair, h: 0.8 * height, ink: palette::color(index) });
        y += height;
    }
    legend(figure, style, panel, &table.series.iter().map(|(label, _)| label.as_str()).collect::<Vec<_>>());
    axis::y_ticks(figure, style, panel, &ticks);
    let label = if table.unit.is_empty() { table.name.clone() } else { format!("{} ({})", table.name, table.unit) };
    axis::y_label(figure, style, panel, 1.6 * style.em, &label, TEXT);
}

/// A dashed horizontal line.
pub(crate) fn dashes(figure: &mut Figure, (left, right): (f64, f64), y: f64, style: Style) {
    let mut x = left;
    while x < right {
        figure.rect(x, y - style.hair / 2.0, (0.5 * style.em).min(right - x), style.hair, MUTED);
        x += style.em;
    }
}

/// Labels in their colours above the panel, to the right; those that do not fit are counted.
pub(crate) fn legend(figure: &mut Figure, style: Style, panel: &Panel, labels: &[&str]) {
    let [left, top, right, _] = panel.pixels;
    let inks: Vec<Ink> = (0..labels.len()).map(palette::color).collect();
    legend_in(figure, style, [left + 6.0 * style.em, top - 0.5 * style.em, right], labels, &inks);
}

/// Labels beside strokes of these colours on one baseline, to the right; those that do not fit are counted.
pub(crate) fn legend_in(figure: &mut Figure, style: Style, [left, y, right]: [f64; 3], labels: &[&str], inks: &[Ink]) {
    let width = |text: &str| font::width(text, style.small, false) + 2.0 * style.em;
    let mut fit = 0;
    let mut used = 0.0;
    while fit < labels.len() && used + width(labels[fit]) < right - left {
        used += width(labels[fit]);
        fit += 1;
    }
    let more = if fit < labels.len() { format!("and {} more", labels.len() - fit) } else { String::new() };
    let mut x = right - used - font::width(&more, style.small, false);
    for (label, ink) in labels[..fit].iter().zip(inks) {
        figure.rect(x + 0.6 * style.em, y - 0.5 * style.small, 0.9 * style.em, 3.0 * style.hair, *ink);
        figure.text((x + 1.7 * style.em, y), style.small, *label, TEXT, Anchor::Start);
        x += width(label);
    }
    if !more.is_empty() {
        figure.text((right, y), style.small, more, MUTED, Anchor::End);
    }
}

/// A curve through samples, interrupted where they are not finite or far apart; per pixel column at
/// most its first, lowest, highest and last sample, which is all that can be seen.
pub(crate) fn curve(figure: &mut Figure, panel: &Panel, times: &[f64], values: &[f64], width: f64, ink: Ink) {
    let mut steps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).filter(|d| *d > 0.0).collect();
    let typical = if steps.is_empty() {
        f64::INFINITY
    } else {
        let middle = steps.len() / 2;
        *steps.select_nth_unstable_by(middle, f64::total_cmp).1
    };
    let mut run: Vec<(f64, f64)> = Vec::new();
    let mut last_time = f64::NEG_INFINITY;
    for (&time, &value) in times.iter().zip(values) {
        let point = (panel.px(time), panel.py(value));
        let broken = time - last_time > 8.0 * typical || !(point.0.is_finite() && point.1.is_finite());
        if broken && !run.is_empty() {
            figure.line(thin(&std::mem::take(&mut run)), width, ink);
        }
        if point.0.is_finite() && point.1.is_finite() {
            run.push(point);
            last_time = time;
        }
    }
    figure.line(thin(&run), width, ink);
}

fn thin(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut kept: Vec<(f64, f64)> = Vec::new();
    for column in points.chunk_by(|a, b| a.0.floor() == b.0.floor()) {
        let by_height = |a: &(usize, &(f64, f64)), b: &(usize, &(f64, f64))| a.1.1.total_cmp(&b.1.1);
        let low = column.iter().enumerate().min_by(by_height).map_or(0, |p| p.0);
        let high = column.iter().enumerate().max_by(by_height).map_or(0, |p| p.0);
        let mut chosen = [0, low.min(high), low.max(high), column.len() - 1].to_vec();
        chosen.dedup();
        kept.extend(chosen.into_iter().map(|i| column[i]));
    }
    kept
}
