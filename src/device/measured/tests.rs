//! What is read off measured pulses, and what pulses drawn from it are like.

use super::*;

/// Soft bounds between 10 and 110 uS: 3 devices with factors 0.8, 1 and 1.2.
fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (device, factor) in [0.8, 1.0, 1.2].into_iter().enumerate() {
        for cycle in 0..4 {
            let mut g = 10e-6;
            for k in 0..200 {
                let up = k < 100;
                let step = if up { 0.04 * (110e-6 - g) } else { -0.04 * (g - 10e-6) };
                g += factor * step;
                rows.push(Row { g, up, device, cycle });
            }
        }
    }
    rows
}

#[test]
fn the_law_and_the_spread_of_devices_come_back() {
    let m = Measured::new(&rows()).unwrap();
    assert_eq!(m.devices, 3);
    for g in [30e-6, 60e-6, 90e-6] {
        let (up, down) = (m.at(g, true).0, m.at(g, false).0);
        assert!((up / (0.04 * (110e-6 - g)) - 1.0).abs() < 0.06, "{g}: {up}");
        assert!((down / (-0.04 * (g - 10e-6)) - 1.0).abs() < 0.06, "{g}: {down}");
    }
    assert!((m.sigma_d2d - 0.2).abs() < 0.05, "{}", m.sigma_d2d);
    assert!(m.up.std.iter().all(|s| *s < 0.3e-6), "no noise within devices: {:?}", m.up.std);
}

#[test]
fn beyond_what_was_measured_nothing_changes_and_within_it_the_nearest_change_holds() {
    let m = Measured::new(&rows()).unwrap();
    assert_eq!(m.at(9e-6, true), (0.0, 0.0));
    assert_eq!(m.at(m.down.seen.1 * 1.001, false), (0.0, 0.0));
    assert!(m.at(m.up.seen.0, true).0 > 0.0, "held at the outermost bin within");
    assert!(m.range.0 < m.up.seen.0, "the last row of a cycle, which no pulse follows");
    assert_eq!(m.at(m.range.0, true), m.at(m.up.seen.0, true), "a device does not die there");
}

#[test]
fn a_direction_that_was_not_measured_is_an_error() {
    let only: Vec<Row> = rows().into_iter().filter(|r| r.up).collect();
    assert!(Measured::new(&only).unwrap_err().to_string().contains("no down pulse"));
    assert!(Measured::new(&[]).is_err());
}

#[test]
fn pulses_that_do_the_opposite_of_what_they_are_called_are_an_error_with_the_remedy() {
    let turned = |rows: Vec<Row>| rows.into_iter().map(|r| Row { up: !r.up, ..r }).collect::<Vec<_>>();
    for rows in [rows(), rows_of_noise(), two_levels()] {
        assert!(Measured::new(&rows).is_ok());
        let error = Measured::new(&turned(rows)).unwrap_err().to_string();
        assert!(error.contains("pulses up lower") && error.contains("reverse = true"), "{error}");
    }
    // Of nothing but noise neither can be said.
    let noise = |k: u32| Row { g: (20.0 + normal(k)) * 1e-6, up: k % 20 < 10, device: 0, cycle: 0 };
    let noise: Vec<Row> = (0..400).map(noise).collect();
    assert!(Measured::new(&noise).is_ok() && Measured::new(&turned(noise)).is_ok());
}

#[test]
fn changes_are_differences_within_a_cycle() {
    let row = |g, cycle| Row { g, up: true, device: 0, cycle };
    let all = changes(&[row(1.0, 0), row(2.0, 0), row(5.0, 1), row(4.0, 1), row(2.5, 0)]);
    assert_eq!(all.iter().map(|c| c.dg).collect::<Vec<_>>(), [1.0, -1.0, 0.5]);
}
/// Standard normal numbers: twelve even ones are as good.
fn normal(k: u32) -> f64 {
    let words = (0..3).flat_map(|part| crate::rng::philox([k, part, 0, 0], [5, 0]));
    words.map(|word| f64::from(word) / 2f64.powi(32)).sum::<f64>() - 6.0
}

/// 600 pulses up from 10 uS, of which the first 60 do nothing and the rest set the device to 20 uS; 600 down from there, every other
/// of which resets it.
fn two_levels() -> Vec<Row> {
    let row = |g: f64, up, cycle| Row { g: g * 1e-6, up, device: 0, cycle };
    let up = (0..600).flat_map(|k| [row(10.0, false, k), row(if k < 60 { 10.0 } else { 20.0 }, true, k)]);
    let down = (600..1200).flat_map(|k| [row(20.0, true, k), row(if k % 2 == 0 { 10.0 } else { 20.0 }, false, k)]);
    up.chain(down).collect()
}

#[test]
fn all_pulses_from_equal_conductances_count() {
    let m = Measured::new(&two_levels()).unwrap();
    let (low, high) = m.range;
    for (g, up, mean, spread) in [(low, true, 9e-6, 3e-6), (high, false, -5e-6, 5e-6)] {
        let (found, std) = m.at(g, up);
        assert!((found - mean).abs() < 1e-12 && (std / spread - 1.0).abs() < 0.002, "{found} {std}");
    }
    assert_eq!((m.up.count.clone(), m.down.count.clone()), (vec![600], vec![600]));
    // A few pulses from another conductance are a bin of their own.
    let mut rows = two_levels();
    rows.extend((1200..1205).flat_map(|cycle| [high; 2].map(|g| Row { g, up: true, device: 0, cycle })));
    let m = Measured::new(&rows).unwrap();
    assert_eq!(m.up.count, [600, 5]);
    assert!((m.at(low, true).0 - 9e-6).abs() < 1e-12 && m.at(high, true).0 == 0.0);
}

