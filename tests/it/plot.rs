//! Pictures, read back: pixels of the PNG, text of the SVG, characters of the terminal.

use memspike::plot::{
    DENSE, Figure, Format, Group, Mark, PlotError, RasterData, RasterOptions, TerminalOptions, WeightSnapshots, color,
    encode, isi_histogram, raster, raster_text, weight_evolution,
};
use memspike::spikes::SpikeTable;

const SIZE: (u32, u32) = (420, 300);

/// A decoded picture.
struct Image {
    width: u32,
    rgb: Vec<u8>,
}

impl Image {
    fn of(png: &[u8]) -> Image {
        let mut reader = png::Decoder::new(png).read_info().unwrap();
        let mut rgb = vec![0; reader.output_buffer_size()];
        let info = reader.next_frame(&mut rgb).unwrap();
        assert_eq!((info.width, info.height), SIZE);
        assert_eq!((info.color_type, info.bit_depth), (png::ColorType::Rgb, png::BitDepth::Eight));
        Image { width: info.width, rgb }
    }

    fn pixel(&self, x: f64, y: f64) -> [u8; 3] {
        let at = 3 * (y.floor() as usize * self.width as usize + x.floor() as usize);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// Whether a pixel within one column of this place has the colour.
    fn has(&self, (x, y): (f64, f64), rgb: [u8; 3]) -> bool {
        [-1.0, 0.0, 1.0].iter().any(|dx| self.pixel(x + dx, y) == rgb)
    }

    /// How many pixels have the colour.
    fn count(&self, rgb: [u8; 3]) -> usize {
        self.rgb.chunks_exact(3).filter(|pixel| **pixel == rgb).count()
    }
}

fn table(trains: &[Vec<f64>]) -> SpikeTable {
    SpikeTable::from_units((0..trains.len() as i64).collect(), trains).unwrap()
}

fn data<'a>(spikes: &'a SpikeTable, groups: &'a [Group]) -> RasterData<'a> {
    RasterData { title: "", spikes, groups, signals: &[], intervals: None, observed: &[] }
}

/// Only the raster, from 0 to 1 s.
fn plain() -> RasterOptions {
    RasterOptions { start: Some(0.0), stop: Some(1.0), rates: false, size: SIZE, ..RasterOptions::default() }
}

fn png(figure: &Figure) -> Image {
    Image::of(&encode(figure, Format::Png).unwrap())
}

/// The middle of the row of a unit at a time, in pixels.
fn place(figure: &Figure, time: f64, row: f64) -> (f64, f64) {
    let panel = figure.panel("raster").unwrap();
    (panel.px(time), panel.py(row + 0.5))
}

#[test]
fn a_spike_lights_its_pixels_and_moving_it_moves_them() {
    let ink = color(0).rgb;
    for (time, row) in [(0.25, 0), (0.75, 0), (0.25, 3), (0.75, 3)] {
        let mut trains = vec![vec![]; 4];
        trains[row].push(time);
        let figure = raster(&data(&table(&trains), &[]), &plain()).unwrap();
        let image = png(&figure);
        for other_time in [0.25, 0.75] {
            for other_row in 0..4 {
                let lit = image.has(place(&figure, other_time, other_row as f64), ink);
                assert_eq!(
                    lit,
                    (other_time, other_row) == (time, row),
                    "spike at {time} of {row}: {other_time} {other_row}"
                );
            }
        }
    }
}

#[test]
fn two_populations_have_two_colours_each_in_its_own_rows() {
    let spikes = table(&[vec![0.3], vec![0.6]]);
    let groups = [Group::new("E", 0, 1), Group::new("I", 1, 1)];
    let figure = raster(&data(&spikes, &groups), &plain()).unwrap();
    let image = png(&figure);
    let (first, second) = (color(0).rgb, color(1).rgb);
    assert_ne!(first, second);
    assert!(image.has(place(&figure, 0.3, 0.0), first) && !image.has(place(&figure, 0.3, 0.0), second));
    assert!(image.has(place(&figure, 0.6, 1.0), second) && !image.has(place(&figure, 0.6, 1.0), first));
    assert!(figure.panel("raster").unwrap().py(0.5) < figure.panel("raster").unwrap().py(1.5), "E is above I");
}

#[test]
fn the_same_table_twice_gives_the_same_bytes_and_another_one_others() {
    let bytes = |time: f64, format: Format| {
        let spikes = table(&[vec![0.1, time], vec![0.5]]);
        encode(&raster(&data(&spikes, &[]), &plain()).unwrap(), format).unwrap()
    };
    for format in [Format::Png, Format::Svg] {
        assert_eq!(bytes(0.9, format), bytes(0.9, format), "{format:?}");
        assert_ne!(bytes(0.9, format), bytes(0.8, format), "{format:?}");
    }
}

#[test]
fn tables_without_spikes_or_units_give_a_picture_that_says_so() {
    for spikes in [SpikeTable::default(), table(&[vec![], vec![]])] {
        for rates in [false, true] {
            let options = RasterOptions { rates, start: None, stop: None, ..plain() };
            let figure = raster(&data(&spikes, &[]), &options).unwrap();
            assert!(figure.texts().any(|t| t.starts_with("no spikes between 0 and 1000 ms")), "{spikes:?}");
            assert!(figure.caption.starts_with("0 spikes of "), "{}", figure.caption);
            let image = png(&figure);
            assert!(image.count([255; 3]) > 10_000 && image.count([255; 3]) < (SIZE.0 * SIZE.1) as usize);
        }
    }
}

#[test]
fn a_single_spike_is_seen_within_a_window_around_it() {
    for time in [-3.0, 0.0, 0.2, 7.0, 1e6] {
        let spikes = table(&[vec![time]]);
        let options = RasterOptions { start: None, stop: None, ..plain() };
        let figure = raster(&data(&spikes, &[]), &options).unwrap();
        let window = figure.panel("raster").unwrap().x;
        assert!(window.0 <= time && time < window.1, "{time} in {window:?}");
        let (x, y) = place(&figure, time, 0.0);
        assert!([0.0, 2.0].iter().any(|dx| png(&figure).has((x + dx, y), color(0).rgb)), "{time}");
        assert!(figure.caption.starts_with("1 spike of 1 unit"), "{}", figure.caption);
    }
}

#[test]
fn numbers_of_rates_have_room_beside_them() {
    let spikes = table(&[vec![0.1, 0.5]]);
    let left = |bin: f64| {
        let options = RasterOptions { rates: true, bin: Some(bin), ..plain() };
        let figure = raster(&data(&spikes, &[]), &options).unwrap();
        let [raster, rate] = ["raster", "rate"].map(|name| figure.panel(name).unwrap().pixels[0]);
        assert_eq!(raster, rate, "they have one time axis");
        rate
    };
    assert!(left(1e-6) > left(0.1), "up to 1000000 Hz, and up to 10 Hz");
}

#[test]
fn an_empty_or_reversed_window_is_an_error_in_every_raster() {
    let spikes = table(&[vec![0.5]]);
    for (start, stop) in [(0.5, 0.5), (0.6, 0.5), (f64::NAN, 1.0), (0.0, f64::INFINITY)] {
        let options = RasterOptions { start: Some(start), stop: Some(stop), ..plain() };
        let error = raster(&data(&spikes, &[]), &options).unwrap_err();
        assert!(matches!(error, PlotError::Window { .. }), "{error}");
        assert!(raster_text(&data(&spikes, &[]), &options, &terminal(40, 2)).is_err());
    }
}

#[test]
fn a_rate_bin_wider_than_the_window_is_an_error() {
    let spikes = table(&[vec![0.5]]);
    let options = RasterOptions { rates: true, bin: Some(1.5), ..plain() };
    let error = raster(&data(&spikes, &[]), &options).unwrap_err().to_string();
    assert!(error.contains("1.5 s is longer than the window of 1 s"), "{error}");
    assert!(raster(&data(&spikes, &[]), &RasterOptions { bin: Some(1.0), ..options }).is_ok());
}

#[test]
fn beyond_fifty_thousand_spikes_density_is_drawn_and_the_caption_says_so() {
    assert_eq!(DENSE, 50_000);
    let draw = |count: usize| {
        // All in the first half of unit 1.
        let train = (0..count).map(|i| 0.5 * i as f64 / count as f64).collect();
        raster(&data(&table(&[vec![], train]), &[]), &plain()).unwrap()
    };
    let dense = |figure: &Figure| figure.marks.iter().any(|m| matches!(m, Mark::Pixels { .. }));
    let (few, many) = (draw(DENSE), draw(DENSE + 1));
    assert!(!dense(&few) && !few.caption.contains("binned"), "{}", few.caption);
    assert!(dense(&many) && many.caption.contains("binned at the picture's pixels"), "{}", many.caption);
    assert!(many.caption.starts_with("50,001 spikes of 2 units"), "{}", many.caption);
    // Between the gridlines, where nothing but spikes has a colour.
    let image = png(&many);
    let blue = |at: (f64, f64)| image.pixel(at.0, at.1)[2] > image.pixel(at.0, at.1)[0].saturating_add(60);
    assert!(blue(place(&many, 0.27, 1.0)));
    assert!(!blue(place(&many, 0.27, 0.0)) && !blue(place(&many, 0.77, 1.0)));
}

/// The names of elements that are opened and never closed, or closed and never opened.
fn unbalanced(svg: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    for tag in svg.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("every tag is closed");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes come in pairs: <{tag}>");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or("").to_string();
        if let Some(closed) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(closed) {
                return vec![closed.to_string()];
            }
        } else if !tag.ends_with('/') && !tag.starts_with('?') {
            open.push(name);
        }
    }
    open
}

