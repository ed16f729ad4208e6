//! Values that differ between neurons or synapses: a constant, a distribution or a list.

use std::fmt;
use std::sync::Arc;

/// A function of a target's realised in-degree, from a weight such as `"2 nS / indegree"`.
pub type OfIndegree = Arc<dyn Fn(f64) -> Value + Send + Sync>;

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
