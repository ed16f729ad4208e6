//! Values that differ between neurons or synapses: a constant, a distribution or a list.

use std::fmt;
use std::sync::Arc;

use crate::math::{exp, ln_1p};

/// A function of a target's realised in-degree, from a weight such as `"2 nS / indegree"`; its error says why there is no weight at this one.
pub type OfIndegree = Arc<dyn Fn(f64) -> Result<Value, String> + Send + Sync>;

/// One value per neuron or synapse, in the unit of what it is for.
#[derive(Clone)]
pub enum Value {
    /// The same for all.
    Constant(f64),
    /// Uniform in [low, high).
    Uniform {
        /// Lower end.
        low: f64,
        /// Upper end.
        high: f64,
    },
    /// Normal.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        std: f64,
        /// What is redrawn.
        limits: Limits,
    },
    /// Lognormal, by the moments of the values themselves, not of their logarithm.
    Lognormal {
        /// Mean of the values; its sign is the sign of all.
        mean: f64,
        /// Standard deviation of the values.
        std: f64,
        /// What is redrawn.
        limits: Limits,
    },
    /// Exponential.
    Exponential {
        /// Mean; its sign is the sign of all.
        mean: f64,
        /// What is redrawn.
        limits: Limits,
    },
    /// One by one, in the order of the neurons, or of the synapses as listed.
    List(Arc<[f64]>),
    /// A constant or distribution that depends on the target's in-degree in this projection.
    OfIndegree(OfIndegree),
}

/// Bounds of a distribution: what falls outside is drawn again, not clipped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Smallest value that is kept.
    pub min: f64,
    /// Largest value that is kept.
    pub max: f64,
    /// Redraw what has another sign than the mean, or is 0.
    pub same_sign: bool,
}

impl Limits {
    /// No limits.
    pub const NONE: Limits = Limits { min: f64::NEG_INFINITY, max: f64::INFINITY, same_sign: false };

    /// Whether `value` is kept, for a distribution with this mean.
    pub fn keep(&self, value: f64, mean: f64) -> bool {
        value >= self.min && value <= self.max && !(self.same_sign && value * mean <= 0.0)
    }
}

impl Value {
    /// The constant, if it is one.
    pub fn constant(&self) -> Option<f64> {
        match self {
            Value::Constant(value) => Some(*value),
            _ => None,
        }
    }

    /// Between what draws lie: of a tail without a limit, up to what one in 10^9 exceeds. None where it depends on the neuron.
    pub fn range(&self) -> Option<(f64, f64)> {
        /// A normal number that so few exceed, and an exponential one.
        const NORMAL: f64 = 6.0;
        const EXPONENTIAL: f64 = 20.7;
        let within = |low: f64, high: f64, mean: f64, limits: &Limits| {
            let (low, high) = if limits.same_sign && mean > 0.0 { (low.max(0.0), high) } else { (low, high) };
            let (low, high) = if limits.same_sign && mean < 0.0 { (low, high.min(0.0)) } else { (low, high) };
            (low.max(limits.min), high.min(limits.max))
        };
        match self {
            Value::Constant(value) => Some((*value, *value)),
            Value::Uniform { low, high } => Some((*low, *high)),
            Value::Normal { mean, std, limits } => {
                Some(within(mean - NORMAL * std, mean + NORMAL * std, *mean, limits))
            }
            Value::Lognormal { mean, std, limits } => {
                let variance = ln_1p((std / mean).powi(2));
                let at = |normal: f64| mean.abs() * exp(normal * variance.sqrt() - 0.5 * variance);
                let (least, most) = (at(-NORMAL), at(NORMAL));
                let (low, high) = if *mean < 0.0 { (-most, -least) } else { (least, most) };
                Some(within(low, high, *mean, limits))
            }
            Value::Exponential { mean, limits } => {
                let (low, high) = if *mean < 0.0 { (EXPONENTIAL * mean, 0.0) } else { (0.0, EXPONENTIAL * mean) };
                Some(within(low, high, *mean, limits))
            }
            Value::List(values) => {
                let range = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(*v), b.max(*v)));
                (range.0 <= range.1).then_some(range)
            }
            Value::OfIndegree(_) => None,
        }
    }

    /// What keeps draws within bounds.
    pub fn remedy(&self) -> &'static str {
        match self {
            Value::Normal { .. } | Value::Lognormal { .. } | Value::Exponential { .. } => {
                "limit the distribution with `min` and `max`"
            }
            Value::Uniform { .. } => "move the ends of `uniform`",
            Value::Constant(_) | Value::List(_) | Value::OfIndegree(_) => "change it",
        }
    }

    /// The mean, before anything is redrawn; none where it depends on the neuron.
    pub fn mean(&self) -> Option<f64> {
        match self {
            Value::Constant(value) => Some(*value),
            Value::Uniform { low, high } => Some(0.5 * (low + high)),
            Value::Normal { mean, .. } | Value::Lognormal { mean, .. } | Value::Exponential { mean, .. } => Some(*mean),
            Value::List(values) => (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64),
            Value::OfIndegree(_) => None,
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Constant(value) => write!(f, "{value}"),
            Value::Uniform { low, high } => write!(f, "uniform({low}, {high})"),
            Value::Normal { mean, std, limits } => write!(f, "normal({mean}, {std}, {limits:?})"),
            Value::Lognormal { mean, std, limits } => write!(f, "lognormal({mean}, {std}, {limits:?})"),
            Value::Exponential { mean, limits } => write!(f, "exponential({mean}, {limits:?})"),
            Value::List(values) => write!(f, "list({})", values.len()),
            Value::OfIndegree(_) => write!(f, "function of the in-degree"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_lie_within_limits_and_but_for_one_in_a_billion_within_the_range() {
        let limits = |min: f64, max: f64, same_sign: bool| Limits { min, max, same_sign };
        let normal = |limits| Value::Normal { mean: 10.0, std: 2.0, limits }.range();
        assert_eq!(normal(Limits::NONE), Some((-2.0, 22.0)));
        assert_eq!(normal(limits(0.0, 15.0, false)), Some((0.0, 15.0)));
        assert_eq!(normal(limits(f64::NEG_INFINITY, 99.0, true)), Some((0.0, 22.0)));
        let negative = Value::Exponential { mean: -3.0, limits: Limits::NONE }.range().unwrap();
        assert!(negative.1 == 0.0 && (negative.0 / 3.0).exp() < 1.1e-9, "{negative:?}");
        let (low, high) = Value::Lognormal { mean: 2.0, std: 2.0, limits: Limits::NONE }.range().unwrap();
        // ln of it is normal, of variance ln 2.
        let normal = |value: f64| ((value / 2.0).ln() + 0.5 * 2f64.ln()) / 2f64.ln().sqrt();
        assert!((normal(low) + 6.0).abs() < 1e-12 && (normal(high) - 6.0).abs() < 1e-12, "{low} {high}");
        assert_eq!(Value::Uniform { low: -1.0, high: 4.0 }.range(), Some((-1.0, 4.0)));
        assert_eq!(Value::List([3.0, -1.0].into()).range(), Some((-1.0, 3.0)));
        assert_eq!(Value::List([].into()).range(), None);
    }
}
