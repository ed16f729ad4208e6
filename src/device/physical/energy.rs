//! The energy that a drive delivers to a physical device: the integral of v i over time, as its state moves.

use super::Physical;
use super::drive::Piece;
use super::solve::Options;

impl Physical {
    /// Energy \[J\] of a drive that finds the device in state `x`: by Simpson's rule over each piece cut into 2 `half` stretches.
    pub fn energy(&self, x: f64, pieces: &[Piece], half: usize, options: Options) -> f64 {
        let steps = 2 * half;
        let time = |piece: &Piece, k: usize| {
            if k == steps { piece.end } else { piece.start + (piece.end - piece.start) * k as f64 / steps as f64 }
        };
        let times: Vec<f64> = pieces.iter().flat_map(|piece| (0..=steps).map(move |k| time(piece, k))).collect();
        let states = self.states(x, pieces, &times, options);
        let of_piece = |(piece, states): (&Piece, &[f64])| {
            let power = |k: usize| {
                let volt = piece.at(time(piece, k));
                volt * self.current(states[k], volt)
            };
            let inner: f64 = (1..steps).map(|k| if k % 2 == 1 { 4.0 * power(k) } else { 2.0 * power(k) }).sum();
            (power(0) + inner + power(steps)) * (piece.end - piece.start) / (3.0 * steps as f64)
        };
        pieces.iter().zip(states.chunks(steps + 1)).map(of_piece).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::PhysicalModel;
    use super::super::drive::pulse;
    use super::*;

    /// d/dt of what the film has taken up is v^2 G(x): with a rectangular window and a constant voltage R R' = -c v, so that the charge
    /// is the change of state over c, and the energy v times that.
    #[test]
    fn a_linear_drift_film_takes_the_charge_that_moves_its_boundary() {
        let value = |name: &str| PhysicalModel::Hp.params().iter().find(|p| p.name == name).unwrap().default;
        let device = PhysicalModel::Hp.device(&value).unwrap();
        let (low, high) = device.range();
        let x = low + 0.4 * (high - low);
        let width = 0.05;
        let piece = pulse(0.7, 0.0, width);
        let charge_rate = device.current(x, 0.7);
        let speed = {
            let soon = 1e-9;
            (device.states(x, &[piece], &[soon], Options::EXACT)[0] - x) / soon
        };
        let end = device.states(x, &[piece], &[width], Options::EXACT)[0];
        assert!(end > x && end < high, "{end}");
        let expected = 0.7 * (end - x) * charge_rate / speed;
        let found = device.energy(x, &[piece], 32, Options::EXACT);
        assert!((found / expected - 1.0).abs() < 1e-6, "{found} {expected}");
        assert!((found / (0.7 * charge_rate * width) - 1.0).abs() > 1e-3, "the state moves");
    }
}
