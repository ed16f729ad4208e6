//! Memristive devices that hold a synapse's weight: one file each, and what they share.
//!
//! A device is its table ([`Model`]) and the step of a pulse, a function of conductance and direction. [`Common`] has the
//! range, the variability and the prices; [`Cell`] one device's own constants; [`Device::pulse`] puts them together.
//! Presets are named sets of parameters in `presets.toml`, not code.

use crate::check::Invalid;
use crate::describe::Model;

mod ageing;
mod bank;
mod cell;
pub mod characterise;
mod common;
pub mod constant_step;
pub mod exp_step;
pub mod fit;
pub mod linear_step;
pub mod measured;
pub mod neurosim;
pub mod pcm;
pub mod physical;
pub mod piecewise_step;
pub mod pow_step;
pub mod presets;
pub mod querlioz;
mod search;
pub mod soft_bounds;
pub mod table;
mod traits;
pub mod two_state;

pub use ageing::{Ageing, Drift, Endurance, Flicker, Retention};
pub use bank::{Bank, MOST, MOST_PULSES, Pair};
pub use cell::{Cell, normal, normals, uniform};
pub use common::{Common, Pulses};
pub use physical::PhysicalModel;
pub use table::Values;
pub use traits::{Constant, Traits};

/// A device with its checked parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceSpec {
    /// Which device.
    pub device: DeviceModel,
    /// One value per entry of `device.describe().params`; NaN for a list.
    pub params: Vec<f64>,
    /// The parameters that are lists.
    pub lists: Vec<(&'static str, Vec<f64>)>,
}

impl DeviceSpec {
    /// A device with these values, the others being defaults.
    pub fn with(device: DeviceModel, given: &[(&str, f64)]) -> DeviceSpec {
        let model = device.describe();
        let value = |name: &str| given.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        let params = model.params.iter().map(|p| value(p.name).unwrap_or(p.default)).collect();
        let lists = model.params.iter().filter_map(|p| p.list().map(|list| (p.name, list.to_vec()))).collect();
        DeviceSpec { device, params, lists }
    }

    /// Its values by name.
    fn values(&self) -> Values<'_> {
        Values { model: self.device.describe(), values: &self.params, lists: &self.lists }
    }

    /// Its physics; none if it is a device by the steps of its pulses.
    ///
    /// # Errors
    /// Which parameters do not go together.
    pub fn physical(&self) -> Result<Option<physical::Physical>, Invalid> {
        let DeviceModel::Physical(model) = self.device else { return Ok(None) };
        DeviceSpec::physics(model, &self.values()).map(Some)
    }

    /// A physical device with these values; an ideal one without the noise of its state.
    fn physics(model: PhysicalModel, values: &Values<'_>) -> Result<physical::Physical, Invalid> {
        let quiet = values.flag("ideal");
        model.device(&|name| if quiet && name == physical::NOISE { 0.0 } else { values.get(name) })
    }

    /// The device, ready for pulses.
    ///
    /// # Errors
    /// Which parameters do not go together.
    pub fn device(&self) -> Result<Device, Invalid> {
        let values = self.values();
        let mut common = Common::new(&values)?;
        let law = match self.device {
            DeviceModel::ConstantStep => constant_step::new(&common).map(|()| Law::ConstantStep)?,
            DeviceModel::LinearStep => Law::LinearStep(linear_step::LinearStep::new(&values, &common)?),
            DeviceModel::SoftBounds | DeviceModel::SoftBoundsReference => {
                soft_bounds::check(&common).map(|()| Law::SoftBounds)?
            }
            DeviceModel::ExpStep => Law::ExpStep(exp_step::ExpStep::new(&values, &common)?),
            DeviceModel::PowStep => Law::PowStep(pow_step::PowStep::new(&values, &common)?),
            DeviceModel::PiecewiseStep => {
                Law::PiecewiseStep(Box::new(piecewise_step::PiecewiseStep::new(&values, &common)?))
            }
            DeviceModel::Querlioz => Law::Querlioz(querlioz::Querlioz::new(&values, &common)?),
            DeviceModel::NeuroSim => Law::NeuroSim(neurosim::NeuroSim::new(&values, &mut common)?),
            DeviceModel::TwoState => Law::TwoState(two_state::TwoState::new(&values, &mut common)?),
            DeviceModel::Table => Law::Measured(Box::new(measured::Measured::of_table(&values, &mut common)?)),
            DeviceModel::Physical(model) => {
                let physics = DeviceSpec::physics(model, &values)?;
                Law::Physical(Box::new(physical::pulsed::Pulsed::new(physics, &values, &mut common)?))
            }
        };
        let reference = match self.device {
            DeviceModel::SoftBoundsReference => Some(soft_bounds::Reference::new(&values, &common)?),
            _ => None,
        };
        let ageing = Ageing::new(&values)?;
        ageing.within(common.g_max)?;
        let rounding = f64::EPSILON;
        Ok(Device { common, law, reference, bank: Bank::new(&values)?, ageing, rounding })
    }
}