#[test]
fn the_svg_is_balanced_and_names_the_populations_however_they_are_written() {
    let spikes = table(&[vec![0.3], vec![0.6]]);
    let groups = [Group::new("Pyramidal", 0, 1), Group::new("a<b & \"c\"", 1, 1)];
    let mut shown = data(&spikes, &groups);
    shown.title = "</svg> & more";
    let figure = raster(&shown, &RasterOptions { rates: true, ..plain() }).unwrap();
    let svg = String::from_utf8(encode(&figure, Format::Svg).unwrap()).unwrap();
    assert_eq!(unbalanced(&svg), Vec::<String>::new());
    assert!(svg.starts_with("<?xml") && svg.trim_end().ends_with("</svg>"));
    assert!(svg.contains(">Pyramidal</text>"), "{svg}");
    assert!(svg.contains(">a&lt;b &amp; &quot;c&quot;</text>"), "{svg}");
    assert!(svg.contains("<title>&lt;/svg&gt; &amp; more</title>"), "{svg}");
    let (first, second) = (color(0).rgb, color(1).rgb);
    for [r, g, b] in [first, second] {
        assert!(svg.contains(&format!("#{r:02x}{g:02x}{b:02x}")), "the populations' colours");
    }
}

#[test]
fn a_last_partial_bin_of_rates_is_drawn_from_a_quarter_of_a_bin_on() {
    let spikes = table(&[vec![0.1, 1.03]]);
    let draw = |stop: f64| {
        let options = RasterOptions { stop: Some(stop), rates: true, bin: Some(0.2), ..plain() };
        let figure = raster(&data(&spikes, &[]), &options).unwrap();
        let panel = figure.panel("rate").unwrap().clone();
        let line = figure.marks.iter().rev().find_map(|mark| match mark {
            Mark::Line { points, .. } => points.last().copied(),
            _ => None,
        });
        (panel.y.1 / 1.08, line.unwrap().0, panel)
    };
    // 60 ms of a bin of 200 ms: one spike in 60 ms.
    let (top, end, panel) = draw(1.06);
    assert!((top - 1.0 / 0.06).abs() < 1e-6, "{top}");
    assert!((end - panel.pixels[2]).abs() < 0.01, "{end}");
    // 40 ms: not drawn; what is left is one spike in 200 ms.
    let (top, end, panel) = draw(1.04);
    assert!((top - 5.0).abs() < 1e-6, "{top}");
    assert!((end - panel.px(1.0)).abs() < 0.01, "{end}");
}

