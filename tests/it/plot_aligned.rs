//! Spikes around events: rows, rates and errors, read back.

use std::path::Path;

use memspike::plot::{Aligned, Figure, Group, Ink, Mark, aligned, color, rasterize};
use memspike::spikes::{Recording, SpikeSource, SpikeTable};

use crate::cli::{bad, good, memspike, root, workplace};

const SIZE: (u32, u32) = (900, 700);

/// Four trials 10 s apart; unit 0 fires 0.15 s after the event in the even ones (group 0), as long before it in the odd ones.
fn example() -> (SpikeTable, Vec<(f64, usize)>) {
    let trials: Vec<(f64, usize)> = (0..4).map(|i| (10.0 * (i + 1) as f64, i % 2)).collect();
    let train = trials.iter().map(|(at, group)| if *group == 0 { at + 0.15 } else { at - 0.15 }).collect();
    (SpikeTable::from_units(vec![7], &[train]).unwrap(), trials)
}

fn draw(spikes: &SpikeTable, units: &[(usize, String)], trials: &[(f64, usize)], groups: &[String]) -> Figure {
    let what = Aligned {
        title: "t",
        spikes,
        units,
        populations: &[],
        trials,
        groups,
        by: "",
        event: "go",
        reach: (0.4, 0.6),
        bin: Some(0.1),
        observed: &[],
    };
    aligned(&what, SIZE).unwrap()
}

#[test]
fn trials_are_rows_by_group_and_the_histogram_is_their_mean_rate() {
    let (spikes, trials) = example();
    let groups = ["left".to_string(), "right".to_string()];
    let figure = draw(&spikes, &[(0, "unit 7".into())], &trials, &groups);
    let bitmap = rasterize(&figure).unwrap();
    let panel = figure.panel("unit 7").unwrap();
    let lit = |time: f64, row: f64, group: usize| {
        let (x, y) = (panel.px(time) as u32, panel.py(row + 0.5) as u32);
        (x - 1..=x + 1).any(|x| bitmap.pixel(x, y) == color(group).rgb)
    };
    // Rows 0 and 1 are the trials on the left, 2 and 3 those on the right.
    let found: Vec<bool> = (0..4).map(|row| lit(0.15, f64::from(row), 0)).collect();
    assert_eq!(found, [true, true, false, false]);
    let found: Vec<bool> = (0..4).map(|row| lit(-0.15, f64::from(row), 1)).collect();
    assert_eq!(found, [false, false, true, true]);
    // Numbers stand in the middle of their rows.
    for mark in &figure.marks {
        let Mark::Text { text, x, y, .. } = mark else { continue };
        let Some(row) = text.parse::<f64>().ok().filter(|row| (1.0..4.0).contains(row) && *x < panel.pixels[0]) else {
            continue;
        };
        let above = *y < panel.pixels[3];
        assert!(!above || (y - panel.py(row + 0.5)).abs() < 0.2 * (panel.py(1.0) - panel.py(0.0)), "{text} at {y}");
    }
    // One spike in every trial in a bin of 0.1 s: 10 Hz, without an error.
    let rate = figure.panel("rate of unit 7").unwrap();
    assert!((rate.y.1 / 1.05 - 10.0).abs() < 1e-9, "{:?}", rate.y);
    let lines: Vec<&Vec<(f64, f64)>> = figure
        .marks
        .iter()
        .filter_map(|m| match m {
            Mark::Line { points, ink, .. } if [color(0), color(1)].contains(ink) => Some(points),
            _ => None,
        })
        .collect();
    assert_eq!(lines.len(), 2);
    let peak = |points: &[(f64, f64)]| points.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
    // Marks lie on thousandths of pixels.
    assert!((peak(lines[0]).0 - rate.px(0.15)).abs() < 2e-3 && (peak(lines[0]).1 - rate.py(10.0)).abs() < 2e-3);
    assert!((peak(lines[1]).0 - rate.px(-0.15)).abs() < 2e-3);
    for text in ["left", "right", "sorted trial", "rate (Hz)", "time from event (ms)", "unit 7"] {
        assert!(figure.texts().any(|t| t == text), "{text}");
    }
    assert!(
        figure.caption.starts_with("4 spikes of 1 unit in 4 trials; 0: go; rates in bins of 100 ms"),
        "{}",
        figure.caption
    );
}

