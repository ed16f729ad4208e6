//! What physical devices do at the limits: voltages and rates beyond what films stand, states that move at random, bounds of the law.

use memspike::device::characterise::staircase;
use memspike::device::physical::PhysicalModel;
use memspike::device::physical::waveform::{self, Waveform};
use memspike::device::{Cell, Device, DeviceModel, DeviceSpec};

#[test]
fn voltages_that_no_film_stands_are_refused_and_no_rate_is_too_fast_for_the_solver() {
    let spec = |model, given: &[(&str, f64)]| DeviceSpec::with(DeviceModel::Physical(model), given);
    for (model, volt) in [
        (PhysicalModel::VoltageThreshold, 150.0),
        (PhysicalModel::Yakopcic, 800.0),
        (PhysicalModel::StanfordRram, 200.0),
        (PhysicalModel::NonlinearDrift, 1e3),
    ] {
        let error = spec(model, &[("pulse_up.v", volt), ("pulse_up.width", 1e-6)]).device().unwrap_err();
        assert!(error.parameter == "pulse_up.v" && error.message.contains("at most 100 V"), "{error}");
    }
    let values = |a_plus: f64| -> Vec<f64> {
        waveform::MODEL.params.iter().map(|p| if p.name == "a_plus" { a_plus } else { p.default }).collect()
    };
    assert!(Waveform::new(&values(150.0)).unwrap_err().message.contains("at most 100 V"));
    assert!(Waveform::new(&values(99.0)).is_ok());
    // A current that no number holds has no energy.
    let hot = [("v_0", 0.1), ("pulse_up.v", 100.0), ("pulse_up.width", 1e-9)];
    let error = spec(PhysicalModel::StanfordRram, &hot).device().unwrap_err();
    assert!(error.message.contains("beyond numbers"), "{error}");
    // e^(2 V/1 mV) is none either: the state is at its bound at once.
    let pulses = [
        ("pulse_up.v", 2.0),
        ("pulse_up.width", 1e-6),
        ("pulse_down.v", -2.0),
        ("pulse_down.width", 1e-6),
        ("v_o", 1e-3),
    ];
    let device = spec(PhysicalModel::VoltageThreshold, &pulses).device().unwrap();
    let (c, cell) = (&device.common, Cell::nominal(&device.common));
    for (up, bound) in [(true, c.g_max), (false, c.g_min)] {
        let end = c.mid() + device.step(&cell, c.mid(), up);
        assert!((end - bound).abs() < 1e-9 * c.range(), "{end}");
        let at_bound = bound * 4.0 * 1e-6;
        let found = device.pulse_energy(c.mid(), up).unwrap();
        assert!((found / at_bound - 1.0).abs() < 0.5, "{found} {at_bound}");
    }
}

#[test]
fn pulses_of_a_gap_that_moves_at_random_scatter_and_ideal_ones_do_not() {
    let pulses = [
        ("pulse_up.v", 1.2),
        ("pulse_up.width", 1e-8),
        ("pulse_down.v", -1.35),
        ("pulse_down.width", 2e-8),
        ("delta_gap", 0.02),
    ];
    let of = |more: &[(&str, f64)]| {
        let given = [&pulses[..], more].concat();
        DeviceSpec::with(DeviceModel::Physical(PhysicalModel::StanfordRram), &given).device()
    };
    let course = |device: &Device, seed| staircase(device, &[false, true], 2e-5, 20, 3, seed);
    let (noisy, ideal) = (of(&[]).unwrap(), of(&[("ideal", 1.0)]).unwrap());
    assert!(course(&noisy, 1).cycles[0] > 1e-8, "{:?}", course(&noisy, 1).cycles);
    assert_eq!(course(&noisy, 1), course(&noisy, 1));
    assert_ne!(course(&noisy, 1).mean, course(&noisy, 2).mean);
    assert!(course(&ideal, 1).cycles.iter().all(|std| *std < 1e-15));
    assert_eq!(course(&ideal, 1).nominal, course(&noisy, 1).nominal);
    // A number for each noise step: not millions in a pulse.
    let error = of(&[("noise_step", 1e-4)]).unwrap_err();
    assert!(error.parameter == "noise_step" && error.message.contains("100000 random numbers"), "{error}");
}

#[test]
fn a_physical_devices_own_bounds_lie_within_those_of_its_law() {
    let given = [("sigma_g_max", 0.1), ("sigma_g_min", 0.1)];
    let device = DeviceSpec::with(DeviceModel::Physical(PhysicalModel::VoltageThreshold), &given).device().unwrap();
    let c = &device.common;
    let key = memspike::rng::StreamKey::new(1, memspike::rng::Purpose::Device, 2);
    let cells: Vec<Cell> = (0..200).map(|k| Cell::of(&device, key, k, 0)).collect();
    assert!(cells.iter().all(|cell| cell.g_min >= c.g_min && cell.g_max <= c.g_max));
    let narrower = cells.iter().filter(|cell| cell.g_max < c.g_max).count();
    assert!((70..130).contains(&narrower), "{narrower}");
}
