//! The page of a raster in a real browser: Chromium without a window, driven over WebDriver.
//!
//! Skipped, with a word, where there is no chromium and chromedriver; `make test-browser` and CI require them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use memspike::plot::{Aligned, Group, RasterData, RasterOptions, aligned_page, color, page};
use memspike::spikes::SpikeTable;
use serde_json::{Value, json};

use crate::cli::{command, good, memspike, workplace};

fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|file| file.is_file())
}

/// A process that ends with the test, and what it writes to.
struct Running {
    child: Child,
    _streams: Vec<Box<dyn Read>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A browser with one tab of 1000 x 700 pixels.
struct Browser {
    _driver: Running,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// None where there is no browser.
    fn start() -> Option<Browser> {
        let found = program(&["chromium", "chromium-browser", "google-chrome"]).zip(program(&["chromedriver"]));
        let Some((chromium, driver)) = found else {
            assert!(std::env::var_os("MEMSPIKE_BROWSER").is_none(), "there is no chromium and chromedriver");
            eprintln!("skipped: there is no chromium and chromedriver (Debian: chromium, chromium-driver)");
            return None;
        };
        let mut child =
            Command::new(driver).arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let port = told(&mut lines, "was started successfully on port ", '.').expect("chromedriver says its port");
        let driver = Running { child, _streams: vec![Box::new(lines)] };
        let profile = tempfile::tempdir().unwrap();
        let mut args: Vec<String> = [
            "headless",
            "no-sandbox",
            "disable-gpu",
            "disable-quic",
            "no-first-run",
            "disable-background-networking",
            "disable-component-update",
            "disable-sync",
            "disable-dev-shm-usage",
            "hide-scrollbars",
            "force-device-scale-factor=1",
            "window-size=1000,700",
        ]
        .map(|flag| format!("--{flag}"))
        .to_vec();
        args.push(format!("--user-data-dir={}", profile.path().display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": { "binary": chromium, "args": args },
        } } });
        let answer = talk(port, "POST", "/session", Some(&wanted));
        let session = answer["sessionId"].as_str().unwrap_or_else(|| panic!("{answer}")).to_string();
        Some(Browser { _driver: driver, port, session, _profile: profile })
    }

    fn ask(&self, method: &str, what: &str, body: Option<&Value>) -> Value {
        talk(self.port, method, &format!("/session/{}/{what}", self.session), body)
    }

    fn open(&self, address: &str) {
        self.ask("POST", "url", Some(&json!({ "url": address })));
    }

    fn open_file(&self, file: &Path) {
        self.open(&format!("file://{}", file.display()));
    }

    /// What a line of script gives.
    fn run(&self, script: &str) -> Value {
        self.ask("POST", "execute/sync", Some(&json!({ "script": script, "args": [] })))
    }

    /// Waits until a script gives true.
    fn wait(&self, script: &str) {
        let began = Instant::now();
        while self.run(script) != Value::Bool(true) {
            assert!(began.elapsed() < Duration::from_secs(60), "still not: {script}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Moves the pointer, or turns the wheel by `turn` there.
    fn point(&self, (x, y): (f64, f64), turn: Option<i32>) {
        let (x, y) = (x.round() as i64, y.round() as i64);
        let action = match turn {
            None => json!({ "type": "pointer", "id": "mouse", "actions": [
                { "type": "pointerMove", "duration": 0, "x": x, "y": y },
            ] }),
            Some(turn) => json!({ "type": "wheel", "id": "wheel", "actions": [
                { "type": "scroll", "duration": 0, "x": x, "y": y, "deltaX": 0, "deltaY": turn },
            ] }),
        };
        self.ask("POST", "actions", Some(&json!({ "actions": [action] })));
    }

    /// What is seen.
    fn screen(&self) -> Image {
        let png = base64(self.ask("GET", "screenshot", None).as_str().unwrap());
        let mut reader = png::Decoder::new(&png[..]).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size()];
        let info = reader.next_frame(&mut bytes).unwrap();
        let per_pixel = info.color_type.samples();
        Image { width: info.width as usize, per_pixel, bytes }
    }

    /// Where a time and row lie on the screen.
    fn place(&self, time: f64, row: f64) -> (f64, f64) {
        let script = format!(
            "const b = document.getElementById('canvas').getBoundingClientRect(), p = memspike.pixel({time}, {row}); \
             return [b.x + p[0], b.y + p[1]];"
        );
        let found = self.run(&script);
        (found[0].as_f64().unwrap(), found[1].as_f64().unwrap())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let request =
            format!("DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", self.session);
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            // The answer says that the browser has ended; the driver does not hang up by itself.
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = stream.write_all(request.as_bytes()).and_then(|()| stream.read(&mut [0; 512]));
        }
    }
}

