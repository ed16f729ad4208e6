//! The raster as one web page that needs nothing else: zoom, pan, hover, populations on and off.
//!
//! Spikes are embedded as base64 of two lists of 32-bit numbers, time in ticks and row (and of trials the unit), sorted by time. The page's script
//! draws them on a canvas: strokes where they are few, counts per pixel where they are many, so that a million stay smooth.

mod samples;
mod trials;

use serde_json::{Value, json};

pub use trials::aligned_page;

use super::palette::Ink;
use super::rows::{NONE, Rows};
use super::svg::{base64, escape};
use super::{Group, PlotError, RasterData, RasterOptions, palette, raster};
use crate::analysis::Spans;
use crate::counted::grouped;

/// At most so many spikes go into a page: 32 MB, 43 MB as text.
pub const MOST_IN_PAGE: usize = 4_000_000;

/// How times are stored: ticks of so many seconds since an origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clock {
    /// Time of tick 0 \[s\].
    pub origin: f64,
    /// Length of a tick \[s\].
    pub tick: f64,
}

impl Clock {
    /// A clock for a window \[s\]: nanoseconds where 32 bits have room for them, otherwise as fine as they allow.
    pub fn of(start: f64, stop: f64) -> Clock {
        Clock { origin: start, tick: ((stop - start) / f64::from(u32::MAX - 1)).max(1e-9) }
    }

    /// The tick that is nearest to a time \[s\] of the window.
    pub fn ticks(&self, time: f64) -> u32 {
        ((time - self.origin) / self.tick).round().clamp(0.0, f64::from(u32::MAX)) as u32
    }
}

/// The page of a raster.
///
/// # Errors
/// If the window is empty, a selection names what is not there, the spikes cannot be read, or there are more of them than
/// [`MOST_IN_PAGE`].
pub fn page(data: &RasterData, options: &RasterOptions) -> Result<String, PlotError> {
    let rows = Rows::new(data.spikes.unit_ids(), data.groups, &options.select, options.max_neurons)?;
    let ends = data.spikes.ends()?;
    let time = raster::window(ends, options.start, options.stop)?;
    let clock = Clock::of(time.start, time.stop);
    let (mut spikes, mut found) = (Vec::new(), 0usize);
    data.spikes.pieces(time.start, time.stop, &mut |times, units| {
        for (&at, &unit) in times.iter().zip(units).filter(|(_, unit)| rows.row_of[**unit as usize] != NONE) {
            found += 1;
            if found <= MOST_IN_PAGE {
                spikes.push((clock.ticks(at), rows.row_of[unit as usize]));
            }
        }
    })?;
    if found > MOST_IN_PAGE {
        return Err(PlotError::TooMany { found, most: MOST_IN_PAGE });
    }
    spikes.sort_unstable();
    let mut meta = meta(data, &rows, (time.start, time.stop), clock);
    let (from, to) = raster::observed(ends, options, time);
    meta["observed"] = json!(Spans::within(data.observed, from, to).spans());
    Ok(fill(data.title, &meta, [&column(&spikes, |s| s.0), &column(&spikes, |s| s.1), ""]))
}

/// A column of 32-bit numbers as text.
fn column<T>(spikes: &[T], of: impl Fn(&T) -> u32) -> String {
    base64(&spikes.iter().flat_map(|spike| of(spike).to_le_bytes()).collect::<Vec<u8>>())
}

