//! The width of floating-point numbers, over which engines, synapses and neurons are written once.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A floating-point type that states and weights are stored in: `f32` or `f64`.
pub trait Real:
    Copy
    + Send
    + Sync
    + PartialOrd
    + Default
    + Serialize
    + DeserializeOwned
    + std::fmt::Debug
    + 'static
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::ops::Neg<Output = Self>
    + std::ops::AddAssign
{
    /// From 64 bits, rounded.
    fn of(value: f64) -> Self;
    /// To 64 bits.
    fn wide(self) -> f64;
    /// From a small count, exactly.
    fn count(count: u16) -> Self;
    /// From a small whole number, exactly.
    fn whole(number: i16) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn count(count: u16) -> f32 {
        f32::from(count)
    }
    #[inline(always)]
    fn whole(number: i16) -> f32 {
        f32::from(number)
    }
    #[inline(always)]
    fn of(value: f64) -> f32 {
        value as f32
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    #[inline(always)]
    fn count(count: u16) -> f64 {
        f64::from(count)
    }
    #[inline(always)]
    fn whole(number: i16) -> f64 {
        f64::from(number)
    }
    #[inline(always)]
    fn of(value: f64) -> f64 {
        value
    }
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }
}
