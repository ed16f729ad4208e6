//! JSON files of a circuit: values with their place, and the variables of `manifest` in paths.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::format::error::{Fault, FormatError};

/// No configuration that anybody wrote is larger.
const MAX_BYTES: u64 = 64 << 20;
/// The variable that stands for the file's folder without being given.
const CONFIG_FOLDER: &str = "$configdir";
/// What stands for that folder until it is known where in a path it is.
const FOLDER_MARK: &str = "\u{1}";
/// Variables may stand for others, so deep.
const DEEPEST: usize = 32;

/// A JSON file of which the top level is an object.
pub(super) struct Doc {
    pub path: PathBuf,
    pub root: Map<String, Value>,
    /// (name with its `$`, text), longest names first.
    variables: Vec<(String, String)>,
}

impl Doc {
    /// Reads a file.
    pub fn open(path: &Path) -> Result<Doc, FormatError> {
        let root = match value(path)? {
            Value::Object(root) => root,
            other => {
                let message = format!("found {}, expected an object {{ .. }}", kind(&other));
                return Err(FormatError::new(path, "", Fault::WrongType, message));
            }
        };
        let mut doc = Doc { path: path.to_owned(), root, variables: Vec::new() };
        if let Some(manifest) = doc.object("manifest")? {
            let mut variables = Vec::new();
            for (name, value) in manifest {
                let text = doc.text(value, &format!("manifest/{name}"))?;
                let name = if name.starts_with('$') { name.clone() } else { format!("${name}") };
                variables.push((name, text.to_owned()));
            }
            doc.variables = variables;
        }
        if !doc.variables.iter().any(|v| v.0 == CONFIG_FOLDER) {
            doc.variables.push((CONFIG_FOLDER.to_owned(), FOLDER_MARK.to_owned()));
        }
        doc.variables.sort_by_key(|v| std::cmp::Reverse(v.0.len()));
        Ok(doc)
    }

    /// An error about a place in the file.
    pub fn error(&self, place: &str, message: impl Into<String>) -> FormatError {
        FormatError::new(&self.path, place, Fault::Invalid, message)
    }

    /// An object of the top level, if it is there.
    pub fn object(&self, name: &str) -> Result<Option<&Map<String, Value>>, FormatError> {
        self.root.get(name).map(|value| self.as_object(value, name)).transpose()
    }

    /// A value that has to be an object.
    pub fn as_object<'v>(&self, value: &'v Value, place: &str) -> Result<&'v Map<String, Value>, FormatError> {
        value
            .as_object()
            .ok_or_else(|| self.error(place, format!("found {}, expected an object {{ .. }}", kind(value))))
    }

    /// A value that has to be a text.
    pub fn text<'v>(&self, value: &'v Value, place: &str) -> Result<&'v str, FormatError> {
        value.as_str().ok_or_else(|| self.error(place, format!("found {}, expected a text", kind(value))))
    }

    /// A value that has to be a finite number.
    pub fn number(&self, value: &Value, place: &str) -> Result<f64, FormatError> {
        let number = value.as_f64().filter(|n| n.is_finite());
        number.ok_or_else(|| self.error(place, format!("found {}, expected a number", kind(value))))
    }

    /// A value that has to be true or false.
    pub fn flag(&self, value: &Value, place: &str) -> Result<bool, FormatError> {
        value.as_bool().ok_or_else(|| self.error(place, format!("found {}, expected true or false", kind(value))))
    }

    /// The folder of the file.
    fn folder(&self) -> &Path {
        self.path.parent().unwrap_or_else(|| Path::new(""))
    }

    /// A text with its variables replaced.
    pub fn expand(&self, value: &Value, place: &str) -> Result<String, FormatError> {
        let text = self.replaced(value, place)?;
        let folder = || std::path::absolute(self.folder().join(".")).unwrap_or_else(|_| self.folder().to_owned());
        Ok(if text.contains(FOLDER_MARK) { text.replace(FOLDER_MARK, &folder().to_string_lossy()) } else { text })
    }

    /// A text with its variables replaced, the file's folder by a mark.
    fn replaced(&self, value: &Value, place: &str) -> Result<String, FormatError> {
        let mut text = self.text(value, place)?.to_owned();
        for _ in 0..DEEPEST {
            if !text.contains('$') {
                return Ok(text);
            }
            let before = text.clone();
            for (name, meaning) in &self.variables {
                text = text.replace(&format!("${{{}}}", &name[1..]), meaning).replace(name.as_str(), meaning);
            }
            if text == before {
                let names: Vec<&str> = self.variables.iter().map(|v| v.0.as_str()).collect();
                let text = text.replace(FOLDER_MARK, CONFIG_FOLDER);
                let message =
                    format!("{text:?} has a variable that manifest does not give; it gives {}", names.join(", "));
                return Err(self.error(place, message));
            }
            if text.len() > 1 << 16 {
                break;
            }
        }
        Err(self.error(place, "variables of manifest stand for each other in a circle"))
    }

    /// A path with its variables replaced; a relative one starts at the file's folder.
    pub fn file(&self, value: &Value, place: &str) -> Result<PathBuf, FormatError> {
        let text = self.replaced(value, place)?;
        // Where it begins with the folder, it goes on from there as any relative path does.
        let within = text.strip_prefix(FOLDER_MARK).map_or(&*text, |rest| rest.trim_start_matches('/'));
        let joined = self.folder().join(within.replace(FOLDER_MARK, &self.folder().to_string_lossy()));
        // `./network` reads better without its dots in a message.
        let parts = joined.components().filter(|c| !matches!(c, std::path::Component::CurDir));
        Ok(parts.collect())
    }
}

/// The object in a JSON file, such as parameters of a model.
///
/// # Errors
/// If it can't be read or is no object.
pub fn read_json(path: &Path) -> Result<Map<String, Value>, FormatError> {
    Ok(Doc::open(path)?.root)
}

/// The value in a JSON file.
pub(super) fn value(path: &Path) -> Result<Value, FormatError> {
    let unread = |e: std::io::Error| {
        let message = match e.kind() {
            std::io::ErrorKind::NotFound => "there is no such file; check the path".to_owned(),
            _ => format!("can't be read: {e}"),
        };
        FormatError::new(path, "", Fault::Missing, message)
    };
    let bytes = std::fs::metadata(path).map_err(unread)?.len();
    if bytes > MAX_BYTES {
        let message = format!("is {bytes} bytes large; a JSON file of a circuit is smaller than {MAX_BYTES}");
        return Err(FormatError::new(path, "", Fault::TooLarge, message));
    }
    let text = std::fs::read(path).map_err(unread)?;
    serde_json::from_slice(text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text))
        .map_err(|e| FormatError::new(path, "", Fault::Damaged, format!("is no JSON: {e}; correct that place")))
}

/// What kind of value this is, for a message.
pub(super) fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(text) => format!("the text {text:?}"),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}