/// How a pulse changes the conductance. Adding a device takes its file, a variant here and in [`DeviceModel`], and the arms
/// that the compiler then asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Law {
    /// [`constant_step`]
    ConstantStep,
    /// [`linear_step`]
    LinearStep(linear_step::LinearStep),
    /// [`soft_bounds`], with or without a reference
    SoftBounds,
    /// [`exp_step`]
    ExpStep(exp_step::ExpStep),
    /// [`pow_step`]
    PowStep(pow_step::PowStep),
    /// [`piecewise_step`]
    PiecewiseStep(Box<piecewise_step::PiecewiseStep>),
    /// [`querlioz`]
    Querlioz(querlioz::Querlioz),
    /// [`neurosim`]
    NeuroSim(neurosim::NeuroSim),
    /// [`two_state`]
    TwoState(two_state::TwoState),
    /// [`measured`]
    Measured(Box<measured::Measured>),
    /// [`physical`]
    Physical(Box<physical::pulsed::Pulsed>),
}

/// A device as a synapse uses it.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Range, steps, variability and prices.
    pub common: Common,
    /// How a pulse changes the conductance.
    pub law: Law,
    /// What is taken off the conductance of each device; none but with `soft_bounds_reference`.
    pub reference: Option<soft_bounds::Reference>,
    /// How many make a synapse, and which do not work.
    pub bank: Bank,
    /// What time and use do to them.
    pub ageing: Ageing,
    /// Relative rounding of what is stored.
    rounding: f64,
}

impl Device {
    /// The device of a run in single precision: its bounds are numbers that 32 bits hold, so that at its bound it stands for the bound
    /// of the weight, at which a rule may stop. Not of physical devices, whose bounds follow from their states.
    pub fn in_single(mut self) -> Device {
        let c = &mut self.common;
        if !matches!(self.law, Law::Physical(_)) {
            (c.g_min, c.g_max) = (f64::from(c.g_min as f32), f64::from(c.g_max as f32));
        }
        self.rounding = f64::from(f32::EPSILON);
        self
    }

    /// The change \[S\] that one pulse makes to a device without noise: positive if `up`.
    #[inline]
    pub fn step(&self, cell: &Cell, g: f64, up: bool) -> f64 {
        cell.directed(self.size(cell, g, up), up)
    }

    /// Its size \[S\], by the law alone.
    #[inline]
    fn size(&self, cell: &Cell, g: f64, up: bool) -> f64 {
        let c = &self.common;
        match &self.law {
            Law::ConstantStep => constant_step::step(c, up),
            Law::LinearStep(law) => law.step(c, cell, g, up),
            Law::SoftBounds => soft_bounds::step(c, cell, g, up),
            Law::ExpStep(law) => law.step(cell, g, up),
            Law::PowStep(law) => law.step(c, cell, g, up),
            Law::PiecewiseStep(law) => law.step(c, cell, g, up),
            Law::Querlioz(law) => law.step(c, cell, g, up),
            Law::NeuroSim(law) => law.step(g, up),
            Law::TwoState(law) => law.mean_step(c, g, up),
            Law::Measured(law) => {
                let dg = law.at(g, up).0;
                if up { dg } else { -dg }
            }
            Law::Physical(law) => law.step(g, up),
        }
    }

    /// Is a synapse one device whose visible conductance is the stored one, whatever the time?
    pub fn is_plain(&self) -> bool {
        let c = &self.common;
        self.is_stepped()
            && self.bank.count() == 1
            && !self.bank.one_sided
            && self.reference.is_none()
            && [c.write_noise, c.program_noise, c.levels] == [0.0; 3]
    }

