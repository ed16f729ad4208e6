//! How all pictures use plotters: a sheet with a title and a caption, and charts on it.

use std::cell::RefCell;
use std::rc::Rc;

use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::Shift;
use plotters::prelude::{
    Cartesian2d, Circle, Color, DashedLineSeries, DrawingArea, FontDesc, FontFamily, FontStyle, FontTransform,
    LineSeries, PathElement, Polygon, Rectangle, Text, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::PlotError;
use super::backend::{FINE, fine, pixels};
use super::elements::Image;
use super::figure::{Figure, Panel};
use super::font;
use super::names;
use super::palette::{FRAME, GRID, Ink, MUTED, TEXT};
use super::scale::{Axis, Scale};

/// A part of the picture.
pub(crate) type Area = DrawingArea<Figure, Shift>;

/// Sizes that follow from that of the picture \[pixels\].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    /// Em of axis labels and names.
    pub em: f64,
    /// Em of tick labels and captions.
    pub small: f64,
    /// A thin line.
    pub hair: f64,
    /// The most that names on the left of a chart may take.
    names: f64,
}

impl Style {
    /// # Errors
    /// If the picture is too small to hold labels, or too large for memory.
    pub fn of((width, height): (u32, u32)) -> Result<Style, PlotError> {
        if !(240..=20_000).contains(&width) || !(160..=20_000).contains(&height) {
            return Err(PlotError::Size(width, height));
        }
        let em = (f64::from(width).min(1.5 * f64::from(height)) / 64.0).clamp(9.0, 120.0).round();
        Ok(Style { em, small: (0.85 * em).round(), hair: (em / 18.0).round().max(1.0), names: 0.3 * f64::from(width) })
    }

    /// The embedded font in a size \[pixels\] and colour, held at its baseline's left end or as `pos` says.
    pub fn font(&self, size: f64, ink: Ink, (h, v): (HPos, VPos)) -> TextStyle<'static> {
        FontDesc::new(FontFamily::SansSerif, FINE * size, FontStyle::Normal).color(&ink).pos(Pos::new(h, v))
    }

    /// The same in bold.
    pub fn bold(&self, size: f64, ink: Ink, (h, v): (HPos, VPos)) -> TextStyle<'static> {
        FontDesc::new(FontFamily::SansSerif, FINE * size, FontStyle::Bold).color(&ink).pos(Pos::new(h, v))
    }

    /// Room below a chart for the labels of its ticks and of its axis \[pixels\].
    pub fn x_room(&self) -> f64 {
        2.1 * self.em + self.small
    }

    /// Left, top, right and bottom of what title and caption leave of a picture.
    pub fn room(&self, (width, height): (u32, u32), title: &str, caption: &str) -> [f64; 4] {
        let lines = self.lines(width, caption).len() as f64;
        let below = if lines == 0.0 { 0.5 * self.em } else { 1.2 * self.em + lines * 1.35 * self.small };
        let top = if title.is_empty() { self.em } else { 2.7 * self.em };
        [0.65 * self.em, top, f64::from(width) - 1.5 * self.em, f64::from(height) - below]
    }

    /// A caption in lines that fit the picture.
    fn lines(&self, width: u32, caption: &str) -> Vec<String> {
        let room = f64::from(width) - 2.0 * self.em;
        let mut lines: Vec<String> = Vec::new();
        for word in caption.split(' ').filter(|word| !word.is_empty()) {
            match lines.last_mut() {
                Some(line) if font::width(&format!("{line} {word}"), self.small, false) <= room => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(font::fit(word, self.small, room)),
            }
        }
        lines
    }

    /// Room that the labels of an upright axis of this height need on its left \[pixels\].
    pub fn left_room(&self, axis: &Axis, height: f64) -> f64 {
        let Style { em, small, .. } = *self;
        let ticks = axis.places(height, em, 3.0);
        let most = if axis.is_named() { self.names } else { 12.0 * em };
        let widest = ticks.iter().map(|t| font::width(&t.1, small, false)).fold(0.0, f64::max).min(most);
        (widest + self.beside_ticks(axis, height)).round()
    }

    /// What of the room on the left of an upright axis is not for the labels of its ticks \[pixels\].
    fn beside_ticks(&self, axis: &Axis, height: f64) -> f64 {
        let (lines, size) = self.broken(&axis.label, height);
        0.9 * self.em + 1.25 * size * lines.len() as f64
    }

    /// An upright label for a chart of this height \[pixels\], and its size: in two lines where one is too long, then smaller, then
    /// shortened, so that its unit can be read.
    fn broken(&self, label: &str, height: f64) -> (Vec<String>, f64) {
        let em = self.em;
        let room = height + SPILL * em;
        let width = |text: &str| font::width(text, em, false);
        if label.is_empty() {
            return (Vec::new(), em);
        }
        let halves = label.match_indices(' ').map(|(at, _)| (&label[..at], &label[at + 1..]));
        let longer = |(a, b): &(&str, &str)| width(a).max(width(b));
        let halved = halves.min_by(|a, b| longer(a).total_cmp(&longer(b))).filter(|_| width(label) > room);
        let lines = halved.map_or(vec![label], |(a, b)| vec![a, b]);
        let longest = lines.iter().map(|line| width(line)).fold(1.0, f64::max);
        let size = em * (room / longest).clamp(0.8, 1.0);
        (lines.into_iter().map(|line| font::fit_label(line, size, room)).collect(), size)
    }
}

