//! Weights in 16 bits: whole multiples of a small weight, the grain.
//!
//! A synapse then takes four bytes, whatever the precision, and delivery reads two thirds of what six take. The grain has few
//! enough digits for each of its multiples to be exact in single precision, so weights are the same in both.

use crate::math::ROUND;
use crate::math::real::Real;

/// The weight that others are whole multiples of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grain(f64);

/// A synapse whose weight is so many grains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Coded {
    /// Counted from the first of the block.
    pub target: u16,
    /// Its weight in grains.
    pub grains: i16,
}

impl Coded {
    /// Its weight, as many times `grain`.
    #[inline(always)]
    pub fn weight<W: Real>(self, grain: W) -> W {
        W::whole(self.grains) * grain
    }
}

/// What a grain leaves out of the 52 digits of a mantissa: 8 stay behind the point, and 15 digits of a number of grains make 24.
const LEFT_OUT: u64 = (1 << 44) - 1;

impl Grain {
    /// The grain for weights up to `largest` in size; none if that is 0 or no finite number.
    pub fn for_largest(largest: f64) -> Option<Grain> {
        let exact = largest / f64::from(i16::MAX);
        let up = f64::from_bits((exact.to_bits() + LEFT_OUT) & !LEFT_OUT);
        (exact > 0.0 && up.is_finite()).then_some(Grain(up))
    }

    /// The weight.
    pub fn weight(self) -> f64 {
        self.0
    }

    /// The nearest multiple.
    #[inline]
    pub fn round(self, weight: f64) -> f64 {
        ((weight / self.0 + ROUND) - ROUND) * self.0
    }

    /// How many grains a multiple is.
    #[inline]
    pub fn count(self, weight: f64) -> i16 {
        (weight / self.0) as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_exact_in_both_precisions_and_the_largest_weight_is_reached() {
        for largest in [1e-9, 0.3, 1.0, 87.8, 569.123_456_789, 32_767.0, 1e30] {
            let grain = Grain::for_largest(largest).unwrap();
            // At most 2^-8 is lost of the range.
            assert!(grain.0 >= largest / 32_767.0 && grain.0 <= largest / 32_767.0 * (1.0 + 1.0 / 256.0), "{largest}");
            for grains in i16::MIN + 1..=i16::MAX {
                let weight = f64::from(grains) * grain.0;
                assert_eq!(f64::from(f32::from(grains) * grain.0 as f32), weight, "{largest}");
                assert_eq!(grain.count(weight), grains);
                assert_eq!(grain.round(weight), weight);
            }
            for share in [-1.0, -0.499_99, 1e-5, 0.123, 0.7, 1.0] {
                let weight = largest * share;
                assert!((grain.round(weight) - weight).abs() <= 0.5 * grain.0, "{weight}");
            }
        }
    }

    #[test]
    fn there_is_no_grain_of_nothing() {
        assert!([0.0, f64::NAN, f64::INFINITY].into_iter().all(|largest| Grain::for_largest(largest).is_none()));
    }
}
