//! Moments and lengths of time of ISO 8601, as NWB wants them.

/// A date and time with seconds and a zone that there is.
pub(super) fn moment(text: &str) -> Result<String, String> {
    let wrong = || format!("{text:?} is no date and time such as 2026-03-01T14:30:00+01:00 or 2026-03-01T13:30:00Z");
    let (moment, rest) = text.split_at_checked(19).filter(|(m, _)| fits("0000-00-00T00:00:00", m)).ok_or_else(wrong)?;
    let zone = match rest.strip_prefix('.').map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit())) {
        // A point without digits behind it.
        Some(zone) if zone.len() + 1 == rest.len() => return Err(wrong()),
        Some(zone) => zone,
        None => rest,
    };
    let offset = fits("+00:00", zone) || fits("-00:00", zone);
    if zone != "Z" && !offset {
        return Err(wrong());
    }
    // All are digits.
    let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
    let (year, month, day) = (number(&moment[..4]), number(&moment[5..7]), number(&moment[8..10]));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    };
    let (hour, minute, second) = (number(&moment[11..13]), number(&moment[14..16]), number(&moment[17..19]));
    let refused = |what: &str| Err(format!("{text:?} is no moment: there is no {what}"));
    if year == 0 {
        return refused("year 0");
    }
    if !(1..=12).contains(&month) {
        return refused(&format!("month {month}"));
    }
    if !(1..=days).contains(&day) {
        return refused(&format!("day {day} in month {month} of {year}"));
    }
    if hour > 23 || minute > 59 || second > 59 {
        return refused(&format!("time {} in a day", &moment[11..]));
    }
    if offset && (number(&zone[1..3]) > 23 || number(&zone[4..]) > 59) {
        return refused(&format!("time zone {zone}"));
    }
    Ok(text.to_owned())
}

/// The moment that a file means: as it is written, or with what is left out of the time, and UTC where there is no zone, put in.
pub(super) fn completed(text: &str) -> Option<String> {
    let text = text.trim();
    let mut whole = text.replacen(' ', "T", 1).replace(' ', "");
    // +0100, as strftime writes it.
    let zone = whole.len().saturating_sub(5);
    if whole.is_char_boundary(zone) && (fits("+0000", &whole[zone..]) || fits("-0000", &whole[zone..])) && zone > 10 {
        whole.insert(whole.len() - 2, ':');
    }
    let with = |end: &str| moment(&format!("{whole}{end}")).ok();
    moment(text).ok().or_else(|| ["", "Z", ":00Z", ":00", "T00:00:00Z"].into_iter().find_map(with))
}

/// A length of time such as P90D, or two of them that it lies between: P90D/P120D, P90D/.
pub(super) fn duration(text: &str) -> Result<String, String> {
    let good = match text.split_once('/') {
        Some((least, most)) => is_duration(least) && (most.is_empty() || is_duration(most)),
        None => is_duration(text),
    };
    let wrong = || {
        format!(
            "{text:?} is no duration of ISO 8601: expected P and years (Y), months (M), weeks (W) and days (D), behind a T hours (H), minutes (M) and \
             seconds (S), such as P90D, P8Y or P1Y6M; or from one to another, P90D/P120D"
        )
    };
    good.then(|| text.to_owned()).ok_or_else(wrong)
}

fn is_duration(text: &str) -> bool {
    let Some(text) = text.strip_prefix('P') else { return false };
    match text.split_once('T') {
        Some((date, time)) => counts(date, "YMWD") && counts(time, "HMS") && !time.is_empty(),
        None => counts(text, "YMWD") && !text.is_empty(),
    }
}

/// Numbers, each before one of these letters, which come in this order; or nothing.
fn counts(mut text: &str, mut letters: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    while let Some(end) = text.find(|c: char| c.is_ascii_alphabetic()) {
        let (whole, part) = text[..end].split_once('.').unwrap_or((&text[..end], "0"));
        let Some(place) = letters.find(&text[end..=end]).filter(|_| digits(whole) && digits(part)) else {
            return false;
        };
        (text, letters) = (&text[end + 1..], &letters[place + 1..]);
    }
    text.is_empty()
}

