//! Mean and spread of numbers that come one by one.

/// The number, mean, spread and ends of what was added (B. P. Welford, Technometrics 4, 419 (1962)); two of them make one
/// (T. F. Chan, G. H. Golub, R. J. LeVeque, Am. Stat. 37, 242 (1983)).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moments {
    /// How many.
    pub n: u64,
    /// Their mean; 0 if there is none.
    pub mean: f64,
    /// The sum of squared distances from it.
    squares: f64,
    /// The smallest; infinite if there is none.
    pub min: f64,
    /// The largest; minus infinite if there is none.
    pub max: f64,
}

impl Default for Moments {
    fn default() -> Self {
        Moments { n: 0, mean: 0.0, squares: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY }
    }
}

impl Moments {
    /// One more.
    #[inline]
    pub fn add(&mut self, value: f64) {
        self.n += 1;
        let from = value - self.mean;
        self.mean += from / self.n as f64;
        self.squares += from * (value - self.mean);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// All that others have.
    pub fn join(&mut self, other: &Moments) {
        if other.n == 0 {
            return;
        }
        let (a, b) = (self.n as f64, other.n as f64);
        let from = other.mean - self.mean;
        self.n += other.n;
        self.mean += from * b / (a + b);
        self.squares += other.squares + from * from * a * b / (a + b);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// As if all had been their mean: what sets them apart is known to be rounding.
    #[must_use]
    pub fn settled(&self) -> Moments {
        if self.n == 0 { *self } else { Moments { squares: 0.0, min: self.mean, max: self.mean, ..*self } }
    }

    /// The standard deviation, that of the whole and not of a sample; none without a number.
    pub fn std(&self) -> Option<f64> {
        (self.n > 0).then(|| (self.squares / self.n as f64).max(0.0).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_one_by_one_or_joined_have_the_same_mean_and_spread() {
        let values: Vec<f64> = (0..100).map(|i| 1e3 + f64::from(i * i % 37)).collect();
        let of = |values: &[f64]| {
            let mut moments = Moments::default();
            values.iter().for_each(|v| moments.add(*v));
            moments
        };
        let whole = of(&values);
        let mean = values.iter().sum::<f64>() / 100.0;
        let std = (values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / 100.0).sqrt();
        for cut in [0, 1, 50, 100] {
            let mut joined = of(&values[..cut]);
            joined.join(&of(&values[cut..]));
            for found in [whole, joined] {
                assert!((found.mean / mean - 1.0).abs() < 1e-14 && (found.std().unwrap() / std - 1.0).abs() < 1e-12);
                assert_eq!((found.n, found.min, found.max), (100, 1000.0, 1036.0));
            }
        }
        assert_eq!(Moments::default().std(), None);
    }
}