#[test]
fn rounded_conductances_have_the_means_of_those_that_were_not() {
    let (mut fine, mut rounded) = (Vec::new(), Vec::new());
    for (device, factor) in [0.5, 0.8, 1.2, 1.5].into_iter().enumerate() {
        for cycle in 0..40 {
            let mut g = 20.0 + 0.25 * cycle as f64;
            for k in 0..24 {
                let step = factor * 1.5 * (1.0 + 0.1 * normal(fine.len() as u32));
                g = (if k < 12 { g + step } else { g - step }).clamp(15.0, 45.0);
                let row = |g: f64| Row { g: g * 1e-6, up: k < 12, device, cycle };
                fine.push(row(g));
                rounded.push(row(g.round()));
            }
        }
    }
    let m = Measured::new(&rounded).unwrap();
    let all = changes(&rounded);
    assert_eq!(m.up.count.iter().sum::<usize>(), all.iter().filter(|c| c.up).count());
    for g in [25.0, 30.0] {
        let own: Vec<f64> = all.iter().filter(|c| c.up && (c.g * 1e6 - g).abs() < 0.5).map(|c| c.dg).collect();
        let mean = own.iter().sum::<f64>() / own.len() as f64;
        let found = m.at(g * 1e-6, true).0;
        assert!(own.len() > 50 && (found / mean - 1.0).abs() < 0.05, "{g}: {found} {mean}");
    }
}

#[test]
fn the_order_of_devices_and_cycles_in_the_file_does_not_matter() {
    let mut rows = two_levels();
    rows.extend(rows_of_noise());
    let m = Measured::new(&rows).unwrap();
    // Later runs first; the rows of a run stay in their order.
    rows.sort_by_key(|r| (std::cmp::Reverse(r.cycle), std::cmp::Reverse(r.device)));
    let other = Measured::new(&rows).unwrap();
    assert_eq!((m.up, m.down), (other.up, other.down));
}

/// One device whose steps up and down have noise of 0.1 uS, in 5 runs.
fn rows_of_noise() -> Vec<Row> {
    let mut rows = Vec::new();
    for cycle in 2000..2005 {
        let mut g = 20.0;
        for k in 0..200 {
            let step = if k < 100 { 0.02 * (80.0 - g) } else { -0.02 * (g - 5.0) };
            g += step + 0.1 * normal(rows.len() as u32);
            rows.push(Row { g: g * 1e-6, up: k < 100, device: 0, cycle });
        }
    }
    rows
}

#[test]
fn steps_that_a_bound_cuts_short_are_no_noise() {
    let (mut g, mut rows) = (2.0, Vec::new());
    for k in 0..80 {
        g = f64::clamp(if k < 40 { g + 1.7 } else { g - 1.3 }, 2.0, 52.0);
        rows.push(Row { g: g * 1e-6, up: k < 40, device: 0, cycle: 0 });
    }
    let m = Measured::new(&rows).unwrap();
    let most = m.up.std.iter().chain(&m.down.std).copied().fold(0.0, f64::max);
    assert!(most < 1e-9 * 1e-6, "{:?} {:?}", m.up, m.down);
}

#[test]
fn a_course_without_noise_has_no_spread_and_noise_has_its_own() {
    // A staircase of 30 pulses of soft bounds, and one whose steps bend.
    for bent in [false, true] {
        let (mut g, mut rows) = (2.0, Vec::new());
        for k in 0..60 {
            let step = |x: f64| if bent { 0.3 + 3.0 * crate::math::exp(-4.0 * x) } else { 2.4 * (1.0 - x) };
            g += if k < 30 { step((g - 2.0) / 50.0) } else { -step((52.0 - g) / 50.0) };
            rows.push(Row { g: g * 1e-6, up: k < 30, device: 0, cycle: 0 });
        }
        let m = Measured::new(&rows).unwrap();
        for curve in [&m.up, &m.down] {
            let share = curve.std.iter().zip(&curve.mean).map(|(s, m)| (s / m).abs()).fold(0.0, f64::max);
            assert!(share < if bent { 0.02 } else { 1e-9 }, "{bent}: {share}");
        }
    }
    let m = Measured::new(&rows_of_noise()).unwrap();
    for curve in [&m.up, &m.down] {
        let n: f64 = curve.count.iter().map(|n| *n as f64).sum();
        let square: f64 = curve.std.iter().zip(&curve.count).map(|(s, n)| s * s * *n as f64).sum();
        let found = (square / n).sqrt();
        // The squares of neighbours' deviations are alike: a variance of 35/18 the usual one.
        let error = (35.0f64 / 18.0).sqrt() / (2.0 * n).sqrt();
        assert!((found / 0.1e-6 - 1.0).abs() < 3.0 * error, "{found} within {error}");
    }
}

/// A device of the specification that says this of its spread.
fn spread(given: &[(&str, f64)]) -> f64 {
    use crate::device::{DeviceModel, DeviceSpec};
    let mut spec = DeviceSpec::with(DeviceModel::Table, given);
    spec.lists = Measured::new(&rows()).unwrap().lists();
    spec.device().unwrap().common.sigma_d2d
}

#[test]
fn the_spread_of_devices_is_measured_unless_it_is_given_be_it_as_none() {
    assert_eq!(MODEL.params.iter().filter(|p| p.name == "sigma_d2d").count(), 1);
    assert!(spread(&[]) > 0.1);
    assert_eq!(spread(&[("sigma_d2d", 0.0)]), 0.0);
    assert_eq!(spread(&[("sigma_d2d", 0.4)]), 0.4);
    assert_eq!([spread(&[("ideal", 1.0)]), spread(&[("ideal", 1.0), ("sigma_d2d", 0.4)])], [0.0; 2]);
}