#[test]
fn many_populations_have_colours_of_their_own_and_long_names_stay_different() {
    let names: Vec<String> = ["exc", "inh", "rest"]
        .iter()
        .flat_map(|kind| {
            (0..4).map(move |layer| format!("a_rather_long_population_of_{kind}_cells_of_layer_{layer}_of_the_cortex"))
        })
        .collect();
    let trains: Vec<Vec<f64>> = (0..12).map(|unit| vec![0.05 * f64::from(unit) + 0.1]).collect();
    let groups: Vec<Group> = names.iter().enumerate().map(|(k, name)| Group::new(name, k, 1)).collect();
    let spikes = table(&trains);
    let figure = raster(&data(&spikes, &groups), &RasterOptions { size: (1400, 900), ..plain() }).unwrap();
    let written = |mark: &Mark| match mark {
        Mark::Text { text, ink, bold: true, .. } if !text.is_empty() => Some((text.clone(), ink.rgb)),
        _ => None,
    };
    let (mut shown, mut inks): (Vec<String>, Vec<[u8; 3]>) = figure.marks.iter().filter_map(written).unzip();
    assert_eq!(inks, (0..12).map(|k| color(k).rgb).collect::<Vec<_>>(), "{shown:?}");
    shown.sort();
    inks.sort();
    shown.dedup();
    inks.dedup();
    assert_eq!((shown.len(), inks.len()), (12, 12), "{shown:?}");
    let text = raster_text(&data(&spikes, &groups), &plain(), &terminal(80, 24)).unwrap();
    let mut beside: Vec<&str> =
        text.lines().filter_map(|line| line.split_once(" \u{2502}")).map(|line| line.0).collect();
    beside.sort_unstable();
    beside.dedup();
    assert_eq!(beside.len(), 12, "{text}");
}