#[test]
fn the_order_of_the_trials_changes_nothing() {
    let (spikes, mut trials) = example();
    let groups = ["left".to_string(), "right".to_string()];
    let before = draw(&spikes, &[(0, "u".into())], &trials, &groups);
    trials.reverse();
    assert!(before == draw(&spikes, &[(0, "u".into())], &trials, &groups));
}

#[test]
fn many_units_are_a_map_with_a_line_each() {
    let trials = [(10.0, 0), (20.0, 0)];
    let train = |unit: usize| trials.iter().map(|(at, _)| at - 0.35 + 0.05 * unit as f64).collect::<Vec<f64>>();
    let trains: Vec<Vec<f64>> = (0..16).map(train).collect();
    let spikes = SpikeTable::from_units((0..16).collect(), &trains).unwrap();
    let units: Vec<(usize, String)> = (0..16).map(|u| (u, format!("unit {u}"))).collect();
    let figure = draw(&spikes, &units, &trials, &[String::new()]);
    let (panel, bitmap) = (figure.panel("map").unwrap(), rasterize(&figure).unwrap());
    for unit in [0usize, 7, 15] {
        // The middle of the bin in which it fires is dark, a bin away it is not.
        let bin = ((0.05 + 0.05 * unit as f64) / 0.1 + 1e-9).floor();
        let at =
            |bin: f64| bitmap.pixel(panel.px(-0.4 + 0.1 * (bin + 0.5)) as u32, panel.py(unit as f64 + 0.5) as u32)[0];
        let other = if bin > 4.0 { bin - 2.0 } else { bin + 2.0 };
        assert!(at(bin) < 60 && at(other) > 200, "unit {unit}: {} {}", at(bin), at(other));
    }
    assert!(figure.caption.contains("each unit from 0 to its maximum"), "{}", figure.caption);
}

/// One spike in the bin at 0.15 s of the first two trials; with gaps the mean is over the trials in which the bin was observed.
#[test]
fn a_gap_in_what_was_observed_is_no_silence() {
    let trials: Vec<(f64, usize)> = (1..=4).map(|i| (10.0 * f64::from(i), 0)).collect();
    let train: Vec<f64> = trials[..2].iter().map(|(at, _)| at + 0.15).collect();
    let spikes = SpikeTable::from_units(vec![7], &[train]).unwrap();
    let units = [(0, "u".to_string())];
    let peak = |observed: &[(f64, f64)]| {
        let what = Aligned {
            title: "",
            spikes: &spikes,
            units: &units,
            populations: &[],
            trials: &trials,
            groups: &[],
            by: "",
            event: "go",
            reach: (0.4, 0.6),
            bin: Some(0.1),
            observed,
        };
        aligned(&what, SIZE).unwrap().panel("rate of u").unwrap().y.1
    };
    // Of four trials, two of which have no spike: 5 Hz and its standard error of 2.9 Hz. Of the two that were observed there: 10 Hz.
    assert!((peak(&[]) / 1.05 - (5.0 + 10.0 / 12f64.sqrt())).abs() < 1e-9, "{}", peak(&[]));
    let spans = [(9.0, 11.0), (19.0, 21.0), (29.0, 30.1), (40.2, 41.0)];
    assert!((peak(&spans) / 1.05 - 10.0).abs() < 1e-9, "{}", peak(&spans));
    let none = [(9.0, 10.1), (19.0, 20.0)];
    assert_eq!(peak(&none), 1.0, "nothing is known there");
}

