//! Errors that show the place in the model file.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// What errors call a value that was typed, with `--set` or a flag that lays one over the model.
pub(crate) const COMMAND_LINE: &str = "command line";

/// A text that values come from: a file, the text of an embedded model, or one that was typed.
#[derive(Debug)]
pub(crate) struct Source {
    /// What errors call it.
    pub(crate) name: String,
    /// Its text.
    pub(crate) text: String,
    /// Where its relative paths start.
    pub(crate) folder: PathBuf,
}

/// A stretch of a source.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) source: Arc<Source>,
    pub(crate) span: Range<usize>,
}

impl Place {
    /// The whole source; errors without a line point here.
    pub(crate) fn whole(source: &Arc<Source>) -> Place {
        Place { source: source.clone(), span: 0..0 }
    }

    /// Do two stretches of a source share something, one being within the other?
    pub(crate) fn meets(&self, other: &Place) -> bool {
        let holds = |a: &Range<usize>, b: &Range<usize>| a.start <= b.start && b.end <= a.end && !b.is_empty();
        Arc::ptr_eq(&self.source, &other.source) && (holds(&self.span, &other.span) || holds(&other.span, &self.span))
    }

    /// What stands here, and where: `in model.toml:3: g = 4`, or `on the command line: parameters.g=4`.
    pub(crate) fn line(&self) -> String {
        let Source { name, text, .. } = &*self.source;
        let start = floor_boundary(text, self.span.start);
        let line = text[..start].matches('\n').count();
        let own = text.lines().nth(line).unwrap_or("").trim();
        if name == COMMAND_LINE { format!("on the {name}: {own}") } else { format!("in {name}:{}: {own}", line + 1) }
    }

    /// The text of the stretch.
    pub(crate) fn text(&self) -> &str {
        self.source.text.get(self.span.clone()).unwrap_or("")
    }

    /// An error here.
    pub(crate) fn error(&self, message: impl Into<String>) -> ModelError {
        let text = &self.source.text;
        let start = floor_boundary(text, self.span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        let stop = floor_boundary(text, self.span.end).clamp(start, line_end);
        let column = text[line_start..start].chars().count() + 1;
        // Of a very long line what is around the place.
        let near = |at: usize, low: usize, high: usize| floor_boundary(text, at.clamp(low, high));
        let (from, to) = if line_end - line_start > LONGEST {
            let to = near(stop + AROUND, start, line_end).min(near(start + LONGEST, start, line_end));
            (near(start.saturating_sub(AROUND), line_start, start), to)
        } else {
            (line_start, line_end)
        };
        let (before, behind) = (if from > line_start { DOTS } else { "" }, if to < line_end { DOTS } else { "" });
        ModelError(Box::new(Inner {
            source: self.source.name.clone(),
            at: Some(self.clone()),
            place: Some(Shown {
                line: text[..start].matches('\n').count() + 1,
                column,
                text: format!("{before}{}{behind}", text[from..to].trim_end()),
                indent: before.chars().count() + text[from..start].chars().count(),
                width: text[start..stop.min(to)].chars().count().max(1),
            }),
            message: message.into(),
            help: Vec::new(),
        }))
    }
}

/// A line of more bytes is not shown as a whole,
const LONGEST: usize = 300;
/// but with so many before and behind the place,
const AROUND: usize = 60;
/// and this in the place of the others.
const DOTS: &str = "..";

/// The nearest character boundary at or before `at`.
fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&i| text.is_char_boundary(i)).unwrap_or(0)
}

/// What is wrong with a model, and where.
///
/// Its text shows file, line and column, the line with a caret, and what would be right:
/// ```text
/// model.toml:12:9: found a bare number, expected a time such as "20 ms"
///    |
/// 12 | delay = 1.5
///    |         ^^^
/// ```
#[derive(Clone, Debug)]
pub struct ModelError(Box<Inner>);

/// Errors that say the same are equal.
impl PartialEq for ModelError {
    fn eq(&self, other: &ModelError) -> bool {
        self.to_string() == other.to_string()
    }
}

#[derive(Clone, Debug)]
struct Inner {
    source: String,
    at: Option<Place>,
    place: Option<Shown>,
    message: String,
    help: Vec<String>,
}

#[derive(Clone, Debug)]
struct Shown {
    line: usize,
    column: usize,
    /// The line, or what is shown of it.
    text: String,
    /// Characters of that before the place.
    indent: usize,
    width: usize,
}

impl ModelError {
    /// An error about a source as a whole, e.g. a file that is missing.
    pub(crate) fn whole(source: impl Into<String>, message: impl Into<String>) -> ModelError {
        ModelError(Box::new(Inner {
            source: source.into(),
            at: None,
            place: None,
            message: message.into(),
            help: Vec::new(),
        }))
    }

    /// Adds a line that helps on.
    #[must_use]
    pub(crate) fn help(mut self, line: impl Into<String>) -> ModelError {
        self.0.help.push(line.into());
        self
    }

    /// The stretch of a source that it is about.
    pub(crate) fn place(&self) -> Option<&Place> {
        self.0.at.as_ref()
    }

    /// The file (or `--set`) that is wrong.
    pub fn source_name(&self) -> &str {
        &self.0.source
    }

    /// Line and column, counted from 1; none if the error is about the file as a whole.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.0.place.as_ref().map(|p| (p.line, p.column))
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl std::error::Error for ModelError {}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { source, place, message, help, .. } = &*self.0;
        let mut margin = String::new();
        match place {
            None => write!(f, "{source}: {message}")?,
            Some(Shown { line, column, text, indent, width }) => {
                let number = line.to_string();
                margin = " ".repeat(number.len());
                // Tabs are kept in the line of the caret, so that it stands where it should.
                let indent: String = text.chars().take(*indent).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
                write!(f, "{source}:{line}:{column}: {message}\n{margin} |\n{number} | {text}\n")?;
                write!(f, "{margin} | {indent}{}", "^".repeat(*width))?;
            }
        }
        help.iter().try_for_each(|line| write!(f, "\n{margin} = {line}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_what_is_meant() {
        let source = Arc::new(Source { name: "m.toml".into(), text: "a = 1\n\tµ = 22\n".into(), folder: "".into() });
        let error = Place { source, span: 12..14 }.error("wrong").help("right");
        assert_eq!(error.position(), Some((2, 6)));
        assert_eq!(error.to_string(), "m.toml:2:6: wrong\n  |\n2 | \tµ = 22\n  | \t    ^^\n  = right");
    }

    #[test]
    fn of_a_very_long_line_the_surroundings_are_shown() {
        let text = format!("a = [{}x{}]\n", "1, ".repeat(1000), ", 2".repeat(1000));
        let at = text.find('x').unwrap();
        let source = Arc::new(Source { name: "m.toml".into(), text, folder: "".into() });
        let shown = Place { source: source.clone(), span: at..at + 1 }.error("wrong").to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "m.toml:1:3006: wrong");
        assert_eq!(lines[2], format!("1 | ..{}x{}..", "1, ".repeat(20), ", 2".repeat(20)));
        assert_eq!(lines[3].find('^'), lines[2].find('x'));
        // All of it, as far as it is shown.
        let shown = Place { source, span: 4..6004 }.error("wrong").to_string();
        assert!(shown.lines().all(|line| line.len() < 400), "{shown}");
    }
}