    /// How far below `g_min` and above `g_max` what a device shows may lie \[S\]: by bounds or a reference of its own, by noise of
    /// writing, and by what it has lost while it was left alone.
    pub fn beyond(&self) -> [f64; 2] {
        // No normal number from a word of 32 bits is larger.
        const LARGEST: f64 = 6.4;
        let c = &self.common;
        let bounds = if c.widest { [0.0; 2] } else { [c.sigma_g_min, c.sigma_g_max].map(|sigma| sigma * c.range()) };
        let reference = self.reference.map_or(0.0, |law| law.largest(c, LARGEST));
        let [below, above] = bounds.map(|sigma| LARGEST * (sigma + c.write_noise) + reference);
        let fades = self.ageing.drift.is_some() || self.ageing.retention.is_some();
        [if fades { below.max(c.g_min) } else { below }, above]
    }

    /// Do pulses alone change its devices, each by a step?
    fn is_stepped(&self) -> bool {
        !self.bank.has_faults() && self.ageing == Ageing::default() && !self.is_two_state() && !self.bank.resets()
    }

    /// Has it two states?
    pub fn is_two_state(&self) -> bool {
        matches!(self.law, Law::TwoState(_))
    }

    /// The nearest of the conductances that can be told apart \[S\]; halves go up.
    #[inline(always)]
    pub fn quantised(&self, g: f64) -> f64 {
        let c = &self.common;
        if c.levels < 2.0 {
            return g;
        }
        let steps = c.levels - 1.0;
        c.g_min + ((g - c.g_min) / c.range() * steps + 0.5).floor().clamp(0.0, steps) / steps * c.range()
    }

    /// What shows \[S\] of a device at `g` beside its reference, 0 without one: the difference of these two, where that is off `g_min` by no
    /// more than `g` is rounded exactly that, so that a weight of 0 is 0.
    #[inline(always)]
    pub fn shown(&self, g: f64, reference: f64) -> f64 {
        let shown = (g - reference).max(0.0);
        let is_off = self.reference.is_none() || (shown - self.common.g_min).abs() > self.rounding * g;
        self.quantised(if is_off { shown } else { self.common.g_min })
    }

    /// The conductance \[S\] through which a read's current flows: what shows, or where that is the difference of a device at `g` and its
    /// reference, both of these, the device as one of the conductances that can be told apart.
    #[inline(always)]
    pub fn taken(&self, g: f64, reference: f64, shown: f64) -> f64 {
        if self.reference.is_some() { self.quantised(g.max(0.0)) + reference.abs() } else { shown }
    }

    /// The conductance after one pulse, which resets a one-sided device as a whole if it is depressing.
    #[inline]
    pub fn bank_pulse(&self, own: &Traits, g: f64, up: bool, word: u32, second: impl FnOnce() -> u32) -> f64 {
        if self.bank.one_sided && !up {
            return self.reset(&own.cell, word);
        }
        self.pulse(&own.cell, g, up, word, second)
    }

    /// The conductance after a reset.
    #[inline]
    pub fn reset(&self, cell: &Cell, word: u32) -> f64 {
        let spread = self.bank.sigma_reset * self.common.range();
        let above = if spread > 0.0 { spread * normal(word).abs() } else { 0.0 };
        (cell.g_min + above).min(cell.g_max)
    }

    /// What a pulse costs that finds the device at `g` \[J\]: v^2 t g, or what a physical device takes while its state moves; none where no
    /// pulse was given.
    #[inline]
    pub fn pulse_energy(&self, g: f64, up: bool) -> Option<f64> {
        if let Law::Physical(law) = &self.law {
            return law.energy(g, up);
        }
        let c = &self.common;
        (if up { c.price_up } else { c.price_down }).map(|per_siemens| per_siemens * g)
    }

    /// What a read costs whose current flows through this conductance \[J\]: v^2 t g, of a physical device v i(v) t; none where no read was
    /// given. Its noise is not counted.
    #[inline]
    pub fn read_energy(&self, taken: f64) -> Option<f64> {
        let joules = self.common.price_read? * taken;
        Some(if let Law::Physical(law) = &self.law { joules * law.read_factor(taken) } else { joules })
    }