/// Whether a text has digits where the pattern has a 0, and else the same characters.
fn fits(pattern: &str, text: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(c, p)| if p == b'0' { c.is_ascii_digit() } else { c == p })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_seconds_and_a_zone() {
        for good in ["2026-03-01T14:30:00+01:00", "2026-03-01T13:30:00Z", "2026-03-01T13:30:00.125-05:00"] {
            assert_eq!(moment(good).as_deref(), Ok(good));
        }
        for bad in [
            "2026-03-01",
            "2026-03-01T14:30:00",
            "yesterday",
            "2026-03-01T14:30:00Zé",
            "é",
            "2026-03-01T14:30:00.Z",
            "2026-03-01T14:30:00+é0:0",
        ] {
            assert!(moment(bad).unwrap_err().contains("2026-03-01T14:30:00"), "{bad}");
        }
    }

    #[test]
    fn what_a_file_leaves_out_of_a_moment_is_put_in() {
        for (text, whole) in [
            ("2024-01-02T03:04:05+01:00", "2024-01-02T03:04:05+01:00"),
            ("2024-01-02T03:04:05", "2024-01-02T03:04:05Z"),
            ("2024-01-02 03:04:05.25", "2024-01-02T03:04:05.25Z"),
            ("2024-01-02T03:04", "2024-01-02T03:04:00Z"),
            ("2024-01-02", "2024-01-02T00:00:00Z"),
            ("2024-01-02 03:04:05-05:00", "2024-01-02T03:04:05-05:00"),
            ("2024-01-02T03:04:05+0100", "2024-01-02T03:04:05+01:00"),
            ("2024-01-02 03:04:05 -0430", "2024-01-02T03:04:05-04:30"),
        ] {
            assert_eq!(completed(text).as_deref(), Some(whole));
        }
        assert_eq!([completed("yesterday"), completed("2024-13-01")], [None, None]);
    }

    #[test]
    fn a_time_is_one_of_the_calendar_and_of_the_clock() {
        for good in ["2024-02-29T00:00:00Z", "2000-02-29T23:59:59-12:00", "2026-12-31T00:00:00+05:45"] {
            assert_eq!(moment(good).as_deref(), Ok(good));
        }
        for (bad, what) in [
            ("2026-02-30T10:00:00Z", "day 30 in month 2 of 2026"),
            ("1900-02-29T10:00:00Z", "day 29 in month 2 of 1900"),
            ("2026-04-31T10:00:00Z", "day 31 in month 4"),
            ("2026-01-00T10:00:00Z", "day 0"),
            ("2026-13-01T14:30:00Z", "month 13"),
            ("0000-01-01T14:30:00Z", "year 0"),
            ("2026-01-01T24:00:00Z", "time 24:00:00"),
            ("2026-01-01T10:00:60Z", "time 10:00:60"),
            ("2026-01-01T10:00:00+24:00", "time zone +24:00"),
            ("2026-01-01T10:00:00-01:60", "time zone -01:60"),
        ] {
            assert!(moment(bad).unwrap_err().contains(&format!("there is no {what}")), "{bad}");
        }
    }

    #[test]
    fn a_duration_is_one_of_iso_8601() {
        for good in ["P90D", "P8Y", "P1Y6M", "P12W", "PT36H", "P1DT2H30M", "P1.5D", "P90D/P120D", "P90D/"] {
            assert_eq!(duration(good).as_deref(), Ok(good));
        }
        for bad in
            ["90days", "90D", "P", "PT", "P1DT", "P90", "PD", "P1D2Y", "P1H", "P-1D", "P1,5D", "/P1D", "P1.D", "Pé"]
        {
            assert!(duration(bad).unwrap_err().contains("such as P90D"), "{bad}");
        }
    }
}
