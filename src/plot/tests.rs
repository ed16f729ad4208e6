//! Every kind of picture, large and small: what is written can be read, and the same data give the same bytes.

use super::figure::Anchor;
use super::xy::{Series, Shape, xy};
use super::*;
use crate::analysis::correlogram;
use crate::spikes::{IntervalTable, Signal, SpikeTable};

/// Two populations, a signal, trials.
fn spikes() -> SpikeTable {
    let train = |unit: usize| (0..40).map(|i| (0.37 * f64::from(i) + 0.11 * unit as f64).fract() * 2.0).collect();
    let trains: Vec<Vec<f64>> = (0..30).map(train).collect();
    SpikeTable::from_units((0..30).collect(), &trains).unwrap()
}

fn groups() -> Vec<Group> {
    vec![Group::new("excitatory_layer_5", 0, 24), Group::new("I", 24, 5), Group::new("readout", 29, 1)]
}

fn wave(points: usize, scale: f64) -> Vec<(f64, f64)> {
    (0..points).map(|i| (i as f64 * scale, (i as f64 / 5.0).sin() * scale)).collect()
}

fn snapshots(name: &str, unit: &str) -> WeightSnapshots {
    let weights = |k: usize| (0..60).map(|i| ((i * 7 + k * 3) % 11) as f64).collect();
    WeightSnapshots {
        name: name.into(),
        unit: unit.into(),
        times_ms: vec![0.0, 500.0, 1000.0],
        weights: (0..3).map(weights).collect(),
    }
}

fn rasters(size: (u32, u32)) -> Vec<(&'static str, Figure)> {
    let (spikes, groups) = (spikes(), groups());
    let signal = Signal {
        name: "hand_vel".into(),
        unit: "mm/s".into(),
        times: (0..200).map(|i| f64::from(i) / 100.0).collect(),
        width: 2,
        data: (0..400).map(|i| f64::from(i % 37) * 20.0).collect(),
    };
    let trials = IntervalTable { name: "trials".into(), start: vec![0.5], stop: vec![1.5], ..IntervalTable::default() };
    let signals = [signal];
    let data = RasterData {
        title: "a recording.nwb",
        spikes: &spikes,
        groups: &groups,
        signals: &signals,
        intervals: Some(&trials),
        observed: &[],
    };
    let options = RasterOptions { size, ..RasterOptions::default() };
    let plain = RasterData { signals: &[], intervals: None, groups: &[], ..data.clone() };
    let none = RasterOptions { start: Some(5.0), stop: Some(6.0), ..options.clone() };
    let events: Vec<(f64, usize)> = (0..8).map(|i| (0.2 + 0.2 * f64::from(i), (i % 2) as usize)).collect();
    let units: Vec<(usize, String)> = (0..30).map(|u| (u, format!("unit {u}"))).collect();
    let ungrouped: Vec<(f64, usize)> = events.iter().map(|event| (event.0, 0)).collect();
    let sides = ["left".to_string(), "right".to_string()];
    let what = |units| Aligned {
        title: "trials",
        spikes: &spikes,
        units,
        populations: &[],
        trials: &events,
        groups: &sides,
        by: "",
        event: "start of trials",
        reach: (0.1, 0.2),
        bin: None,
        observed: &[],
    };
    vec![
        ("raster with signals", raster(&data, &options).unwrap()),
        ("raster", raster(&plain, &options).unwrap()),
        ("no spikes", raster(&plain, &none).unwrap()),
        ("aligned", aligned(&what(&units[..4]), size).unwrap()),
        ("aligned map", aligned(&what(&units), size).unwrap()),
        ("aligned populations", aligned(&Aligned { populations: &groups, by: "side", ..what(&units) }, size).unwrap()),
        (
            "aligned populations, one group",
            aligned(&Aligned { populations: &groups, groups: &[], trials: &ungrouped, ..what(&units) }, size).unwrap(),
        ),
    ]
}

