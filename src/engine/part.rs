//! One thread's part of the network, of either kernel, as the window loop sees it.

use crate::math::real::Real;
use crate::network::{Group, Network, Shard, Share};
use crate::spec::Engine;
use crate::stream::Cursor;
use crate::time::Time;

use super::RunError;
use super::event::{self, EventShard};
use super::flight::Flight;
use super::grid::{self, GridShard};
use super::inputs::Background;
use super::shard::{Model, Outbox, Window};
use super::train::Train;

/// A thread's part, in the kernel that the model asks for.
pub enum Part<W: Real> {
    /// Exact times.
    Event(EventShard<W>),
    /// Multiples of the resolution.
    Grid(GridShard<W>),
}

/// Parts of which nothing is changed.
pub fn views<'a, W: Real>(parts: &'a [&mut Part<W>]) -> Vec<&'a Part<W>> {
    parts.iter().map(|part| &**part).collect()
}

impl<W: Real> Part<W> {
    /// At time 0.
    pub fn new(model: &Model<'_>, network: &Network, shard: Shard<W>, quantum: Time) -> Result<Part<W>, RunError> {
        Ok(match model.spec.simulation.engine {
            Engine::Event => Part::Event(EventShard::new(model, network, shard, quantum)?),
            Engine::Grid => Part::Grid(GridShard::new(model, network, shard, quantum)?),
        })
    }

    /// Advances through a window.
    pub fn advance(&mut self, model: &Model<'_>, window: &Window, flight: &Flight, out: &mut Outbox) {
        match self {
            Part::Event(shard) => shard.advance(model, window, flight, out),
            Part::Grid(shard) => shard.advance(model, window, flight, out),
        }
    }

    /// Begins a window with what does not depend on the spikes of the one before: nothing that anybody can read changes.
    pub fn begin(&mut self, window: &Window, out: &mut Outbox) {
        match self {
            Part::Event(_) => {}
            Part::Grid(shard) => shard.begin(window, out),
        }
    }

    /// Tells plastic synapses of all spikes before `until`.
    pub fn take_note(&mut self, flight: &Flight, until: Time) {
        match self {
            Part::Event(shard) => shard.take_note(flight, until),
            Part::Grid(shard) => shard.take_note(flight, until),
        }
    }

    /// After a checkpoint at `from`: plastic synapses know of all spikes before.
    pub fn set_noted(&mut self, from: Time) {
        match self {
            Part::Event(shard) => shard.noted = from,
            Part::Grid(shard) => shard.noted = from,
        }
    }

    /// Its neurons.
    pub fn share(&self) -> &Share {
        match self {
            Part::Event(shard) => &shard.share,
            Part::Grid(shard) => &shard.share,
        }
    }

    /// Its synapses.
    pub fn groups(&self) -> &[Group<W>] {
        match self {
            Part::Event(shard) => &shard.groups,
            Part::Grid(shard) => &shard.groups,
        }
    }

    /// Its synapses.
    pub fn groups_mut(&mut self) -> &mut [Group<W>] {
        match self {
            Part::Event(shard) => &mut shard.groups,
            Part::Grid(shard) => &mut shard.groups,
        }
    }

    /// Its Poisson inputs.
    pub fn backgrounds_mut(&mut self) -> &mut [Background] {
        match self {
            Part::Event(shard) => &mut shard.backgrounds,
            Part::Grid(shard) => &mut shard.backgrounds,
        }
    }

    /// A state variable of an owned member at `at`, the last tick of a window that has been advanced through.
    pub fn read(&self, population: usize, place: u32, variable: usize, at: Time) -> f64 {
        match self {
            Part::Event(shard) => shard.read(population, place, variable, at),
            Part::Grid(shard) => shard.read(population, place, variable),
        }
    }

    /// The first of its members of a population with a state that is not finite, by place: which of the variables, and its value.
    pub fn unsound(&self, population: usize, variables: usize) -> Option<(u32, usize, f64)> {
        match self {
            Part::Event(shard) => match &shard.parts[population] {
                event::Part::Neurons(block) => block.unsound(variables),
                event::Part::Empty | event::Part::Sources(_) => None,
            },
            Part::Grid(shard) => match &shard.parts[population] {
                grid::Part::Neurons { block, .. } => {
                    let states = |i: usize| (0..variables).map(move |k| (i as u32, k, block.read(i, k)));
                    (0..shard.share.members[population].len()).flat_map(states).find(|state| !state.2.is_finite())
                }
                grid::Part::Empty | grid::Part::Sources(_) => None,
            },
        }
    }

    /// Dynamic state of its members of a population: of neurons, and of sources.
    pub fn save(&self, population: usize) -> (Vec<Vec<u8>>, Vec<Train>) {
        match self {
            Part::Event(shard) => match &shard.parts[population] {
                event::Part::Empty => Default::default(),
                event::Part::Neurons(block) => (block.save(), Vec::new()),
                event::Part::Sources(sources) => (Vec::new(), sources.save()),
            },
            Part::Grid(shard) => match &shard.parts[population] {
                grid::Part::Empty => Default::default(),
                grid::Part::Neurons { block, .. } => {
                    let bytes = |i| block.save(i).iter().flat_map(|w| w.to_le_bytes()).collect();
                    ((0..shard.share.members[population].len()).map(bytes).collect(), Vec::new())
                }
                grid::Part::Sources(sources) => (Vec::new(), sources.save()),
            },
        }
    }

    /// Lets its sources of a population follow a tape.
    pub fn follow(&mut self, population: usize, tape: &Cursor) {
        match self {
            Part::Event(shard) => {
                if let event::Part::Sources(sources) = &mut shard.parts[population] {
                    sources.follow(tape.clone());
                }
            }
            Part::Grid(shard) => {
                if let grid::Part::Sources(sources) = &mut shard.parts[population] {
                    sources.follow(tape.clone());
                }
            }
        }
    }

    /// Goes on from what `save` gave, cut to its own members.
    pub fn load(
        &mut self,
        population: usize,
        cells: &[Vec<u8>],
        trains: &[Train],
        now: Time,
        quantum: Time,
    ) -> Result<(), RunError> {
        match self {
            Part::Event(shard) => match &mut shard.parts[population] {
                event::Part::Empty => Ok(()),
                event::Part::Neurons(block) => block.load(cells, now, &shard.currents),
                event::Part::Sources(sources) => {
                    sources.load(trains.to_vec(), now, now, quantum);
                    Ok(())
                }
            },
            Part::Grid(shard) => {
                shard.read_currents(Time(now.0 - 1));
                let emitted = shard.emitted_before(now);
                match &mut shard.parts[population] {
                    grid::Part::Empty => {}
                    grid::Part::Neurons { block, .. } => {
                        for (i, bytes) in cells.iter().enumerate() {
                            let expected = 8 * block.save(i).len();
                            if bytes.len() != expected {
                                let found = bytes.len();
                                let message = format!("a neuron's state: it has {found} bytes, expected {expected}");
                                return Err(RunError::Checkpoint(message));
                            }
                            let word = |w: &[u8]| w.try_into().map(u64::from_le_bytes).unwrap_or_default();
                            block.load(i, &bytes.chunks_exact(8).map(word).collect::<Vec<u64>>());
                        }
                    }
                    grid::Part::Sources(sources) => sources.load(trains.to_vec(), now, emitted, quantum),
                }
                Ok(())
            }
        }
    }
}
