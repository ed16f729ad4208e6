//! `run --view`: the page of a simulation that runs, served from within it.
//!
//! From within, because what another process could read of a result that is being written is sound at its flushes only.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use memspike::engine::Observer;
use memspike::plot::{self, Clock, Group, MOST_IN_PAGE};
use memspike::record::{Chunk, Layout, Sink, SinkError};
use memspike::time::Time;
use serde_json::{Map, Value, json};

use super::http::{self, Answer};
use super::view::taken;
use super::{Failure, progress::Progress};

/// What the page has been or will be told.
#[derive(Default)]
struct State {
    /// Ticks and rows of the newest spikes, in order of time.
    spikes: Vec<(u32, u32)>,
    /// How many older ones have been let go.
    dropped: usize,
    /// Spikes that later ones may still come before: chunks of populations come one after the other.
    waiting: Vec<(u32, u32)>,
    now_s: f64,
    done: bool,
    energy: String,
    /// When a page was last given or asked, and whether it knows of the end.
    asked: Option<Instant>,
    told: bool,
}

/// How long a page that still asks is waited for at the end.
const LINGER: Duration = Duration::from_secs(3);

/// A run that is watched.
#[derive(Clone)]
pub struct Live {
    state: Arc<Mutex<State>>,
    clock: Clock,
    /// Of each recorded population, by its place in the layout: the first row.
    first_rows: Arc<Vec<u32>>,
    /// Where the page is.
    pub address: String,
}

impl Live {
    /// Begins to serve, on 127.0.0.1.
    ///
    /// # Errors
    /// If the port is taken, or the run has no duration.
    pub fn start(title: &str, layout: &Layout, (start, stop): (f64, f64), port: u16) -> Result<Live, Failure> {
        let (mut groups, mut first_rows, mut first) = (Vec::new(), Vec::new(), 0);
        for &population in &layout.spikes {
            let population = &layout.populations[population];
            groups.push(Group::new(&population.name, first, population.size));
            first_rows.push(first as u32);
            first += population.size;
        }
        let (page, clock) = plot::live_page(title, &groups, (start, stop), "/live").map_err(Failure::input)?;
        let (listener, address) = http::listen(port).map_err(|e| taken(port, &e))?;
        let state = Arc::new(Mutex::new(State::default()));
        let live = Live { state, clock, first_rows: Arc::new(first_rows), address: format!("http://{address}/") };
        let served = live.clone();
        let serving = std::thread::Builder::new().spawn(move || served.serve(&listener, page.as_bytes()));
        serving.map_err(|e| Failure::run(format!("A thread that serves the page can't be started: {e}.")))?;
        Ok(live)
    }

    fn serve(&self, listener: &TcpListener, page: &[u8]) {
        http::serve(listener, |path| match path.split_once('?').unwrap_or((path, "")) {
            ("/", _) => {
                // It will ask.
                self.awaits();
                Some(Answer { kind: "text/html; charset=utf-8", body: page.to_vec() })
            }
            ("/live", query) => {
                let from = query.strip_prefix("from=").and_then(|n| n.parse().ok()).unwrap_or(0);
                Some(Answer { kind: "application/octet-stream", body: self.news(from) })
            }
            _ => None,
        });
    }

    /// There is a page, which does not know of the end yet.
    fn awaits(&self) {
        let mut state = self.state();
        (state.asked, state.told) = (Some(Instant::now()), false);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Spikes from the `from`-th on: length of a JSON text, the text, padding to a word, ticks, rows; little endian.
    fn news(&self, from: usize) -> Vec<u8> {
        let mut state = self.state();
        state.asked = Some(Instant::now());
        state.told = state.done;
        let end = state.dropped + state.spikes.len();
        let from = if from < state.dropped || from > end { state.dropped } else { from };
        let some = &state.spikes[from - state.dropped..];
        let said = json!({
            "from": from,
            "spikes": some.len(),
            "now": state.now_s,
            "done": state.done,
            "energy": state.energy,
        });
        let said = said.to_string().into_bytes();
        let mut body = (said.len() as u32).to_le_bytes().to_vec();
        body.extend(&said);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(some.iter().flat_map(|spike| spike.0.to_le_bytes()));
        body.extend(some.iter().flat_map(|spike| spike.1.to_le_bytes()));
        body
    }

    /// Takes the spikes of a chunk.
    fn take(&self, chunk: &Chunk) {
        if let Chunk::Spikes { index, times_ms, node_ids } = chunk {
            let first = self.first_rows[*index];
            let spikes = times_ms.iter().zip(node_ids).map(|(ms, id)| (self.clock.ticks(ms / 1e3), first + *id as u32));
            self.state().waiting.extend(spikes);
        }
    }

    /// All spikes before this moment have been taken.
    fn reached(&self, now: Time) {
        let mut state = self.state();
        state.now_s = now.seconds();
        state.settle();
    }

    /// The run has ended, at this moment and with these figures. A page that asks now and then hears of it.
    pub fn finish(&self, now: Time, summary: &Value) {
        let watched = {
            let mut state = self.state();
            state.settle();
            state.now_s = now.seconds();
            state.done = true;
            state.energy = summary.get("projections").and_then(Value::as_object).map(energies).unwrap_or_default();
            state.asked.is_some_and(|asked| asked.elapsed() < LINGER)
        };
        let began = Instant::now();
        while watched && !self.state().told && began.elapsed() < LINGER {
            std::thread::sleep(Duration::from_millis(20));
        }
        // The last answer may still be on its way.
        std::thread::sleep(Duration::from_millis(if watched { 200 } else { 0 }));
    }
}

impl State {
    fn settle(&mut self) {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.sort_unstable();
        self.spikes.append(&mut waiting);
        if self.spikes.len() > MOST_IN_PAGE {
            let old = self.spikes.len() - MOST_IN_PAGE / 2;
            self.spikes.drain(..old);
            self.dropped += old;
        }
    }
}

/// `recorded_to_E: read 4.1 nJ, set 220 nJ, ..`, of the projections with devices.
fn energies(projections: &Map<String, Value>) -> String {
    let mut parts = Vec::new();
    for (name, projection) in projections {
        let spent = projection.get("energy_j").and_then(Value::as_object);
        let spent = spent.into_iter().flatten().filter_map(|(kind, joules)| Some((kind, joules.as_f64()?)));
        let spent: Vec<String> = spent.map(|(kind, joules)| format!("{kind} {}", joule(joules))).collect();
        if !spent.is_empty() {
            parts.push(format!("{name}: {}", spent.join(", ")));
        }
    }
    if parts.is_empty() { String::new() } else { format!("Energy of {}.", parts.join("; ")) }
}

fn joule(joules: f64) -> String {
    let prefixes = [(1.0, "J"), (1e-3, "mJ"), (1e-6, "\u{b5}J"), (1e-9, "nJ"), (1e-12, "pJ"), (1e-15, "fJ")];
    let (unit, symbol) = prefixes.into_iter().find(|(unit, _)| joules.abs() >= *unit).unwrap_or((1.0, "J"));
    format!("{:.3} {symbol}", joules / unit)
}

/// A sink that lets a page see what passes.
pub struct Seen<S> {
    /// Where it goes.
    pub sink: S,
    /// The page, if there is one.
    pub live: Option<Live>,
}

impl<S: Sink> Sink for Seen<S> {
    fn write(&mut self, chunk: Chunk) -> Result<(), SinkError> {
        self.live.iter().for_each(|live| live.take(&chunk));
        self.sink.write(chunk)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.sink.flush()
    }

