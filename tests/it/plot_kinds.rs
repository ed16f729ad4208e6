//! Maps, correlograms and traces, read back from their pixels and marks.

use memspike::analysis::correlogram;
use memspike::plot::{
    Anchor, Figure, Group, Mark, RasterData, RasterOptions, Traces, WeightSnapshots, connectivity, correlation_map,
    cross_correlogram, raster, rasterize, traces,
};
use memspike::spikes::SpikeTable;

const SIZE: (u32, u32) = (700, 600);

/// The colour at a place of a panel, in its data's numbers.
fn at(figure: &Figure, panel: &str, x: f64, y: f64) -> [u8; 3] {
    let panel = figure.panel(panel).unwrap();
    rasterize(figure).unwrap().pixel(panel.px(x) as u32, panel.py(y) as u32)
}

fn has(figure: &Figure, text: &str) -> bool {
    figure.texts().any(|t| t == text)
}

#[test]
fn a_correlation_map_shows_equal_opposite_and_silent_trains() {
    // Bins of 0.1 s: units 0 and 1 fire in the same ones, unit 2 in the others, unit 3 never.
    let odd: Vec<f64> = (0..10).map(|i| 0.05 + 0.2 * f64::from(i)).collect();
    let even: Vec<f64> = odd.iter().map(|t| t + 0.1).collect();
    let spikes = SpikeTable::from_units(vec![0, 1, 2, 3], &[odd.clone(), odd, even, vec![]]).unwrap();
    let figure = correlation_map("t", &spikes, (&[], &[]), (0.0, 2.0), 0.1, &[], SIZE).unwrap();
    let cell = |i: f64, j: f64| at(&figure, "correlation", i + 0.5, j + 0.5);
    let (warm, cold, none) = (cell(1.0, 0.0), cell(2.0, 0.0), cell(3.0, 0.0));
    assert!(warm[0] > warm[2] + 80, "vermilion: {warm:?}");
    assert!(cold[2] > cold[0] + 80, "blue: {cold:?}");
    assert_eq!((none, cell(0.0, 0.0)), ([0xcc; 3], [0xcc; 3]), "no correlation, and the diagonal");
    assert!(figure.caption.contains("mean over pairs -0.3333; grey: 1 unit"), "{}", figure.caption);
    assert!(has(&figure, "correlation") && has(&figure, "unit"));
}

#[test]
fn a_correlation_map_of_a_selection_is_labelled_with_its_units() {
    let trains: Vec<Vec<f64>> =
        (0..100).map(|u| (0..10).map(|i| (0.2 * f64::from(i) + 0.03 * f64::from(u)) % 2.0).collect()).collect();
    let sorted = trains.into_iter().map(|mut train: Vec<f64>| {
        train.sort_by(f64::total_cmp);
        train
    });
    let trains: Vec<Vec<f64>> = sorted.collect();
    let draw = |ids: Vec<i64>, groups: &[Group], selection: &str| {
        let spikes = SpikeTable::from_units(ids, &trains).unwrap();
        let selection = [selection.parse().unwrap()];
        correlation_map("t", &spikes, (groups, &selection), (0.0, 2.0), 0.1, &[], SIZE).unwrap()
    };
    // The number at the middle of a row of this map, if there is one there.
    let row = |figure: &Figure, row: f64| {
        let panel = figure.panel("correlation").unwrap();
        let (x, y) = (panel.pixels[0], panel.py(row + 0.5));
        figure.marks.iter().find_map(|mark| match mark {
            Mark::Text { x: at, y: base, size, text, anchor: Anchor::End, .. }
                if *at < x && (base - 0.36 * size - y).abs() < 1.0 =>
            {
                Some(text.clone())
            }
            _ => None,
        })
    };
    let groups = [Group::new("E", 0, 60), Group::new("I", 60, 40)];
    let some = draw((0..60).chain(0..40).collect(), &groups, "I[17:38]");
    assert!(has(&some, "I: neuron") && !has(&some, "0"), "{:?}", some.texts().collect::<Vec<_>>());
    assert_eq!([row(&some, 3.0), row(&some, 13.0)], [Some("20".to_string()), Some("30".to_string())]);
    // What a recording calls its units.
    let ids: Vec<i64> = (0..100).map(|unit| 1000 + 3 * unit).collect();
    let recorded = draw(ids, &[], "units[40:60]");
    assert!(has(&recorded, "unit") && has(&recorded, "1120") && !has(&recorded, "0"));
    assert_eq!(row(&recorded, 0.0), Some("1120".to_string()));
}

#[test]
fn rows_of_a_raster_are_labelled_with_what_a_recording_calls_its_units() {
    let trains: Vec<Vec<f64>> = (0..40).map(|u| vec![0.02 * f64::from(u)]).collect();
    let spikes = SpikeTable::from_units((0..40).map(|unit| 500 + 7 * unit).collect(), &trains).unwrap();
    let data = RasterData { title: "", spikes: &spikes, groups: &[], signals: &[], intervals: None, observed: &[] };
    let select = vec!["units[10:30]".parse().unwrap()];
    let options = RasterOptions { select, rates: false, unit_rates: false, ..RasterOptions::default() };
    let figure = raster(&data, &options).unwrap();
    assert!(has(&figure, "570") && !has(&figure, "10"), "{:?}", figure.texts().collect::<Vec<_>>());
}

