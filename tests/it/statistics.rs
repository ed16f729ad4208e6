//! Statistics of trains and distances between them: against elephant's numbers, and what must hold of any trains.

use memspike::analysis::{
    Bins, Chosen, Plan, Spans, Statistics, correlations, cv_of, intervals_within, kolmogorov_smirnov, statistics,
    van_rossum, victor_purpura, victor_purpura_work,
};
use memspike::spikes::SpikeTable;
use proptest::prelude::*;
use serde_json::Value;

use crate::pieces::Pieces;
use crate::stored::{numbers, stored};

/// What elephant says: `tests/data/statistics/SOURCE.md`.
pub fn reference() -> Value {
    stored("statistics/reference.json")
}

/// To 1e-9 (of nothing, to rounding), or both are not defined.
#[track_caller]
pub fn same(what: &str, found: Option<f64>, expected: Option<f64>) {
    let close =
        found.zip(expected).map_or(found == expected, |(f, e)| (f - e).abs() <= 1e-9 * e.abs().max(f.abs()) + 1e-15);
    assert!(close, "{what}: found {found:?}, expected {expected:?}");
}

fn trains() -> Vec<Vec<f64>> {
    reference()["trains"].as_array().unwrap().iter().map(numbers).collect()
}

fn table(trains: &[Vec<f64>]) -> SpikeTable {
    SpikeTable::from_units((0..trains.len() as i64).collect(), trains).unwrap()
}

fn one_group(units: usize) -> Chosen {
    Chosen { place: (0..units as u32).map(Some).collect(), groups: vec![("units".into(), 0..units)] }
}

/// With bins of these widths for correlation, Fano factor and spectrum.
fn plan((start, stop): (f64, f64), [correlation, fano, spectrum]: [f64; 3], segment: usize) -> Plan {
    let bins = |width| Some(Bins::whole(start, stop, width).unwrap());
    let (correlation, fano, spectrum) = (bins(correlation), bins(fano), bins(spectrum));
    Plan { correlation, fano, spectrum, segment: Some(segment), ..Plan::of((start, stop)) }
}

/// Four seconds and six with nothing known of the six between: as if the six followed at once, but for intervals.
#[test]
fn a_gap_in_what_was_observed_is_left_out_of_every_figure() {
    let joined: Vec<Vec<f64>> = (0..3)
        .map(|unit| (0..40).map(|k| (f64::from(k * (unit + 3)) * 0.237 + 0.1 * f64::from(unit)) % 10.0).collect())
        .map(|mut train: Vec<f64>| {
            train.sort_by(f64::total_cmp);
            train
        })
        .collect();
    let apart = |t: &f64| if *t < 4.0 { *t } else { *t + 6.0 };
    let gapped: Vec<Vec<f64>> = joined.iter().map(|train| train.iter().map(apart).collect()).collect();
    let observed = [(0.0, 4.0), (10.0, 16.0)];
    let spans = Spans::within(&observed, 0.0, 16.0);
    let without = plan((0.0, 10.0), [0.5, 1.0, 0.1], 16);
    let with = Plan { spectrum: None, spans: spans.clone(), ..plan((0.0, 16.0), [0.5, 1.0, 0.1], 16) };
    let chosen = one_group(3);
    let (expected, found) =
        (statistics(&table(&joined), &chosen, &without).unwrap(), statistics(&table(&gapped), &chosen, &with).unwrap());
    for (unit, (found, expected)) in found.units.iter().zip(&expected.units).enumerate() {
        assert_eq!(found.spikes, expected.spikes);
        same("rate", found.rate_hz, expected.rate_hz);
        same("fano", found.fano_bins, expected.fano_bins);
        let intervals = intervals_within(&gapped[unit], &spans);
        assert_eq!(found.intervals.n as usize, intervals.len());
        assert!(intervals.len() + 1 < gapped[unit].len() && intervals.iter().all(|i| *i < 6.0));
        same("cv", found.cv, cv_of(&intervals));
    }
    same("correlation", found.all.correlation.mean, expected.all.correlation.mean);
    let map = correlations(&table(&gapped), (0.0, 16.0), 0.5, &observed).unwrap();
    same("a pair", map.coefficient(0, 1), found.correlations.unwrap().coefficient(0, 1));
}

