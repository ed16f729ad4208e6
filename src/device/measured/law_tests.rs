//! Pulses drawn from a measurement have the law of those that were measured: two levels, skewed steps, Gaussian ones.

use super::*;
use crate::device::Law;
use crate::device::characterise::staircase;
use crate::device::{Cell, Device, DeviceModel, DeviceSpec, normal, uniform};
use crate::math::exp;

/// A measured device as a model has it: by way of the lists of its specification.
fn device(m: &Measured) -> Device {
    let mut spec = DeviceSpec::with(DeviceModel::Table, &[("sigma_d2d", 1e-12)]);
    spec.lists = m.lists();
    spec.device().unwrap()
}

/// What pulses change that have evenly spaced random words, rising.
fn drawn(device: &Device, g: f64, up: bool) -> Vec<f64> {
    let cell = Cell::nominal(&device.common);
    let word = |k: u32| (k << 18) + (1 << 17);
    let mut all: Vec<f64> = (0..1 << 14).map(|k| device.pulse(&cell, g, up, word(k), || 0) - g).collect();
    all.sort_by(f64::total_cmp);
    all
}

/// Mean and standard deviation.
fn moments(all: &[f64]) -> (f64, f64) {
    let n = all.len() as f64;
    let mean = all.iter().sum::<f64>() / n;
    (mean, (all.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n).sqrt())
}

/// The largest distance of the distribution of sorted numbers from `below`, that to be below one of them.
fn distance(all: &[f64], below: impl Fn(f64) -> f64) -> f64 {
    let n = all.len() as f64;
    let off = |(k, x): (usize, &f64)| (k as f64 / n - below(*x)).abs().max(((k + 1) as f64 / n - below(*x)).abs());
    all.iter().enumerate().map(off).fold(0.0, f64::max)
}

/// The probability that a standard normal number is below `z`, by halving.
fn below(z: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..40 {
        let mid = 0.5 * (low + high);
        if crate::sample::normal_quantile(mid) < z { low = mid } else { high = mid }
    }
    low
}

/// The random word of a pulse.
fn word(number: usize, seed: u32) -> u32 {
    crate::rng::philox([number as u32, 0, 0, 0], [seed, 9])[0]
}

/// Pulses up, then down, of a device with steps of `change(number)` \[uS\], again and again between 20 and 100 uS or so.
fn stairs(pulses: usize, device: usize, change: impl Fn(usize) -> f64) -> Vec<Row> {
    let (mut g, mut up, mut rows) = (20.0, true, Vec::new());
    for number in 0..pulses {
        up = if g > 100.0 || number == pulses / 2 { false } else { up || g < 20.0 };
        g = f64::clamp(g + if up { change(number) } else { -change(number) }, 10.0, 110.0);
        rows.push(Row { g: g * 1e-6, up, device, cycle: 0 });
    }
    rows
}

/// A device between 1 and 10 uS: a pulse up sets it with probability 0.3, one down resets it with 0.1; `noise` \[uS\]: of its levels.
fn switching(pulses: usize, noise: f64) -> Vec<Row> {
    switching_one(0, pulses, noise)
}

/// The same of one of several such devices.
fn switching_one(device: usize, pulses: usize, noise: f64) -> Vec<Row> {
    let (mut high, mut rows, seed) = (false, Vec::new(), 100 * device as u32);
    for number in 0..pulses {
        let (up, u) = (number % 20 < 8, uniform(word(number, seed + 1)));
        high = if up { high || u < 0.3 } else { high && u >= 0.1 };
        let g = if high { 10.0 } else { 1.0 } + noise * normal(word(number, seed + 2));
        rows.push(Row { g: g * 1e-6, up, device, cycle: 0 });
    }
    rows
}

