//! Tables of numbers and words as files and as JSON.

use serde_json::{Map, Value, json};

use super::Failure;
use super::output::Output;

/// What stands between cells, by the name of the file.
pub fn separator(output: &Output) -> Result<char, Failure> {
    let path = output.path();
    match path.extension().map(|e| e.to_string_lossy().to_lowercase()).as_deref() {
        Some("csv") => Ok(','),
        Some("tsv") => Ok('\t'),
        _ => Err(Failure::input(format!("The output {} is a table; give it a name in .csv or .tsv.", path.display()))),
    }
}

/// A cell: a number, a word, or nothing.
pub enum Cell {
    /// A number, none where it is not defined.
    Number(Option<f64>),
    /// A whole number.
    Whole(i64),
    /// A word.
    Text(String),
}

impl Cell {
    /// As it stands in a file; a number has as many digits as it takes to read the same bits again.
    pub fn text(&self, separator: char) -> String {
        match self {
            Cell::Number(value) => value.map_or(String::new(), |value| format!("{value:?}")),
            Cell::Whole(value) => value.to_string(),
            Cell::Text(text) => quoted(text, separator),
        }
    }

    /// As JSON has it.
    pub fn json(&self) -> Value {
        match self {
            Cell::Number(value) => json!(value),
            Cell::Whole(value) => json!(value),
            Cell::Text(text) => json!(text),
        }
    }
}

/// A word, in quotes if it needs them (RFC 4180).
pub fn quoted(text: &str, separator: char) -> String {
    if text.contains([separator, '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_string()
    }
}

/// A row under the names of its columns, as JSON.
pub fn object(names: &[&str], row: &[Cell]) -> Value {
    names.iter().zip(row).map(|(name, cell)| (name.to_string(), cell.json())).collect::<Map<_, _>>().into()
}

/// Rows under their head.
pub fn lines(head: &[String], rows: impl Iterator<Item = Vec<Cell>>, separator: char) -> String {
    let line = |cells: Vec<String>| cells.join(&separator.to_string()) + "\n";
    let head = head.iter().map(|name| quoted(name, separator)).collect();
    let rows = rows.map(|row| line(row.iter().map(|cell| cell.text(separator)).collect()));
    line(head) + &rows.collect::<String>()
}

/// How many rows stand under the head: line breaks within quotes belong to words.
pub fn rows(table: &str) -> usize {
    let outside = table.split('"').step_by(2);
    outside.map(|text| text.matches('\n').count()).sum::<usize>().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_two_lines_is_in_one_row() {
        let rows_of = |words: [&str; 2]| {
            let each = words.map(|word| vec![Cell::Text(word.into()), Cell::Whole(1)]);
            rows(&lines(&["name", "n"].map(str::to_string), each.into_iter(), ','))
        };
        assert_eq!([rows_of(["a", "b"]), rows_of(["a\nb", "say \"a\nb\", twice"])], [2, 2]);
    }

    #[test]
    fn numbers_read_back_and_words_with_a_separator_are_quoted() {
        let row = vec![Cell::Text("a,b".into()), Cell::Whole(-3), Cell::Number(Some(1e-20)), Cell::Number(None)];
        let head = ["name", "n", "x", "y"].map(str::to_string);
        assert_eq!(lines(&head, [row].into_iter(), ','), "name,n,x,y\n\"a,b\",-3,1e-20,\n");
        let row = vec![Cell::Text("a,b".into()), Cell::Number(Some(0.1 + 0.2))];
        assert_eq!(lines(&head[..2], [row].into_iter(), '\t'), "name\tn\na,b\t0.30000000000000004\n");
    }
}
