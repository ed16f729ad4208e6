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

/// An instruction set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// What the whole program is compiled for (NEON on 64-bit ARM, SSE2 on x86-64).
    Plain,
    /// 256-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// 512-bit vectors.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Target {
    /// All that this processor has; the widest comes last.
    pub fn available() -> Vec<Target> {
        #[allow(unused_mut)]
        let mut all = vec![Target::Plain];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(has_avx2().then_some(Target::Avx2));
            all.extend(has_avx512().then_some(Target::Avx512));
        }
        all
    }

    /// The widest that this processor has (std keeps what it found, so asking costs a load).
    #[inline]
    pub fn best() -> Target {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                return Target::Avx512;
            }
            if has_avx2() {
                return Target::Avx2;
            }
        }
        Target::Plain
    }

    /// Runs a loop compiled for this instruction set; plain where the processor lacks it.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        {
            if self == Target::Avx512 && has_avx512() {
                // SAFETY: the processor has just been found to have these instructions.
                #[allow(unsafe_code)]
                return unsafe { avx512(kernel) };
            }
            if self == Target::Avx2 && has_avx2() {
                // SAFETY: as above.
                #[allow(unsafe_code)]
                return unsafe { avx2(kernel) };
            }
        }
        kernel.run()
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run()
}