#[test]
fn captions_and_labels_say_their_units() {
    // 200 intervals of 1/128 s and a long one, which is beyond the 99th percentile.
    let mut train: Vec<f64> = (0..=200).map(|i| f64::from(i) / 128.0).collect();
    train.push(3.0);
    let figure = isi_histogram("", &table(&[train]), &[], (0.0, 4.0), &[], SIZE).unwrap();
    assert!(figure.caption.starts_with("1 of 201 intervals lie beyond 7.9 ms and"), "{}", figure.caption);
    // Where some of many are left out the axis ends, and so do the bars.
    let intervals: Vec<f64> = (1..=1000).map(|k| f64::from(k).powi(3) / 1e6).collect();
    let mut train = vec![0.0];
    intervals.iter().for_each(|ms| train.push(train[train.len() - 1] + 1e-3 * ms));
    let figure = isi_histogram("", &table(&[train]), &[], (0.0, 600.0), &[], SIZE).unwrap();
    let panel = figure.panel("intervals").unwrap();
    let (beyond, said) = figure.caption.split_once(" of 1,000 intervals lie beyond ").unwrap();
    let most: f64 = said.split_once(" ms").unwrap().0.parse().unwrap();
    let expected = intervals.iter().filter(|ms| **ms > most).count();
    assert_eq!((panel.x.1, beyond.parse()), (most, Ok(expected)), "{}", figure.caption);
    let right = |mark: &Mark| match mark {
        Mark::Line { points, .. } if points.len() > 80 => points.iter().map(|p| p.0).reduce(f64::max),
        _ => None,
    };
    let end = figure.marks.iter().filter_map(right).fold(0.0, f64::max);
    assert!((end - panel.pixels[2]).abs() < 0.01 && end > 0.0, "{end}");

    let weights = |name: &str, unit: &str| WeightSnapshots {
        name: name.into(),
        unit: unit.into(),
        times_ms: vec![0.0, 1.0],
        weights: vec![vec![1.0, 2.0]; 2],
    };
    let texts = |tables: &[WeightSnapshots]| {
        let figure = weight_evolution("", tables, (1400, 900)).unwrap();
        figure.texts().map(str::to_string).collect::<Vec<_>>()
    };
    let same = texts(&[weights("EE", "pA"), weights("EI", "pA")]);
    assert!(["weight (pA)", "EE", "EI"].iter().all(|t| same.iter().any(|s| s == t)), "{same:?}");
    let different = texts(&[weights("EE", "pA"), weights("EI", "nS")]);
    assert!(["weight", "EE (pA)", "EI (nS)"].iter().all(|t| different.iter().any(|s| s == t)), "{different:?}");
}

fn terminal(width: usize, height: usize) -> TerminalOptions {
    TerminalOptions { width, height, color: false }
}

