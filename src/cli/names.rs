//! The words by which models and figures name what is chosen in them.

use memspike::spec::{Engine, NetworkSpec, PopulationKind, Precision, SourceSpec};

/// The name of what a population's members are.
pub fn kind(kind: &PopulationKind) -> &'static str {
    match kind {
        PopulationKind::Neuron { neuron, .. } => neuron.model.describe().name,
        PopulationKind::Source(SourceSpec::SpikeTimes(_) | SourceSpec::Reel(_)) => "source.spike_times",
        PopulationKind::Source(SourceSpec::Poisson { .. }) => "source.poisson",
        PopulationKind::Source(SourceSpec::Regular { .. }) => "source.regular",
        PopulationKind::Source(SourceSpec::Labels(_)) => "source.labels",
        PopulationKind::Source(SourceSpec::Pattern(_)) => "source.pattern",
        PopulationKind::Source(SourceSpec::Recording(_)) => "source.recording",
    }
}

/// The kernel.
pub fn engine(spec: &NetworkSpec) -> &'static str {
    match spec.simulation.engine {
        Engine::Event => "event",
        Engine::Grid => "grid",
    }
}

/// The width of weights.
pub fn precision(spec: &NetworkSpec) -> &'static str {
    match spec.simulation.precision {
        Precision::Single => "single",
        Precision::Double => "double",
    }
}
