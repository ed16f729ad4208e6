//! A number that differs where networks do, whatever their text says: files that a model names may change behind it.

use super::network_spec::{
    Connect, InputSpec, NetworkSpec, PopulationKind, PopulationSpec, ProjectionSpec, Rate, SourceSpec,
};
use crate::device::DeviceModel;
use crate::fnv;
use crate::spikes::SpikeTable;
use crate::value::Value;

impl NetworkSpec {
    /// That of this network: images, pairs, values and measured pulses from files included, and recordings, and those that intervals are tables of.
    pub fn digest(&self) -> u64 {
        let bound = |index: usize| self.bound.iter().find(|b| b.0 == index).map(|b| b.1);
        fnv::add(of(&self.populations, &self.inputs, &self.projections, bound), self.interval_content)
    }

    /// Gives the number of a recording's content to the population that was bound to it. Without it that of what the recording had in memory counts, of one
    /// that is read while the network runs the first and the last spike alone; with it the digest does not depend on how it is read.
    pub fn set_content(&mut self, population: usize, content: u64) {
        self.bound.iter_mut().filter(|bound| bound.0 == population).for_each(|bound| bound.1 = content);
    }
}

/// That of a network of these parts (FNV-1a over 64-bit words); `bound` gives that of the recording which a population replays.
pub(super) fn of(
    populations: &[PopulationSpec],
    inputs: &[InputSpec],
    projections: &[ProjectionSpec],
    bound: impl Fn(usize) -> Option<u64>,
) -> u64 {
    let mut hash = Hash(fnv::EMPTY);
    for (index, population) in populations.iter().enumerate() {
        hash.population(population, bound(index));
    }
    inputs.iter().for_each(|input| hash.text(&format!("{input:?}")));
    for projection in projections {
        hash.text(&projection.name);
        hash.text(&format!("{:?}{:?}", projection.source, projection.target));
        match &projection.connect {
            Connect::Pairs(pairs) => {
                pairs.iter().for_each(|(source, target)| hash.word(u64::from(*source) << 32 | u64::from(*target)));
            }
            other => hash.text(&format!("{other:?}")),
        }
        hash.value(&projection.weight);
        hash.value(&projection.delay);
        // Measured pulses, of which the model names but the file.
        for (name, list) in projection.device.iter().filter(|d| d.device == DeviceModel::Table).flat_map(|d| &d.lists) {
            hash.text(name);
            hash.list(list);
        }
    }
    hash.0
}

struct Hash(u64);

impl Hash {
    fn word(&mut self, word: u64) {
        self.0 = fnv::add_word(self.0, word);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.word(bytes.len() as u64);
        bytes.iter().for_each(|byte| self.word(u64::from(*byte)));
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn list(&mut self, list: &[f64]) {
        self.word(list.len() as u64);
        list.iter().for_each(|x| self.word(x.to_bits()));
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::List(list) => self.list(list),
            other => self.text(&format!("{other:?}")),
        }
    }

    fn population(&mut self, population: &PopulationSpec, bound: Option<u64>) {
        self.text(&population.name);
        self.word(population.size as u64);
        match &population.kind {
            PopulationKind::Neuron { neuron, initial } => {
                self.text(neuron.model.describe().name);
                neuron.params.iter().for_each(|value| self.value(value));
                initial.iter().for_each(|(variable, value)| {
                    self.word(*variable as u64);
                    self.value(value);
                });
            }
            PopulationKind::Source(source) => match bound {
                Some(recording) => self.word(recording),
                None => self.source(source),
            },
        }
    }

    fn source(&mut self, source: &SourceSpec) {
        match source {
            SourceSpec::SpikeTimes(trains) => {
                for train in trains {
                    self.word(train.len() as u64);
                    train.iter().for_each(|time| self.word(time.0 as u64));
                }
            }
            SourceSpec::Labels(labels) => {
                self.bytes(&labels.images.pixels);
                self.bytes(&labels.images.labels);
            }
            other => {
                self.text(&format!("{other:?}"));
                match other {
                    SourceSpec::Poisson { rate: Rate::Constant(rate), .. } => self.listed(&[rate]),
                    SourceSpec::Regular { rate, phase, .. } => self.listed(&[rate, phase]),
                    _ => {}
                }
            }
        }
    }

    /// The numbers of lists, of which the text of what they belong to has the length alone.
    fn listed(&mut self, values: &[&Value]) {
        for value in values {
            if let Value::List(list) = value {
                self.list(list);
            }
        }
    }
}

/// That of a recording's spikes, as far as they are in memory.
pub(super) fn of_recording(spikes: &SpikeTable) -> u64 {
    let mut hash = Hash(fnv::EMPTY);
    spikes.unit_ids.iter().for_each(|id| hash.word(*id as u64));
    spikes.times.iter().zip(&spikes.units).for_each(|(time, unit)| {
        hash.word(time.to_bits());
        hash.word(u64::from(*unit));
    });
    hash.0
}
