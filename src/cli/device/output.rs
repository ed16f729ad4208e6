//! What `device pulses` and `device retention` have in common: where a picture and a table of numbers go, and columns as CSV.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use memspike::plot::{self, Figure};

use crate::cli::Failure;
use crate::cli::output::Output;

/// Files to write.
#[derive(Debug, clap::Args)]
pub struct Files {
    /// A picture, .png, .svg or .pdf
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The numbers as CSV
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,

    /// Replace files that exist
    #[arg(long)]
    force: bool,
}

/// Files that can be written.
pub struct Ready {
    picture: Option<Output>,
    csv: Option<Output>,
}

/// Width and height of pictures \[pixels\].
pub const SIZE: (u32, u32) = (1200, 800);

impl Files {
    /// Checks them before anything is computed; `read` are the files that none may take the place of.
    ///
    /// # Errors
    /// A file that exists or is read, a missing folder, an unknown kind of picture.
    pub fn check(&self, read: &[&Path]) -> Result<Ready, Failure> {
        let free = |path: &PathBuf| Output::new(path, self.force)?.spare(read.iter().copied());
        let ready = |path: &Option<PathBuf>| path.as_ref().map(free).transpose();
        let (picture, csv) = (ready(&self.output)?, ready(&self.csv)?);
        if let Some(picture) = &picture {
            plot::Format::of(picture.path()).map_err(Failure::input)?;
        }
        csv.as_ref().map_or(Ok(()), Output::expect_no_picture)?;
        Output::apart(picture.iter().chain(&csv))?;
        Ok(Ready { picture, csv })
    }
}

impl Ready {
    /// Writes them; says what was written.
    ///
    /// # Errors
    /// Exit code 2 if they may not be written there, 1 if the machine fails.
    pub fn write(
        &self,
        figure: impl FnOnce() -> Result<Figure, Failure>,
        table: impl FnOnce() -> String,
    ) -> Result<String, Failure> {
        let mut said = String::new();
        if let Some(csv) = &self.csv {
            csv.write(table())?;
            let _ = writeln!(said, "{}: the numbers", csv.path().display());
        }
        if let Some(picture) = &self.picture {
            picture.draw(&figure()?)?;
            let _ = writeln!(said, "{}: the picture", picture.path().display());
        }
        Ok(said)
    }
}

/// Columns as CSV, with a line of names.
pub fn csv(names: &[&str], columns: &[Vec<String>]) -> String {
    let mut out = names.join(",") + "\n";
    for row in 0..columns.first().map_or(0, Vec::len) {
        let cells: Vec<&str> = columns.iter().map(|c| c[row].as_str()).collect();
        out += &cells.join(",");
        out.push('\n');
    }
    out
}

/// Numbers as text that reads back as the same.
pub fn texts(values: &[f64]) -> Vec<String> {
    values.iter().map(|v| format!("{v:e}")).collect()
}