#[test]
fn the_terminal_shows_dots_where_spikes_are() {
    // 30 columns leave 14 for dots, 28 dots to 1 s: 0 s is the first dot and 0.999 s the last;
    // unit 0 is the uppermost of four dots, unit 1 the third.
    let text = raster_text(&data(&table(&[vec![0.0], vec![0.999]]), &[]), &plain(), &terminal(30, 2)).unwrap();
    let lines = [
        format!("units │⠁{}⠠", "\u{2800}".repeat(12)),
        "      └┬──────┬─────┬".into(),
        "       0     500".into(),
        "       time (ms)     peak rate".into(),
        // One spike in 1/14 s, over two units.
        format!("units  █{}█   7.0 Hz", " ".repeat(12)),
    ];
    assert_eq!(text, lines.join("\n") + "\n");
}

#[test]
fn a_spike_at_the_end_of_the_window_is_in_no_column_of_the_terminals_rates() {
    // A spike in the middle of each of 14 columns of 0.1 s, and one at the end, which the window holds.
    let mut train: Vec<f64> = (0..14).map(|column| f64::from(column) * 0.1 + 0.05).collect();
    train.push(1.4);
    let options = RasterOptions { start: Some(0.0), stop: Some(1.4f64.next_up()), ..plain() };
    let text = raster_text(&data(&table(&[train]), &[]), &options, &terminal(30, 2)).unwrap();
    assert!(text.contains(" 10.0 Hz"), "{text}");
}

#[test]
fn the_terminals_rates_are_of_what_was_observed() {
    // 10 Hz, and many more spikes in the column from 0.7 to 0.8 s, which nobody observed; of that from 0.5 to 0.6 s half.
    let train = (0..14).map(|column| f64::from(column) * 0.1 + 0.05).filter(|at| (at - 0.55).abs() > 0.01);
    let mut train: Vec<f64> = train.chain((0..50).map(|k| 0.701 + 0.001 * f64::from(k))).collect();
    train.sort_by(f64::total_cmp);
    let (spikes, options) = (table(&[train]), RasterOptions { start: Some(0.0), stop: Some(1.4), ..plain() });
    let of = RasterData { observed: &[(0.0, 0.55), (0.9, 1.4)], ..data(&spikes, &[]) };
    let text = raster_text(&of, &options, &terminal(30, 2)).unwrap();
    assert!(
        text.ends_with(&format!("units  {}{}{}  10.0 Hz\n", "█".repeat(5), " ".repeat(4), "█".repeat(5))),
        "{text}"
    );
}

#[test]
fn the_terminal_gives_each_population_lines_and_a_rate() {
    let spikes = table(&[vec![0.5], vec![0.5], vec![0.25, 0.75]]);
    let groups = [Group::new("E", 0, 2), Group::new("I", 2, 1)];
    let text = raster_text(&data(&spikes, &groups), &plain(), &terminal(30, 2)).unwrap();
    let blank = |n: usize| "\u{2800}".repeat(n);
    let lines = [
        format!(" E │{}⠨{}", blank(8), blank(8)),
        format!(" I │{}⠁{}⠈{}", blank(4), blank(7), blank(4)),
        "   └┬───────┬───────┬".into(),
        "    0      500".into(),
        "    time (ms)        peak rate".into(),
        // Two spikes of two units in 1/17 s, one spike of one unit.
        " E          █          17.0 Hz".into(),
        " I      █       █      17.0 Hz".into(),
    ];
    assert_eq!(text, lines.join("\n") + "\n");
}

#[test]
fn the_terminal_says_that_there_is_nothing() {
    let none = raster_text(&data(&SpikeTable::default(), &[]), &plain(), &terminal(30, 2)).unwrap();
    assert!(none.ends_with("no units\n"), "{none}");
    let silent = raster_text(&data(&table(&[vec![]]), &[]), &plain(), &terminal(30, 2)).unwrap();
    assert!(silent.ends_with("no spikes in this window\n"), "{silent}");
    let colored = TerminalOptions { color: true, ..terminal(30, 2) };
    let text = raster_text(&data(&table(&[vec![0.5]]), &[]), &plain(), &colored).unwrap();
    assert!(text.contains("\u{1b}[38;5;32m") && !silent.contains('\u{1b}'), "{text}");
}
