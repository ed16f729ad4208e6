//! Devices that stand still: stuck from the start, or dead from some pulse on. Such a fault is no small step, and would pull the law of all
//! others toward 0.

use super::{Change, Row, each_change, off_zero};
use crate::math;

/// Changes of a device that stands still are all below this share of a step, the root mean square change of the median device.
const STILL: f64 = 0.2;
/// The chance, at most, that so many pulses of a direction move a device that works by none of them.
const CHANCE: f64 = 1e-4;

/// The last pulses of a device, by none of which it moved.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Still {
    /// Which device.
    pub device: usize,
    /// How many pulses.
    pub pulses: usize,
    /// Was it so from the first pulse on?
    pub always: bool,
    /// Where it stood \[S\].
    pub g: f64,
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(0.0)
}

/// The share of the changes in a direction that are at least `least`.
fn share(own: &[(usize, Change)], up: bool, least: f64) -> f64 {
    let in_direction = || own.iter().filter(|(_, c)| c.up == up);
    let moved = in_direction().filter(|(_, c)| c.dg.abs() >= least).count();
    moved as f64 / in_direction().count().max(1) as f64
}

/// The rows without those of devices that stand still, and what was set apart so.
///
/// A device stands still when pulses of both directions come, so many of each that one that works would have moved (as often as the median
/// device does), and neither a step is seen nor a drift in the directions of the pulses, which slow devices have.
pub fn set_apart(rows: &[Row]) -> (Vec<Row>, Vec<Still>) {
    let devices = rows.iter().map(|row| row.device + 1).max().unwrap_or(0);
    let mut own = vec![Vec::new(); devices];
    each_change(rows, |row, change| own[change.device].push((row, change)));
    let pulsed = || own.iter().filter(|own| !own.is_empty());
    let size =
        |own: &Vec<(usize, Change)>| (own.iter().map(|(_, c)| c.dg * c.dg).sum::<f64>() / own.len() as f64).sqrt();
    let least = STILL * median(pulsed().map(size).collect());
    if least == 0.0 {
        return (rows.to_vec(), Vec::new());
    }
    let often = [false, true].map(|up| median(pulsed().map(|own| share(own, up, least)).collect()));
    let (mut still, mut first) = (Vec::new(), vec![usize::MAX; devices]);
    for (device, own) in own.iter().enumerate() {
        let from = own.iter().rposition(|(_, c)| c.dg.abs() >= least).map_or(0, |last| last + 1);
        let tail = &own[from..];
        let by_chance = |up: bool| {
            let count = tail.iter().filter(|(_, c)| c.up == up).count();
            math::pow(1.0 - often[usize::from(up)], count as f64)
        };
        let signed: Vec<f64> = tail.iter().map(|(_, c)| if c.up { c.dg } else { -c.dg }).collect();
        if by_chance(true) <= CHANCE && by_chance(false) <= CHANCE && off_zero(&signed).is_none() {
            let g = tail.iter().map(|(_, c)| c.g).sum::<f64>() / tail.len() as f64;
            still.push(Still { device, pulses: tail.len(), always: from == 0, g });
            // Of one that never moved the rows before the first pulse too, which say nothing of a range.
            first[device] = if from == 0 { 0 } else { tail[0].0 };
        }
    }
    let moving = rows.iter().enumerate().filter(|(place, row)| *place < first[row.device]);
    (moving.map(|(_, row)| *row).collect(), still)
}

/// Most devices that a note names.
const NAMED: usize = 5;

/// What there is to say of them, by the names of the devices; none of none.
pub fn said(still: &[Still], names: &[String]) -> Option<String> {
    let name = |one: &Still| {
        let name = names.get(one.device).map_or_else(|| "the device".to_string(), |name| format!("device {name}"));
        if one.always {
            format!("{name}, which stays at {:.3e} S", one.g)
        } else {
            format!("{name}, which stays at {:.3e} S in its last {} pulses", one.g, one.pulses)
        }
    };
    let mut list: Vec<String> = still.iter().take(NAMED).map(name).collect();
    if still.len() > NAMED {
        list.push(format!("{} more", still.len() - NAMED));
    }
    (!still.is_empty()).then(|| {
        format!(
            "pulses up and down do not move {}: left out there, since a stuck device is a fault and no small step; stuck_low, stuck_high, \
             stuck_between say which share of devices is stuck, and `endurance` how they wear out",
            list.join("; ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Soft bounds from 1 to 100 uS, by factor of the steps, 50 pulses up and 50 down in turn; dead from a pulse on.
    fn rows(devices: &[(f64, usize)]) -> Vec<Row> {
        let mut all = Vec::new();
        for (device, &(factor, dead)) in devices.iter().enumerate() {
            let mut g = 1e-6;
            for k in 0..200 {
                let up = k / 50 % 2 == 0;
                if k < dead {
                    g += factor * if up { 0.04 * (1e-4 - g) } else { -0.04 * (g - 1e-6) };
                }
                // A reading that is off by some nanosiemens, now up, now down.
                let read = g + 1e-9 * f64::from((k * 7 % 5) as i32 - 2);
                all.push(Row { g: read, up, device, cycle: 0 });
            }
        }
        all
    }

    #[test]
    fn devices_that_never_move_or_no_longer_do_are_set_apart() {
        let all = rows(&[(1.0, 200), (1.0, 0), (1.2, 200), (0.9, 80), (1.0, 200)]);
        let (moving, still) = set_apart(&all);
        assert_eq!(still.len(), 2);
        assert!(still[0].always && still[0].device == 1 && (still[0].g - 1e-6).abs() < 1e-9, "{still:?}");
        assert!(!still[1].always && still[1].device == 3 && still[1].pulses == 120, "{still:?}");
        assert_eq!(moving.len(), 3 * 200 + 80);
        assert!(moving.iter().all(|row| row.device != 1));
        let names: Vec<String> = ["a", "b", "c", "d", "e"].map(String::from).to_vec();
        let said = said(&still, &names).unwrap();
        assert!(said.contains("device b, which stays at 1.000e-6 S; device d, which stays at"), "{said}");
        assert!(said.contains("in its last 120 pulses: left out there"), "{said}");
    }

    #[test]
    fn slow_devices_and_those_that_work_stay() {
        let all = rows(&[(1.0, 200), (0.1, 200), (1.2, 200), (2.0, 200)]);
        assert_eq!(set_apart(&all), (all.clone(), vec![]));
        // One device alone is its own measure.
        let one = rows(&[(1.0, 200)]);
        assert_eq!(set_apart(&one), (one.clone(), vec![]));
        assert_eq!(set_apart(&rows(&[(1.0, 90)])).1.len(), 1);
    }

    #[test]
    fn two_level_devices_that_switch_seldom_stay() {
        // At every 9th pulse of its direction, from either level; the last pulses of each come without a switch.
        let mut all = Vec::new();
        for device in 0..4 {
            let mut high = false;
            for k in 0..240 {
                let up = k / 20 % 2 == 0;
                if up != high && (k + device) % 9 == 0 && k < 200 {
                    high = up;
                }
                all.push(Row { g: if high { 5e-5 } else { 1e-6 }, up, device, cycle: 0 });
            }
        }
        assert_eq!(set_apart(&all).1, vec![]);
    }
}
