//! The neuron models by name: the enum is the registry.

use crate::describe::Model;

use super::NeuronModel;

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
        !matches!(self, NeuronModel::LifDelta | NeuronModel::Izhikevich)
    }
}