/// A picture that is being drawn.
pub(crate) struct Sheet {
    figure: Rc<RefCell<Figure>>,
    root: Area,
    /// What title and caption leave.
    pub area: Area,
    /// Sizes of what stands on it.
    pub style: Style,
}

impl Sheet {
    /// A sheet with its title and caption.
    ///
    /// # Errors
    /// If it is too small to hold labels, or too large for memory.
    pub fn new(title: &str, caption: &str, size: (u32, u32)) -> Result<Sheet, PlotError> {
        let style = Style::of(size)?;
        let (width, height) = size;
        let (title, caption) = (title.to_string(), caption.to_string());
        let [left, top, right, bottom] = style.room(size, &title, &caption);
        let lines = style.lines(width, &caption);
        let fitted = font::fit_bold(&title, 1.15 * style.em, f64::from(width) - 3.0 * style.em);
        let figure = Rc::new(RefCell::new(Figure { width, height, title, caption, ..Figure::default() }));
        let root = Area::from(&figure);
        let area = root.clone().shrink((fine(left), fine(top)), (fine(right - left), fine(bottom - top)));
        let sheet = Sheet { figure, root, area, style };
        let em = style.em;
        sheet.write((em, 0.65 * em), &fitted, &style.bold(1.15 * em, TEXT, (HPos::Left, VPos::Top)))?;
        for (i, line) in lines.iter().rev().enumerate() {
            let y = f64::from(height) - 0.6 * em - i as f64 * 1.35 * style.small;
            sheet.write((em, y), line, &style.font(style.small, MUTED, (HPos::Left, VPos::Bottom)))?;
        }
        Ok(sheet)
    }

    /// The finished picture.
    pub fn finish(&self) -> Figure {
        self.figure.take()
    }

    /// A text at a place \[pixels\].
    pub fn write(&self, (x, y): (f64, f64), text: &str, style: &TextStyle) -> Result<(), PlotError> {
        Ok(self.root.draw(&Text::new(text, (fine(x), fine(y)), style.clone()))?)
    }

    /// A filled rectangle \[pixels\].
    pub fn fill(&self, [left, top, right, bottom]: [f64; 4], ink: Ink) -> Result<(), PlotError> {
        let corners = [(fine(left), fine(top)), (fine(right), fine(bottom))];
        Ok(self.root.draw(&Rectangle::new(corners, ink.filled()))?)
    }