#[test]
fn nothing_to_align_is_an_error() {
    let (spikes, trials) = example();
    let what = |units, trials, reach| Aligned {
        title: "",
        spikes: &spikes,
        units,
        populations: &[],
        trials,
        groups: &[],
        by: "",
        event: "",
        reach,
        bin: Some(0.1),
        observed: &[],
    };
    let unit = [(0, "u".to_string())];
    assert!(aligned(&what(&[], &trials, (0.4, 0.6)), SIZE).is_err());
    assert!(aligned(&what(&unit, &[], (0.4, 0.6)), SIZE).is_err());
    assert!(aligned(&what(&unit, &trials, (0.4, -0.4)), SIZE).is_err());
    assert!(aligned(&what(&unit, &[(f64::NAN, 0)], (0.4, 0.6)), SIZE).is_err());
}

#[test]
fn a_recording_is_aligned_to_its_trials_and_grouped_by_a_column() {
    let folder = workplace();
    let file = root().join("tests/data/recordings/m1_reach/chewie_20131003_bin100ms.nwb");
    let file = file.to_str().unwrap();
    let args = ["raster", file, "-o", "a.svg", "--align-to", "trials", "--group-by", "target", "--bin", "100ms"];
    let said = good(&memspike(folder.path(), &[&args[..], &["--population", "units[57:59]"]].concat()));
    assert!(said.contains("spikes of 2 units in 159 trials; 0: start of trials"), "{said}");
    let svg = std::fs::read_to_string(folder.path().join("a.svg")).unwrap();
    assert!(
        svg.contains(">sorted trial</text>") && svg.contains(">rate (Hz)</text>") && svg.contains(">target:</text>")
    );
    for (more, told) in [
        (&["--align-to", "rewards"][..], "trials with start_time, stop_time, target"),
        (&["--align-to", "trials.target"], "is no column of times"),
        (&["--align-to", "trials", "--group-by", "side"], "which is no column"),
        (&["--align-to", "trials", "--population", "units[900]"], "has 174 members"),
    ] {
        let args = [&["raster", file, "-o", "b.png"][..], more].concat();
        assert!(bad(&memspike(folder.path(), &args), 2).contains(told), "{told}");
    }
    assert!(bad(&memspike(folder.path(), &["raster", file, "--align-to", "trials"]), 2).contains("give -o"));
}

#[test]
fn a_file_is_read_in_pieces_of_any_size_as_it_is_read_at_once() {
    use memspike::format::result::StoredSpikes;
    use memspike::format::stream::StreamedSpikes;
    let folder = workplace();
    good(&memspike(folder.path(), &["replay", "session.nwb", "-o", "a.h5", "--threads", "1"]));
    let same = |path: &Path, recording: &Recording, stored: &dyn SpikeSource, longest: usize| {
        let whole = memspike::format::read(path).unwrap();
        assert_eq!(recording.populations, whole.populations);
        assert!(recording.spikes.is_empty() && recording.signals == whole.signals);
        assert_eq!(stored.ends().unwrap(), whole.spikes.ends().unwrap());
        for (start, stop) in [(f64::NEG_INFINITY, f64::INFINITY), (0.5, 1.25), (9.0, 10.0)] {
            assert!(stored.table(start, stop).unwrap() == whole.spikes.between(start, stop), "{longest} {start}");
            let mut found = 0;
            stored.pieces(start, stop, &mut |times, _| found = found.max(times.len())).unwrap();
            assert!(found <= longest, "no more than {longest} spikes are held, found {found}");
        }
    };
    let (result, session) = (folder.path().join("a.h5"), folder.path().join("session.nwb"));
    for size in [1, 333, 1 << 20] {
        let (recording, stored) = StoredSpikes::open(&result).unwrap().unwrap();
        same(&result, &recording, &stored.in_pieces_of(size), size);
    }
    assert!(StoredSpikes::open(&session).unwrap().is_none());
    for (path, buffer) in [(&result, 1), (&result, 1 << 20), (&session, 333)] {
        let (recording, stored) = StreamedSpikes::open(path, buffer).unwrap().unwrap();
        same(path, &recording, &stored, 1 << 15);
    }
}

