//! Where the figures of a device go: tables as CSV, pictures, by the extension of each output.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use memspike::plot::Figure;

use crate::cli::Failure;
use crate::cli::output::Output;

/// The files to write.
#[derive(Clone, Debug, clap::Args)]
pub struct Sinks {
    /// Write the table (.csv) or the picture (.png, .svg, .pdf), `device fit` also the set (.toml); may be repeated
    #[arg(short, long, value_name = "FILE")]
    output: Vec<PathBuf>,

    /// The table as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Replace outputs that exist
    #[arg(long)]
    force: bool,

    /// As one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Width and height of pictures \[pixels\].
pub const SIZE: (u32, u32) = (1400, 700);

/// Outputs that can be written.
pub struct Checked(Vec<(Output, Kind)>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Table,
    Picture,
    Set,
}

impl Sinks {
    /// Checks all outputs before anything is computed; `set`: may one be a .toml file?
    ///
    /// # Errors
    /// If one can't be written, or its extension says no known kind.
    pub fn check(&self, set: bool) -> Result<Checked, Failure> {
        let kind = |path: &PathBuf| {
            let output = Output::new(path, self.force)?;
            let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
            let kind = match extension.as_str() {
                "csv" => Kind::Table,
                "toml" if set => Kind::Set,
                "png" | "svg" | "pdf" => Kind::Picture,
                _ => {
                    let sets = if set { ", .toml for the device" } else { "" };
                    let message = format!(
                        "{}: expected .csv for the table, .png, .svg or .pdf for the picture{sets}.",
                        path.display()
                    );
                    return Err(Failure::input(message));
                }
            };
            Ok((output, kind))
        };
        let mut all = self.output.iter().map(kind).collect::<Result<Vec<_>, Failure>>()?;
        if let Some(path) = &self.csv {
            let table = Output::new(path, self.force)?;
            table.expect_no_picture()?;
            all.push((table, Kind::Table));
        }
        Output::apart(all.iter().map(|(output, _)| output))?;
        Ok(Checked(all))
    }
}

impl Checked {
    /// Checks that none is one of the files that are read.
    ///
    /// # Errors
    /// If one is.
    pub fn spare<'a>(self, inputs: impl IntoIterator<Item = &'a Path> + Clone) -> Result<Checked, Failure> {
        let spared = self.0.into_iter().map(|(output, kind)| Ok((output.spare(inputs.clone())?, kind)));
        spared.collect::<Result<_, _>>().map(Checked)
    }

    /// Is a picture wanted?
    pub fn wants_picture(&self) -> bool {
        self.0.iter().any(|(_, kind)| *kind == Kind::Picture)
    }

    /// The name of the set in the .toml output: that of the file, as far as it makes a name.
    pub fn set_name(&self) -> String {
        let path = self.0.iter().find(|(_, kind)| *kind == Kind::Set).and_then(|(output, _)| output.path().file_stem());
        let stem = path.map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
        let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("cell_{name}") }
    }

    /// Writes everything; returns what was written, one line each.
    ///
    /// # Errors
    /// If a file can't be written.
    pub fn write(&self, table: &str, figure: Option<&Figure>, set: &str) -> Result<String, Failure> {
        let mut said = String::new();
        for (output, kind) in &self.0 {
            match (kind, figure) {
                (Kind::Table, _) => output.write(table)?,
                (Kind::Set, _) => output.write(set)?,
                (Kind::Picture, Some(figure)) => output.draw(figure)?,
                (Kind::Picture, None) => {}
            }
            let _ = writeln!(said, "wrote {}", output.path().display());
        }
        Ok(said)
    }
}

/// Columns as CSV.
pub fn csv(columns: &[(&str, &[f64])]) -> String {
    let mut out = columns.iter().map(|c| c.0).collect::<Vec<_>>().join(",") + "\n";
    for row in 0..columns.first().map_or(0, |c| c.1.len()) {
        let cells: Vec<String> = columns.iter().map(|c| c.1[row].to_string()).collect();
        out += &cells.join(",");
        out.push('\n');
    }
    out
}