struct Image {
    width: usize,
    per_pixel: usize,
    bytes: Vec<u8>,
}

impl Image {
    /// Whether this pixel, or one beside it, has about the colour.
    fn has(&self, (x, y): (f64, f64), rgb: [u8; 3]) -> bool {
        let close = |pixel: &[u8]| pixel.iter().zip(rgb).all(|(a, b)| a.abs_diff(b) < 40);
        let column = x.round() as usize;
        (column - 1..=column + 1).any(|x| {
            let at = self.per_pixel * (y.round() as usize * self.width + x);
            close(&self.bytes[at..at + 3])
        })
    }
}

/// One request over HTTP/1.1; the `value` of what comes back.
fn talk(port: u16, method: &str, path: &str, body: Option<&Value>) -> Value {
    let body = body.map(Value::to_string).unwrap_or_default();
    let (head, answer) = http(port, method, path, "127.0.0.1", &body);
    let answer: Value = serde_json::from_slice(&answer).unwrap_or_else(|e| panic!("{head}: {e}"));
    assert!(head.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
    answer["value"].clone()
}

/// Head and body of an answer.
fn http(port: u16, method: &str, path: &str, host: &str, body: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head += &line;
    }
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).unwrap();
    (head, bytes)
}

/// What HEAD gives: all of it, until the connection closes.
fn headers_only(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(format!("HEAD / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.strip_suffix("\r\n").expect("an empty line ends the headers").to_string()
}

fn base64(text: &str) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let digits: Vec<u32> =
        text.bytes().filter_map(|c| LETTERS.iter().position(|l| *l == c).map(|p| p as u32)).collect();
    for four in digits.chunks(4) {
        let word = four.iter().fold(0, |word, digit| word << 6 | digit) << (6 * (4 - four.len()));
        bytes.extend(&word.to_be_bytes()[1..four.len()]);
    }
    bytes
}

fn written(folder: &Path, trains: &[Vec<f64>], groups: &[Group]) -> PathBuf {
    // As in a result: members are counted in each population.
    let of = |unit: usize| groups.iter().rev().find(|g| g.first <= unit).map_or(unit, |g| unit - g.first) as i64;
    let spikes = SpikeTable::from_units((0..trains.len()).map(of).collect(), trains).unwrap();
    let data = RasterData { title: "page", spikes: &spikes, groups, signals: &[], intervals: None, observed: &[] };
    let options = RasterOptions { start: Some(0.0), stop: Some(1.0), ..RasterOptions::default() };
    let file = folder.join("page.html");
    std::fs::write(&file, page(&data, &options).unwrap()).unwrap();
    file
}

#[test]
fn a_page_draws_spikes_where_they_are_and_answers_pointer_wheel_and_switches() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let groups = [Group::new("E", 0, 2), Group::new("I", 2, 2)];
    browser.open_file(&written(folder.path(), &[vec![0.23], vec![0.7], vec![0.37, 0.77], vec![]], &groups));
    let (blue, orange) = (color(0).rgb, color(1).rgb);
    let image = browser.screen();
    for (time, row, rgb) in [(0.23, 0.0, blue), (0.7, 1.0, blue), (0.37, 2.0, orange), (0.77, 2.0, orange)] {
        assert!(image.has(browser.place(time, row), rgb), "a spike at {time} in row {row}");
    }
    for (time, row) in [(0.23, 1.0), (0.37, 3.0), (0.55, 0.0)] {
        assert!(image.has(browser.place(time, row), [255; 3]), "nothing at {time} in row {row}");
    }
    assert_eq!(browser.run("return memspike.stats().spikes"), 4);
    assert_eq!(browser.run("return document.getElementById('caption').textContent"), "4 spikes of 4 neurons.");

    browser.point(browser.place(0.37, 2.0), None);
    browser.wait("return !document.getElementById('tip').hidden");
    let tip = browser.run("return document.getElementById('tip').textContent");
    assert_eq!(tip, "I[0]  0.37000 s");

    browser.run("document.querySelectorAll('#legend input')[1].click()");
    browser.wait("return memspike.stats().spikes === 2");
    assert!(browser.screen().has(browser.place(0.23, 0.0), blue));
    browser.run("document.querySelectorAll('#legend input')[1].click()");
    browser.wait("return memspike.stats().spikes === 4");

    browser.point(browser.place(0.7, 1.0), Some(-400));
    browser.wait("return memspike.view.t1 - memspike.view.t0 < 0.7");
    let view = browser.run("return [memspike.view.t0, memspike.view.t1]");
    let (from, to) = (view[0].as_f64().unwrap(), view[1].as_f64().unwrap());
    assert!(from > 0.23 && from < 0.7 && to > 0.7, "zoomed in on the pointer: {view}");
    browser.wait("return memspike.stats().spikes < 4");
    assert!(browser.screen().has(browser.place(0.7, 1.0), blue), "still there, where it is now");
    browser.run("document.getElementById('all').click()");
    browser.wait("return memspike.stats().spikes === 4");
}