#[test]
fn spikes_on_the_edges_of_bins_belong_to_the_bin_behind_them() {
    // Whole milliseconds, bins of two, events anywhere on them: rounding moves neither.
    let trials: Vec<(f64, usize)> = (0..40).map(|i| (f64::from(1000 + 777 * i) / 1e3, 0)).collect();
    let at = |i: i64| -60 + (i * i * 7 + i * 13) % 120;
    let mut counts = [0usize; 60];
    let mut times: Vec<f64> = Vec::new();
    for (trial, _) in &trials {
        for lag in (0..50).map(at) {
            counts[((lag + 60) / 2) as usize] += 1;
            times.push(((trial * 1e3).round() + lag as f64) / 1e3);
        }
    }
    let spikes = SpikeTable::from_units(vec![7], &[times]).unwrap();
    let what = Aligned {
        title: "t",
        spikes: &spikes,
        units: &[(0, "unit 7".into())],
        populations: &[],
        trials: &trials,
        groups: &["".to_string()],
        by: "",
        event: "go",
        reach: (0.06, 0.06),
        bin: Some(0.002),
        observed: &[],
    };
    let figure = aligned(&what, SIZE).unwrap();
    let rate = figure.panel("rate of unit 7").unwrap();
    for (bin, count) in counts.iter().enumerate() {
        let (time, hz) = (-0.06 + 0.002 * (bin as f64 + 0.5), *count as f64 / trials.len() as f64 / 0.002);
        // Marks lie on thousandths of pixels.
        let there = |p: &(f64, f64)| (p.0 - rate.px(time)).abs() < 2e-3 && (p.1 - rate.py(hz)).abs() < 2e-3;
        let line = |mark: &Mark| matches!(mark, Mark::Line { points, .. } if points.iter().any(there));
        assert!(figure.marks.iter().any(line), "bin {bin}: {hz} Hz");
    }
}

/// Three populations of 20, 4 and 20 units, each unit firing once after each of four events; the last population not at all.
fn three_populations() -> (SpikeTable, Vec<Group>, Vec<(usize, String)>) {
    let train = |unit: usize| match unit {
        0..24 => (0..4).map(|i| 10.0 * f64::from(i + 1) + 0.01 * unit as f64 + 0.005).collect(),
        _ => Vec::new(),
    };
    let trains: Vec<Vec<f64>> = (0..44).map(train).collect();
    let spikes = SpikeTable::from_units((0..44).collect(), &trains).unwrap();
    let groups = vec![Group::new("E", 0, 20), Group::new("I", 20, 4), Group::new("silent", 24, 20)];
    (spikes, groups, (0..44).map(|unit| (unit, format!("{unit}"))).collect())
}

