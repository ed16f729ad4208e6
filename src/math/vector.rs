//! One loop, compiled for several instruction sets, chosen at run time.
//!
//! All give the same bits: Rust never contracts to fma nor reorders a sum, so wider registers change only how many
//! independent elements are worked on at once. Dispatch is once per block and step, never per neuron.

/// A straight loop over a block. `run` must be `#[inline(always)]`, so that it is compiled anew for each instruction set.
pub trait Kernel {
    /// What comes out.
    type Output;
    /// The loop.
    fn run(self) -> Self::Output;
}

/// An instruction set that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target(Set);

/// Made here alone, and only where the processor has it: so running a loop need not ask, which takes as long as a short loop does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Target {
    /// What the whole program is compiled for (NEON on 64-bit ARM, SSE2 on x86-64).
    pub const PLAIN: Target = Target(Set::Plain);

    /// All that this processor has; the widest comes last.
    pub fn available() -> Vec<Target> {
        #[allow(unused_mut)]
        let mut all = vec![Target::PLAIN];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(has_avx2().then_some(Target(Set::Avx2)));
            all.extend(has_avx512().then_some(Target(Set::Avx512)));
        }
        all
    }

    /// The widest that this processor has (std keeps what it found, so asking costs some loads).
    #[inline]
    pub fn best() -> Target {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                return Target(Set::Avx512);
            }
            if has_avx2() {
                return Target(Set::Avx2);
            }
        }
        Target::PLAIN
    }

    /// Runs a loop compiled for this instruction set.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Set::Plain => kernel.run(),
            // SAFETY: the processor was found to have these instructions when this was made.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Set::Avx2 => unsafe { avx2(kernel) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            #[allow(unsafe_code)]
            Set::Avx512 => unsafe { avx512(kernel) },
        }
    }
}

/// Which of 64 numbers are `least` or more: bit i for the i-th.
#[inline(always)]
pub fn at_least(numbers: &[i8; 64], least: i8) -> u64 {
    let mut bits = 0;
    for (i, numbers) in numbers.as_chunks::<16>().0.iter().enumerate() {
        bits |= u64::from(at_least_16(numbers, least)) << (16 * i);
    }
    bits
}

/// The compiler finds no instruction for a loop that gathers bits.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn at_least_16(numbers: &[i8; 16], least: i8) -> u16 {
    use std::arch::x86_64::{_mm_cmpgt_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8};
    let half = |from: usize| i64::from_le_bytes(std::array::from_fn(|i| numbers[from + i] as u8));
    // SAFETY: SSE2 is part of x86-64.
    #[allow(unsafe_code)]
    let below = unsafe { _mm_movemask_epi8(_mm_cmpgt_epi8(_mm_set1_epi8(least), _mm_set_epi64x(half(8), half(0)))) };
    !below as u16
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn at_least_16(numbers: &[i8; 16], least: i8) -> u16 {
    numbers.iter().enumerate().fold(0, |bits, (i, number)| bits | u16::from(*number >= least) << i)
}

// Beside vectors the instructions that count and find bits, which processors with these vectors have.
#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct AtLeast([i8; 64], i8);
    impl Kernel for AtLeast {
        type Output = u64;
        #[inline(always)]
        fn run(self) -> u64 {
            at_least(&self.0, self.1)
        }
    }

    #[test]
    fn bits_say_which_numbers_are_large_enough() {
        let numbers: [i8; 64] = std::array::from_fn(|i| (i * i * 37 % 256) as u8 as i8);
        for least in [i8::MIN, -1, 0, 1, 100, i8::MAX] {
            let expected = (0..64).fold(0, |bits, i| bits | u64::from(numbers[i] >= least) << i);
            for target in Target::available() {
                assert_eq!(target.run(AtLeast(numbers, least)), expected, "{target:?} {least}");
            }
        }
    }
}
