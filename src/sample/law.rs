//! Many values of one distribution, each from one 32-bit word.
//!
//! A word w stands for the probability (w + 1/2) / 2^32, and the value is the quantile there: values grow with their
//! words (fall, where the mean is negative and the law is lognormal or exponential), and reach 6.34 standard deviations. Limits cut the
//! probabilities instead of drawing again, which gives the same distribution from one word: so word n of a row is always
//! for synapse n of the row, and any of them can be had alone.

use super::quantile::Quantile;
use super::{REDRAWS, SampleError, limits_error, normal_quantile};
use crate::math;
use crate::value::{Limits, Value};

/// 2^-32.
const WORD: f64 = 1.0 / 4_294_967_296.0;

/// A distribution that is ready to be drawn from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Law {
    shape: Shape,
    /// Probabilities from `below` to `below + kept` are kept.
    below: f64,
    kept: f64,
    /// Values are brought back to these bounds, from which rounding can take them.
    bounds: (f64, f64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Shape {
    Constant(f64),
    Uniform { low: f64, span: f64 },
    Normal { mean: f64, std: f64 },
    Lognormal { median: f64, sigma: f64 },
    Exponential { mean: f64 },
}

impl Law {
    /// Prepares a value that is a constant or a distribution; none for a list and what depends on the in-degree.
    ///
    /// # Errors
    /// If the limits leave (almost) nothing.
    pub fn new(value: &Value) -> Option<Result<Law, SampleError>> {
        const FREE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
        let plain = |shape| Law { shape, below: 0.0, kept: 1.0, bounds: FREE };
        Some(match value {
            Value::Constant(value) => Ok(plain(Shape::Constant(*value))),
            Value::Uniform { low, high } => Ok(plain(Shape::Uniform { low: *low, span: high - low })),
            Value::Normal { mean, std, limits } => {
                plain(Shape::Normal { mean: *mean, std: *std }).cut(value, limits, *mean)
            }
            Value::Lognormal { mean, std, limits } => {
                // Moments of the logarithm that give the values these moments.
                let variance = if *mean == 0.0 { 0.0 } else { math::ln_1p((std / mean) * (std / mean)) };
                let median = mean * math::exp(-0.5 * variance);
                plain(Shape::Lognormal { median, sigma: variance.sqrt() }).cut(value, limits, *mean)
            }
            Value::Exponential { mean, limits } => plain(Shape::Exponential { mean: *mean }).cut(value, limits, *mean),
            Value::List(_) | Value::OfIndegree(_) => return None,
        })
    }

    /// Leaves what the limits keep: an interval of values, hence one of probabilities.
    fn cut(mut self, value: &Value, limits: &Limits, mean: f64) -> Result<Law, SampleError> {
        let (mut low, mut high) = (limits.min, limits.max);
        if limits.same_sign && mean > 0.0 {
            low = low.max(mean * 1e-12);
        } else if limits.same_sign {
            high = high.min(mean * 1e-12);
        }
        if low == f64::NEG_INFINITY && high == f64::INFINITY {
            return Ok(self);
        }
        let rising = self.exact(0.25) <= self.exact(0.75);
        // The share of probabilities, from 0 on, whose values lie before the interval, or before its end.
        let share = |inside: &dyn Fn(f64) -> bool| {
            let (mut from, mut to) = (0.0, 1.0);
            for _ in 0..100 {
                let middle = 0.5 * (from + to);
                if inside(self.exact(middle)) { from = middle } else { to = middle }
            }
            to
        };
        let (below, end) = if rising {
            (share(&|x| x < low), share(&|x| x <= high))
        } else {
            (share(&|x| x > high), share(&|x| x >= low))
        };
        // What the search leaves at an end that nothing is cut from.
        let below = if below < 1e-25 { 0.0 } else { below };
        let flat = self.exact(0.25) == self.exact(0.75);
        let none = flat && !limits.keep(self.exact(0.5), mean);
        let kept = end - below;
        if none || kept.is_nan() || kept < 1.0 / REDRAWS as f64 || (limits.same_sign && mean == 0.0) {
            return Err(limits_error(value, limits));
        }
        (self.below, self.kept, self.bounds) =
            if flat { (0.0, 1.0, (low, high)) } else { (below, end - below, (low, high)) };
        Ok(self)
    }

    /// The quantile at `p` by the long way.
    fn exact(&self, p: f64) -> f64 {
        if p <= 0.0 || p >= 1.0 {
            return self.of(p.clamp(WORD, 1.0 - WORD), normal_quantile);
        }
        self.of(p, normal_quantile)
    }

    #[inline]
    fn of(&self, p: f64, normal: impl Fn(f64) -> f64) -> f64 {
        match self.shape {
            Shape::Constant(value) => value,
            Shape::Uniform { low, span } => low + span * p,
            Shape::Normal { mean, std } => mean + std * normal(p),
            Shape::Lognormal { median, sigma } => median * math::exp(sigma * normal(p)),
            Shape::Exponential { mean } => -mean * math::ln(1.0 - p),
        }
    }

    /// The share of draws that are smaller than `value`.
    pub fn share_below(&self, value: f64) -> f64 {
        let falls = self.at(0) > self.at(u32::MAX);
        // Words from 0 on whose values lie on the side on which they begin.
        let (mut from, mut to) = (0u64, 1u64 << 32);
        while from < to {
            let middle = from + (to - from) / 2;
            if (self.at(middle as u32) < value) != falls { from = middle + 1 } else { to = middle }
        }
        let share = from as f64 * WORD;
        if falls { 1.0 - share } else { share }
    }

    /// The value that `word` stands for.
    #[inline]
    pub fn at(&self, word: u32) -> f64 {
        let table = Quantile::table();
        self.inside(self.of(self.probability(word), |p| table.at(p)))
    }

    /// The constant, if it is one.
    pub fn constant(&self) -> Option<f64> {
        if let Shape::Constant(value) = self.shape { Some(value) } else { None }
    }

    /// Appends the values of all `words`.
    pub fn extend(&self, words: &[u32], out: &mut Vec<f64>) {
        let table = Quantile::table();
        match self.shape {
            // One loop for each, so that nothing is decided within.
            Shape::Constant(value) => out.extend(words.iter().map(|_| value)),
            Shape::Uniform { low, span } => out.extend(words.iter().map(|&w| low + span * self.probability(w))),
            Shape::Normal { mean, std } => {
                out.extend(words.iter().map(|&w| self.inside(mean + std * table.at(self.probability(w)))));
            }
            Shape::Lognormal { .. } | Shape::Exponential { .. } => out.extend(words.iter().map(|&w| self.at(w))),
        }
    }

    #[inline]
    fn probability(&self, word: u32) -> f64 {
        self.below + self.kept * ((f64::from(word) + 0.5) * WORD)
    }

    #[inline]
    fn inside(&self, x: f64) -> f64 {
        let x = if x < self.bounds.0 { self.bounds.0 } else { x };
        if x > self.bounds.1 { self.bounds.1 } else { x }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fnv;
    use crate::rng::{Purpose, StreamKey};
    use crate::sample::draw;

    const LIMITS: [Limits; 3] = [
        Limits::NONE,
        Limits { min: -0.4, max: 2.0, same_sign: false },
        Limits { min: f64::NEG_INFINITY, max: f64::INFINITY, same_sign: true },
    ];

    fn values(limits: Limits) -> [Value; 6] {
        [
            Value::Uniform { low: -1.0, high: 3.0 },
            Value::Normal { mean: 0.3, std: 1.0, limits },
            Value::Normal { mean: -0.3, std: 1.0, limits },
            Value::Lognormal { mean: 0.5, std: 0.7, limits },
            Value::Lognormal { mean: -0.5, std: 0.7, limits },
            Value::Exponential { mean: 1.5, limits },
        ]
    }

    fn words(item: u64, n: usize) -> Vec<u32> {
        let mut words = vec![0; n];
        StreamKey::new(3, Purpose::Weight, 5).fill(item, 0, &mut words);
        words
    }

    #[test]
    fn values_have_the_distribution_of_those_that_are_drawn_again_at_the_limits() {
        let n = 60_000;
        for (item, limits) in LIMITS.into_iter().enumerate() {
            for value in values(limits) {
                let mut fast = Vec::new();
                Law::new(&value).unwrap().unwrap().extend(&words(item as u64, n), &mut fast);
                let mut stream = StreamKey::new(3, Purpose::Delay, 5).stream(item as u64);
                let slow: Vec<f64> = (0..n).map(|i| draw(&value, &mut stream, i).unwrap()).collect();
                if let Value::Normal { mean, .. } | Value::Lognormal { mean, .. } | Value::Exponential { mean, .. } =
                    value
                {
                    assert!(fast.iter().all(|&x| limits.keep(x, mean)), "{value:?}");
                }
                let distance = crate::sample::tests::kolmogorov_smirnov(fast, slow);
                assert!(distance < 1.95, "{value:?}: {distance}");
            }
        }
    }

    #[test]
    fn tails_have_the_probabilities_of_the_normal_distribution() {
        let law = Law::new(&Value::Normal { mean: 1.0, std: 2.0, limits: Limits::NONE }).unwrap().unwrap();
        // Words by which the quantile passes 4, 5 and 6 standard deviations, times 2^-32.
        for (z, p) in [(4.0, 3.167_124_183_311_992e-5), (5.0, 2.866_515_718_791_94e-7), (6.0, 9.865_876_450_376_98e-10)]
        {
            let (mut from, mut to) = (0u32, u32::MAX / 2);
            while from < to {
                let middle = from + (to - from) / 2;
                if law.at(middle) < 1.0 - 2.0 * z { from = middle + 1 } else { to = middle }
            }
            assert!((f64::from(from) * WORD - p).abs() < 1.5 * WORD, "{z}: {}", f64::from(from) * WORD);
            assert!((law.at(from) + law.at(u32::MAX - from) - 2.0).abs() < 1e-9);
        }
    }

    #[test]
    fn limits_that_leave_nothing_are_an_error() {
        let limits = Limits { min: 60.0, ..Limits::NONE };
        assert!(Law::new(&Value::Normal { mean: 1.0, std: 2.0, limits }).unwrap().is_err());
        let limits = Limits { same_sign: true, ..Limits::NONE };
        assert!(Law::new(&Value::Normal { mean: 0.0, std: 2.0, limits }).unwrap().is_err());
        let limits = Limits { min: 1.0, ..Limits::NONE };
        assert!(Law::new(&Value::Normal { mean: 0.5, std: 0.0, limits }).unwrap().is_err());
        let law = Law::new(&Value::Normal { mean: 1.0, std: 0.0, limits }).unwrap().unwrap();
        assert_eq!(law.at(17), 1.0);
    }

    const GOLDEN: [u64; 6] = [
        0x9e2c_7f56_fe27_a745,
        0xd3e2_9287_574c_9f55,
        0x5229_1aba_ad8f_84ed,
        0xf844_48a4_bcdb_d82f,
        0x25c1_68d2_3a78_a476,
        0xf565_90d1_7bad_a97f,
    ];

    #[test]
    fn the_bits_are_the_same_on_every_processor() {
        let sums = values(LIMITS[1]).map(|value| {
            let mut out = Vec::new();
            Law::new(&value).unwrap().unwrap().extend(&words(1, 1000), &mut out);
            out.iter().fold(fnv::EMPTY, |hash, x| fnv::add(hash, x.to_bits()))
        });
        assert_eq!(sums, GOLDEN, "{sums:#018x?}");
    }
}
