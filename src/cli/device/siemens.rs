//! The unit in which conductances of a device are written: uS for most, pS for a cell of picosiemens.

use memspike::plot::xy::prefixed;

/// A unit that suits a device.
#[derive(Clone, Debug)]
pub struct Siemens {
    factor: f64,
    /// Its name.
    pub name: String,
    /// Less is rounding \[S\].
    rounding: f64,
}

impl Siemens {
    /// For a device whose largest conductance is this \[S\].
    pub fn of(largest: f64) -> Siemens {
        let (factor, prefix) = prefixed(largest);
        Siemens { factor, name: format!("{prefix}S"), rounding: 1e-12 * largest }
    }

    /// Micro-siemens, for devices beside each other.
    pub fn micro() -> Siemens {
        Siemens { rounding: 0.0, ..Siemens::of(1e-6) }
    }

    /// Conductances \[S\] in it.
    pub fn values(&self, siemens: &[f64]) -> Vec<f64> {
        siemens.iter().map(|g| g * self.factor).collect()
    }

    /// A number of it: four decimals, or three digits of what these would hardly show.
    pub fn text(&self, siemens: f64) -> String {
        let value = siemens * self.factor;
        if siemens.abs() > self.rounding && value.abs() < 0.01 { format!("{value:.2e}") } else { format!("{value:.4}") }
    }

    /// The label of a curve: no more digits than tell it from others.
    pub fn label(&self, siemens: f64) -> String {
        let value = siemens * self.factor;
        let rounded = (value * 100.0).round() / 100.0;
        if value != 0.0 && value.abs() < 0.1 {
            format!("{value:.2e} {}", self.name)
        } else {
            format!("{rounded} {}", self.name)
        }
    }

    /// A standard deviation on both sides of a mean, cut where no device ever was: the edges of a band.
    pub fn band(&self, mean: &[f64], std: &[f64], reach: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let of = |((mean, std), (low, high)): ((&f64, &f64), &(f64, f64))| {
            (self.factor * (mean - std).max(*low).min(*mean), self.factor * (mean + std).min(*high).max(*mean))
        };
        mean.iter().zip(std).zip(reach).map(of).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_ends_where_no_device_ever_was() {
        let edges = Siemens::micro().band(&[50e-6, 50e-6], &[65e-6, 10e-6], &[(1e-6, 100e-6), (1e-6, 100e-6)]);
        for ((low, high), expected) in edges.into_iter().zip([(1.0, 100.0), (40.0, 60.0)]) {
            assert!((low - expected.0).abs() < 1e-9 && (high - expected.1).abs() < 1e-9, "{low} {high}");
        }
    }

    #[test]
    fn small_conductances_are_no_zeros() {
        let small = Siemens::of(50e-12);
        assert_eq!([small.text(0.5e-12), small.text(1e-15), small.label(12.5e-12)], ["0.5000", "1.00e-3", "12.5 pS"]);
        let micro = Siemens::micro();
        // The spread of cells that are alike.
        assert_eq!(small.text(1e-27), "0.0000");
        assert_eq!([micro.text(40e-12), micro.text(0.0), micro.text(25e-6)], ["4.00e-5", "0.0000", "25.0000"]);
        assert_eq!([micro.label(25e-6), micro.label(1e-9)], ["25 uS", "1.00e-3 uS"]);
    }
}