fn curves_of(size: (u32, u32)) -> Vec<(&'static str, Figure)> {
    let points = wave(80, 0.25);
    let series = |label: &str, shape, color| Series { label: label.into(), shape, color, points: points.clone() };
    let loops = [("loop", Shape::Line), ("cycles", Shape::Dots)].map(|(name, shape)| xy::Axes {
        name: name.into(),
        x: "voltage (V)".into(),
        y: "current (uA)".into(),
        series: vec![series("measured", shape, 0), series("fitted", Shape::Cloud, 1)],
        zero: true,
    });
    let curve = |label: &str| Curve {
        label: label.into(),
        x: points.iter().map(|p| p.0 + 0.01).collect(),
        y: points.iter().map(|p| p.1 * 1e3).collect(),
        band: points.iter().map(|p| (p.1 * 1e3 - 500.0, p.1 * 1e3 + 500.0)).collect(),
    };
    let axes = |log_x| Axes { x: "time since the pulse (s)".into(), y: "conductance (uS)".into(), log_x };
    let table = Traces {
        name: "v_m of excitatory".into(),
        unit: "mV".into(),
        times_ms: points.iter().map(|p| 10.0 * p.0).collect(),
        series: (0..3).map(|k| (format!("excitatory[{k}]"), points.iter().map(|p| p.1 - 60.0).collect())).collect(),
        spikes_ms: vec![vec![20.0], vec![], vec![30.0, 90.0]],
        level: Some(("threshold".into(), -50.0)),
    };
    vec![
        (
            "xy",
            xy("iv of a device", "a caption of some length that goes on and on, beyond a line", &loops, size).unwrap(),
        ),
        ("curves", curves("pulses", "band: cells", &axes(false), &[curve("a"), curve("b")], size).unwrap()),
        ("logarithmic", curves("retention", "", &axes(true), &[curve("mean")], size).unwrap()),
        ("traces", traces("t", &[table.clone(), table], size).unwrap()),
    ]
}

fn statistics(size: (u32, u32)) -> Vec<(&'static str, Figure)> {
    let (spikes, groups) = (spikes(), groups());
    let trains = spikes.trains();
    let table = correlogram(&trains[0], &trains[1], false, 0.002, 0.1).unwrap();
    let bars = |name: &str| EnergyBars { name: name.into(), joules: [Some(2e-9), None, Some(1e-9), Some(3e-10)] };
    let all = [bars("recorded_to_E"), bars("E_to_readout"), bars("E_to_I"), bars("I_to_E")];
    let window = (0.0, 2.0);
    let pairs: Vec<(u64, u64)> = (0..60).map(|i| (i % 12, i / 6)).collect();
    let weights_onto = vec![(0..16).map(f64::from).collect(); 10];
    let names = (0..10).map(|n| (1000 * n).to_string()).collect();
    let image = Fields { rows: 4, columns: 4, unit: "mV".into(), names, weights: weights_onto };
    let volts = (0..64).map(|i| f64::from(i) * 1e-4).collect();
    vec![
        ("isi", isi_histogram("t", &spikes, &groups, window, &[], size).unwrap()),
        ("rates", rate_histogram("t", &spikes, &groups, window, &[], size).unwrap()),
        ("cv", cv_histogram("t", &SpikeTable::default(), &[], window, &[], size).unwrap()),
        ("weights", weights("t", &snapshots("recorded_to_E", "pA"), size).unwrap()),
        ("evolution", weight_evolution("t", &[snapshots("EE", "pA"), snapshots("EI", "nS")], size).unwrap()),
        ("correlogram", cross_correlogram("t", ["excitatory", "inhibitory"], &table, 20.0, size).unwrap()),
        ("correlations", correlation_map("t", &spikes, (&groups, &[]), window, 0.1, &[], size).unwrap()),
        (
            "connectivity",
            connectivity(
                "t",
                &WeightSnapshots { weights: vec![vec![1.0; 60]; 3], ..snapshots("EE", "pA") },
                &pairs,
                false,
                size,
            )
            .unwrap(),
        ),
        ("energy", energy("t", &all, size).unwrap()),
        ("fields", fields("t", &image, size).unwrap()),
        ("drops", ir_drop("t", &Drops { rows: 8, columns: 8, volts }, size).unwrap()),
    ]
}