#[test]
fn a_page_of_a_million_spikes_shows_how_dense_they_are() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    // The first half of the window is full, the second empty; unit 50 is silent.
    let train = |unit: usize| match unit {
        50 => vec![],
        _ => (0..10_000).map(|i| 0.5 * ((i as f64 * 0.618_034 + unit as f64 * 0.1).fract())).collect(),
    };
    let trains: Vec<Vec<f64>> = (0..101).map(train).collect();
    browser.open_file(&written(folder.path(), &trains, &[]));
    let stats = browser.run("memspike.draw(); return memspike.stats()");
    eprintln!("a frame of {} spikes took {} ms", stats["spikes"], stats["ms"]);
    assert_eq!((&stats["spikes"], &stats["dense"]), (&json!(1_000_000), &json!(true)));
    let image = browser.screen();
    let dark = |time: f64, row: f64| !image.has(browser.place(time, row), [255; 3]);
    assert!(dark(0.23, 20.0) && dark(0.43, 80.0));
    assert!(!dark(0.77, 20.0) && !dark(0.23, 50.0));
    let caption = browser.run("return document.getElementById('caption').textContent");
    assert!(caption.as_str().unwrap().contains("binned at the screen's pixels"), "{caption}");
    // Close to, each is drawn.
    let near = browser.run("memspike.go(0.2, 0.204); return memspike.stats()");
    assert!(near["dense"] == json!(false) && near["spikes"].as_f64().unwrap() > 1000.0, "{near}");
}

#[test]
fn a_page_leaves_out_rates_of_what_was_not_observed_and_cuts_no_number() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    // 10 Hz where it was observed, 5 kHz in the gap between.
    let clock = (0..40).map(|i| f64::from(i) / 10.0 + 0.05).filter(|t| !(1.0..2.0).contains(t));
    let mut train: Vec<f64> = clock.chain((0..5000).map(|i| 1.0 + (f64::from(i) + 0.5) / 5000.0)).collect();
    train.sort_by(f64::total_cmp);
    let trains = [train];
    let spikes = SpikeTable::from_units(vec![i64::MAX], &trains).unwrap();
    let observed = [(0.0, 1.0), (2.0, 3.0)];
    let data =
        RasterData { title: "gap", spikes: &spikes, groups: &[], signals: &[], intervals: None, observed: &observed };
    let options = RasterOptions { start: Some(0.0), stop: Some(4.0), ..RasterOptions::default() };
    let file = folder.path().join("page.html");
    std::fs::write(&file, page(&data, &options).unwrap()).unwrap();
    browser.open_file(&file);
    let found = browser.run("const r = memspike.rates()[0]; return r.map((v) => v === v)");
    let known: Vec<bool> = found.as_array().unwrap().iter().map(|v| v == &json!(true)).collect();
    let at = |seconds: f64| known[(seconds / 4.0 * known.len() as f64) as usize];
    assert_eq!([0.1, 0.9, 1.1, 1.9, 2.1, 2.9, 3.1, 3.9].map(at), [true, true, false, false, true, true, false, false]);
    // Of a bin that was observed for a quarter or more one spike makes at most 4 times the rate of a whole one; the gap has more than 15 in each.
    let most = "let most = 0; for (let stop = 1.01; stop < 1.2; stop += 0.003) { memspike.go(0, stop); const r = memspike.rates()[0]; \
                most = Math.max(most, ...r.filter((v) => v === v).map((v) => v * stop / r.length)); } return most";
    let most = browser.run(most).as_f64().unwrap();
    assert!((1.0 - 1e-9..=4.0 + 1e-9).contains(&most), "{most}");
    let left = browser.run("return memspike.pixel(0, 0)[0]").as_f64().unwrap();
    assert!(left > 150.0, "19 digits beside the rows need more than {left} pixels");
}

