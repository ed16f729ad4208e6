//! Paths in commands that messages suggest.

use std::path::Path;

/// A path as a POSIX shell takes it for one word: in single quotes unless all of its characters mean themselves.
pub fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    // What begins with a dash would be an option.
    let text = if text.starts_with('-') { format!("./{text}") } else { text };
    let plain = |c: char| c.is_alphanumeric() || "_@%+=:,./-".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_for_something_else_is_quoted() {
        for (path, word) in [
            ("out/a-b_1.h5", "out/a-b_1.h5"),
            ("/tmp/g=4,seed=2", "/tmp/g=4,seed=2"),
            ("sp ace", "'sp ace'"),
            ("it's", "'it'\\''s'"),
            ("$HOME;ls", "'$HOME;ls'"),
            ("~a", "'~a'"),
            ("-p", "./-p"),
            ("größe", "größe"),
            ("", "''"),
        ] {
            assert_eq!(quoted(Path::new(path)), word);
        }
    }
}
