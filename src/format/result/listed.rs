//! Which states and weights a result holds, without their numbers, for who lists or leaves them out.

use crate::format::h5::{H5, join};
use crate::spikes::Observable;

/// Those whose tables are there; what is wrong with another one is said where it is read.
pub(super) fn observables(h5: &H5) -> Vec<Observable> {
    let mut all = Vec::new();
    for population in h5.members("/state") {
        for variable in h5.members(&join("/state", &population)) {
            let data = join(&join("/state", &population), &format!("{variable}/data"));
            if let Some((samples, members)) = table(h5, &data) {
                let (population, unit) = (population.clone(), unit(h5, &data));
                all.push(Observable::State { population, variable, unit, members, samples });
            }
        }
    }
    for projection in h5.members("/weights") {
        let place = join("/weights", &projection);
        let (spikes, snapshots) = (join(&place, "weights"), join(&place, "snapshots/weights"));
        if let Some((weights, _)) = table(h5, &spikes) {
            all.push(Observable::PreSpike { projection: projection.clone(), unit: unit(h5, &spikes), weights });
        }
        if let Some((rows, synapses)) = table(h5, &snapshots) {
            all.push(Observable::Snapshots { projection, unit: unit(h5, &snapshots), synapses, snapshots: rows });
        }
    }
    all
}

/// Rows and columns of a table; a list has one column.
fn table(h5: &H5, place: &str) -> Option<(usize, usize)> {
    let shape = if h5.is_dataset(place) { h5.shape(place).ok()? } else { return None };
    Some((*shape.first()?, shape.iter().skip(1).product()))
}

fn unit(h5: &H5, place: &str) -> String {
    h5.attr_text(place, "units").unwrap_or_default()
}