#[test]
fn several_devices_with_the_same_two_levels_stay_at_them() {
    let rows: Vec<Row> = (0..4).flat_map(|device| switching_one(device, 2000, 0.0)).collect();
    let m = Measured::new(&rows).unwrap();
    let (device, all) = (device(&m), changes(&rows));
    let (low, high) = m.range;
    for (g, up, step) in [(low, true, 9e-6), (high, false, -9e-6)] {
        let drawn = drawn(&device, g, up);
        let off = drawn.iter().map(|x| x.abs().min((x - step).abs())).fold(0.0, f64::max);
        assert!(off < 0.005 * 9e-6, "at a level: {off}");
        let switched = |all: &[f64]| all.iter().filter(|x| x.abs() > 4.5e-6).count() as f64 / all.len() as f64;
        let source: Vec<f64> = all.iter().filter(|c| c.up == up && (c.g - g).abs() < 1e-9).map(|c| c.dg).collect();
        assert!((switched(&drawn) - switched(&source)).abs() < 2e-3, "{} {}", switched(&drawn), switched(&source));
    }
}

#[test]
fn a_device_with_two_levels_goes_from_one_to_the_other_or_stays() {
    let rows = switching(6000, 0.0);
    let m = Measured::new(&rows).unwrap();
    let device = device(&m);
    let all = changes(&rows);
    let (low, high) = m.range;
    for (g, up, step) in [(low, true, 9e-6), (high, false, -9e-6), (high, true, 0.0), (low, false, 0.0)] {
        let source: Vec<f64> = all.iter().filter(|c| c.up == up && (c.g - g).abs() < 1e-9).map(|c| c.dg).collect();
        let drawn = drawn(&device, g, up);
        assert!(source.len() > 500);
        let off = |x: &f64| x.abs().min((x - step).abs());
        assert!(drawn.iter().map(off).fold(0.0, f64::max) < 0.005 * 9e-6, "at a level");
        let switched = |all: &[f64]| all.iter().filter(|x| x.abs() > 4.5e-6).count() as f64 / all.len() as f64;
        assert!((switched(&drawn) - switched(&source)).abs() < 2e-4, "{} {}", switched(&drawn), switched(&source));
        let ((mean, std), (true_mean, true_std)) = (moments(&drawn), moments(&source));
        assert!((mean - true_mean).abs() < 2e-3 * 9e-6 && (std - true_std).abs() < 2e-3 * 9e-6, "{mean} {std}");
    }
    // In between, where it never was, a pulse leads to a level too.
    let between = drawn(&device, 4e-6, true);
    assert!(between.iter().all(|x| x.abs() < 0.1e-6 || (x - 6e-6).abs() < 0.1e-6), "{between:?}");
}

#[test]
fn noise_of_two_levels_does_not_hide_them() {
    let rows = switching(24_000, 0.2);
    let device = device(&Measured::new(&rows).unwrap());
    let drawn = drawn(&device, 1e-6, true);
    let between = drawn.iter().filter(|x| **x > 1.5e-6 && **x < 7.5e-6).count() as f64 / drawn.len() as f64;
    let high = drawn.iter().filter(|x| **x > 7.5e-6).count() as f64 / drawn.len() as f64;
    assert!(between < 0.04 && (high - 0.3).abs() < 0.06, "{between} {high}");
}

/// The variance of a product with a factor 1 + `sigma` N that has nothing to do with it: of a step of this mean and spread.
fn beside(sigma: f64, (mean, std): (f64, f64)) -> f64 {
    std * std + sigma * sigma * (mean * mean + std * std)
}

#[test]
fn noise_beside_that_of_the_table_is_independent_of_it() {
    let rows = stairs(8000, 0, |number| 1.5 + 0.6 * normal(word(number, 11)));
    let m = Measured::new(&rows).unwrap();
    let mut spec = DeviceSpec::with(DeviceModel::Table, &[("sigma_d2d", 1e-12), ("sigma_c2c", 0.5)]);
    spec.lists = m.lists();
    let pulses = staircase(&spec.device().unwrap(), &[true], 60e-6, 1, 20_000, 5);
    let (mean, expected) = (m.at(60e-6, true).0, beside(0.5, m.at(60e-6, true)));
    let (found, spread) = (pulses.mean[0] - 60e-6, pulses.cycles[0]);
    assert!((spread * spread / expected - 1.0).abs() < 0.06, "{spread} {expected}");
    assert!((found - mean).abs() < 4.0 * (expected / 20_000.0).sqrt(), "{found} {mean}");
}