#[test]
fn a_correlogram_peaks_at_the_lag_and_says_its_units() {
    let reference: Vec<f64> = (0..50).map(f64::from).collect();
    let target: Vec<f64> = reference.iter().map(|t| t + 0.02).collect();
    let table = correlogram(&reference, &target, false, 0.01, 0.05).unwrap();
    let figure = cross_correlogram("t", ["A", "B"], &table, 1.0, SIZE).unwrap();
    // Between the gridlines.
    let filled = |ms: f64| at(&figure, "correlogram", ms, 53.0) != [255; 3];
    assert_eq!([-18.0, 3.0, 22.0, 37.0].map(filled), [false, false, true, false]);
    assert!(has(&figure, "time since a spike of A (ms)") && has(&figure, "rate of B (Hz)"));
    assert!(figure.caption.starts_with("50 pairs of spikes, 50 spikes of A; bins of 10 ms"), "{}", figure.caption);
}

#[test]
fn a_connectivity_map_has_a_row_per_target_and_white_where_there_is_no_synapse() {
    let table = WeightSnapshots {
        name: "EE".into(),
        unit: "pA".into(),
        times_ms: vec![0.0, 5.0],
        weights: vec![vec![9.0; 3], vec![1.0, 2.0, 4.0]],
    };
    // The synapses 0 -> 1, 1 -> 0 and, strongest, 2 -> 1.
    let figure = connectivity("t", &table, &[(0, 1), (1, 0), (2, 1)], false, SIZE).unwrap();
    let cell = |source: f64, target: f64| at(&figure, "connectivity", source + 0.5, target + 0.5);
    assert_eq!([cell(0.0, 0.0), cell(1.0, 1.0), cell(2.0, 0.0)], [[255; 3]; 3]);
    let dark = |c: [u8; 3]| 765 - c.iter().map(|v| u32::from(*v)).sum::<u32>();
    let (weak, middle, strong) = (dark(cell(0.0, 1.0)), dark(cell(1.0, 0.0)), dark(cell(2.0, 1.0)));
    assert!(0 < weak && weak < middle && middle < strong, "{weak} {middle} {strong}");
    assert!(has(&figure, "weight (pA)") && has(&figure, "source neuron") && has(&figure, "target neuron"));
    assert!(figure.caption.starts_with("3 synapses at 0.005 s"), "{}", figure.caption);
    assert!(connectivity("t", &table, &[(0, 1)], false, SIZE).is_err());
    // Of chosen targets the first has the first row.
    let figure = connectivity("t", &table, &[(0, 8), (1, 7), (2, 8)], true, SIZE).unwrap();
    let cell = |source: f64, target: f64| at(&figure, "connectivity", source + 0.5, target + 0.5);
    assert_eq!((dark(cell(0.0, 1.0)), dark(cell(1.0, 0.0)), dark(cell(0.0, 0.0))), (weak, middle, 0));
    assert!(figure.caption.ends_with("white: no synapse onto the chosen targets."), "{}", figure.caption);
    // Below 0 white is a weight of 0, and grey no synapse.
    let table = WeightSnapshots { weights: vec![vec![0.0, -2.0, -4.0]], times_ms: vec![5.0], ..table };
    let figure = connectivity("t", &table, &[(0, 1), (1, 0), (2, 1)], false, SIZE).unwrap();
    let cell = |source: f64, target: f64| at(&figure, "connectivity", source + 0.5, target + 0.5);
    assert_eq!([cell(0.0, 1.0), cell(0.0, 0.0)], [[255; 3], [0xcc; 3]]);
    assert!(figure.caption.ends_with("; grey: no synapse."), "{}", figure.caption);
}

#[test]
fn traces_show_the_threshold_and_a_stroke_for_each_spike_clear_of_the_curves() {
    let table = Traces {
        name: "v_m of E".into(),
        unit: "mV".into(),
        times_ms: vec![0.0, 10.0, 20.0, 30.0],
        series: vec![("E[0]".into(), vec![-70.0, -51.0, -60.0, -55.0])],
        spikes_ms: vec![vec![10.0, 25.0]],
        level: Some(("threshold".into(), -50.0)),
    };
    let figure = traces("t", &[table], SIZE).unwrap();
    let panel = figure.panel("v_m of E").unwrap();
    let strokes = figure.marks.iter().find_map(|m| match m {
        Mark::Ticks { at, w, h, .. } => Some((at.clone(), *w, *h)),
        _ => None,
    });
    let (strokes, width, height) = strokes.unwrap();
    let places: Vec<f64> = strokes.iter().map(|(x, _)| x + width / 2.0).collect();
    let expected = [panel.px(0.010), panel.px(0.025)];
    assert!(
        places.len() == 2 && places.iter().zip(expected).all(|(a, b)| (a - b).abs() < 2e-3),
        "{places:?} {expected:?}"
    );
    assert!(strokes[0].1 + height < panel.py(-50.0), "above the threshold");
    assert!(has(&figure, "threshold") && has(&figure, "v_m of E (mV)"));
}
