//! What a file calls its units: by their names, where it has names, and by their numbers.

use memspike::spikes::{Column, Recording};

/// The names of all units, by their places in the file; nothing for one that has none, and `None` if no unit has one.
pub fn unit_names(recording: &Recording) -> Option<Vec<String>> {
    let (_, column) = recording.unit_columns.iter().find(|(column, _)| column == "name")?;
    let names: Vec<String> = match column {
        Column::Text(names) => names.clone(),
        Column::Number(names) => {
            names.iter().map(|name| if name.is_nan() { String::new() } else { name.to_string() }).collect()
        }
    };
    names.iter().any(|name| !name.is_empty()).then_some(names)
}

/// A member of a population or a unit of a recording, by its number, and its name if it has one.
pub fn unit_name(population: &str, id: i64, name: &str, recording: &Recording) -> String {
    let unit = if recording.populations.is_empty() { format!("unit {id}") } else { format!("{population}[{id}]") };
    if name.is_empty() { unit } else { format!("{unit} ({name})") }
}
