//! What it takes to bring a synapse up to date: the energy spent, and what the devices of the last synapse were asked for already.

use crate::device::{MOST, Traits};

use super::Price;
use super::memristor::Memristor;

/// Passed along while the synapses of one projection are brought up to date.
#[derive(Clone, Debug, Default)]
pub struct Visit {
    /// Energy spent.
    pub price: Price,
    /// Of the devices of the last synapse; on the heap, since synapses without devices have none.
    pub(super) drawn: Option<Box<Drawn>>,
}

/// Constants of a synapse's devices, each drawn once, and the last block of random words.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// The synapse.
    key: u64,
    traits: [Option<Traits>; MOST],
    /// The synapse and the block of the words.
    block: Option<(u64, u64)>,
    words: [u32; 4],
}

impl Visit {
    /// Energy and constants apart, so that both can be used at once.
    #[inline]
    pub(super) fn parts(&mut self) -> (&mut Price, &mut Drawn) {
        let new = || Box::new(Drawn { key: 0, traits: [None; MOST], block: None, words: [0; 4] });
        (&mut self.price, self.drawn.get_or_insert_with(new))
    }
}

impl Drawn {
    /// The constants of the synapse's device in this place.
    #[inline]
    pub(super) fn traits(&mut self, memristor: &Memristor, key: u64, place: usize) -> &Traits {
        if self.key != key {
            (self.key, self.traits) = (key, [None; MOST]);
        }
        self.traits[place].get_or_insert_with(|| Traits::of(&memristor.device, memristor.spread, key, place as u64))
    }

    /// The n-th random word of a change, see [`Memristor::word`].
    #[inline]
    pub(super) fn word(&mut self, memristor: &Memristor, key: u64, serial: u64, n: u64) -> u32 {
        let block = Memristor::block_of(serial, n);
        if self.block != Some((key, block)) {
            (self.block, self.words) = (Some((key, block)), memristor.pulses.block(key, block));
        }
        self.words[(n & 3) as usize]
    }
}
