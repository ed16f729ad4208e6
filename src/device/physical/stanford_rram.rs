//! The Stanford/ASU compact model of filamentary RRAM, version 1.0.0 (Guan, Yu & Wong 2012; Jiang, Yu & Wong 2014).

use crate::check::Invalid;
use crate::describe::Bound::{Finite, NonNegative, Positive};
use crate::describe::Kind::{Number, Quantity};
use crate::describe::{Param, param};
use crate::math::{exp, ln, pow, sinh};

use super::{Get, NOISE, Physics};

/// Its equations.
pub const EQUATIONS: &str = "i = i_0 e^(-gap/g_0) sinh(v/v_0);  T = t_ini + r_th |v i|\n\
    gamma = gamma_0 - beta (gap/1 nm)^3, and 0 where gamma |v|/t_ox < f_min\n\
    d gap/dt = -vel_0 e^(-e_a/kT) sinh(gamma a_0 q v/(t_ox k T)) + delta_gap N/(1 + e^((t_crit - T)/t_smth))\n\
    N: a fresh standard normal number every noise_step, keyed by seed, device, pulse and step; delta_gap = 0 or ideal switches it off;\n\
    a pulse's price is that without N, and pulses are counted by the change without N; overlapping spikes (waveform) have no N\n\
    gap held hard between gap_min and gap_max; conductance: i / v at v_read; a positive voltage potentiates";
/// Its sources.
pub const REFERENCE: &str = "Stanford University RRAM Verilog-A model 1.0.0, doi:10.4231/D37H1DN48; Guan, Yu & Wong 2012, \
    doi:10.1109/LED.2012.2210856; Jiang et al. 2016, doi:10.1109/TED.2016.2545412. Its dynamic mode has delta_gap = 0.02 m/s; \
    there N changes with the circuit simulator's step, here every noise_step";
/// Its parameters.
pub const PARAMS: &[Param] = &[
    param("g_0", Quantity("nm"), 0.25, Positive, "length over which the current falls with the gap"),
    param("v_0", Quantity("V"), 0.25, Positive, "voltage scale of the current"),
    param("i_0", Quantity("A"), 1e-3, Positive, "scale of the current"),
    param("vel_0", Quantity("m/s"), 10.0, Positive, "attempt speed of the gap"),
    param("beta", Number, 0.8, NonNegative, "how the field enhancement falls with the gap"),
    param("gamma_0", Number, 16.0, Positive, "field enhancement of a closed gap"),
    param("e_a", Quantity("eV"), 0.6, Positive, "activation energy"),
    param("a_0", Quantity("nm"), 0.25, Positive, "spacing of the atoms"),
    param("t_ini", Quantity("K"), 298.0, Positive, "temperature of the surroundings"),
    param("r_th", Quantity("K/W"), 2100.0, NonNegative, "thermal resistance"),
    param("t_ox", Quantity("nm"), 12.0, Positive, "thickness of the oxide"),
    param("f_min", Quantity("V/m"), 1.4e9, NonNegative, "field below which the gap rests"),
    param("gap_min", Quantity("nm"), 0.2, Positive, "smallest gap"),
    param("gap_max", Quantity("nm"), 1.7, Positive, "largest gap"),
    param(NOISE, Quantity("m/s"), 0.0, NonNegative, "stochastic speed of the gap"),
    param("noise_step", Quantity("ns"), 1.0, Positive, "how long each random number holds"),
    param("t_crit", Quantity("K"), 450.0, Positive, "temperature above which the gap varies strongly"),
    param("t_smth", Quantity("K"), 500.0, Positive, "width of that transition"),
    param("v_read", Quantity("V"), 0.1, Finite, "voltage at which the conductance is read"),
];

/// Boltzmann's constant over the charge of an electron \[V/K\], as in the Verilog-A constants that the model was fitted with.
const K_OVER_Q: f64 = 1.380_650_3e-23 / 1.602_176_462e-19;

/// Checked parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StanfordRram {
    g_0: f64,
    v_0: f64,
    i_0: f64,
    vel_0: f64,
    beta: f64,
    gamma_0: f64,
    e_a: f64,
    a_0: f64,
    t_ini: f64,
    r_th: f64,
    t_ox: f64,
    f_min: f64,
    gap: (f64, f64),
    delta_gap: f64,
    noise_step: f64,
    t_crit: f64,
    t_smth: f64,
    v_read: f64,
}