    /// A line of this width anywhere \[pixels\].
    pub fn line(&self, from: (f64, f64), to: (f64, f64), width: f64, ink: Ink) -> Result<(), PlotError> {
        let ends = [from, to].map(|(x, y)| (fine(x), fine(y)));
        Ok(self.root.draw(&PathElement::new(ends, ink.stroke_width(fine(width) as u32)))?)
    }

    /// Pixels with their left upper corner anywhere.
    pub fn paint(&self, image: &Image<(i32, i32)>) -> Result<(), PlotError> {
        Ok(self.root.draw(image)?)
    }

    /// Left, top, right and bottom of a chart in an area, with so much room on the left, above and below \[pixels\].
    pub fn edges(&self, area: &Area, [left, above, below]: [f64; 3]) -> [f64; 4] {
        let (x, y) = area.get_pixel_range();
        [pixels(x.start) + left, pixels(y.start) + above, pixels(x.end), pixels(y.end) - below].map(f64::round)
    }

    /// A chart that fills an area, with what its labels need on the left and below, and a line above it for a legend.
    pub fn chart_in(&self, area: &Area, name: &str, (x, y): (Axis, Axis)) -> Result<Chart<'_>, PlotError> {
        let [left, top, right, bottom] = self.edges(area, [0.0, 1.2 * self.style.em, self.style.x_room()]);
        let beside = self.style.left_room(&y, bottom - top);
        self.chart(name, [left + beside, top, right, bottom], beside, (x, y))
    }

    /// A chart whose plotting area has these edges (left, top, right, bottom; whole pixels), with `left` pixels beside it for
    /// labels. What is drawn first lies lowest: the grid.
    pub fn chart(&self, name: &str, pixels: [f64; 4], left: f64, (x, y): (Axis, Axis)) -> Result<Chart<'_>, PlotError> {
        let Style { em, small, hair, .. } = self.style;
        let [from, top, right, bottom] = pixels.map(f64::round);
        let (width, height) = self.root.dim_in_pixel();
        let [width, height] = [width, height].map(|fine| f64::from(fine) / FINE);
        // A picture may be too small for all that should stand on it.
        let (right, bottom) = (right.max(from + 8.0), bottom.max(top + 8.0));
        let pixels = [from, top, right, bottom];
        let panel = Panel { name: name.into(), pixels, x: x.range, log_x: x.is_logarithmic(), y: y.range };
        let columns = self.columns(&x, x.places(right - from, em, 6.0), &panel, width);
        let mut rows = y.places(bottom - top, em, 3.0);
        if y.is_named() {
            // Half a pixel was rounded away.
            let room = left - self.style.beside_ticks(&y, bottom - top) + 0.5;
            let whole: Vec<&str> = rows.iter().map(|row| row.1.as_str()).collect();
            let shown = names::told_apart(&whole, |text| font::width(text, small, false) <= room);
            rows.iter_mut().zip(shown).for_each(|((_, name), shown)| *name = shown);
        }
        let rows = self.apart(&y, rows, (0.1 * small, height), |value, _| {
            (panel.py(value) - 0.5 * small, panel.py(value) + 0.5 * small)
        });
        let below = if x.label.is_empty() { 0.6 * em + small } else { self.style.x_room() };
        let area = self
            .root
            .clone()
            .shrink((fine(from - left), fine(top)), (fine(right - from + left), fine(bottom - top + below)));
        let mut plot = ChartBuilder::on(&area)
            .x_label_area_size(fine(below))
            .y_label_area_size(fine(left))
            .build_cartesian_2d(x.scale(columns), y.scale(rows))?;
        // plotters sets the labels of both axes in one size.
        let (lines, size) = self.style.broken(&y.label, bottom - top);
        let mut lines = lines.iter();
        let hairs = (hair * FINE) as u32;
        let middle = (HPos::Center, VPos::Top);
        let mut mesh = plot.configure_mesh();
        mesh.bold_line_style(GRID.stroke_width(hairs))
            .axis_style(FRAME.stroke_width(hairs))
            .label_style(self.style.font(small, MUTED, middle))
            .axis_desc_style(self.style.font(size, TEXT, middle))
            .x_desc(font::fit(&x.label, size, right - from + 2.0 * (2.0 * em).min(width - right)))
            .y_desc(lines.next().map_or("", String::as_str))
            .set_all_tick_mark_size(fine(0.22 * em));
        if !x.grid {
            mesh.disable_x_mesh();
        }
        if !y.grid {
            mesh.disable_y_mesh();
        }
        mesh.draw()?;
        // plotters' labels have one line.
        let upward = self.style.font(size, TEXT, middle).transform(FontTransform::Rotate270);
        for (line, label) in lines.enumerate() {
            let x = from - left + 1.25 * size * (line + 1) as f64;
            self.write((x, (top + bottom) / 2.0), label, &upward)?;
        }
        self.figure.borrow_mut().panels.push(panel.clone());
        Ok(Chart { sheet: self, panel, plot })
    }

    /// The ticks on a level axis. Of names that would lie on each other, the longer are shortened.
    fn columns(&self, axis: &Axis, ticks: Vec<(f64, String)>, panel: &Panel, width: f64) -> Vec<(f64, String)> {
        let Style { em, small, .. } = self.style;
        let gap = 0.5 * small;
        let half = |label: &str| font::width(label, small, false) / 2.0;
        let short = |(k, (value, name)): (usize, &(f64, String))| {
            let at = panel.px(*value);
            let edges = at.min(width - at);
            let neighbours = [k.checked_sub(1), k.checked_add(1)].into_iter().flatten().filter_map(|k| ticks.get(k));
            // A neighbour has its half of the way, if it needs that.
            let free = neighbours.map(|(value, name)| {
                let away = (panel.px(*value) - at).abs();
                away - gap - half(name).min(away / 2.0)
            });
            let room = 2.0 * free.fold(edges, f64::min);
            // A part of a number would be another one.
            let cut = room >= 2.0 * em && name.parse::<f64>().is_err();
            (*value, if cut { font::fit_name(name, small, room) } else { name.clone() })
        };
        let ticks = if axis.is_named() { ticks.iter().enumerate().map(short).collect() } else { ticks };
        self.apart(axis, ticks, (gap, width), |value, label| {
            (panel.px(value) - half(label), panel.px(value) + half(label))
        })
    }

    /// The ticks on an axis. plotters writes all labels; here none comes nearer than `gap` to one before it, or is cut by the
    /// picture's edge at 0 or `end`. `span` is what a label covers along its axis.
    fn apart(
        &self,
        axis: &Axis,
        ticks: Vec<(f64, String)>,
        (gap, end): (f64, f64),
        span: impl Fn(f64, &str) -> (f64, f64),
    ) -> Vec<(f64, String)> {
        let mut taken: Vec<(f64, f64)> = Vec::new();
        let (low, high) = (axis.range.0.min(axis.range.1), axis.range.0.max(axis.range.1));
        let rounding = 1e-9 * (high - low);
        let one = |(value, label): (f64, String)| {
            let (from, to) = span(value, &label);
            let free = taken.iter().all(|(a, b)| to + gap <= *a || from >= b + gap);
            if axis.written && free && from >= 0.0 && to <= end {
                taken.push((from, to));
                (value, label)
            } else {
                (value, String::new())
            }
        };
        ticks.into_iter().filter(|t| t.0 >= low - rounding && t.0 <= high + rounding).map(one).collect()
    }
}