fn hex(ink: Ink) -> String {
    let [r, g, b] = ink.rgb;
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// A page that asks `live` for the spikes of a simulation over `start..stop` \[s\], and holds the newest
/// [`MOST_IN_PAGE`] of them.
///
/// # Errors
/// If the window is empty.
pub fn live_page(
    title: &str,
    groups: &[Group],
    (start, stop): (f64, f64),
    live: &str,
) -> Result<(String, Clock), PlotError> {
    let unit_ids: Vec<i64> = groups.iter().flat_map(|g| 0..g.count as i64).collect();
    let rows = Rows::new(&unit_ids, groups, &[], None)?;
    let time = raster::window(None, Some(start), Some(stop))?;
    let clock = Clock::of(time.start, time.stop);
    let empty = crate::spikes::SpikeTable { unit_ids, ..Default::default() };
    let data = RasterData { title, spikes: &empty, groups, signals: &[], intervals: None, observed: &[] };
    let mut meta = meta(&data, &rows, (start, stop), clock);
    meta["live"] = json!(live);
    meta["keep"] = json!(MOST_IN_PAGE);
    Ok((fill(title, &meta, [""; 3]), clock))
}

/// Everything but the spikes.
fn meta(data: &RasterData, rows: &Rows, (start, stop): (f64, f64), clock: Clock) -> Value {
    let hex = |index: usize| hex(palette::color(index));
    let populations: Vec<Value> = rows
        .bands
        .iter()
        .map(|band| {
            // What units are called is listed where they are not simply counted.
            let counted = band.ids.iter().enumerate().all(|(i, id)| i as i64 == *id);
            json!({
                "name": band.name,
                "color": hex(band.color),
                "first": band.first_row,
                "count": band.ids.len(),
                "units": band.ids.len(),
                "members": if counted { Value::Null } else { members(&band.ids) },
            })
        })
        .collect();
    let mut notes = Vec::new();
    if rows.count < rows.selected() {
        notes.push(format!("Neurons evenly chosen of {}.", grouped(rows.selected())));
    }
    let signals: Vec<Value> = data.signals.iter().map(|s| samples::of(s, (start, stop), &mut notes)).collect();
    let intervals: Vec<(f64, f64)> = data.intervals.map_or(Vec::new(), |table| {
        let spans = table.start.iter().copied().zip(table.stop.iter().copied());
        spans.filter(|(a, b)| a.is_finite() && b.is_finite() && *a < stop && *b > start).collect()
    });
    json!({
        "title": data.title,
        "start": start,
        "stop": stop,
        "origin": clock.origin,
        "tick": clock.tick,
        "rows": rows.count,
        "populations": populations,
        "noun": if data.groups.is_empty() { "units" } else { "neurons" },
        "note": notes.join(" "),
        "colors": (0..14).map(hex).collect::<Vec<_>>(),
        "signals": signals,
        "shaded": data.shaded(),
        "observed": null,
        "intervals": intervals,
        "live": null,
        "aligned": null,
    })
}

/// What units are called, as texts where a number of the page's script would be another one.
fn members(ids: &[i64]) -> Value {
    const EXACT: u64 = 1 << 53;
    if ids.iter().all(|id| id.unsigned_abs() <= EXACT) {
        return json!(ids);
    }
    json!(ids.iter().map(i64::to_string).collect::<Vec<_>>())
}

fn fill(title: &str, meta: &Value, [times, rows, units]: [&str; 3]) -> String {
    // In a script element only `<` could end it.
    let meta = meta.to_string().replace('<', "\\u003c");
    let title = escape(title);
    let parts = [
        ("{{title}}", title.as_str()),
        ("{{style}}", include_str!("page.css")),
        ("{{meta}}", &meta),
        ("{{times}}", times),
        ("{{rows}}", rows),
        ("{{units}}", units),
        ("{{script}}", include_str!("page.js")),
    ];
    // In the order of the template, so that nothing in what was put in is taken for a place.
    let mut rest = include_str!("page.html");
    let mut page = String::with_capacity(rest.len() + parts.iter().map(|p| p.1.len()).sum::<usize>());
    for (place, text) in parts {
        let (before, after) = rest.split_once(place).unwrap_or((rest, ""));
        page.push_str(before);
        page.push_str(text);
        rest = after;
    }
    page + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spikes::SpikeTable;

    #[test]
    fn a_page_holds_every_spike_and_no_name_can_break_out_of_it() {
        let spikes = SpikeTable::from_units(vec![0, 1], &[vec![0.25, 0.5], vec![0.75]]).unwrap();
        let groups = [Group::new("</script>{{rows}}", 0, 1), Group::new("I", 1, 1)];
        let data = RasterData {
            title: "<b>{{meta}}",
            spikes: &spikes,
            groups: &groups,
            signals: &[],
            intervals: None,
            observed: &[],
        };
        let options = RasterOptions { start: Some(0.0), stop: Some(1.0), ..RasterOptions::default() };
        let text = page(&data, &options).unwrap();
        assert_eq!(text.matches("</script>").count(), 5, "those of the template");
        assert!(text.contains("<title>&lt;b&gt;{{meta}}</title>"));
        let coded = |id: &str| {
            let part = text.split(&format!("id=\"{id}\">")).nth(1).unwrap();
            part.split("</script>").next().unwrap().to_string()
        };
        assert_eq!(coded("rows"), base64(&[0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]));
        let clock = Clock::of(0.0, 1.0);
        let ticks: Vec<u8> = [0.25, 0.5, 0.75].iter().flat_map(|t| clock.ticks(*t).to_le_bytes()).collect();
        assert_eq!(coded("times"), base64(&ticks));
        assert!(!text.contains("http://") && !text.contains("https://"), "nothing is fetched");
    }

    #[test]
    fn a_page_knows_when_units_were_observed_and_what_they_are_called() {
        let spikes = SpikeTable::from_units(vec![7, i64::MAX], &[vec![0.25, 6.0], vec![0.75]]).unwrap();
        let data = RasterData {
            title: "",
            spikes: &spikes,
            groups: &[],
            signals: &[],
            intervals: None,
            observed: &[(0.0, 1.0), (5.0, 6.5)],
        };
        let meta = |data: &RasterData, options: &RasterOptions| {
            let text = page(data, options).unwrap();
            let part = text.split("id=\"meta\">").nth(1).unwrap().split("</script>").next().unwrap().to_string();
            serde_json::from_str::<Value>(&part).unwrap()
        };
        let options = RasterOptions { start: Some(0.0), stop: Some(6.5), ..RasterOptions::default() };
        let found = meta(&data, &options);
        assert_eq!(found["observed"], json!([[0.0, 1.0], [5.0, 6.5]]));
        assert_eq!(found["populations"][0]["members"], json!(["7", "9223372036854775807"]));
        // The room behind the last spike was not observed.
        let found = meta(&RasterData { observed: &[], ..data }, &RasterOptions::default());
        let [start, stop] = [0, 1].map(|edge| found["observed"][0][edge].as_f64().unwrap());
        assert!(start == 0.0 && (stop - 6.0).abs() < 1e-9 && found["stop"].as_f64().unwrap() > 6.02, "{stop}");
    }

    #[test]
    fn the_clock_is_as_fine_as_32_bits_allow() {
        for (start, stop) in [(0.0, 1.0), (2282.6, 2285.8), (0.0, 1e5), (-3.0, 4.0)] {
            let clock = Clock::of(start, stop);
            for share in [0.0, 0.3, 1.0] {
                let time = start + share * (stop - start);
                let back = clock.origin + f64::from(clock.ticks(time)) * clock.tick;
                assert!((back - time).abs() <= 0.51 * clock.tick + 1e-9, "{time} {back}");
            }
        }
    }
}