impl StanfordRram {
    /// From its parameters.
    ///
    /// # Errors
    /// Which parameters do not go together.
    pub fn new(get: Get<'_>) -> Result<StanfordRram, Invalid> {
        let nm = |name: &str| get(name) * 1e-9;
        let gap = (nm("gap_min"), nm("gap_max"));
        if gap.0 >= gap.1 {
            let message = format!("found {} nm, expected less than gap_max ({} nm)", get("gap_min"), get("gap_max"));
            return Err(Invalid::new("gap_min", message));
        }
        if gap.1 >= nm("t_ox") {
            let message =
                format!("found {} nm, expected less than the oxide t_ox ({} nm)", get("gap_max"), get("t_ox"));
            return Err(Invalid::new("gap_max", message));
        }
        if get("v_read") == 0.0 {
            return Err(Invalid::new("v_read", "found 0 V: without a voltage there is no current to read"));
        }
        Ok(StanfordRram {
            g_0: nm("g_0"),
            v_0: get("v_0"),
            i_0: get("i_0"),
            vel_0: get("vel_0"),
            beta: get("beta"),
            gamma_0: get("gamma_0"),
            e_a: get("e_a"),
            a_0: nm("a_0"),
            t_ini: get("t_ini"),
            r_th: get("r_th"),
            t_ox: nm("t_ox"),
            f_min: get("f_min"),
            gap,
            delta_gap: get(NOISE),
            noise_step: get("noise_step") * 1e-9,
            t_crit: get("t_crit"),
            t_smth: get("t_smth"),
            v_read: get("v_read"),
        })
    }

    #[inline]
    fn gamma(&self, gap: f64) -> f64 {
        let nm = gap * 1e9;
        self.gamma_0 - self.beta * (nm * nm * nm)
    }

    #[inline]
    fn kelvin(&self, gap: f64, v: f64) -> f64 {
        self.t_ini + (v * self.current(gap, v)).abs() * self.r_th
    }
}

impl Physics for StanfordRram {
    fn range(&self) -> (f64, f64) {
        self.gap
    }

    fn levels(&self) -> [f64; 2] {
        [0.0, 0.0]
    }

    fn potentiating(&self) -> f64 {
        1.0
    }

    #[inline]
    fn rate(&self, gap: f64, v: f64) -> f64 {
        if self.regime(gap, v) == 0 {
            return 0.0;
        }
        let volt = K_OVER_Q * self.kelvin(gap, v);
        -self.vel_0 * exp(-self.e_a / volt) * sinh(self.gamma(gap) * self.a_0 / self.t_ox * v / volt)
    }

    #[inline]
    fn current(&self, gap: f64, v: f64) -> f64 {
        self.i_0 * exp(-gap / self.g_0) * sinh(v / self.v_0)
    }

    #[inline]
    fn regime(&self, gap: f64, v: f64) -> u8 {
        u8::from(self.gamma(gap) * v.abs() / self.t_ox >= self.f_min)
    }

    #[inline]
    fn margin(&self, gap: f64, v: f64) -> f64 {
        self.gamma(gap) * v.abs() / self.t_ox / self.f_min - 1.0
    }

    fn conductance(&self, gap: f64) -> f64 {
        self.current(gap, self.v_read) / self.v_read
    }

    fn state(&self, g: f64) -> f64 {
        -self.g_0 * ln(g * self.v_read / (self.i_0 * sinh(self.v_read / self.v_0)))
    }

    fn resting(&self, v: f64) -> Option<f64> {
        let cube = (self.gamma_0 - self.f_min * self.t_ox / v.abs()) / self.beta;
        (v < 0.0 && cube > 0.0 && cube.is_finite()).then(|| 1e-9 * pow(cube, 1.0 / 3.0))
    }

    fn may_move(&self, v: f64) -> bool {
        self.gamma(self.gap.0) * v.abs() / self.t_ox >= self.f_min
    }

    fn noise_step(&self) -> Option<f64> {
        (self.delta_gap > 0.0).then_some(self.noise_step)
    }

    fn noise(&self, gap: f64, v: f64) -> f64 {
        self.delta_gap / (1.0 + exp((self.t_crit - self.kelvin(gap, v)) / self.t_smth))
    }
}
