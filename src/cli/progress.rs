//! Progress of a run: a bar on a terminal, nothing elsewhere.

use std::io::IsTerminal;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use memspike::counted::counted;
use memspike::engine::Observer;
use memspike::time::Time;

use super::interrupt::STOP;

/// Shows how far a run is: time simulated, speed against real time, spikes, time left.
pub struct Progress {
    bar: Option<ProgressBar>,
    started: Option<(Instant, Time)>,
    duration: Time,
}

impl Progress {
    /// For a run up to `duration`; shown only if it is `wanted` and stderr is a terminal.
    pub fn new(duration: Time, wanted: bool) -> Progress {
        let bar = (wanted && std::io::stderr().is_terminal()).then(|| {
            let bar =
                ProgressBar::with_draw_target(Some(duration.0.max(1) as u64), ProgressDrawTarget::stderr_with_hz(5));
            if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}") {
                bar.set_style(style);
            }
            bar.set_message("building the network");
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Progress { bar, started: None, duration }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.iter().for_each(ProgressBar::finish_and_clear);
    }
}

impl Observer for Progress {
    fn progress(&mut self, time: Time, spikes: u64) {
        let Some(bar) = &self.bar else { return };
        // The first call comes at the start, or where a resumed run goes on.
        let (since, from) = *self.started.get_or_insert((Instant::now(), time));
        bar.set_position(time.0.max(0) as u64);
        bar.set_message(status(since.elapsed().as_secs_f64(), from, time, self.duration, spikes));
    }

    fn stop_flag(&self) -> &AtomicBool {
        &STOP
    }
}

/// `1.20 of 5.00 s, 0.8 x real time, 12,345 spikes, 5 s left`.
fn status(wall_s: f64, from: Time, now: Time, duration: Time, spikes: u64) -> String {
    let (now_s, duration_s) = (now.seconds(), duration.seconds());
    let speed = (now_s - from.seconds()) / wall_s;
    let mut text = format!("{now_s:.2} of {duration_s:.2} s");
    if speed.is_finite() && speed > 0.0 {
        text += &format!(", {speed:.2} x real time");
    }
    text += &format!(", {}", counted(spikes, "spike"));
    if speed.is_finite() && speed > 0.0 {
        text += &format!(", {} left", clock((duration_s - now_s).max(0.0) / speed));
    }
    text
}

/// Seconds as `75 s`, `12 min` or `3.5 h`.
fn clock(seconds: f64) -> String {
    match seconds {
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_gives_time_speed_spikes_and_what_is_left() {
        let text = status(2.0, Time::ZERO, Time::from_ms(1000.0), Time::from_ms(5000.0), 12_345);
        assert_eq!(text, "1.00 of 5.00 s, 0.50 x real time, 12,345 spikes, 8 s left");
        let text = status(0.0, Time::ZERO, Time::ZERO, Time::from_ms(5000.0), 0);
        assert_eq!(text, "0.00 of 5.00 s, 0 spikes");
        assert_eq!(clock(3600.0 * 5.0), "5.0 h");
    }
}