#[test]
fn a_page_of_trials_has_a_row_for_each_and_shows_all_units_or_one() {
    let Some(browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    // Events at 2 s and 6 s (group a), 4 s (group b); what lies outside of their reach is not drawn.
    let trains = [vec![2.3, 4.0 - 0.25, 6.3, 5.2], vec![2.6, 4.6]];
    let spikes = SpikeTable::from_units(vec![7, 9], &trains).unwrap();
    let what = Aligned {
        title: "trials",
        spikes: &spikes,
        units: &[(0, "unit 7".to_owned()), (1, "unit 9".to_owned())],
        populations: &[],
        trials: &[(2.0, 0), (4.0, 1), (6.0, 0)],
        groups: &["a".to_owned(), "b".to_owned()],
        by: "side",
        event: "start of trials",
        reach: (0.5, 1.0),
        bin: None,
        // The last trial ends early.
        observed: &[(0.0, 6.5)],
    };
    let file = folder.path().join("page.html");
    std::fs::write(&file, aligned_page(&what).unwrap()).unwrap();
    browser.open_file(&file);
    let (blue, orange) = (color(0).rgb, color(1).rgb);
    let image = browser.screen();
    for (time, row, rgb) in
        [(0.3, 0.0, blue), (0.6, 0.0, blue), (0.3, 1.0, blue), (-0.25, 2.0, orange), (0.6, 2.0, orange)]
    {
        assert!(image.has(browser.place(time, row), rgb), "a spike at {time} in row {row}");
    }
    for (time, row) in [(0.6, 1.0), (-0.25, 0.0), (0.3, 2.0)] {
        assert!(image.has(browser.place(time, row), [255; 3]), "nothing at {time} in row {row}");
    }
    let text = |what: &str| browser.run(&format!("return document.getElementById('{what}').textContent"));
    assert_eq!(text("caption"), "5 spikes of 2 units in 3 trials; 0: start of trials.");
    browser.point(browser.place(-0.25, 2.0), None);
    browser.wait("return !document.getElementById('tip').hidden");
    assert_eq!(text("tip"), "unit 7, row 2, trial at 4.000 s  \u{2212}0.25000 s");

    let choose = |unit: usize| {
        let line = "const s = document.querySelector('#choose select'); s.value = s.options[N].value; s.onchange();";
        browser.run(&line.replace('N', &unit.to_string()));
    };
    choose(2);
    browser.wait("return memspike.stats().spikes === 2");
    let image = browser.screen();
    assert!(image.has(browser.place(0.6, 0.0), blue) && image.has(browser.place(0.3, 0.0), [255; 3]));
    assert_eq!(text("caption"), "2 spikes of unit 9 in 3 trials; 0: start of trials.");
    // The mean of a unit, over the trials that were observed: one spike in one of 2 trials, in 1.5 s / bins.
    let most =
        "const r = memspike.rates(); return [r[0].length, Math.max(...r[0].filter((v) => v === v)), r[0].at(-1)]";
    let found = browser.run(most);
    let (bins, most, last) = (found[0].as_f64().unwrap(), found[1].as_f64().unwrap(), found[2].as_f64().unwrap());
    // Beyond 0.5 s only the first of the two trials was observed.
    assert!((most - bins / 1.5).abs() < 1e-6 && last == 0.0, "{found}");
    choose(0);
    browser.run("document.querySelectorAll('#legend input')[1].click()");
    browser.wait("return memspike.stats().spikes === 3");
    assert_eq!(text("caption"), "3 spikes of 2 units in 2 trials; 0: start of trials.");
}

/// The number between two texts, in what a process writes.
fn told(lines: &mut impl BufRead, before: &str, after: char) -> Option<u16> {
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some((_, rest)) = line.split_once(before) {
            return rest.split(after).next()?.parse().ok();
        }
    }
}