    /// Does a pulse need a random word of its own?
    #[inline]
    pub fn draws(&self) -> bool {
        let steps_are_drawn = match &self.law {
            Law::TwoState(_) | Law::Measured(_) => true,
            Law::Physical(law) => law.is_noisy(),
            _ => false,
        };
        steps_are_drawn || self.common.is_noisy()
    }

    /// The conductance \[S\] after one pulse. `word` is this pulse's own random word, used if [`Device::draws`]; `second` is asked for
    /// another one where the step itself is drawn and has noise beside.
    #[inline]
    pub fn pulse(&self, cell: &Cell, g: f64, up: bool, word: u32, second: impl FnOnce() -> u32) -> f64 {
        let c = &self.common;
        let by_drawn_step = |dg: f64| {
            let noise = if c.is_noisy() { normal(second()) } else { 0.0 };
            c.moved(cell, g, up, if up { dg } else { -dg }, noise)
        };
        match &self.law {
            Law::TwoState(law) => law.pulse(cell, g, up, uniform(word)),
            Law::Measured(law) if law.noisy => by_drawn_step(law.drawn(g, up, word)),
            Law::Physical(law) if law.is_noisy() => by_drawn_step(law.drawn(g, up, word)),
            _ => {
                let noise = if c.is_noisy() { normal(word) } else { 0.0 };
                c.moved(cell, g, up, self.size(cell, g, up), noise)
            }
        }
    }
}

/// The devices that ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceModel {
    /// [`constant_step`]
    ConstantStep,
    /// [`linear_step`]
    LinearStep,
    /// [`soft_bounds`]
    SoftBounds,
    /// [`soft_bounds`] with a reference
    SoftBoundsReference,
    /// [`exp_step`]
    ExpStep,
    /// [`pow_step`]
    PowStep,
    /// [`piecewise_step`]
    PiecewiseStep,
    /// [`querlioz`]
    Querlioz,
    /// [`neurosim`]
    NeuroSim,
    /// [`two_state`]
    TwoState,
    /// [`measured`]
    Table,
    /// [`physical`]
    Physical(PhysicalModel),
}

impl DeviceModel {
    /// All devices.
    pub const ALL: [DeviceModel; 18] = [
        DeviceModel::ConstantStep,
        DeviceModel::LinearStep,
        DeviceModel::SoftBounds,
        DeviceModel::SoftBoundsReference,
        DeviceModel::ExpStep,
        DeviceModel::PowStep,
        DeviceModel::PiecewiseStep,
        DeviceModel::Querlioz,
        DeviceModel::NeuroSim,
        DeviceModel::TwoState,
        DeviceModel::Table,
        DeviceModel::Physical(PhysicalModel::Hp),
        DeviceModel::Physical(PhysicalModel::NonlinearDrift),
        DeviceModel::Physical(PhysicalModel::Team),
        DeviceModel::Physical(PhysicalModel::Vteam),
        DeviceModel::Physical(PhysicalModel::Yakopcic),
        DeviceModel::Physical(PhysicalModel::StanfordRram),
        DeviceModel::Physical(PhysicalModel::VoltageThreshold),
    ];

    /// Its parameters, equations and source.
    pub fn describe(self) -> &'static Model {
        match self {
            DeviceModel::ConstantStep => &constant_step::MODEL,
            DeviceModel::LinearStep => &linear_step::MODEL,
            DeviceModel::SoftBounds => &soft_bounds::MODEL,
            DeviceModel::SoftBoundsReference => &soft_bounds::REFERENCE,
            DeviceModel::ExpStep => &exp_step::MODEL,
            DeviceModel::PowStep => &pow_step::MODEL,
            DeviceModel::PiecewiseStep => &piecewise_step::MODEL,
            DeviceModel::Querlioz => &querlioz::MODEL,
            DeviceModel::NeuroSim => &neurosim::MODEL,
            DeviceModel::TwoState => &two_state::MODEL,
            DeviceModel::Table => &measured::MODEL,
            DeviceModel::Physical(model) => model.describe(),
        }
    }

    /// The device of this name.
    pub fn named(name: &str) -> Option<DeviceModel> {
        DeviceModel::ALL.into_iter().find(|m| m.describe().name == name)
    }
}
