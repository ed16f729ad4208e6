//! What a synaptic event, a spike and a neuron cost on neuromorphic chips: published figures, for comparison with devices.

/// Prices of a chip; none where no figure was found: what follows from it is null, never 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prices {
    /// Its name in a model file.
    pub name: &'static str,
    /// Energy of a synaptic event \[J\].
    pub synaptic_event: Option<f64>,
    /// Energy of a spike \[J\].
    pub spike: Option<f64>,
    /// Energy of a neuron's update, one for each ms of model time \[J\].
    pub neuron_update: Option<f64>,
    /// Power that the chip draws whatever happens \[W\].
    pub static_power: Option<f64>,
    /// Where the figures are from, and how far they can be trusted.
    pub source: &'static str,
}

/// The chips that ship.
pub const ALL: [Prices; 4] = [
    Prices {
        name: "loihi",
        synaptic_event: Some(23.6e-12),
        spike: None,
        neuron_update: Some(81e-12),
        static_power: None,
        source: "Davies et al. 2018, doi:10.1109/MM.2018.112130359, table 2 (pre-silicon simulation at 0.75 V): synaptic spike \
                 operation 23.6 pJ, active neuron update 81 pJ",
    },
    Prices {
        name: "truenorth",
        synaptic_event: Some(26e-12),
        spike: None,
        neuron_update: None,
        static_power: None,
        source: "Merolla et al. 2014, doi:10.1126/science.1254642: 26 pJ, the whole chip's energy (static power included) over \
                 its synaptic events at 20 Hz and 128 active synapses of a neuron",
    },
    Prices {
        name: "spinnaker2",
        synaptic_event: Some(450e-12),
        spike: None,
        neuron_update: Some(2.19e-9),
        static_power: None,
        source: "Hoeppner et al. 2019, arXiv:1903.08941 (28 nm prototype): 450 pJ per synaptic event, 2.19 nJ per neuron update; \
                 read as keras-spiking quotes them",
    },
    Prices {
        name: "brainscales",
        synaptic_event: Some(100e-12),
        spike: None,
        neuron_update: None,
        static_power: None,
        source: "order of magnitude, 0.1 nJ per synaptic event of the wafer-scale system: recalled, not checked against a paper",
    },
];

/// The chip of this name.
pub fn named(name: &str) -> Option<&'static Prices> {
    ALL.iter().find(|p| p.name == name)
}
