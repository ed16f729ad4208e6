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

/// How the source of a figure begins that could not be traced to a paper: users are warned.
pub const UNVERIFIED: &str = "UNVERIFIED";

/// The chips that ship. None of the papers could be opened when the figures were last checked (2026); each source says so.
pub const ALL: [Prices; 4] = [
    Prices {
        name: "loihi",
        synaptic_event: Some(23.6e-12),
        spike: None,
        neuron_update: Some(81e-12),
        static_power: None,
        source: "Davies et al. 2018, doi:10.1109/MM.2018.112130359, table 2: 23.6 pJ per synaptic operation, 81 pJ per update of an \
                 active neuron; simulated before there was silicon (SDF, SPICE, 0.75 V), not measured; read as other projects \
                 quote the table",
    },
    Prices {
        name: "truenorth",
        synaptic_event: Some(26e-12),
        spike: None,
        neuron_update: None,
        static_power: None,
        source: "Merolla et al. 2014, doi:10.1126/science.1254642: 26 pJ per synaptic event, measured: the whole chip's power (static \
                 power included) over its events at 20 Hz and 128 active synapses of a neuron; read as others quote it",
    },
    Prices {
        name: "spinnaker2",
        synaptic_event: Some(450e-12),
        spike: None,
        neuron_update: Some(2.19e-9),
        static_power: None,
        source: "Hoeppner et al. 2019, arXiv:1903.08941 (28 nm prototype): 450 pJ per synaptic event, \
                 2.19 nJ per neuron update; read as keras-spiking quotes them",
    },
    Prices {
        name: "brainscales",
        synaptic_event: Some(100e-12),
        spike: None,
        neuron_update: None,
        static_power: None,
        source: "UNVERIFIED: 0.1 nJ per synaptic event, an order of magnitude that is quoted for the wafer-scale system (BrainScaleS-1); no \
                 paper that states or measures it was found; give synaptic_event a figure of your own",
    },
];

/// The chip of this name.
pub fn named(name: &str) -> Option<&'static Prices> {
    ALL.iter().find(|p| p.name == name)
}