    fn marks(&self) -> Vec<u8> {
        self.sink.marks()
    }

    fn keep(&mut self) {
        self.sink.keep();
    }

    fn kept(&self) -> &'static str {
        self.sink.kept()
    }
}

/// Progress that a page is told of too.
pub struct Watched<'a> {
    /// The bar.
    pub progress: &'a mut Progress,
    /// The page, if there is one.
    pub live: Option<Live>,
}

impl Observer for Watched<'_> {
    fn spent(&mut self, projections: &Map<String, Value>) {
        self.live.iter().for_each(|live| live.state().energy = energies(projections));
    }

    fn progress(&mut self, time: Time, spikes: u64) {
        self.live.iter().for_each(|live| live.reached(time));
        self.progress.progress(time, spikes);
    }

    fn stop_flag(&self) -> &std::sync::atomic::AtomicBool {
        self.progress.stop_flag()
    }
}

#[cfg(test)]
mod tests {
    use memspike::record::PopulationLayout;

    use super::*;

    fn live() -> Live {
        let population = |name: &str, size| PopulationLayout { name: name.into(), size, ..PopulationLayout::default() };
        let populations = vec![population("E", 3), population("I", 2)];
        let layout = Layout { populations, spikes: vec![0, 1], ..Layout::default() };
        Live::start("t", &layout, (0.0, 1.0), 0).unwrap()
    }

    fn words(bytes: &[u8]) -> Vec<u32> {
        bytes.chunks(4).map(|w| u32::from_le_bytes(w.try_into().unwrap())).collect()
    }

    #[test]
    fn news_are_spikes_in_order_of_time_from_where_the_page_is() {
        let live = live();
        let chunk = |index, times_ms: &[f64], node_ids: &[u64]| Chunk::Spikes {
            index,
            times_ms: times_ms.to_vec(),
            node_ids: node_ids.to_vec(),
        };
        live.take(&chunk(0, &[1.0, 5.0], &[2, 0]));
        live.take(&chunk(1, &[3.0], &[1]));
        // Nothing is told before it is known that no earlier one can come.
        assert!(String::from_utf8_lossy(&live.news(0)).contains("\"spikes\":0"));
        live.reached(Time::from_ms(6.0));
        let body = live.news(0);
        let length = words(&body[..4])[0] as usize;
        let said: Value = serde_json::from_slice(&body[4..4 + length]).unwrap();
        assert_eq!((&said["from"], &said["spikes"], &said["now"]), (&json!(0), &json!(3), &json!(0.006)));
        let numbers = words(&body[4 + length.next_multiple_of(4)..]);
        let ticks = [1e-3, 3e-3, 5e-3].map(|s| live.clock.ticks(s));
        assert_eq!((&numbers[..3], &numbers[3..]), (&ticks[..], &[2, 4, 0][..]));
        let later = live.news(2);
        assert!(String::from_utf8_lossy(&later).contains("\"from\":2") && later.len() < body.len());
        // A page that was away for long, or is of another run, begins anew.
        assert!(String::from_utf8_lossy(&live.news(99)).contains("\"from\":0"));
    }

    #[test]
    fn energies_are_told_in_words() {
        let projections = json!({ "a": { "energy_j": { "read": 2.5e-9, "set": null } }, "b": { "synapses": 4 } });
        assert_eq!(energies(projections.as_object().unwrap()), "Energy of a: read 2.500 nJ.");
        assert_eq!(energies(&Map::new()), "");
    }
}
