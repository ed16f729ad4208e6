//! What time and use do to a device: drift, retention, noise that grows with time, endurance; and the statistics of
//! phase-change memory, which prescribe three of them.

use crate::check::Invalid;
use crate::math::{exp, ln, pow};

use super::{Common, Values, pcm};

/// Boltzmann's constant \[eV/K\].
const BOLTZMANN: f64 = 8.617_333_262e-5;
/// Temperature at which `retention.tau` is stated \[K\].
const REFERENCE_TEMPERATURE: f64 = 300.0;

/// g(t) = g ((t + t_0)/t_0)^-nu, t since the last pulse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Mean exponent; that of phase-change memory if none.
    pub nu: Option<f64>,
    /// Device-to-device spread of the exponent.
    pub sigma_nu: f64,
    /// Time scale \[s\].
    pub t_0: f64,
}

/// g(t) = g_inf + (g - g_inf) e^(-t/tau).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retention {
    /// Time constant at the device's temperature \[s\].
    pub tau: f64,
    /// Device-to-device spread of its logarithm.
    pub sigma: f64,
    /// What it relaxes to \[S\].
    pub g_inf: f64,
}

/// Read noise of relative size q sqrt(ln((t + t_read)/(2 t_read))), t since the last pulse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flicker {
    /// Size; that of phase-change memory if none.
    pub q: Option<f64>,
    /// Length of a read \[s\].
    pub t_read: f64,
    /// Time that has passed already when a device counts as set \[s\]: that of the drift of phase-change memory.
    pub t_0: f64,
}

/// Pulses that a device survives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Endurance {
    /// Their median.
    pub pulses: f64,
    /// Device-to-device spread of the logarithm.
    pub sigma: f64,
}

/// What time and use do to a device.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ageing {
    /// Power-law drift.
    pub drift: Option<Drift>,
    /// Exponential relaxation.
    pub retention: Option<Retention>,
    /// 1/f noise.
    pub flicker: Option<Flicker>,
    /// Wear.
    pub endurance: Option<Endurance>,
    /// Is a device set at the start with the spread of phase-change memory?
    pub pcm_programming: bool,
}

impl Ageing {
    /// From a device's values; what is random is left out if they are ideal.
    ///
    /// # Errors
    /// If two of them say the same thing.
    pub fn new(v: &Values<'_>) -> Result<Ageing, Invalid> {
        let ideal = v.flag("ideal");
        let given = |name: &str| Some(v.get(name)).filter(|x| !x.is_nan());
        let on = if ideal { 0.0 } else { 1.0 };
        let pcm = v.flag("pcm_statistics");
        for (group, name) in [("drift", "drift.nu"), ("flicker", "flicker.q")] {
            if pcm && given(name).is_some() {
                let message = format!("pcm_statistics states it already; leave {group} or pcm_statistics out");
                return Err(Invalid::new(name, message));
            }
        }
        if pcm && v.get("drift.sigma_nu") > 0.0 {
            return Err(Invalid::new("drift.sigma_nu", "pcm_statistics states the spread of the exponent already"));
        }
        let drift = (pcm || given("drift.nu").is_some()).then(|| Drift {
            nu: given("drift.nu"),
            sigma_nu: if pcm { on } else { v.get("drift.sigma_nu") * on },
            t_0: v.get("drift.t_0"),
        });
        let retention = given("retention.tau").map(|tau| {
            let barrier = v.get("retention.activation_energy") / BOLTZMANN;
            let tau = tau * exp(barrier * (1.0 / v.get("retention.temperature") - 1.0 / REFERENCE_TEMPERATURE));
            Retention { tau, sigma: v.get("retention.sigma_tau") * on, g_inf: v.get("retention.g_inf") }
        });
        let flicker = (!ideal && (pcm || given("flicker.q").is_some())).then(|| Flicker {
            q: given("flicker.q"),
            t_read: v.get("flicker.t_read"),
            t_0: if pcm { v.get("drift.t_0") } else { 0.0 },
        });
        let endurance =
            given("endurance.pulses").map(|pulses| Endurance { pulses, sigma: v.get("endurance.sigma") * on });
        Ok(Ageing { drift, retention, flicker, endurance, pcm_programming: pcm && !ideal })
    }

    /// Does what is left alone stay below the largest conductance \[S\]?
    ///
    /// # Errors
    /// If it would relax to more.
    pub fn within(&self, g_max: f64) -> Result<(), Invalid> {
        match &self.retention {
            Some(retention) if retention.g_inf > g_max * (1.0 + 1e-9) => {
                let why = "a device that is left alone does not come to conduct better than when it is fully set";
                let message = format!("found {} S, expected at most g_max ({g_max} S): {why}", retention.g_inf);
                Err(Invalid::new("retention.g_inf", message))
            }
            _ => Ok(()),
        }
    }

    /// The conductance \[S\] that a device left at `g` has after `t` seconds, from its own standard normal numbers for the
    /// exponent of drift and the logarithm of the time constant.
    pub fn after(&self, c: &Common, g: f64, t: f64, nu_normal: f64, tau_normal: f64) -> f64 {
        let mut now = g;
        if t <= 0.0 {
            return now;
        }
        if let Some(drift) = &self.drift {
            let nu = match drift.nu {
                Some(nu) => nu + drift.sigma_nu * nu_normal,
                None => pcm::mean_nu(g / c.g_max) + drift.sigma_nu * pcm::sigma_nu(g / c.g_max) * nu_normal,
            };
            now *= pow((t + drift.t_0) / drift.t_0, -nu);
        }
        if let Some(Retention { tau, sigma, g_inf }) = self.retention {
            let tau = if sigma > 0.0 { tau * exp(sigma * tau_normal) } else { tau };
            now = g_inf + (now - g_inf) * exp(-t / tau);
        }
        now
    }

    /// Relative size of the 1/f noise of a read `t` seconds after the pulse that left the conductance `g`.
    pub fn flicker_sigma(&self, c: &Common, g: f64, t: f64) -> f64 {
        let Some(Flicker { q, t_read, t_0 }) = self.flicker else { return 0.0 };
        let q = q.unwrap_or_else(|| pcm::read_noise(g / c.g_max));
        // Just after a pulse there is none yet: the root's argument starts below 0.
        q * ln((t.max(0.0) + t_0 + t_read) / (2.0 * t_read)).max(0.0).sqrt()
    }

    /// How many pulses a device survives, from its own standard normal number.
    pub fn life(&self, normal: f64) -> f64 {
        self.endurance.map_or(f64::INFINITY, |e| e.pulses * exp(e.sigma * normal))
    }
}