/// By how many ems an upright label may be longer than its chart is high.
const SPILL: f64 = 0.6;

/// A chart: its grid and axes are drawn, its data are not.
pub(crate) struct Chart<'a> {
    sheet: &'a Sheet,
    /// Where its data lie.
    pub panel: Panel,
    /// plotters' chart, for series and elements.
    pub plot: ChartContext<'a, Figure, Cartesian2d<Scale, Scale>>,
}

impl Chart<'_> {
    /// The style of a line of so many hairs.
    pub fn stroke(&self, hairs: f64, ink: Ink) -> plotters::style::ShapeStyle {
        ink.stroke_width(fine(hairs * self.sheet.style.hair) as u32)
    }

    /// A line of so many hairs through points, interrupted where one is not finite.
    pub fn line(&mut self, points: &[(f64, f64)], hairs: f64, ink: Ink) -> Result<(), PlotError> {
        let style = self.stroke(hairs, ink);
        for run in points.split(|p| !(p.0.is_finite() && p.1.is_finite())).filter(|run| run.len() > 1) {
            self.plot.draw_series(LineSeries::new(run.iter().copied(), style))?;
        }
        Ok(())
    }

    /// A dot of a radius of so many hairs.
    pub fn dot(&mut self, at: (f64, f64), hairs: f64, ink: Ink) -> Result<(), PlotError> {
        let radius = fine(hairs * self.sheet.style.hair);
        self.plot.draw_series([Circle::new(at, radius, ink.filled())])?;
        Ok(())
    }

    /// The area between two curves over the same places.
    pub fn band(&mut self, upper: &[(f64, f64)], lower: &[(f64, f64)], ink: Ink) -> Result<(), PlotError> {
        let known: Vec<usize> = (0..upper.len().min(lower.len())).collect();
        for run in known.split(|&i| upper[i].1.is_nan() || lower[i].1.is_nan()).filter(|run| run.len() > 1) {
            let span = run[0]..run[0] + run.len();
            let corners: Vec<(f64, f64)> =
                upper[span.clone()].iter().chain(lower[span].iter().rev()).copied().collect();
            self.plot.plotting_area().draw(&Polygon::new(corners, ink))?;
        }
        Ok(())
    }

    /// A dashed level line.
    pub fn level(&mut self, y: f64) -> Result<(), PlotError> {
        let (from, to) = self.panel.x;
        let (dash, style) = (fine(0.5 * self.sheet.style.em), self.stroke(1.0, MUTED));
        self.plot.draw_series(DashedLineSeries::new([(from, y), (to, y)], dash, dash, style))?;
        Ok(())
    }

    /// An upright or level line across the chart, from one place to another.
    pub fn rule(&mut self, from: (f64, f64), to: (f64, f64), ink: Ink) -> Result<(), PlotError> {
        let style = self.stroke(1.0, ink);
        self.plot.draw_series(LineSeries::new([from, to], style))?;
        Ok(())
    }

    /// Fills it pixel by pixel; `color` takes shares of its width and height, from its left upper corner.
    pub fn fill(&self, color: impl Fn(f64, f64) -> [u8; 4]) -> Result<(), PlotError> {
        let [left, top, right, bottom] = self.panel.pixels;
        let (width, height) = ((right - left) as u32, (bottom - top) as u32);
        let share = |at: u32, of: u32| (f64::from(at) + 0.5) / f64::from(of);
        let rgba = (0..width * height).map(|k| color(share(k % width, width), share(k / width, height))).collect();
        self.image(width, rgba)
    }

    /// Fills it with pixels, row by row from the top.
    pub fn image(&self, width: u32, rgba: Vec<[u8; 4]>) -> Result<(), PlotError> {
        let corner = (self.panel.x.0, self.panel.y.1);
        Ok(self.plot.plotting_area().draw(&Image { corner, width, rgba })?)
    }

    /// A word in its middle: why there is nothing.
    pub fn say(&self, text: &str) -> Result<(), PlotError> {
        let [left, top, right, bottom] = self.panel.pixels;
        let size = 1.2 * self.sheet.style.em;
        let text = font::fit(text, size, right - left);
        let style = self.sheet.style.font(size, MUTED, (HPos::Center, VPos::Center));
        self.sheet.write(((left + right) / 2.0, (top + bottom) / 2.0), &text, &style)
    }

    /// Its name, above it on the left.
    pub fn name(&self, text: &str, bold: Option<Ink>) -> Result<(), PlotError> {
        let Style { em, small, .. } = self.sheet.style;
        let [left, top, right, _] = self.panel.pixels;
        let pos = (HPos::Left, VPos::Bottom);
        let (style, text) = match bold {
            Some(ink) => (self.sheet.style.bold(em, ink, pos), font::fit_bold(text, em, right - left)),
            None => (self.sheet.style.font(small, MUTED, pos), font::fit(text, small, right - left)),
        };
        self.sheet.write((left, top - 0.2 * em), &text, &style)
    }

    /// Labels beside strokes of their colours above the chart, to the right of `after` ems.
    pub fn legend(&self, labels: &[(&str, Ink)], after: f64) -> Result<(), PlotError> {
        let [left, top, right, _] = self.panel.pixels;
        let em = self.sheet.style.em;
        self.sheet.legend([left + after * em, top - 0.5 * em, right], "", labels)
    }
}

