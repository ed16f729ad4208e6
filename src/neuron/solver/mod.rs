//! Exact spike times for models without a closed form: Taylor series with event location.
//!
//! Between two events a neuron follows a smooth ODE. From an origin the solution is expanded in a Taylor series of
//! order [`ORDER`] (the model gives the recurrence of the coefficients), which holds to [`TOLERANCE`] up to a step that
//! follows from its last coefficients (Jorba & Zou 2005, doi:10.1080/10586458.2005.10128904). The series is the
//! dense output too, so a crossing is located on it, to the tick.
//!
//! Where a model has no fast time constant a piece begins with an expansion of half the order ([`NEAR`]), which holds for less long: where
//! events come often, the rest is never asked for.
//!
//! A membrane that large conductances make much faster than these change is stiff: there steps would be as short as its time constant.
//! Once it has run into the motion that it follows ([`Ode::slaved`]), that is expanded instead.
//!
//! The steps are a function of the state at the last event alone: the bounds of `next_spike` and the times of reads
//! never cut one, hence never change a bit. A state is (origin, values there, time reached); an event at `time` moves
//! the origin there, and nothing else does but whole steps.

mod crossing;
mod series;
mod solved;

pub use series::{INVERSE, NEAR, ORDER, Series, TOLERANCE, convolve, square};
pub use solved::{Solved, Trajectory};

use crate::check::Invalid;
use crate::time::Time;

/// A neuron model as an ODE in N variables, of which number 0 is the membrane potential.
pub trait Ode<const N: usize>: Clone + Send + Sync + 'static {
    /// Checks the values of the model's table and derives constants.
    ///
    /// # Errors
    /// Names the parameter that is out of range, or does not fit another one.
    fn from_values(values: &[f64]) -> Result<Self, Invalid>;

    /// The values at time 0; NaN in `initial` stands for the model's default.
    fn start(&self, initial: &[f64]) -> [f64; N];

    /// The potential at which a spike is emitted \[mV\].
    fn threshold(&self) -> f64;

    /// The place of the variable by which the threshold has risen, if it adapts.
    fn risen(&self) -> Option<usize> {
        None
    }

    /// The refractory period.
    fn t_ref(&self) -> Time;

    /// Fills the Taylor coefficients in time \[ms\] of all variables, up to order `K`, from the values `y`; with `held` the potential is
    /// constant.
    fn expand<const K: usize>(&self, y: &[f64; N], current: f64, held: bool, series: &mut [Series; N]);

    /// Is nothing in the model so fast that an expansion of order [`NEAR`] would hold for next to nothing?
    fn is_slow(&self) -> bool {
        false
    }

    /// Where the potential follows the other variables without delay, since it is drawn after them much faster than they change: fills
    /// all series, that of the potential with the motion that all others run into, and gives how long \[ms\] that holds. None where this
    /// is not so, or where the potential has not run into it yet to within the tolerance.
    fn slaved(&self, _y: &[f64; N], _current: f64, _series: &mut [Series; N]) -> Option<f64> {
        None
    }

    /// What a spike does to the values.
    fn reset(&self, y: &mut [f64; N]);

    /// What an event of this weight does to the values.
    fn receive(&self, y: &mut [f64; N], weight: f64);

    /// A lower bound \[ms\] of how long the potential stays below threshold from `y` on, infinite if for ever; it must hold
    /// too for the values that follow while the potential is held at `y[0]`. 0 where nothing is known.
    fn quiet(&self, y: &[f64; N], current: f64) -> f64;

    /// How far the series may be trusted \[ms\], which their last terms say hold for `reach`: less where something sharp lies ahead that
    /// they do not see yet.
    fn trusted(&self, _: &[Series; N], reach: f64) -> f64 {
        reach
    }

    /// The potential never falls below this \[mV\].
    fn floor(&self) -> f64 {
        f64::NEG_INFINITY
    }
}
