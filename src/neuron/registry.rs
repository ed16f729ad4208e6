//! The neuron models by name: the enum is the registry.

use crate::check::Invalid;
use crate::describe::Model;
use crate::time::TICKS_PER_MS;
use crate::value::Value;

use super::adaptation;
use super::{BlockSpec, EventNeuron, GridNeurons, NeuronModel};
use crate::math::real::Real;

impl NeuronModel {
    /// All models, in the order in which `memspike models` lists them.
    pub const ALL: [NeuronModel; 7] = [
        NeuronModel::LifDelta,
        NeuronModel::LifExp,
        NeuronModel::LifAlpha,
        NeuronModel::LifCondExp,
        NeuronModel::LifCondAlpha,
        NeuronModel::Adex,
        NeuronModel::Izhikevich,
    ];

    /// Its parameters, variables, equations and source.
    pub fn describe(self) -> &'static Model {
        match self {
            NeuronModel::LifDelta => &super::lif_delta::MODEL,
            NeuronModel::LifExp => &super::lif_exp::MODEL,
            NeuronModel::LifAlpha => &super::lif_alpha::MODEL,
            NeuronModel::LifCondExp => &super::lif_cond_exp::MODEL,
            NeuronModel::LifCondAlpha => &super::lif_cond_alpha::MODEL,
            NeuronModel::Adex => &super::adex::MODEL,
            NeuronModel::Izhikevich => &super::izhikevich::MODEL,
        }
    }

    /// The model of this name.
    pub fn named(name: &str) -> Option<NeuronModel> {
        NeuronModel::ALL.into_iter().find(|m| m.describe().name == name)
    }

    /// The unit of a synaptic weight onto this model.
    pub fn weight_unit(self) -> &'static str {
        match self {
            NeuronModel::LifDelta | NeuronModel::Izhikevich => "mV",
            NeuronModel::LifExp | NeuronModel::LifAlpha => "pA",
            NeuronModel::LifCondExp | NeuronModel::LifCondAlpha | NeuronModel::Adex => "nS",
        }
    }

    /// Does the model take positive and negative weights on two sides (excitatory, inhibitory)?
    pub fn two_sided(self) -> bool {
        match self {
            NeuronModel::LifDelta | NeuronModel::Izhikevich => false,
            NeuronModel::LifExp
            | NeuronModel::LifAlpha
            | NeuronModel::LifCondExp
            | NeuronModel::LifCondAlpha
            | NeuronModel::Adex => true,
        }
    }
}

/// Evaluates `$body` with the name `$model` standing for the type of the model that `$which` is.
#[macro_export]
macro_rules! with_neuron_model {
    ($which:expr, $model:ident => $body:expr) => {
        match $which {
            $crate::neuron::NeuronModel::LifDelta => {
                use $crate::neuron::lif_delta::LifDelta as $model;
                $body
            }
            $crate::neuron::NeuronModel::LifExp => {
                use $crate::neuron::lif_exp::LifExp as $model;
                $body
            }
            $crate::neuron::NeuronModel::LifAlpha => {
                use $crate::neuron::lif_alpha::LifAlpha as $model;
                $body
            }
            $crate::neuron::NeuronModel::LifCondExp => {
                use $crate::neuron::lif_cond_exp::LifCondExp as $model;
                $body
            }
            $crate::neuron::NeuronModel::LifCondAlpha => {
                use $crate::neuron::lif_cond_alpha::LifCondAlpha as $model;
                $body
            }
            $crate::neuron::NeuronModel::Adex => {
                use $crate::neuron::adex::Adex as $model;
                $body
            }
            $crate::neuron::NeuronModel::Izhikevich => {
                use $crate::neuron::izhikevich::Izhikevich as $model;
                $body
            }
        }
    };
}

impl NeuronModel {
    /// Checks one neuron's parameters, each alone and against each other.
    ///
    /// # Errors
    /// Names the parameter that does not fit.
    pub fn check(self, values: &[f64]) -> Result<(), Invalid> {
        with_neuron_model!(self, M => <M as EventNeuron>::params(values).map(|_| ()))
    }

    /// Checks a parameter that is the length of the steps in which the event engine follows a membrane \[ms\]: a tick at least.
    ///
    /// # Errors
    /// Names a parameter with which that engine would not end.
    pub fn check_step(self, parameter: &str, ms: f64) -> Result<(), Invalid> {
        let steps = self.weight_unit() == "nS" && ["tau_syn_ex", "tau_syn_in"].contains(&parameter);
        if steps && ms < 1.0 / TICKS_PER_MS {
            let message = format!("found {ms:e} ms, expected a tick of the event engine (1 ps) or more");
            return Err(Invalid::new(parameter, message));
        }
        Ok(())
    }

    /// Do neurons with these parameters keep something else in the place of this state variable: what arrives while they are refractory,
    /// for a threshold that adapts?
    pub fn has_no_room(self, params: &[Value], variable: usize) -> bool {
        let Model { params: all, variables, .. } = self.describe();
        let keeps = all.iter().position(|p| p.name == "refractory_input");
        variables[variable].name == adaptation::VARIABLE.name
            && keeps.is_some_and(|at| params[at].constant() != Some(0.0))
    }

    /// A block of neurons for the grid engine, with steps of `h_ms`.
    ///
    /// # Errors
    /// Names the parameter that is out of range.
    pub fn grid<R: Real>(self, h_ms: f64, block: &BlockSpec<'_>) -> Result<Box<dyn GridNeurons<R>>, Invalid> {
        match self {
            NeuronModel::LifDelta => super::lif_delta::grid(h_ms, block),
            NeuronModel::LifExp => super::lif_exp::grid(h_ms, block),
            NeuronModel::LifAlpha => super::lif_alpha::grid(h_ms, block),
            NeuronModel::LifCondExp => super::lif_cond_exp::grid(h_ms, block),
            NeuronModel::LifCondAlpha => super::lif_cond_alpha::grid(h_ms, block),
            NeuronModel::Adex => super::adex::grid(h_ms, block),
            NeuronModel::Izhikevich => super::izhikevich::grid(h_ms, block),
        }
    }
}