#[test]
fn statistics_of_trains_are_those_of_elephant() {
    let reference = &reference()["made"];
    let trains = trains();
    let number = |key: &str| reference[key].as_f64().unwrap();
    let segment = reference["segment"].as_u64().unwrap() as usize;
    let window = (number("start_s"), number("stop_s"));
    let plan = plan(window, [number("bin_s"), number("fano_bin_s"), number("spectrum_bin_s")], segment);
    let found = statistics(&table(&trains), &one_group(trains.len()), &plan).unwrap();
    for (unit, expected) in found.units.iter().zip(reference["units"].as_array().unwrap()) {
        assert_eq!(Some(unit.spikes), expected["spikes"].as_u64());
        same("rate", unit.rate_hz, expected["rate_hz"].as_f64());
        for (key, value) in
            [("cv", unit.cv), ("cv2", unit.cv2), ("lv", unit.lv), ("lvr", unit.lvr), ("fano_bins", unit.fano_bins)]
        {
            same(key, value, expected[key].as_f64());
        }
    }
    let group = &found.groups[0];
    same("Fano factor over units", group.fano_units, reference["fano_units"].as_f64());
    same("mean correlation", group.correlation.mean, reference["correlation_mean"].as_f64());
    assert_eq!(Some(group.correlation.pairs), reference["correlation_pairs"].as_u64());
    let correlations = found.correlations.as_ref().unwrap();
    for (i, row) in reference["correlation"].as_array().unwrap().iter().enumerate() {
        for (j, expected) in row.as_array().unwrap().iter().enumerate() {
            same("correlation", correlations.coefficient(i, j), expected.as_f64());
        }
    }
    let spectrum = group.spectrum.as_ref().unwrap();
    assert_eq!(spectrum.hz, numbers(&reference["hz"]));
    let density = numbers(&reference["density"]);
    let largest = density.iter().copied().fold(0.0, f64::max);
    for (found, expected) in spectrum.density.iter().zip(&density) {
        // The mean is taken off before: at 0 Hz both have nothing but its rounding.
        assert!((found - expected).abs() <= 1e-9 * expected + 1e-15 * largest, "{found} {expected}");
    }
    assert_eq!(spectrum.density.len(), density.len());
}

#[test]
fn distances_of_trains_are_those_of_elephant() {
    let (reference, trains) = (reference(), trains());
    type Distance = fn(&[f64], &[f64], f64) -> f64;
    for (key, distance) in [("van_rossum", van_rossum as Distance), ("victor_purpura", victor_purpura)] {
        for entry in reference[key].as_array().unwrap() {
            let parameter = entry[0].as_f64().unwrap();
            for (a, row) in trains.iter().zip(entry[1].as_array().unwrap()) {
                for (b, expected) in trains.iter().zip(numbers(row)) {
                    let found = distance(a, b, parameter);
                    // elephant's van Rossum is the root of a difference of large numbers.
                    let (square, expected_square) = (found * found, expected * expected);
                    let close = (square - expected_square).abs() <= 1e-9 * expected_square + 1e-11;
                    assert!(close, "{key} {parameter}: {found} {expected}");
                }
            }
        }
    }
    for entry in reference["kolmogorov_smirnov"].as_array().unwrap() {
        let [i, j] = [0, 1].map(|k: usize| entry[k].as_u64().unwrap() as usize);
        let intervals = |train: &Vec<f64>| memspike::analysis::intervals(train);
        let found = kolmogorov_smirnov(intervals(&trains[i]), intervals(&trains[j])).unwrap();
        same("Kolmogorov-Smirnov", Some(found.distance), entry[2].as_f64());
        assert!((found.p - entry[3].as_f64().unwrap()).abs() < 1e-12);
    }
}

