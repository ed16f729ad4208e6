//! Node and edge types: tables of words separated by blanks, one row per type.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::format::error::{Fault, FormatError};
use crate::given;

/// A table of types.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Types {
    /// The file.
    pub path: PathBuf,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Cells by the type's id; none where the file says NULL.
    pub rows: BTreeMap<i64, Vec<Option<String>>>,
}

impl Types {
    /// Reads a table whose column `id` numbers the types.
    pub(super) fn read(path: &Path, id: &str) -> Result<Types, FormatError> {
        let wrong = |line: usize, message: String| {
            let place = if line > 0 { format!("line {line}") } else { String::new() };
            FormatError::new(path, place, Fault::Invalid, message)
        };
        let bytes = given::text(path)
            .map_err(|e| FormatError::new(path, "", Fault::Missing, format!("can't be read: {e}; check the path")))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong(0, "is not a text file, expected a table".to_owned()))?;
        let mut lines =
            text.trim_start_matches('\u{feff}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let Some((_, header)) = lines.next() else { return Err(wrong(0, "is empty, expected a table".to_owned())) };
        let columns = words(header);
        let Some(place) = columns.iter().position(|c| c == id) else {
            let message =
                format!("has the columns {}, but no {id}; expected words separated by blanks", columns.join(", "));
            return Err(wrong(1, message));
        };
        let mut rows = BTreeMap::new();
        for (number, line) in lines {
            let cells = words(line);
            if cells.len() != columns.len() {
                let message = format!("has {} words, but there are {} columns", cells.len(), columns.len());
                return Err(wrong(number + 1, message));
            }
            let Ok(type_id) = cells[place].parse::<i64>() else {
                return Err(wrong(number + 1, format!("{id} is {:?}, expected a whole number", cells[place])));
            };
            let cells =
                cells.into_iter().map(|c| Some(c).filter(|c| !matches!(c.as_str(), "NULL" | "NaN" | "nan" | "")));
            if rows.insert(type_id, cells.collect()).is_some() {
                return Err(wrong(number + 1, format!("{id} {type_id} is there twice")));
            }
        }
        Ok(Types { path: path.to_owned(), columns, rows })
    }

    /// Whether there is a type of this id.
    pub fn has(&self, id: i64) -> bool {
        self.rows.contains_key(&id)
    }

    /// A cell.
    pub fn get(&self, id: i64, column: &str) -> Option<&str> {
        let place = self.columns.iter().position(|c| c == column)?;
        self.rows.get(&id)?.get(place)?.as_deref()
    }

    /// A cell as a number.
    ///
    /// # Errors
    /// If it is none.
    pub fn number(&self, id: i64, column: &str) -> Result<Option<f64>, FormatError> {
        let Some(text) = self.get(id, column) else { return Ok(None) };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.error(id, format!("{column} is {text:?}, expected a number"))),
        }
    }

    /// An error about a type.
    pub fn error(&self, id: i64, message: impl Into<String>) -> FormatError {
        FormatError::new(&self.path, format!("type {id}"), Fault::Invalid, message)
    }
}

/// The words of a line; those within double quotes may hold blanks.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    for c in line.trim_end_matches('\r').chars() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            c if c.is_whitespace() && !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_separated_by_blanks_unless_they_are_quoted() {
        assert_eq!(words("100 ei=='e'   *\tNULL \"two words\" \"\""), ["100", "ei=='e'", "*", "NULL", "two words", ""]);
    }

    #[test]
    fn a_row_with_a_word_too_many_is_refused_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("types.csv");
        std::fs::write(&path, "node_type_id ei\n1 e\n2 i x\n").unwrap();
        let error = Types::read(&path, "node_type_id").unwrap_err();
        assert!(error.to_string().ends_with("line 3: has 3 words, but there are 2 columns"), "{error}");
    }
}
