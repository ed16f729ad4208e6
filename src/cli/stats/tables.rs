//! Tables of many rows: figures of each unit, correlations of each pair, spectra.

use memspike::analysis::{Correlations, MOST_CORRELATED, Spectrum, UnitStatistics, tidy};
use serde_json::{Map, Value, json};

use super::{FEWEST, Measured};
use crate::cli::Failure;
use crate::cli::cells::{Cell, lines, object};
use crate::cli::unit::unit_name;

/// What a table is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Figures of each unit.
    Units,
    /// A square of correlations.
    Correlations,
    /// Densities by frequency, a column per population.
    Spectrum,
}

impl Table {
    /// As lines of cells.
    pub fn as_text(self, measured: &Measured, separator: char) -> Result<String, Failure> {
        let names = |list: &[&str]| list.iter().map(|name| name.to_string()).collect::<Vec<_>>();
        Ok(match self {
            Table::Units => lines(&names(&columns(measured)), units(measured), separator),
            Table::Correlations => {
                let all = correlations(measured)?;
                let head: Vec<String> = [String::from("unit")].into_iter().chain(unit_names(measured)).collect();
                let row = |(i, name): (usize, String)| {
                    let cells = (0..all.units()).map(|j| Cell::Number(all.coefficient(i, j)));
                    [Cell::Text(name)].into_iter().chain(cells).collect()
                };
                lines(&head, unit_names(measured).into_iter().enumerate().map(row), separator)
            }
            Table::Spectrum => {
                let (groups, hz) = spectra(measured)?;
                let head = [String::from("hz")].into_iter().chain(groups.iter().map(|(name, _)| name.clone()));
                let row = |k: usize| {
                    let densities = groups.iter().map(|(_, spectrum)| spectrum.density[k]);
                    [hz[k]].into_iter().chain(densities).map(|value| Cell::Number(Some(value))).collect()
                };
                lines(&head.collect::<Vec<_>>(), (0..hz.len()).map(row), separator)
            }
        })
    }

    /// As JSON, with the key under which it stands.
    pub fn as_json(self, measured: &Measured) -> Result<(&'static str, Value), Failure> {
        Ok(match self {
            Table::Units => {
                let columns = columns(measured);
                ("per_unit", units(measured).map(|row| object(&columns, &row)).collect())
            }
            Table::Correlations => {
                let all = correlations(measured)?;
                let row = |i: usize| (0..all.units()).map(|j| all.coefficient(i, j)).collect::<Vec<_>>();
                let matrix: Vec<_> = (0..all.units()).map(row).collect();
                ("correlations", json!({ "units": unit_names(measured), "matrix": matrix }))
            }
            Table::Spectrum => {
                let (groups, hz) = spectra(measured)?;
                let density: Map<String, Value> =
                    groups.iter().map(|(name, spectrum)| (name.clone(), json!(spectrum.density))).collect();
                ("spectra", json!({ "hz": hz, "density": density }))
            }
        })
    }
}

fn columns(measured: &Measured) -> Vec<&'static str> {
    let mut names = vec!["population", "unit"];
    names.extend(measured.names.as_ref().map(|_| "name"));
    names.extend([
        "spikes",
        "rate_hz",
        "isi_mean_s",
        "isi_std_s",
        "isi_min_s",
        "isi_max_s",
        "cv",
        "cv2",
        "lv",
        "lvr",
        "fano_bins",
    ]);
    if measured.plan.trials.is_some() {
        names.push("fano_trials");
    }
    names
}

/// A row per unit.
fn units(measured: &Measured) -> impl Iterator<Item = Vec<Cell>> {
    let groups = measured.chosen.groups.iter();
    let names = groups.flat_map(|(name, range)| range.clone().map(move |unit| (name, unit)));
    names.map(|(name, unit)| {
        let figures: &UnitStatistics = &measured.found.units[unit];
        let i = &figures.intervals;
        let some = |value: f64| Some(value).filter(|_| i.n > 0);
        let mut row = vec![Cell::Text(name.clone()), Cell::Whole(measured.ids[unit])];
        row.extend(measured.names.as_ref().map(|names| Cell::Text(names[unit].clone())));
        row.push(Cell::Whole(figures.spikes as i64));
        let numbers = [figures.rate_hz, some(i.mean), i.std(), some(i.min), some(i.max)];
        let rest = [figures.cv, figures.cv2, figures.lv, figures.lvr, figures.fano_bins];
        row.extend(numbers.into_iter().chain(rest).map(Cell::Number));
        row.extend(measured.plan.trials.as_ref().map(|_| Cell::Number(figures.fano_trials)));
        row
    })
}

fn unit_names(measured: &Measured) -> Vec<String> {
    let own = |unit: usize| measured.names.as_ref().map_or("", |names| &names[unit]);
    let called = |population: &str, unit| unit_name(population, measured.ids[unit], own(unit), &measured.recording);
    let groups = measured.chosen.groups.iter();
    groups.flat_map(|(name, range)| range.clone().map(move |unit| called(name, unit))).collect()
}

fn correlations(measured: &Measured) -> Result<&Correlations, Failure> {
    measured.found.correlations.as_ref().ok_or_else(|| {
        if measured.plan.correlation.is_none() {
            return Failure::input("The window is shorter than a bin of 5 ms, or has too many of them; give --bin.");
        }
        let units = measured.chosen.units();
        let (name, _) = &measured.chosen.groups[0];
        Failure::input(format!(
            "There are {units} units, of which {MOST_CORRELATED} can be correlated pair by pair; choose some, such as \
             --population '{name}[0:{MOST_CORRELATED}]'."
        ))
    })
}

/// What all units together are called: `all`, or longer where populations are called so.
fn all_units<'a>(populations: impl Iterator<Item = &'a str> + Clone) -> String {
    let mut name = "all".to_owned();
    while populations.clone().any(|population| population == name) {
        name += "_units";
    }
    name
}

/// Populations with their spectra, and the frequencies of these \[Hz\].
type Spectra<'a> = (Vec<(String, &'a Spectrum)>, &'a [f64]);

/// Populations with their spectra, and the frequencies, which all share; at last all units together, if there are several populations.
fn spectra(measured: &Measured) -> Result<Spectra<'_>, Failure> {
    let found = &measured.found;
    let all = (found.groups.len() > 1).then(|| (all_units(found.groups.iter().map(|g| g.name.as_str())), &found.all));
    let groups = found.groups.iter().map(|group| (group.name.clone(), group)).chain(all);
    let groups: Vec<_> = groups.filter_map(|(name, group)| Some((name, group.spectrum.as_ref()?))).collect();
    let Some((_, Spectrum { hz, .. })) = groups.first() else {
        return Err(Failure::input(format!(
            "The window is shorter than {FEWEST} bins of {} ms, fewer than a spectrum needs, or has too many of them; give --spectrum-bin.",
            tidy(1e3 * measured.spectrum_bin)
        )));
    };
    Ok((groups, hz))
}

#[cfg(test)]
mod tests {
    use super::all_units;

    #[test]
    fn all_units_together_have_no_population_s_name() {
        assert_eq!(all_units(["a", "b"].into_iter()), "all");
        assert_eq!(all_units(["all", "b", "all_units"].into_iter()), "all_units_units");
    }
}