/// The table of the textbook: all pairs.
fn plain_victor_purpura(a: &[f64], b: &[f64], q: f64) -> f64 {
    let mut cost: Vec<Vec<f64>> = vec![vec![0.0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            cost[i][j] = match (i, j) {
                (0, n) | (n, 0) => n as f64,
                _ => {
                    let moved = cost[i - 1][j - 1] + q * (a[i - 1] - b[j - 1]).abs();
                    moved.min(cost[i - 1][j] + 1.0).min(cost[i][j - 1] + 1.0)
                }
            };
        }
    }
    cost[a.len()][b.len()]
}

/// Times on a grid of 1/1024 s, so that shifts are exact, and spikes at once occur.
fn train() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(0u32..2048, 0..40).prop_map(|mut ticks| {
        ticks.sort_unstable();
        ticks.into_iter().map(|tick| f64::from(tick) / 1024.0).collect()
    })
}

fn parameter() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), 0.5..2000.0, Just(1e6)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn few_pairs_give_the_distance_of_victor_and_purpura_as_all_do((a, b, q) in (train(), train(), parameter())) {
        let (found, plain) = (victor_purpura(&a, &b, q), plain_victor_purpura(&a, &b, q));
        prop_assert!((found - plain).abs() <= 1e-12 * (1.0 + plain), "{} {}", found, plain);
        prop_assert!(victor_purpura_work(&a, &b, q) <= (a.len() * b.len()) as u64);
    }

    #[test]
    fn both_distances_are_metrics((a, b, c, q) in (train(), train(), train(), 0.5..2000.0f64)) {
        for distance in [|a: &[f64], b: &[f64], q: f64| van_rossum(a, b, 1.0 / q), |a: &[f64], b: &[f64], q: f64| victor_purpura(a, b, q)] {
            prop_assert_eq!(distance(&a, &a, q), 0.0);
            let (ab, ba) = (distance(&a, &b, q), distance(&b, &a, q));
            prop_assert!((ab - ba).abs() <= 1e-12 * (1.0 + ab));
            prop_assert!(a == b || ab > 0.0);
            prop_assert!(ab <= (distance(&a, &c, q) + distance(&c, &b, q)) * (1.0 + 1e-12) + 1e-12);
            prop_assert!(ab <= (a.len() + b.len()) as f64);
        }
    }

    #[test]
    fn distances_and_statistics_do_not_depend_on_the_clock((a, b, q, shift) in (train(), train(), 0.5..2000.0f64, -50i32..50)) {
        let shift = f64::from(shift) / 8.0;
        let moved = |train: &[f64]| train.iter().map(|t| t + shift).collect::<Vec<_>>();
        let (c, d) = (moved(&a), moved(&b));
        prop_assert_eq!(van_rossum(&a, &b, 1.0 / q), van_rossum(&c, &d, 1.0 / q));
        prop_assert_eq!(victor_purpura(&a, &b, q), victor_purpura(&c, &d, q));
        let measure = |trains: &[Vec<f64>], shift: f64| {
            let plan = plan((shift, shift + 2.0), [1.0 / 64.0, 0.125, 1.0 / 128.0], 32);
            statistics(&table(trains), &one_group(2), &plan).unwrap()
        };
        prop_assert_eq!(measure(&[a, b], 0.0), measure(&[c, d], shift));
    }

    #[test]
    fn the_order_of_units_and_the_size_of_pieces_do_not_matter((trains, size) in (prop::collection::vec(train(), 2..6), 1usize..50)) {
        let plan = plan((0.0, 2.0), [1.0 / 64.0, 0.125, 1.0 / 128.0], 32);
        let units = trains.len();
        let spikes = table(&trains);
        let found = statistics(&spikes, &one_group(units), &plan).unwrap();
        let pieces = Pieces { table: spikes, size, backwards: false };
        let pieces = statistics(&pieces, &one_group(units), &plan).unwrap();
        prop_assert_eq!(&found, &pieces);
        let backwards: Vec<Vec<f64>> = trains.iter().rev().cloned().collect();
        let other = statistics(&table(&backwards), &one_group(units), &plan).unwrap();
        for (a, b) in found.units.iter().zip(other.units.iter().rev()) {
            prop_assert_eq!(a, b);
        }
        for (a, b) in figures(&found).into_iter().zip(figures(&other)) {
            let close = a.zip(b).map_or(a == b, |(a, b)| (a - b).abs() <= 1e-12 * (1.0 + a.abs()));
            prop_assert!(close, "{:?} {:?}", a, b);
        }
    }

    #[test]
    fn the_distance_of_kolmogorov_and_smirnov_is_that_of_all_thresholds((a, b) in (train(), train())) {
        let share = |of: &[f64], at: f64| of.iter().filter(|v| **v <= at).count() as f64 / of.len() as f64;
        match kolmogorov_smirnov(a.clone(), b.clone()) {
            None => prop_assert!(a.is_empty() || b.is_empty()),
            Some(found) => {
                let gaps = a.iter().chain(&b).map(|at| (share(&a, *at) - share(&b, *at)).abs());
                prop_assert!((found.distance - gaps.fold(0.0, f64::max)).abs() < 1e-12);
                prop_assert_eq!(found.distance, kolmogorov_smirnov(b, a).unwrap().distance);
            }
        }
    }
}