#[test]
fn populations_are_coloured_named_and_separated_as_in_the_plain_raster() {
    let (spikes, populations, units) = three_populations();
    let trials: Vec<(f64, usize)> = (0..4).map(|i| (10.0 * f64::from(i + 1), i as usize % 2)).collect();
    let sides = ["left".to_string(), "right".to_string()];
    let draw = |units, groups: &[String], by| {
        let trials: Vec<(f64, usize)> = trials.iter().map(|t| (t.0, if groups.is_empty() { 0 } else { t.1 })).collect();
        let what = Aligned {
            title: "t",
            spikes: &spikes,
            units,
            populations: &populations,
            trials: &trials,
            groups,
            by,
            event: "go",
            reach: (0.1, 0.4),
            bin: Some(0.01),
            observed: &[],
        };
        aligned(&what, (1400, 900)).unwrap()
    };
    let texts = |figure: &Figure| -> Vec<(String, Ink)> {
        let text = |mark: &Mark| match mark {
            Mark::Text { text, ink, .. } => Some((text.clone(), *ink)),
            _ => None,
        };
        figure.marks.iter().filter_map(text).collect()
    };
    // A map: names in their colours, and each unit's only bin in its population's.
    let map = draw(&units, &[], "");
    for (index, name) in ["E", "I", "silent"].into_iter().enumerate() {
        assert!(texts(&map).contains(&(name.to_string(), color(index))), "{name}");
    }
    let (bitmap, panel) = (rasterize(&map).unwrap(), map.panel("map").unwrap());
    for unit in [3usize, 12, 21] {
        let (x, y) = (panel.px(0.01 * unit as f64 + 0.005), panel.py(unit as f64 + 0.5));
        assert_eq!(bitmap.pixel(x as u32, y as u32), color(usize::from(unit >= 20)).rgb, "unit {unit}");
    }
    let rules = map.marks.iter().filter(|mark| match mark {
        Mark::Line { points, .. } => {
            points.len() == 2
                && [20.0, 24.0].iter().any(|row| {
                    points.iter().all(|p| (p.1 - panel.py(*row)).abs() < 0.01)
                        && (points[1].0 - points[0].0).abs() > 500.0
                })
        }
        _ => false,
    });
    assert_eq!(rules.count(), 2, "a line between two populations");
    // A mean rate of each: one spike of each unit in one of 20 or 4 bins. The silent one's is 0.
    let lines = |figure: &Figure, index: usize| {
        figure
            .marks
            .iter()
            .filter(|m| matches!(m, Mark::Line { ink, points, .. } if *ink == color(index) && points.len() == 50))
            .count()
    };
    assert_eq!([lines(&map, 0), lines(&map, 1), lines(&map, 2)], [1, 1, 1]);
    // Grouped: colours are the groups', whose column is named, and each population has its rates.
    let grouped = draw(&units, &sides, "target");
    for name in ["E", "I", "silent"] {
        assert!(grouped.panel(&format!("rate of {name}")).is_some(), "{name}");
    }
    assert!(texts(&grouped).iter().any(|text| text.0 == "target:"), "{:?}", texts(&grouped));
    assert!(grouped.caption.contains("trials by target"), "{}", grouped.caption);
    let rate = |name: &str| grouped.panel(&format!("rate of {name}")).unwrap().y.1 / 1.05;
    // 100 Hz in the bin of one unit of 20, of 4.
    assert!((rate("E") - 5.0).abs() < 1e-9 && (rate("I") - 25.0).abs() < 1e-9, "{} {}", rate("E"), rate("I"));
    // Few units: panels in their colours.
    let few = draw(&units[18..22], &[], "");
    for (name, index) in [("18", 0), ("19", 0), ("20", 1), ("21", 1)] {
        assert!(texts(&few).contains(&(name.to_string(), color(index))), "{name}");
    }
}

#[test]
fn a_result_of_several_populations_is_aligned_to_what_its_source_showed_and_shaded() {
    let folder = workplace();
    let model = "simulation = { duration = '2 s', seed = 4 }\n\
                 population.p = { size = 30, source.poisson.rate = '20 Hz' }\n\
                 population.q = { size = 9, source.poisson = { rate = '50 Hz', during = 'on' } }\n\
                 [interval.on]\nstart = '200 ms'\nduration = '100 ms'\nevery = '400 ms'\ncount = 4\n";
    std::fs::write(folder.path().join("m.toml"), model).unwrap();
    good(&memspike(folder.path(), &["run", "m.toml", "-o", "m.h5"]));
    let align = ["raster", "m.h5", "-o", "a.svg", "--align-to", "on", "--before", "100ms", "--after", "200ms"];
    let said = good(&memspike(folder.path(), &align));
    assert!(said.contains("of 39 units in 4 trials"), "{said}");
    let svg = std::fs::read_to_string(folder.path().join("a.svg")).unwrap();
    assert!(svg.contains(">p</text>") && svg.contains(">q</text>"));
    for idle in [&["--shade", "on"][..], &["--behavior"], &["--max-neurons", "10"]] {
        let message = bad(&memspike(folder.path(), &[&align[..], &["--force"], idle].concat()), 2);
        assert!(message.contains("changes nothing with --align-to"), "{message}");
    }
    let message = bad(&memspike(folder.path(), &["raster", "m.h5", "--align-to", "on"]), 2);
    assert!(message.contains(".png, .svg, .pdf or .html"), "{message}");
    good(&memspike(folder.path(), &["raster", "m.h5", "-o", "a.html", "--align-to", "on"]));
    let page = std::fs::read_to_string(folder.path().join("a.html")).unwrap();
    assert!(page.contains("\"event\":\"start of on\"") && page.contains("\"p[0]\""), "trials of units by their names");
    // The model's own intervals can be shaded: four windows, in the raster and in the rates.
    let plain = good(&memspike(folder.path(), &["raster", "m.h5", "-o", "plain.svg"]));
    let shaded = good(&memspike(folder.path(), &["raster", "m.h5", "-o", "shaded.svg", "--shade", "on"]));
    assert!(shaded.contains("shaded: on") && !plain.contains("shaded"), "{shaded}");
    let count = |name: &str| {
        let svg = std::fs::read_to_string(folder.path().join(name)).unwrap();
        svg.matches("#af9b55").count()
    };
    assert_eq!((count("plain.svg"), count("shaded.svg")), (0, 8));
    let message = bad(&memspike(folder.path(), &["raster", "m.h5", "-o", "b.svg", "--shade", "trials"]), 2);
    assert!(message.contains("There are no intervals `trials` to shade; the file holds on."), "{message}");
    good(&memspike(folder.path(), &["raster", "m.h5", "-o", "b.html", "--shade", "on"]));
}