fn sweeps(size: (u32, u32)) -> Vec<(&'static str, Figure)> {
    let key = |label: &str, values: &[&str]| SweptKey {
        label: label.into(),
        values: values.iter().map(|value| value.to_string()).collect(),
    };
    let (g, seed, rule) = (key("g", &["3", "4", "5"]), key("seed", &["1", "2"]), key("rule", &["stdp", "clopath"]));
    let swept = |keys: &[&SweptKey], groups: &[&str]| {
        let cells = keys.iter().map(|key| key.values.len()).product();
        let samples: Vec<Vec<f64>> = (0..cells).map(|cell| vec![cell as f64, 2.0]).collect();
        let groups = groups.iter().map(|name| (name.to_string(), samples.clone())).collect();
        let keys = keys.iter().map(|key| (*key).clone()).collect();
        sweep("sweep", &Swept { keys, figure: "rate (Hz)".into(), groups }, size).unwrap()
    };
    vec![
        ("sweep", swept(&[&g], &["E", "I"])),
        ("sweep over two", swept(&[&g, &seed], &[""])),
        ("sweep over texts", swept(&[&rule], &["E", "I"])),
    ]
}

fn all(size: (u32, u32)) -> Vec<(&'static str, Figure)> {
    [rasters(size), curves_of(size), statistics(size), sweeps(size), long_names(size)].concat()
}

/// Names as people give them, that begin or end alike.
const LONG: [&str; 4] = [
    "excitatory_neurons_of_layer_2_and_3_of_the_primary_motor_cortex",
    "excitatory_neurons_of_layer_2_and_3_of_the_primary_visual_area",
    "inhibitory_neurons_of_layer_2_and_3_of_the_primary_motor_cortex",
    "all_neurons_of_the_motor_cortex_onto_the_readout_over_memristive_synapses_with_spread",
];

/// Every kind whose texts are somebody's names.
fn long_names(size: (u32, u32)) -> Vec<(&'static str, Figure)> {
    let (spikes, window, title) = (spikes(), (0.0, 2.0), format!("{}_{}.h5", LONG[3], LONG[0]));
    let groups = [Group::new(LONG[0], 0, 12), Group::new(LONG[1], 12, 2), Group::new(LONG[2], 14, 16)];
    let signal =
        Signal { name: LONG[3].into(), unit: "mm/s".into(), times: vec![0.0, 1.0], width: 1, data: vec![0.0, 1e-3] };
    let signals = [signal];
    let data = RasterData {
        title: &title,
        spikes: &spikes,
        groups: &groups,
        signals: &signals,
        intervals: None,
        observed: &[],
    };
    let units: Vec<(usize, String)> = (0..3).map(|u| (u, format!("{}[{u}]", LONG[u]))).collect();
    let sides = [LONG[0].to_string(), LONG[1].to_string()];
    let what = Aligned {
        title: &title,
        spikes: &spikes,
        units: &units,
        populations: &[],
        trials: &[(0.2, 0), (0.6, 1)],
        groups: &sides,
        by: "",
        event: LONG[3],
        reach: (0.1, 0.2),
        bin: None,
        observed: &[],
    };
    let points = wave(20, 0.25);
    let series = |color: usize| Series { label: LONG[color].into(), shape: Shape::Line, color, points: points.clone() };
    let axes = xy::Axes {
        name: LONG[3].into(),
        x: format!("{} (V)", LONG[3]),
        y: format!("{} (A)", LONG[3]),
        series: vec![series(0), series(1)],
        zero: false,
    };
    let table = Traces {
        name: format!("v_m of {}", LONG[0]),
        unit: "mV".into(),
        times_ms: vec![0.0, 1.0],
        series: (0..3).map(|k| (format!("{}[{k}]", LONG[0]), vec![-60.0, -55.0 + k as f64])).collect(),
        spikes_ms: vec![],
        level: Some(("threshold".into(), -50.0)),
    };
    let bars = LONG.map(|name| EnergyBars { name: name.into(), joules: [Some(2e-9), None, Some(1e-9), None] });
    let key = |label: &str| SweptKey { label: label.into(), values: LONG.map(String::from).to_vec() };
    let runs = |cells: usize| (0..cells).map(|cell| vec![cell as f64]).collect::<Vec<_>>();
    let named = LONG.map(|name| (name.to_string(), runs(4))).to_vec();
    let by_text = Swept { keys: vec![key(LONG[2])], figure: format!("{} (Hz)", LONG[3]), groups: named };
    let two = vec![(String::new(), runs(16))];
    let by_two = Swept { keys: vec![key(LONG[2]), key(LONG[0])], figure: LONG[3].into(), groups: two };
    let (table_of, lags) = (spikes.trains(), 0.1);
    let lags = correlogram(&table_of[0], &table_of[1], false, 0.002, lags).unwrap();
    vec![
        ("energy, long names", energy(&title, &bars, size).unwrap()),
        ("raster, long names", raster(&data, &RasterOptions { size, ..RasterOptions::default() }).unwrap()),
        ("aligned, long names", aligned(&what, size).unwrap()),
        ("xy, long names", xy(&title, "", &[axes.clone(), axes], size).unwrap()),
        ("traces, long names", traces(&title, &[table.clone(), table], size).unwrap()),
        ("rates, long names", rate_histogram(&title, &spikes, &groups, window, &[], size).unwrap()),
        ("correlations, long names", correlation_map(&title, &spikes, (&groups, &[]), window, 0.1, &[], size).unwrap()),
        ("correlogram, long names", cross_correlogram(&title, [LONG[0], LONG[3]], &lags, 20.0, size).unwrap()),
        ("weights, long names", weights(&title, &snapshots(LONG[3], "pA"), size).unwrap()),
        ("evolution, long names", weight_evolution(&title, &LONG.map(|name| snapshots(name, "pA")), size).unwrap()),
        ("sweep over texts, long names", sweep(&title, &by_text, size).unwrap()),
        ("sweep over two, long names", sweep(&title, &by_two, size).unwrap()),
    ]
}

