//! How a model describes itself: its parameters and state variables with units, defaults,
//! bounds and a line of documentation. The model file's reader, `memspike models` and the
//! result file all work from these tables, so a parameter is named in one place only.

/// What a parameter's value looks like in a model file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A number with a unit, written `"20 ms"`; stored in this unit.
    Quantity(&'static str),
    /// As `Quantity`, but a bare number is accepted too, since papers give it so (Izhikevich's a, b, d).
    QuantityOrBare(&'static str),
    /// A bare number.
    Number,
    /// `true` or `false`, stored as 1 or 0.
    Flag,
    /// One of these words, stored as its index.
    Choice(&'static [&'static str]),
    /// The name of a population, stored as its index.
    Population,
    /// In the unit of the target's weight (mV, pA, nS, or bare into a source).
    Weight,
    /// A text, such as the name of a file.
    Text,
    /// A list of numbers with this unit (empty: bare numbers), and its default; stored beside the single values.
    List(&'static str, &'static [f64]),
}

/// The values that a parameter may take, besides being a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Any finite number.
    Finite,
    /// Any number or an infinity, but not NaN.
    NotNan,
    /// Finite and > 0.
    Positive,
    /// Finite and >= 0.
    NonNegative,
    /// In [0, 1].
    Fraction,
    /// Finite and >= 0, and it need not be given.
    Optional,
}

/// One parameter of a model.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name in the model file.
    pub name: &'static str,
    /// How it is written and in which unit it is stored.
    pub kind: Kind,
    /// Its default in that unit; NaN means that it must be given, or, with [`Bound::Optional`] and in a sub-table, that it is
    /// absent.
    pub default: f64,
    /// The values it may take.
    pub bound: Bound,
    /// What it is, in a line.
    pub doc: &'static str,
}

impl Param {
    /// May it be absent?
    pub fn optional(&self) -> bool {
        self.bound == Bound::Optional
    }

    /// The default as a model file writes it; none if it has to be given or is absent without. `weight`: the unit of weights onto
    /// the target, without which those have none.
    pub fn default_toml(&self, weight: Option<&str>) -> Option<String> {
        if let Kind::List(unit, list) = self.kind {
            let items = list.iter().map(|v| if unit.is_empty() { v.to_string() } else { format!("\"{v} {unit}\"") });
            return Some(format!("[{}]", items.collect::<Vec<_>>().join(", ")));
        }
        if self.default.is_nan() {
            return None;
        }
        let quantity = |unit: &str| match self.default {
            infinite if infinite.is_infinite() => format!("\"{infinite}\""),
            small if small != 0.0 && small.abs() < 1e-3 => format!("\"{small:e} {unit}\""),
            other => format!("\"{other} {unit}\""),
        };
        Some(match self.kind {
            Kind::Flag => (self.default != 0.0).to_string(),
            Kind::Choice(words) => format!("\"{}\"", words.get(self.default as usize).unwrap_or(&"")),
            Kind::Quantity(unit) => quantity(unit),
            Kind::Weight if !weight?.is_empty() => quantity(weight?),
            _ => self.default.to_string(),
        })
    }

    /// The default of a list; none if it is one value.
    pub fn list(&self) -> Option<&'static [f64]> {
        if let Kind::List(_, default) = self.kind { Some(default) } else { None }
    }
}

/// One state variable of a model, which `initial.<name>` sets and `record.state` samples.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name in the model file.
    pub name: &'static str,
    /// The unit it is stored and recorded in.
    pub unit: &'static str,
    /// What it is and how it starts, in a line.
    pub doc: &'static str,
    /// The values that it may start with.
    pub bound: Bound,
}

/// What has a table of parameters: a model of the zoo (a neuron, a plasticity rule, a device), and what stands beside them in a model file
/// (`short_term`, `normalize`, waveforms, crossbars, the sources `labels` and `pattern`).
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Its name in the model file.
    pub name: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// The equations, in plain text.
    pub equations: &'static str,
    /// The papers it follows, and the peers' name for it.
    pub reference: &'static str,
    /// Its parameters, in the order in which their values are stored.
    pub params: &'static [Param],
    /// Its state variables (of neurons alone).
    pub variables: &'static [Variable],
}

impl Model {
    /// The index of a parameter by name.
    pub fn param(&self, name: &str) -> Option<usize> {
        self.params.iter().position(|p| p.name == name)
    }

    /// The index of a state variable by name.
    pub fn variable(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|v| v.name == name)
    }
}

/// Shorthand for the tables of models.
pub const fn param(name: &'static str, kind: Kind, default: f64, bound: Bound, doc: &'static str) -> Param {
    Param { name, kind, default, bound, doc }
}

/// Shorthand for the tables of models.
pub const fn variable(name: &'static str, unit: &'static str, doc: &'static str) -> Variable {
    Variable { name, unit, doc, bound: Bound::Finite }
}

/// Shorthand for a conductance among the variables, which is never negative.
pub const fn conductance(name: &'static str, doc: &'static str) -> Variable {
    Variable { bound: Bound::NonNegative, ..variable(name, "nS", doc) }
}
