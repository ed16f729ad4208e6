//! Quantities on flags: `--start 60s`, `--duration "200 ms"`, in the grammar of model files.

use memspike::time::Time;
use memspike::units;

/// A point in time on a file's clock \[s\]; may be negative.
pub fn seconds(text: &str) -> Result<f64, String> {
    units::time(text).map(|time| time.seconds()).map_err(|e| e.to_string())
}

/// A length of time that is more than 0 \[s\].
pub fn positive_seconds(text: &str) -> Result<f64, String> {
    span(text).map(Time::seconds)
}

/// A length of time that is more than 0 and not infinite.
pub fn span(text: &str) -> Result<Time, String> {
    let time = units::time(text).map_err(|e| e.to_string())?;
    if time <= Time::ZERO || time >= Time::NEVER {
        return Err("expected a time of more than 0, such as \"200 ms\"".to_string());
    }
    Ok(time)
}

/// `KEY=VALUE`.
pub fn layer(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_string(), value.trim().to_string())),
        _ => Err("expected KEY=VALUE, such as simulation.duration=\"200 ms\"".to_string()),
    }
}

/// A time as a model file writes it, to the tick.
pub fn toml(time: Time) -> String {
    format!("\"{} ps\"", time.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_need_a_unit() {
        assert_eq!(seconds("60s"), Ok(60.0));
        assert_eq!(span("200 ms"), Ok(Time::from_ms(200.0)));
        assert!(seconds("60").unwrap_err().contains("expected a time"));
        assert!(span("0 ms").is_err() && span("-1 ms").is_err() && span("inf").is_err());
    }

    #[test]
    fn a_layer_is_a_key_and_a_value() {
        assert_eq!(layer("a.b=c=d"), Ok(("a.b".into(), "c=d".into())));
        assert!(layer("a.b").is_err() && layer("=1").is_err());
    }
}