#[test]
fn skewed_steps_are_drawn_as_skewed_as_they_were_measured() {
    // Logarithmic normal steps: of one device, and of three that differ.
    let normal_of = |x: f64| if x > 0.0 { (crate::math::ln(x / 1e-6) + 0.32) / 0.8 } else { f64::NEG_INFINITY };
    for (factors, least) in [(&[1.0][..], 0.03), (&[1.0, 0.7, 1.3], 0.06)] {
        let mut rows = Vec::new();
        for (device, factor) in factors.iter().enumerate() {
            let step = |number| factor * exp(0.8 * normal(word(number, 20 + device as u32)) - 0.32);
            rows.extend(stairs(15_000, device, step));
        }
        let device = device(&Measured::new(&rows).unwrap());
        for up in [true, false] {
            // All over the range, so that what bins have by chance is small in the mean.
            let all = (25..95).flat_map(|g| drawn(&device, f64::from(g) * 1e-6, up));
            let mut sizes: Vec<f64> = all.step_by(16).map(|x| if up { x } else { -x }).collect();
            sizes.sort_by(f64::total_cmp);
            let off = distance(&sizes, |x| below(normal_of(x)));
            assert!(off < least, "{factors:?} {up}: {off}");
        }
    }
}

#[test]
fn gaussian_steps_stay_gaussian() {
    for pulses in [60, 400, 12_000] {
        let rows = stairs(pulses, 0, |number| 1.5 + 0.6 * normal(word(number, 7)));
        let m = Measured::new(&rows).unwrap();
        let shapes = || m.up.shape.iter().chain(&m.down.shape);
        let other = shapes().filter(|shape| !shape.is_gaussian()).count();
        assert!(other <= shapes().count() / 10, "{pulses}: {other} of {}", shapes().count());
        let (mean, std) = m.at(60e-6, true);
        let off = distance(&drawn(&device(&m), 60e-6, true), |x| below((x - mean) / std));
        assert!(off < 0.06, "{pulses}: {off}");
    }
}

/// Measurements of all kinds, of few and of many pulses.
fn all_kinds() -> Vec<Measured> {
    let skewed = |number| exp(0.8 * normal(word(number, 3)) - 0.32);
    let few = |pulses| stairs(pulses, 0, skewed);
    let rows = [few(12), few(40), few(200), few(5000), switching(60, 0.0), switching(3000, 0.0), switching(3000, 0.2)];
    rows.iter().map(|rows| Measured::new(rows).unwrap()).collect()
}

#[test]
fn mean_and_spread_are_those_that_were_measured_at_bins_and_between_them() {
    for (k, m) in all_kinds().iter().enumerate() {
        for up in [true, false] {
            let curve = m.curve(up);
            for share in 0..=64 {
                let g = curve.seen.0 + f64::from(share) / 64.0 * (curve.seen.1 - curve.seen.0);
                let all: Vec<f64> = (0..1 << 14).map(|k| m.drawn(g, up, (k << 18) + (1 << 17))).collect();
                let ((mean, std), (found, spread)) = (m.at(g, up), moments(&all));
                let most = curve.std.iter().copied().fold(0.0, f64::max);
                assert!((found - mean).abs() <= 2e-3 * std + 1e-9 * most, "{k} {up} {g}: {found} {mean}");
                assert!((spread - std).abs() <= 0.01 * std + 1e-9 * most, "{k} {up} {g}: {spread} {std}");
            }
        }
    }
}

#[test]
fn the_lists_of_a_specification_are_the_measurement() {
    for m in all_kinds() {
        let Law::Measured(back) = device(&m).law else { panic!("no table") };
        let kept = |c: &Curve| Curve { count: vec![], square: vec![], points: vec![], ..c.clone() };
        assert_eq!(*back, Measured { up: kept(&m.up), down: kept(&m.down), ..m.clone() });
    }
    assert_eq!(Shape::of_list(&[3.0, 0.0], 2), [Shape::default(), Shape::default()], "cut off");
}