#[test]
fn a_map_is_empty_where_nothing_was_observed_of_silent_units_too() {
    let trains: Vec<Vec<f64>> = (0..13).map(|unit| if unit < 12 { vec![10.05] } else { Vec::new() }).collect();
    let spikes = SpikeTable::from_units((0..13).collect(), &trains).unwrap();
    let units: Vec<(usize, String)> = (0..13).map(|unit| (unit, format!("{unit}"))).collect();
    let what = Aligned {
        title: "t",
        spikes: &spikes,
        units: &units,
        populations: &[],
        trials: &[(10.0, 0)],
        groups: &[],
        by: "",
        event: "go",
        reach: (0.1, 0.2),
        bin: Some(0.01),
        observed: &[(10.0, 11.0)],
    };
    let figure = aligned(&what, SIZE).unwrap();
    let (bitmap, panel) = (rasterize(&figure).unwrap(), figure.panel("map").unwrap());
    let at = |time: f64, unit: f64| bitmap.pixel(panel.px(time) as u32, panel.py(unit + 0.5) as u32);
    assert_eq!([at(-0.055, 3.0), at(-0.055, 12.0)], [[255; 3]; 2]);
    assert_ne!(at(0.055, 12.0), [255; 3], "silence is something else");
}

#[test]
fn a_map_divides_the_spikes_of_whole_bins_by_the_trials_in_which_those_were_observed() {
    // 100 Hz at all times, in the gaps too: all bins are alike, whatever of the trials was observed.
    let train: Vec<f64> = (0..1000).map(|k| (f64::from(k) + 0.5) / 100.0).collect();
    let spikes = SpikeTable::from_units((0..13).collect(), &vec![train; 13]).unwrap();
    let units: Vec<(usize, String)> = (0..13).map(|unit| (unit, format!("{unit}"))).collect();
    let what = Aligned {
        title: "t",
        spikes: &spikes,
        units: &units,
        populations: &[],
        trials: &[(1.0, 0), (3.0, 0), (8.9, 0)],
        groups: &[],
        by: "",
        event: "go",
        reach: (0.0, 1.95),
        bin: Some(0.1),
        // The second bin after 1 s of the second trial is cut, as is the last of the recording; the last bin of all is half as long.
        observed: &[(0.0, 4.15), (8.0, 9.44)],
    };
    let figure = aligned(&what, SIZE).unwrap();
    let (bitmap, panel) = (rasterize(&figure).unwrap(), figure.panel("map").unwrap());
    let at = |bin: u32| {
        let middle = if bin < 19 { 0.1 * f64::from(bin) + 0.05 } else { 1.925 };
        bitmap.pixel(panel.px(middle) as u32, panel.py(6.5) as u32)
    };
    let found: Vec<[u8; 3]> = (0..20).map(at).collect();
    assert!(found.iter().all(|pixel| *pixel == found[0]) && found[0] != [255; 3], "{found:?}");
}
