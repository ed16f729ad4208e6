//! NEST's names of neuron models and their parameters.

use serde_json::{Map, Value};

use crate::describe::Kind;
use crate::neuron::NeuronModel;

/// NEST's neuron models that are here. The `_ps` variants are what the event engine does.
const MODELS: [(&str, NeuronModel); 10] = [
    ("iaf_psc_delta", NeuronModel::LifDelta),
    ("iaf_psc_delta_ps", NeuronModel::LifDelta),
    ("iaf_psc_exp", NeuronModel::LifExp),
    ("iaf_psc_exp_ps", NeuronModel::LifExp),
    ("iaf_psc_alpha", NeuronModel::LifAlpha),
    ("iaf_psc_alpha_ps", NeuronModel::LifAlpha),
    ("iaf_cond_exp", NeuronModel::LifCondExp),
    ("iaf_cond_alpha", NeuronModel::LifCondAlpha),
    ("aeif_cond_exp", NeuronModel::Adex),
    ("izhikevich", NeuronModel::Izhikevich),
];

/// NEST's names that are not ours: (ours, NEST's).
const NAMES: [(&str, &str); 15] = [
    ("c_m", "C_m"),
    ("delta_t", "Delta_T"),
    ("e_ex", "E_ex"),
    ("e_in", "E_in"),
    ("e_l", "E_L"),
    ("g_l", "g_L"),
    ("i_e", "I_e"),
    ("i_syn_ex", "I_syn_ex"),
    ("i_syn_in", "I_syn_in"),
    ("u_m", "U_m"),
    ("v_m", "V_m"),
    ("v_min", "V_min"),
    ("v_peak", "V_peak"),
    ("v_reset", "V_reset"),
    ("v_th", "V_th"),
];

/// NEST's name of a parameter or a variable.
pub(super) fn name(ours: &str) -> &str {
    NAMES.iter().find(|n| n.0 == ours).map_or(ours, |n| n.1)
}

/// NEST's name of a model on a grid.
pub(super) fn model_name(model: NeuronModel) -> &'static str {
    MODELS.iter().find(|m| m.1 == model).map_or(model.describe().name, |m| m.0)
}

/// Parameters of NEST that have no effect here: time constants of traces for plastic synapses, bounds of its solver.
const WITHOUT_EFFECT: [&str; 3] = ["tau_minus", "tau_minus_triplet", "gsl_error_tol"];

/// The model of this name.
pub(super) fn model(name: &str) -> Result<NeuronModel, String> {
    MODELS.iter().find(|m| m.0 == name).map(|m| m.1).ok_or_else(|| {
        let names: Vec<&str> = MODELS.iter().map(|m| m.0).collect();
        format!("the neuron model {name} of NEST is not known; known are {}", names.join(", "))
    })
}

/// Parameters and initial state of one neuron, in the order of the model's tables; NaN where nothing is given.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub params: Vec<f64>,
    pub initial: Vec<f64>,
}

impl Cell {
    /// A neuron with the model's defaults, which are NEST's. There the potential starts at the default of E_L, whatever E_L is given.
    pub fn of(model: NeuronModel) -> Cell {
        let table = model.describe();
        let mut initial = vec![f64::NAN; table.variables.len()];
        if let (Some(v_m), Some(e_l)) = (table.variable("v_m"), table.param("e_l")) {
            initial[v_m] = table.params[e_l].default;
        }
        Cell { params: table.params.iter().map(|p| p.default).collect(), initial }
    }

    /// Sets a parameter or an initial state by NEST's name.
    pub fn set(&mut self, model: NeuronModel, name: &str, value: &Value) -> Result<(), String> {
        if WITHOUT_EFFECT.contains(&name) {
            return Ok(());
        }
        let (table, ours) = (model.describe(), name.to_lowercase());
        if let Some(i) = table.param(&ours) {
            self.params[i] = match (table.params[i].kind, value) {
                (Kind::Flag, Value::Bool(on)) => f64::from(u8::from(*on)),
                (Kind::Flag, _) => return Err(format!("{name} is {value}, expected true or false")),
                _ => number(name, value)?,
            };
            crate::check::check(&table.params[i], self.params[i]).map_err(|e| format!("{name}: {}", e.message))?;
            return Ok(());
        }
        if let Some(i) = table.variable(&ours) {
            self.initial[i] = number(name, value)?;
            return Ok(());
        }
        let ours = table.params.iter().map(|p| p.name).chain(table.variables.iter().map(|v| v.name));
        let names: Vec<&str> = ours.map(self::name).collect();
        Err(format!("{name} is no parameter of {}; it has {}", table.name, names.join(", ")))
    }

    /// Sets all of an object.
    pub fn set_all(&mut self, model: NeuronModel, values: &Map<String, Value>) -> Result<(), String> {
        values.iter().try_for_each(|(name, value)| self.set(model, name, value))
    }
}

fn number(name: &str, value: &Value) -> Result<f64, String> {
    match value.as_f64() {
        Some(number) if number.is_finite() => Ok(number),
        _ => Err(format!("{name} is {value}, expected a number")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_named_as_in_nest_is_read_as_ours() {
        for ours in NeuronModel::ALL {
            assert_eq!(model(model_name(ours)), Ok(ours));
            let table = ours.describe();
            for param in table.params.iter().filter(|p| p.kind != Kind::Flag && p.default.is_finite()) {
                let mut cell = Cell::of(ours);
                cell.set(ours, name(param.name), &json!(param.default)).unwrap();
            }
        }
    }

    #[test]
    fn the_potential_starts_where_nests_does_though_e_l_is_given() {
        // What NEST 3.10 says of V_m after Create(model, params={"E_L": -65.0}).
        let nest = [
            ("iaf_psc_delta", -70.0),
            ("iaf_psc_exp_ps", -70.0),
            ("iaf_psc_alpha", -70.0),
            ("iaf_cond_exp", -70.0),
            ("iaf_cond_alpha", -70.0),
            ("aeif_cond_exp", -70.6),
        ];
        for (name, v_m) in nest {
            let model = model(name).unwrap();
            let mut cell = Cell::of(model);
            cell.set(model, "E_L", &json!(-65.0)).unwrap();
            assert_eq!(cell.initial[model.describe().variable("v_m").unwrap()], v_m, "{name}");
        }
    }

    #[test]
    fn parameters_have_nests_names_and_unknown_ones_are_errors() {
        let model = model("iaf_psc_alpha").unwrap();
        let mut cell = Cell::of(model);
        cell.set(model, "C_m", &json!(78.0)).unwrap();
        cell.set(model, "V_m", &json!(-80)).unwrap();
        let table = model.describe();
        assert_eq!(cell.params[table.param("c_m").unwrap()], 78.0);
        assert_eq!(cell.initial[table.variable("v_m").unwrap()], -80.0);
        assert!(cell.set(model, "g_L", &json!(1.0)).unwrap_err().contains("no parameter of lif_alpha"));
        assert!(cell.set(model, "tau_m", &json!(-1.0)).unwrap_err().contains("more than 0"));
        assert!(super::model("iaf_chxk_2008").unwrap_err().contains("iaf_psc_exp"));
    }
}
