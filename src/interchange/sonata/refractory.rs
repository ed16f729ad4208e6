//! Refractory periods between two steps of the grid.

use crate::spec::{Engine, NetworkSpec, PopulationKind};
use crate::time::Time;
use crate::value::Value;

/// NEST's tic \[ps\], to the nearest of which it rounds a time first.
const TIC: i64 = 1_000_000;

/// Makes them what NEST makes of them: of the nearest tic the step above. Says for which populations that was not what the file says.
pub(super) fn settle(spec: &mut NetworkSpec) -> Vec<String> {
    let step = spec.simulation.resolution;
    if spec.simulation.engine != Engine::Grid {
        return Vec::new();
    }
    let mut notes = Vec::new();
    for population in &mut spec.populations {
        let PopulationKind::Neuron { neuron, .. } = &mut population.kind else { continue };
        let Some(param) = neuron.model.describe().param("t_ref") else { continue };
        let moved = |ms: f64| settled(ms, step) != Time::from_ms(ms);
        let value = &mut neuron.params[param];
        let (of, moved) = match value {
            Value::Constant(ms) => (population.size, if moved(*ms) { population.size } else { 0 }),
            Value::List(all) => (all.len(), all.iter().filter(|ms| moved(**ms)).count()),
            _ => continue,
        };
        match value {
            Value::Constant(ms) => *ms = settled(*ms, step).ms(),
            Value::List(all) => *all = all.iter().map(|ms| settled(*ms, step).ms()).collect(),
            _ => {}
        }
        if moved > 0 {
            notes.push(format!(
                "population {}: t_ref of {moved} of {of} neurons is no multiple of the step, {step}, and is the one above, as NEST has it; \
                 --engine event keeps it as it is",
                population.name
            ));
        }
    }
    notes
}

/// A period of whole steps.
fn settled(ms: f64, step: Time) -> Time {
    let exact = Time::from_ms(ms);
    // NEST has no steps below a tic, and a period beyond a run is as good as any other.
    if exact.0 >= Time::LIMIT.0 / 2 || step.0 < TIC {
        return exact;
    }
    let tics = (exact.0 + TIC / 2) / TIC;
    let above = (tics * TIC + step.0 - 1) / step.0;
    Time(above * step.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_of_nest() {
        // Steps of 0.1 ms that iaf_psc_exp, iaf_cond_exp and aeif_cond_exp of NEST 3.10 wait.
        let nest = [
            (0.5, 5),
            (0.5001, 5),
            (0.501, 6),
            (0.51, 6),
            (0.55, 6),
            (0.6, 6),
            (0.3, 3),
            (0.7, 7),
            (2.0004, 20),
            (0.001, 1),
            (0.0, 0),
        ];
        for (ms, steps) in nest {
            assert_eq!(settled(ms, Time::from_ms(0.1)), Time::from_ms(f64::from(steps) * 0.1), "{ms}");
        }
    }
}
