//! A fixed total number of synapses, shared out to the rows.

use super::{Ends, WiringError};
use crate::math;
use crate::rng::{Purpose, Stream};
use crate::sample::binomial;

/// The block of a row's stream from which its number of synapses is drawn; the synapses
/// themselves use the blocks from 0 on.
const COUNT_BLOCK: u64 = 1 << 62;

/// As many synapses as give each pair that may have one at least one with probability `p`: with several to a pair as many drawn with
/// replacement, without as many of the pairs.
pub(super) fn total_from_probability(ends: &Ends, p: f64) -> Result<u64, WiringError> {
    if !(0.0..=1.0).contains(&p) || (p == 1.0 && ends.multapses) {
        let limit = if ends.multapses { " (1 excluded)" } else { "" };
        return Err(WiringError::Probability { rule: "fixed_total_number.probability", found: p, limit });
    }
    let pairs = ends.pairs() as f64;
    if pairs == 0.0 {
        return Ok(0);
    }
    // Of a single pair the logarithm is infinite: one synapse, or none, whichever is nearer.
    let total = if ends.multapses && pairs > 1.0 { math::ln_1p(-p) / math::ln_1p(-1.0 / pairs) } else { p * pairs };
    Ok(total.round() as u64)
}

/// Whether so many synapses can be.
pub(super) fn check_total(ends: &Ends, total: u64) -> Result<(), WiringError> {
    let rule = "fixed_total_number";
    let (number, pairs, autapses) = (total, ends.pairs(), ends.autapses);
    if total > 0 && pairs == 0 {
        return Err(WiringError::Nobody { rule, number, autapses });
    }
    // A source with about 2^32 synapses could not be held anyhow.
    let most = ends.n_source as u64 * u64::from(u32::MAX / 2);
    if total > most {
        return Err(WiringError::Count { number, most });
    }
    if !ends.multapses && u128::from(total) > pairs {
        return Err(WiringError::TooMany { rule, number, available: pairs as u64, autapses });
    }
    Ok(())
}

/// Shares `total` synapses out to the sources: a multinomial (distinct pairs: hypergeometric) draw,
/// source by source, given what is left.
pub(super) fn counts(ends: &Ends, name_key: u32, seed: u64, total: u64) -> Result<Vec<u32>, WiringError> {
    check_total(ends, total)?;
    let mut pairs = ends.pairs();
    let mut rest = total;
    let counts = (0..ends.n_source).map(|source| {
        let available = (ends.n_target - usize::from(ends.forbidden_target(source).is_some())) as u64;
        let mut stream = Stream::new(seed, Purpose::Connect, name_key, source as u64).at(COUNT_BLOCK);
        let count = if pairs == 0 {
            0
        } else if ends.multapses {
            binomial(&mut stream, rest, available as f64 / pairs as f64)
        } else {
            hypergeometric(&mut stream, rest, available, pairs as u64)
        };
        pairs -= u128::from(available);
        rest -= count;
        count as u32
    });
    Ok(counts.collect())
}

/// How many of `drawn` different ones of `all` are among `marked` of them: sampled by inversion from the
/// mode outward, so that it takes about as many steps as the standard deviation.
pub(super) fn hypergeometric(stream: &mut Stream, drawn: u64, marked: u64, all: u64) -> u64 {
    let low = (drawn + marked).saturating_sub(all);
    let high = drawn.min(marked);
    let [n, m, a] = [drawn, marked, all].map(|x| x as f64);
    let mode = (((n + 1.0) * (m + 1.0) / (a + 2.0)).floor() as u64).clamp(low, high);
    // Ratio of the probabilities of k + 1 and k.
    let ratio = |k: u64| {
        let k = k as f64;
        (m - k) / (k + 1.0) * ((n - k) / (a - m - n + k + 1.0))
    };
    // Relative to the mode; their sum by two passes, downward and upward.
    let (mut sum, mut p) = (1.0, 1.0);
    for k in (low..mode).rev() {
        p /= ratio(k);
        sum += p;
        if p < 1e-18 {
            break;
        }
    }
    p = 1.0;
    for k in mode..high {
        p *= ratio(k);
        sum += p;
        if p < 1e-18 {
            break;
        }
    }
    let mut rest = stream.uniform() * sum - 1.0;
    let (mut down, mut up) = (mode, mode);
    let (mut p_down, mut p_up) = (1.0, 1.0);
    let mut last = mode;
    while rest >= 0.0 && (down > low || up < high) && p_down + p_up > 1e-18 {
        p_up = if up < high { p_up * ratio(up) } else { 0.0 };
        if up < high {
            up += 1;
            rest -= p_up;
            last = up;
        }
        if rest < 0.0 {
            break;
        }
        p_down = if down > low { p_down / ratio(down - 1) } else { 0.0 };
        if down > low {
            down -= 1;
            rest -= p_down;
            last = down;
        }
    }
    last
}