/// Figures of a population that do not depend on the order of its units.
fn figures(found: &Statistics) -> Vec<Option<f64>> {
    let group = &found.groups[0];
    let mut all = vec![group.fano_units, group.correlation.mean, group.intervals.std(), Some(group.intervals.mean)];
    for distribution in [group.rate_hz, group.cv, group.cv2, group.lv, group.lvr, group.fano_bins] {
        all.extend([distribution.map(|d| d.mean), distribution.map(|d| d.std), distribution.map(|d| d.median)]);
    }
    all.extend(group.spectrum.iter().flat_map(|s| s.density.iter().map(|d| Some(*d))));
    all
}

/// Units beyond what is looked at pair by pair: every spike is on one of 100 beats, by a sequence of Knuth's MMIX generator.
fn many(units: usize) -> Vec<Vec<f64>> {
    let mut state = 1u64;
    let mut chance = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 60) as u32
    };
    (0..units).map(|_| (0..100u32).filter(|beat| chance() < 1 + beat % 3).map(f64::from).collect()).collect()
}

#[test]
fn the_mean_correlation_of_many_units_is_that_of_all_their_pairs() {
    let trains = many(2100);
    let spikes = table(&trains);
    let mut chosen = one_group(2100);
    chosen.groups = vec![("few".into(), 0..60), ("most".into(), 60..2100)];
    let plan = Plan { correlation: Some(Bins::whole(0.0, 100.0, 1.0).unwrap()), ..Plan::of((0.0, 100.0)) };
    let found = statistics(&spikes, &chosen, &plan).unwrap();
    assert!(found.correlations.is_none() && found.all.correlation.distribution.is_none());
    let few = correlations(&spikes.select(&(0..60).collect::<Vec<_>>()), (0.0, 100.0), 1.0, &[]).unwrap().pairs(0..60);
    assert_eq!(found.groups[0].correlation.pairs as usize, few.len());
    same("few", found.groups[0].correlation.mean, Some(few.iter().sum::<f64>() / few.len() as f64));
    // The beats make them alike.
    let mean = found.groups[1].correlation.mean.unwrap();
    assert!((0.001..0.1).contains(&mean), "{mean}");
    assert!(correlations(&spikes, (0.0, 100.0), 1.0, &[]).is_err());
}
