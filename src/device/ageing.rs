//! What time and use do to a device: drift, retention, noise that grows with time, endurance; and the statistics of
//! phase-change memory, which prescribe three of them.

use crate::check::Invalid;
use crate::math::{exp, exp_held, ln_positive, pow_positive};

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

    /// Does it matter how long a device has been left alone?
    pub fn takes_time(&self) -> bool {
        self.drift.is_some() || self.retention.is_some() || self.flicker.is_some()
    }

    /// The conductance \[S\] that a device left at `g` has after `t` seconds, from its own standard normal numbers for the
    /// exponent of drift and the logarithm of the time constant.
    pub fn after(&self, c: &Common, g: f64, t: f64, nu_normal: f64, tau_normal: f64) -> f64 {
        let mut now = g;
        if t <= 0.0 {
            return now;
        }
        if let Some(drift) = &self.drift {
            now *= drift.factor(drift.exponent(c, g, nu_normal), t);
        }
        if let Some(retention) = &self.retention {
            now = retention.relaxed(now, t, retention.own_tau(tau_normal));
        }
        now
    }

    /// Relative size of the 1/f noise of a read `t` seconds after the pulse that left the conductance `g`.
    pub fn flicker_sigma(&self, c: &Common, g: f64, t: f64) -> f64 {
        self.flicker.map_or(0.0, |flicker| flicker.sigma(c, g, t))
    }

    /// How many pulses a device survives, from its own standard normal number.
    pub fn life(&self, normal: f64) -> f64 {
        self.endurance.map_or(f64::INFINITY, |e| e.pulses * exp_held(e.sigma * normal))
    }
}

// Without branches, so that loops over devices become vector code.

impl Drift {
    /// The exponent of a device at `g`, from its own standard normal number: 0 or more, for what drifts does not grow.
    #[inline(always)]
    pub fn exponent(&self, c: &Common, g: f64, normal: f64) -> f64 {
        let nu = match self.nu {
            Some(nu) => nu + self.sigma_nu * normal,
            None => pcm::mean_nu(g / c.g_max) + self.sigma_nu * pcm::sigma_nu(g / c.g_max) * normal,
        };
        nu.max(0.0)
    }

    /// What is left of the conductance after `t` > 0 seconds.
    #[inline(always)]
    pub fn factor(&self, nu: f64, t: f64) -> f64 {
        pow_positive((t + self.t_0) / self.t_0, -nu)
    }
}

impl Retention {
    /// The time constant of a device \[s\], from its own standard normal number.
    #[inline(always)]
    pub fn own_tau(&self, normal: f64) -> f64 {
        if self.sigma > 0.0 { self.tau * exp_held(self.sigma * normal) } else { self.tau }
    }

    /// The conductance \[S\] after `t` > 0 seconds.
    #[inline(always)]
    pub fn relaxed(&self, g: f64, t: f64, tau: f64) -> f64 {
        self.g_inf + (g - self.g_inf) * exp_held(-t / tau)
    }
}

impl Flicker {
    /// Relative size of the noise of a read `t` seconds after the pulse that left the conductance `g`.
    #[inline(always)]
    pub fn sigma(&self, c: &Common, g: f64, t: f64) -> f64 {
        let Flicker { q, t_read, t_0 } = *self;
        let q = match q {
            Some(q) => q,
            None => pcm::read_noise(g / c.g_max),
        };
        // Just after a pulse there is none yet: the root's argument starts below 0.
        q * ln_positive((t.max(0.0) + t_0 + t_read) / (2.0 * t_read)).max(0.0).sqrt()
    }
}
