//! What ranks tell each other after a window: their spikes, and whether all go on.
//!
//! A word from each rank comes first: how many spikes it has, and flags. In a silent window that is all. Spikes take eight
//! bytes each, the id and the time since the window's begin, or twelve where that time does not fit into four bytes.

use crate::ranks::Ranks;
use crate::time::Time;

use super::flight::Spike;
use super::shard::{Sent, Window};

/// Set in a rank's word if it wants to stop.
const STOP: u64 = 1 << 63;
/// It can't go on.
const FAILED: u64 = 1 << 62;
/// Its spikes take twelve bytes.
const WIDE: u64 = 1 << 61;
/// It has transmitted weights to record.
const SENT: u64 = 1 << 60;
/// The number of its spikes.
const COUNT: u64 = SENT - 1;

/// What a rank wants, or what any rank wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// To stop and keep what was simulated.
    pub stop: bool,
    /// It can't go on.
    pub failed: bool,
}

/// Exchanges spikes with the other ranks; keeps its room from window to window.
#[derive(Default)]
pub struct Exchange {
    words: Vec<u64>,
    lengths: Vec<usize>,
    own: Vec<u8>,
    all: Vec<u8>,
}

impl Exchange {
    /// Puts everybody's spikes of a window in the place of this rank's, sorted as these are; on the first rank, adds
    /// everybody's transmitted weights to `sent`. Returns what any rank wishes.
    pub fn window(
        &mut self,
        ranks: &Ranks,
        window: &Window,
        spikes: &mut Vec<Spike>,
        sent: &mut Vec<(u32, Sent)>,
        wish: Wish,
    ) -> Wish {
        let narrow = spikes.iter().all(|s| u32::try_from((s.time - window.from).0).is_ok());
        let flag = |set: bool, bit: u64| if set { bit } else { 0 };
        let flags =
            flag(wish.stop, STOP) | flag(wish.failed, FAILED) | flag(!narrow, WIDE) | flag(!sent.is_empty(), SENT);
        ranks.words(spikes.len() as u64 | flags, &mut self.words);
        let any = |bit: u64| self.words.iter().any(|word| word & bit != 0);
        if any(COUNT) {
            self.own.clear();
            spikes.iter().for_each(|spike| write(spike, window.from, narrow, &mut self.own));
            self.lengths.clear();
            self.lengths.extend(self.words.iter().map(|word| (word & COUNT) as usize * bytes(word & WIDE == 0)));
            ranks.everybodys(&self.own, &self.lengths, &mut self.all);
            spikes.clear();
            let mut rest = &self.all[..];
            for (word, &length) in self.words.iter().zip(&self.lengths) {
                let (own, others) = rest.split_at(length);
                let narrow = word & WIDE == 0;
                spikes.extend(own.chunks_exact(bytes(narrow)).map(|bytes| read(bytes, window.from, narrow)));
                rest = others;
            }
            // The stable sort merges runs that are sorted already.
            spikes.sort();
        }
        if any(SENT) {
            let all = ranks.gather(std::mem::take(sent));
            sent.extend(all.into_iter().flatten());
        }
        Wish { stop: any(STOP), failed: any(FAILED) }
    }
}

/// Bytes of a spike.
fn bytes(narrow: bool) -> usize {
    if narrow { 8 } else { 12 }
}

fn write(spike: &Spike, from: Time, narrow: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(&spike.gid.to_le_bytes());
    if narrow {
        out.extend_from_slice(&((spike.time - from).0 as u32).to_le_bytes());
    } else {
        out.extend_from_slice(&spike.time.0.to_le_bytes());
    }
}

fn read(bytes: &[u8], from: Time, narrow: bool) -> Spike {
    let (gid, time) = bytes.split_at(4);
    let gid = gid.try_into().map(u32::from_le_bytes).unwrap_or_default();
    let time = if narrow {
        from + Time(i64::from(time.try_into().map(u32::from_le_bytes).unwrap_or_default()))
    } else {
        Time(time.try_into().map(i64::from_le_bytes).unwrap_or_default())
    };
    Spike { time, gid }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spikes_survive_both_widths() {
        let from = Time(7_000_000_000_000);
        for (offset, narrow) in [(0, true), (u32::MAX as i64, true), (u32::MAX as i64 + 1, false), (-1, false)] {
            let spike = Spike { time: Time(from.0 + offset), gid: u32::MAX - 3 };
            let mut out = Vec::new();
            write(&spike, from, narrow, &mut out);
            assert_eq!(out.len(), bytes(narrow));
            assert_eq!(read(&out, from, narrow), spike);
        }
    }
}