impl Sheet {
    /// Labels beside strokes of their colours on one baseline, to the right, with what they are values of before them, if that has a name.
    /// Where there is too little room they are shortened, and only those that do not fit even so are counted. plotters' own legend is a box on the
    /// data.
    pub fn legend(&self, [left, y, right]: [f64; 3], of: &str, labels: &[(&str, Ink)]) -> Result<(), PlotError> {
        let Style { em, small, hair, .. } = self.style;
        let room = right - left;
        let width = |text: &str| font::width(text, small, false) + 2.0 * em;
        let of = if of.is_empty() { String::new() } else { font::fit(&format!("{of}:"), small, 0.4 * room) };
        let head = if of.is_empty() { 0.0 } else { font::width(&of, small, false) + 0.4 * em };
        let shown = fitting(labels, small, room - head - 2.0 * em * labels.len() as f64);
        let counted =
            |from: usize| if from < labels.len() { format!("and {} more", labels.len() - from) } else { String::new() };
        let wide = |fit: usize| {
            head + shown[..fit].iter().map(|name| width(name)).sum::<f64>() + font::width(&counted(fit), small, false)
        };
        let Some(fit) = (0..=labels.len()).rev().find(|fit| wide(*fit) <= room) else {
            return Ok(());
        };
        let mut x = right - wide(fit);
        let bottom = y + font::DESCENT * small;
        if !of.is_empty() {
            self.write((x, bottom), &of, &self.style.font(small, MUTED, (HPos::Left, VPos::Bottom)))?;
            x += head;
        }
        for (label, (_, ink)) in shown[..fit].iter().zip(labels) {
            let swatch = y - 0.5 * small;
            self.fill([x + 0.6 * em, swatch, x + 1.5 * em, swatch + 3.0 * hair], *ink)?;
            let style = self.style.font(small, TEXT, (HPos::Left, VPos::Bottom));
            self.write((x + 1.7 * em, bottom), label, &style)?;
            x += width(label);
        }
        let style = self.style.font(small, MUTED, (HPos::Right, VPos::Bottom));
        self.write((right, bottom), &counted(fit), &style)
    }
}

/// The labels, the longest of them shortened until all together are no wider than `room`, but not below what can be read \[pixels\].
fn fitting(labels: &[(&str, Ink)], size: f64, room: f64) -> Vec<String> {
    let whole: Vec<&str> = labels.iter().map(|label| label.0).collect();
    let width = |text: &str| font::width(text, size, false);
    let fits = |names: &[String]| names.iter().map(|name| width(name)).sum::<f64>() <= room;
    let names: Vec<String> = whole.iter().map(|name| name.to_string()).collect();
    if fits(&names) {
        return names;
    }
    let longest = whole.iter().map(|name| width(name)).fold(0.0, f64::max);
    let limits = (0..32).map(|step| longest * 0.9f64.powi(step)).take_while(|limit| *limit >= 3.0 * size);
    let shortened = limits.map(|limit| names::told_apart(&whole, |text| width(text) <= limit));
    let usable = |names: &[String]| names.iter().all(|name| !name.is_empty());
    shortened.filter(|names| usable(names)).find(|names| fits(names)).unwrap_or(names)
}