#[test]
fn every_name_beside_or_below_a_chart_is_there_and_can_be_told_from_the_others() {
    /// As much of a name as there is room for: whole, or its beginning and end.
    fn is_of(text: &str, name: &str) -> bool {
        let part = |(head, tail): (&str, &str)| !head.is_empty() && name.starts_with(head) && name.ends_with(tail);
        text == name || text.split_once('\u{2026}').is_some_and(part)
    }
    for size in [(1400, 900), (400, 300), (900, 1400)] {
        for (kind, figure) in long_names(size) {
            let wanted = match kind {
                "energy, long names" => 1,
                // Below too, where that is not too narrow to tell them apart.
                "sweep over texts, long names" | "sweep over two, long names" if size.0 > 400 => 2,
                "sweep over texts, long names" => 1,
                _ => continue,
            };
            for name in LONG {
                let found: Vec<&str> = figure
                    .texts()
                    .filter(|text| is_of(text, name) && LONG.iter().filter(|name| is_of(text, name)).count() == 1)
                    .collect();
                assert!(found.len() >= wanted, "{kind} of {size:?}: {name} is {found:?}");
            }
        }
        let names: Vec<String> = (0..12).map(|k| format!("{}_{k}", LONG[k % 4])).collect();
        let bars: Vec<_> =
            names.iter().map(|name| EnergyBars { name: name.clone(), joules: [Some(1e-9); 4] }).collect();
        let figure = energy("t", &bars, size).unwrap();
        for name in &names {
            assert!(figure.texts().any(|text| is_of(text, name)), "energy of {size:?}: {name} is missing");
        }
    }
}

/// What a text covers: left, top, right, bottom.
fn covered(mark: &Mark) -> Option<(&str, [f64; 4])> {
    let Mark::Text { x, y, size, text, anchor, bold, upward, .. } = mark else { return None };
    let width = font::width(text, *size, *bold);
    let before = match anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => 0.5,
        Anchor::End => 1.0,
    } * width;
    // Capitals and digits are this high; few letters reach below the line.
    let (up, down) = (0.73 * size, 0.1 * size);
    Some(if *upward {
        (text, [x - up, y + before - width, x + down, y + before])
    } else {
        (text, [x - before, y - up, x - before + width, y + down])
    })
}