/// A command that serves a page, with the port that it tells on stdout or stderr.
fn served(folder: &Path, args: &[&str], errors: bool) -> (Running, u16) {
    let mut command = command(folder);
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let (one, other): (Box<dyn Read>, Box<dyn Read>) =
        if errors { (Box::new(err), Box::new(out)) } else { (Box::new(out), Box::new(err)) };
    let mut lines = BufReader::new(one);
    let port = told(&mut lines, "http://127.0.0.1:", '/').expect("the address is printed");
    (Running { child, _streams: vec![Box::new(lines), other] }, port)
}

#[test]
fn view_serves_the_page_on_this_machine_and_to_no_other_name() {
    let folder = workplace();
    let (_running, port) = served(folder.path(), &["view", "session.nwb", "--no-open", "--behavior=hand_pos"], false);
    let (head, page) = http(port, "GET", "/", "127.0.0.1", "");
    assert!(head.starts_with("HTTP/1.1 200") && head.contains("text/html"), "{head}");
    assert!(String::from_utf8_lossy(&page).contains("hand pos"));
    assert!(http(port, "GET", "/etc/passwd", "127.0.0.1", "").0.starts_with("HTTP/1.1 404"));
    let (refused, _) = http(port, "POST", "/", "127.0.0.1", "x");
    assert!(refused.starts_with("HTTP/1.1 405") && refused.contains("Allow: GET, HEAD\r\n"), "{refused}");
    assert_eq!(headers_only(port), head, "HEAD is GET without its body");
    assert!(
        http(port, "GET", "/", "evil.example", "").0.starts_with("HTTP/1.1 403"),
        "a name that was made to point here"
    );
    if let Some(browser) = Browser::start() {
        browser.open(&format!("http://127.0.0.1:{port}/"));
        assert_eq!(browser.run("return memspike.stats().spikes"), 1654);
        let stdout = good(&memspike(folder.path(), &["raster", "session.nwb", "-o", "a.html", "--behavior=hand_pos"]));
        assert!(stdout.starts_with("a.html: "), "{stdout}");
        assert!(std::fs::read(folder.path().join("a.html")).unwrap() == page, "the same page as a file");
    }
}

#[test]
fn a_run_that_is_watched_shows_its_spikes_as_they_come_and_gives_the_same_result() {
    let folder = workplace();
    // Before the run, which would not wait for it.
    let browser = Browser::start();
    let slow = ["replay", "session.nwb", "-o", "a.h5", "--view", "--speed", "1.5", "--threads", "1"];
    let (mut running, port) = served(folder.path(), &slow, true);
    let news = |from: usize| {
        let (_, body) = http(port, "GET", &format!("/live?from={from}"), "127.0.0.1", "");
        let length = u32::from_le_bytes(body[..4].try_into().unwrap()) as usize;
        serde_json::from_slice::<Value>(&body[4..4 + length]).unwrap()
    };
    let began = Instant::now();
    // Spikes are there long before the end, which takes two seconds.
    let early = loop {
        let said = news(0);
        if said["spikes"].as_u64().unwrap() > 0 {
            break said;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "{said}");
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(early["done"] == json!(false) && early["now"].as_f64().unwrap() < 3.2, "{early}");
    assert!(early["energy"].as_str().unwrap().contains("recorded_to_E: read"), "{early}");
    if let Some(browser) = browser {
        browser.open(&format!("http://127.0.0.1:{port}/"));
        browser.wait("return memspike.count() > 1000");
        browser.wait("return document.getElementById('title').textContent.endsWith('done')");
        assert!(
            browser.run("return document.getElementById('energy').textContent").to_string().contains("recorded_to_E")
        );
    } else {
        drop(news(0));
    }
    assert!(running.child.wait().unwrap().success());
    good(&memspike(folder.path(), &["replay", "session.nwb", "-o", "b.h5", "--threads", "1"]));
    let spikes = |name: &str| memspike::format::read(&folder.path().join(name)).unwrap().spikes;
    assert!(spikes("a.h5") == spikes("b.h5"));
}
