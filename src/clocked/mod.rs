//! Clocked simulation of NIR graphs: all signals are numbers that change from step to step.
//!
//! In each step of dt every node takes the sum of what the nodes before it give in the same step; where edges form a circle, one
//! of them gives what it gave a step before ([`Plan`]). A spike is the number 1 in one step. Two schemes:
//!
//! | | [`Scheme::Euler`] | [`Scheme::Exact`] |
//! |---|---|---|
//! | as | norse, snnTorch, Lava | the equations themselves, inputs held over a step |
//! | I | I += dt / tau_syn (-I + w_in x) | its exponential |
//! | v | v += dt / tau_mem (v_leak - v + r I), with the new I; without tau_mem v += dt r I | its exponentials |
//! | spike | after the step, where v > v_threshold; 1 at most | where v crosses v_threshold, at any time in the step; as many as there are |
//! | reset | v = v_reset, or v -= v_threshold - v_reset ([`Options::subtract`]) | v = v_reset, which is the same there |
//!
//! v starts at v_leak, I at 0. The result does not depend on anything but graph, inputs and options.

mod layers;
mod neurons;
mod order;
mod run;

pub use order::Plan;
pub use run::{Options, Outcome, Spikes, run, run_until};

/// How neurons go from one step to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// One step of Euler's method.
    Euler,
    /// In closed form.
    Exact,
}

/// A graph that can't be simulated.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct GraphError(pub String);