#[test]
fn no_text_lies_on_another_or_is_cut() {
    for size in [(1400, 900), (400, 300), (900, 1400)] {
        for (kind, figure) in all(size) {
            let boxes: Vec<_> = figure.marks.iter().filter_map(covered).collect();
            assert!(boxes.len() > 1 && boxes.iter().all(|(text, _)| !text.is_empty()), "{kind}");
            for (i, (text, a)) in boxes.iter().enumerate() {
                let inside = a[0] >= 0.0 && a[1] >= 0.0 && a[2] <= f64::from(size.0) && a[3] <= f64::from(size.1);
                assert!(inside, "{kind} of {size:?}: `{text}` is cut: {a:?}");
                for (other, b) in &boxes[..i] {
                    let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
                    assert!(apart, "{kind} of {size:?}: `{text}` lies on `{other}`: {a:?} {b:?}");
                }
            }
        }
    }
}

#[test]
fn units_of_labels_are_there_however_long_the_names_before_them() {
    for size in [(1400, 900), (400, 300), (900, 1400)] {
        let all = long_names(size);
        let (_, figure) = all.iter().find(|(kind, _)| *kind == "traces, long names").unwrap();
        assert_eq!(
            figure.texts().filter(|text| text.ends_with("(mV)")).count(),
            2,
            "{:?}",
            figure.texts().collect::<Vec<_>>()
        );
    }
}

#[test]
fn nothing_drawn_leaves_the_picture() {
    for (kind, figure) in all((700, 500)) {
        for panel in &figure.panels {
            assert!(panel.pixels.iter().all(|v| v.fract() == 0.0), "{kind}: {panel:?}");
        }
        for mark in &figure.marks {
            let points: &[(f64, f64)] = match mark {
                Mark::Line { points, .. } | Mark::Area { points, .. } => points,
                Mark::Dots { at, .. } | Mark::Ticks { at, .. } => at,
                _ => &[],
            };
            let inside = |p: &(f64, f64)| (0.0..=700.0).contains(&p.0) && (0.0..=500.0).contains(&p.1);
            assert!(points.iter().all(inside), "{kind}: {mark:?}");
        }
    }
}

#[test]
fn the_same_data_give_the_same_bytes_of_every_kind() {
    for ((kind, one), (_, two)) in all((400, 300)).into_iter().zip(all((400, 300))) {
        assert!(one == two, "{kind}");
        for format in [Format::Png, Format::Svg, Format::Pdf] {
            assert!(encode(&one, format).unwrap() == encode(&two, format).unwrap(), "{kind} as {format:?}");
        }
    }
}

#[test]
fn a_legend_shortens_names_before_it_leaves_any_out() {
    let names: Vec<String> = (0..6).map(|k| format!("primary motor cortex layer {k} excitatory neurons")).collect();
    let curve = |name: &String| Curve { label: name.clone(), x: vec![1.0, 2.0], y: vec![1.0, 2.0], band: Vec::new() };
    let all: Vec<Curve> = names.iter().map(curve).collect();
    let figure = curves("t", "", &Axes::default(), &all, (1400, 900)).unwrap();
    for layer in 0..6 {
        let of = |text: &&str| text.contains('\u{2026}') && text.contains(&layer.to_string());
        assert_eq!(figure.texts().filter(of).count(), 1, "{:?}", figure.texts().collect::<Vec<_>>());
    }
    assert!(figure.texts().all(|text| !text.contains("more")));
}

#[test]
fn samples_that_stand_alone_are_dots_in_the_colour_of_their_signal() {
    let spikes = spikes();
    let of = |times: Vec<f64>, data| Signal { name: "s".into(), unit: "m".into(), times, width: 1, data };
    let every_other = |i: usize| if i.is_multiple_of(2) { (i as f64).sin() } else { f64::NAN };
    let signals = [
        of(vec![1.0], vec![3.0]),
        of((0..20).map(|i| f64::from(i) / 10.0).collect(), (0..20).map(every_other).collect()),
    ];
    let data =
        RasterData { title: "", spikes: &spikes, groups: &[], signals: &signals, intervals: None, observed: &[] };
    let figure = raster(&data, &RasterOptions::default()).unwrap();
    let dots = |mark: &Mark| match mark {
        Mark::Dots { at, ink, .. } if *ink == color(0) => at.len(),
        _ => 0,
    };
    assert_eq!(figure.marks.iter().map(dots).sum::<usize>(), 1 + 10);
}
