//! The spikes of a projection and the surface that follows from them: made once, when it is first needed.

use std::sync::{Arc, OnceLock};

use super::Physical;
use super::surface::Surface;
use super::waveform::Waveform;

/// `waveform` of a projection.
#[derive(Clone, Debug)]
pub struct Overlap {
    /// Shape of the spikes.
    pub waveform: Waveform,
    /// The device that they overlap across.
    pub device: Physical,
    /// Copies share what was made.
    made: Arc<OnceLock<Arc<Surface>>>,
}

impl Overlap {
    /// Spikes of this shape across this device.
    pub fn new(waveform: Waveform, device: Physical) -> Overlap {
        Overlap { waveform, device, made: Arc::default() }
    }

    /// What pairs of spikes do.
    pub fn surface(&self) -> Arc<Surface> {
        self.made.get_or_init(|| Arc::new(Surface::new(&self.device, &self.waveform))).clone()
    }
}
