//! Quantities on flags: `--start 60s`, `--duration "200 ms"`, in the grammar of model files.

use memspike::time::Time;
use memspike::units;

/// A moment on a file's clock \[s\], which may count from 1970; may be negative.
pub fn moment(text: &str) -> Result<f64, String> {
    let written = text.trim().strip_suffix('s').and_then(|number| number.trim_end().parse::<f64>().ok());
    let seconds = match written {
        // Spikes of recordings lie between ticks, and one at the very moment is to be within the window or outside, not beside it.
        Some(seconds) => seconds,
        None => units::parse_quantity(text).and_then(|quantity| quantity.in_unit("s")).map_err(|e| e.to_string())?,
    };
    // What is a whole number of ticks but for the rounding of its unit is that.
    if written.is_none()
        && let Ok(time) = units::time(text)
        && time != Time::NEVER
        && (time.seconds() - seconds).abs() <= 4.0 * f64::EPSILON * seconds.abs()
    {
        return Ok(time.seconds());
    }
    if seconds.abs() <= 1e12 {
        Ok(seconds)
    } else {
        Err("expected a time of at most 1e12 s, before 0 or after it".into())
    }
}

/// A time from an event on \[s\]; may be negative.
pub fn seconds(text: &str) -> Result<f64, String> {
    let time = units::time(text).map_err(|e| e.to_string())?;
    if time < Time::NEVER {
        return Ok(time.seconds());
    }
    Err("expected a time that is not infinite, such as \"500 ms\"".to_string())
}

/// A length of time that is more than 0 \[s\].
pub fn positive_seconds(text: &str) -> Result<f64, String> {
    span(text).map(Time::seconds)
}

/// A length of time that may be 0 \[s\].
pub fn tolerance(text: &str) -> Result<f64, String> {
    let time = units::time(text).map_err(|e| e.to_string())?;
    match time {
        _ if time >= Time::NEVER => Err("expected a time of at most 100 days, such as \"0.1 ms\"".to_string()),
        _ if time >= Time::ZERO => Ok(time.seconds()),
        _ => Err("expected a time of 0 or more, such as \"0.1 ms\"".to_string()),
    }
}

/// A rate that may be 0 \[1/s\].
pub fn rate(text: &str) -> Result<f64, String> {
    let rate = units::parse_quantity(text).and_then(|quantity| quantity.in_unit("Hz")).map_err(|e| e.to_string())?;
    if (0.0..1e15).contains(&rate) {
        Ok(rate)
    } else {
        Err("expected a rate of 0 or more, less than 1e15 Hz, such as \"100 Hz\"".into())
    }
}

/// A length of time that is more than 0 and not infinite.
pub fn span(text: &str) -> Result<Time, String> {
    let time = units::time(text).map_err(|e| e.to_string())?;
    if time >= Time::NEVER {
        return Err("expected a time of at most 100 days, such as \"200 ms\"".to_string());
    }
    if time <= Time::ZERO {
        return Err("expected a time of more than 0, such as \"200 ms\"".to_string());
    }
    Ok(time)
}

/// A seed, as the model file takes it.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .ok()
        .filter(|seed| *seed <= i64::MAX as u64)
        .ok_or_else(|| "expected a whole number from 0 to 2^63 - 1".to_string())
}

/// A size in bytes: `64kB`, `256MB`, `2GiB`, `1000`.
pub fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("expected a size of 1 byte or more, such as 256MB, found {text:?}");
    let at = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let factor = match unit.trim() {
        "" | "B" => 1.0,
        "kB" | "KB" => 1e3,
        "MB" => 1e6,
        "GB" => 1e9,
        "TB" => 1e12,
        "KiB" => 1024.0,
        "MiB" => 1048576.0,
        "GiB" => 1073741824.0,
        _ => return Err(wrong()),
    };
    let size = number * factor;
    if (1.0..1e15).contains(&size) { Ok(size as u64) } else { Err(wrong()) }
}

/// `KEY=VALUE`.
pub fn layer(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_string(), value.trim().to_string())),
        _ => Err("expected KEY=VALUE, such as simulation.duration=\"200 ms\"".to_string()),
    }
}

/// A time as a model file writes it, to the tick: a whole number of the largest unit that has one.
pub fn toml(time: Time) -> String {
    let units = [(1_000_000_000_000, "s"), (1_000_000_000, "ms"), (1_000_000, "us"), (1000, "ns")];
    let (ticks, unit) = units.into_iter().find(|(ticks, _)| time.0 % ticks == 0).unwrap_or((1, "ps"));
    format!("\"{} {unit}\"", time.0 / ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_need_a_unit() {
        assert_eq!(seconds("60s"), Ok(60.0));
        assert_eq!((moment("0.1 s"), moment("-5ms")), (Ok(0.1), Ok(-0.005)));
        assert_eq!(moment("1700000005.25s"), Ok(1_700_000_005.25));
        // Digits beyond a picosecond, as a recording has them.
        assert_eq!(moment("0.037342420520759534s"), Ok(0.037_342_420_520_759_534));
        assert_eq!(moment("37.342420520759534 ms").map(|t| t < 0.037_342_420_520_9), Ok(true));
        assert_eq!([moment("1.1 ms"), moment("2.2ms"), moment("1 h")], [Ok(0.0011), Ok(0.0022), Ok(3600.0)]);
        assert!(
            moment("60").is_err() && moment("inf").is_err() && moment("1e13 s").is_err() && seconds("1e9 s").is_err()
        );
        assert_eq!(span("200 ms"), Ok(Time::from_ms(200.0)));
        assert!(seconds("60").unwrap_err().contains("expected a time"));
        assert!(seconds("inf").unwrap_err().contains("not infinite") && seconds("-inf").is_err());
        assert!(span("0 ms").is_err() && span("-1 ms").is_err() && span("inf").is_err());
    }

    #[test]
    fn times_are_written_in_the_largest_unit_that_is_whole() {
        let written = |text: &str| toml(span(text).unwrap());
        assert_eq!([written("2s"), written("1500 ms")], ["\"2 s\"", "\"1500 ms\""]);
        assert_eq!([written("0.25 us"), written("7 ps")], ["\"250 ns\"", "\"7 ps\""]);
        assert_eq!(written("1500 ns"), "\"1500 ns\"");
    }

    #[test]
    fn tolerances_and_rates_may_be_0() {
        assert_eq!((tolerance("0 s"), tolerance("0.5ms")), (Ok(0.0), Ok(5e-4)));
        assert_eq!((rate("0 Hz"), rate("0.1 kHz"), rate("100/s")), (Ok(0.0), Ok(100.0), Ok(100.0)));
        assert!(
            tolerance("-1 ms").is_err() && tolerance("inf").is_err() && rate("-1 Hz").is_err() && rate("3 ms").is_err()
        );
    }

    #[test]
    fn sizes_have_a_unit_or_are_bytes() {
        assert_eq!((bytes("256MB"), bytes("1.5 GiB"), bytes("10")), (Ok(256_000_000), Ok(1_610_612_736), Ok(10)));
        assert!(["", "MB", "0", "-1kB", "3 mm", "1e9", "nan"].iter().all(|text| bytes(text).is_err()));
    }

    #[test]
    fn a_layer_is_a_key_and_a_value() {
        assert_eq!(layer("a.b=c=d"), Ok(("a.b".into(), "c=d".into())));
        assert!(layer("a.b").is_err() && layer("=1").is_err());
    }
}
