"use strict";
// The raster of one page: spikes sorted by time, as ticks since `origin` and the row of each.
const meta = JSON.parse(document.getElementById("meta").textContent);
const byId = (id) => document.getElementById(id);

function decode(id, Kind) {
  const text = atob(byId(id).textContent.trim());
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  byId(id).textContent = "";
  return new Kind(bytes.buffer);
}

let ticks = decode("times", Uint32Array);
let rows = decode("rows", Uint32Array);
// Around events a row is a trial, and each spike has its unit; all are shown, or one.
const aligned = meta.aligned, unitOf = decode("units", Uint32Array);
let only = -1;
let count = ticks.length;
let dropped = 0; // spikes that a live page has let go
const seconds = (i) => meta.origin + ticks[i] * meta.tick;
const populations = meta.populations;
populations.forEach((p) => { p.on = true; p.rgb = [1, 3, 5].map((k) => parseInt(p.color.slice(k, k + 2), 16)); });
// The longest numbers of members.
populations.forEach((p) => {
  const longest = (best, id) => (String(id).length > best.length ? String(id) : best);
  p.ends = p.members ? [p.members.reduce(longest, "")] : [String(Math.max(0, p.count - 1))];
});
const popOf = new Uint16Array(meta.rows);
populations.forEach((p, k) => popOf.fill(k, p.first, p.first + p.count));

// Where each row is drawn: rows of hidden populations are left out.
const place = new Int32Array(meta.rows);
let shown = 0;
function arrange() {
  shown = 0;
  for (let r = 0; r < meta.rows; r++) place[r] = populations[popOf[r]].on ? shown++ : -1;
}
arrange();

const full = { t0: meta.start, t1: meta.stop };
const view = { t0: full.t0, t1: full.t1, r0: 0, r1: Math.max(shown, 1) };
const MARKS = 40000; // more are drawn as density
const COARSE = 600000; // while moving, at most about so many are looked at
const STEADY = 12000000; // at rest, at most about so many
const canvas = byId("canvas"), over = byId("over"), tip = byId("tip");
const pen = canvas.getContext("2d"), hint = over.getContext("2d");
let box = null; // the panels in pixels of the screen
let stats = { spikes: 0, dense: false, step: 1, ms: 0 };

function firstAt(time) { // the first spike at or after a time
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (seconds(middle) < time) low = middle + 1; else high = middle;
  }
  return low;
}

function niceStep(raw) {
  const power = Math.pow(10, Math.floor(Math.log10(raw)));
  return [1, 2, 5, 10].map((f) => f * power).find((s) => s >= raw * 0.999999) || 10 * power;
}
function label(value, step) {
  const size = Math.abs(value);
  if (step < 1e-6 && size < 1e4 * step) { // in full it would be zeros
    if (size < 1e-6 * step) return "0";
    const digits = Math.floor(Math.log10(size * 1.000001)) - Math.floor(Math.log10(step * 1.000001));
    return value.toExponential(Math.max(0, digits)).replaceAll("-", "\u2212");
  }
  const decimals = Math.max(0, Math.min(12, -Math.floor(Math.log10(step * 1.000001))));
  return (size < step * 1e-6 ? 0 : value).toFixed(decimals).replace("-", "\u2212");
}
function ticksOf(low, high, wanted) {
  const step = niceStep((high - low) / Math.max(1, wanted));
  const found = [];
  for (let v = Math.ceil(low / step - 1e-6) * step; v <= high + step * 1e-6 && found.length < 100; v += step) found.push(v);
  return { step, values: found };
}

function layout() {
  const ratio = window.devicePixelRatio || 1;
  const bounds = byId("plot").getBoundingClientRect();
  const width = Math.max(200, Math.floor(bounds.width)), height = Math.max(160, Math.floor(bounds.height));
  for (const c of [canvas, over]) {
    if (c.width !== Math.round(width * ratio) || c.height !== Math.round(height * ratio)) {
      c.width = Math.round(width * ratio); c.height = Math.round(height * ratio);
    }
  }
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  hint.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.font = "bold 13px 'DejaVu Sans', Verdana, sans-serif";
  const names = populations.length > 1 ? Math.max(...populations.map((p) => pen.measureText(p.name).width)) : 0;
  pen.font = SMALL;
  const ids = populations.map((p) => Math.max(...p.ends.map((id) => pen.measureText(id).width)));
  // Beside the names stand numbers of members, beside the labels of axes those of their ticks: none of them may be cut.
  const beside = (names > 0 ? Math.min(names, 150) + 12 : TITLE) + Math.max(0, ...ids) + 16;
  const left = Math.round(Math.min(Math.max(Math.min(names, 150) + 76, beside, TITLE + tickRoom + 12), 0.5 * width));
  const right = width - EDGE, axis = 40;
  const below = meta.signals.length, room = height - axis - 6;
  const part = room / (1 + 0.26 + 0.26 * below), gap = 14;
  const panels = [];
  let y = 6;
  for (let k = 0; k < 2 + below; k++) {
    const h = k === 0 ? part : 0.26 * part - gap;
    if (k > 0) y += gap;
    panels.push({ top: Math.round(y), bottom: Math.round(y + h) });
    y += h;
  }
  box = { ratio, width, height, left, right, raster: panels[0], rate: panels[1], signals: panels.slice(2) };
}

// Small text; room for an upright label on the left; and for the widest number beside an axis that there was.
const SMALL = "12px 'DejaVu Sans', Verdana, sans-serif", TITLE = 26, EDGE = 24;
let tickRoom = 0;

const px = (t) => box.left + (t - view.t0) / (view.t1 - view.t0) * (box.right - box.left);
const rowHeight = () => (box.raster.bottom - box.raster.top) / (view.r1 - view.r0);
const py = (r) => box.raster.top + (r - view.r0) * rowHeight();

let wanted = false, moving = false;
function redraw() {
  if (wanted) return;
  wanted = true;
  requestAnimationFrame(() => { wanted = false; draw(); });
}

function draw() {
  const began = performance.now(), room = tickRoom;
  layout();
  pen.clearRect(0, 0, box.width, box.height);
  const { left, right, raster, rate } = box;
  // The last spike may lie on the end of all, rounded to ticks.
  const from = firstAt(view.t0), to = view.t1 < full.t1 ? firstAt(view.t1) : count;
  pen.fillStyle = "#f7f5ee";
  for (const [a, b] of meta.intervals) {
    if (b <= view.t0 || a >= view.t1) continue;
    const x = Math.max(px(a), left), w = Math.min(px(b), right) - x;
    for (const p of [raster, rate, ...box.signals]) pen.fillRect(x, p.top, w, p.bottom - p.top);
  }
  const time = timeTicks();
  pen.fillStyle = "#e6e6e6";
  for (const v of time.values) {
    for (const p of [raster, rate, ...box.signals]) pen.fillRect(Math.round(px(v / time.scale)), p.top, 1, p.bottom - p.top);
  }
  const bins = Math.max(20, Math.min(300, Math.round((right - left) / 4)));
  const counts = new Float64Array(populations.length * bins);
  const step = Math.max(1, Math.ceil((to - from) / (moving ? COARSE : STEADY)));
  const dense = to - from > MARKS;
  const strokes = dense ? null : populations.map(() => []);
  const columns = Math.max(1, Math.round((right - left) * box.ratio));
  const lines = Math.max(1, Math.round((raster.bottom - raster.top) * box.ratio));
  if (dense) fit(columns, lines);
  const { grid } = sheet, { top, end } = spread(lines);
  // Columns and bins are linear in ticks.
  const offset = meta.origin - view.t0, span = view.t1 - view.t0;
  const columnsPerTick = meta.tick * columns / span, firstColumn = offset * columns / span;
  const binsPerTick = meta.tick * bins / span, firstBin = offset * bins / span;
  // A spike at the end of the view is in no bin: a new one would begin there, and the last would count both its edges.
  const lastTick = (view.t1 - meta.origin) / meta.tick - 0.5;
  let seen = 0;
  for (let i = from; i < to; i += step) {
    const row = rows[i], y = top[row];
    if (y === HIDDEN || (only >= 0 && unitOf[i] !== only)) continue;
    const tick = ticks[i], bin = (tick * binsPerTick + firstBin) | 0;
    if (tick < lastTick && observedAt(tick, row)) counts[popOf[row] * bins + (bin < bins ? bin : bins - 1)] += step;
    if (y === OUTSIDE) continue;
    seen++;
    if (dense) {
      let x = (tick * columnsPerTick + firstColumn) | 0;
      if (x >= columns) x = columns - 1;
      for (let k = y, last = end[row]; k < last; k++) {
        const at = k * columns + x;
        if (grid[at] < 65535) grid[at]++;
      }
    } else {
      strokes[popOf[row]].push(seconds(i) - view.t0, place[row]);
    }
  }
  seen *= step;
  pen.save();
  pen.beginPath();
  pen.rect(left, raster.top, right - left, raster.bottom - raster.top);
  pen.clip();
  if (dense) density(columns, lines);
  else lineUp(strokes);
  pen.restore();
  bands();
  rates(counts, bins);
  meta.signals.forEach((s, k) => signal(s, box.signals[k]));
  // What the axes' numbers need is known now: once more if that is more than they had.
  if (tickRoom > room) return draw();
  axes(time);
  stats = { spikes: seen, dense, step, ms: performance.now() - began };
  caption();
}

function lineUp(strokes) {
  const high = Math.max(3, Math.min(0.84 * rowHeight(), 40));
  const total = strokes.reduce((sum, s) => sum + s.length / 2, 0);
  const wide = total < 4000 ? 2 : 1.4;
  strokes.forEach((s, k) => {
    pen.fillStyle = populations[k].color;
    for (let i = 0; i < s.length; i += 2) {
      const x = box.left + s[i] / (view.t1 - view.t0) * (box.right - box.left);
      pen.fillRect(x - wide / 2, py(s[i + 1] + 0.5) - high / 2, wide, high);
    }
  });
}

function density(columns, lines) {
  const { grid, owner, image } = sheet;
  // Full strength at the 95th percentile, so that one burst does not wash out the rest.
  const of = new Uint32Array(65536);
  for (let i = 0; i < grid.length; i++) of[grid[i]]++;
  const lit = grid.length - of[0];
  let most = 1;
  for (let n = 1, sum = 0; n < 65536 && sum < 0.95 * lit; n++) { sum += of[n]; most = n; }
  const alpha = new Uint32Array(most + 1);
  for (let n = 1; n <= most; n++) alpha[n] = (255 * (0.35 + 0.65 * Math.sqrt(n / most))) << 24;
  const pixels = new Uint32Array(image.data.buffer); // red is the lowest byte
  const colors = populations.map((p) => p.rgb[0] | p.rgb[1] << 8 | p.rgb[2] << 16);
  for (let y = 0, at = 0; y < lines; y++) {
    const color = colors.length ? colors[owner[y]] : 0;
    for (const stop = at + columns; at < stop; at++) {
      const n = grid[at];
      pixels[at] = n === 0 ? 0 : alpha[n < most ? n : most] | color;
    }
  }
  // Through a canvas of its own, so that what lies below shines through.
  sheet.pen.putImageData(image, 0, 0);
  pen.drawImage(sheet.canvas, box.left, box.raster.top, box.right - box.left, box.raster.bottom - box.raster.top);
}

// Counts per pixel, and the image that they become: kept from frame to frame.
const sheet = {};
function fit(columns, lines) {
  if (sheet.columns === columns && sheet.lines === lines) return void sheet.grid.fill(0);
  const canvas = new OffscreenCanvas(columns, lines);
  Object.assign(sheet, { columns, lines, canvas, pen: canvas.getContext("2d"), image: new ImageData(columns, lines) });
  Object.assign(sheet, { grid: new Uint16Array(columns * lines), owner: new Uint16Array(lines) });
}

// Of each row the lines that it covers, HIDDEN or OUTSIDE; a row that is several lines high is counted on each of them.
const HIDDEN = -2, OUTSIDE = -1;
const tops = new Int32Array(meta.rows), ends = new Int32Array(meta.rows);
function spread(lines) {
  const perLine = lines / (view.r1 - view.r0), first = Math.floor(view.r0);
  for (let r = 0; r < meta.rows; r++) {
    const at = place[r];
    if (at < 0) { tops[r] = HIDDEN; continue; }
    if (at < first || at >= view.r1) { tops[r] = OUTSIDE; continue; }
    const y = Math.floor((at - view.r0) * perLine);
    tops[r] = Math.max(0, y);
    ends[r] = Math.min(lines, Math.max(y + 1, Math.floor((at + 1 - view.r0) * perLine)));
    if (sheet.owner) sheet.owner.fill(popOf[r], tops[r], ends[r]);
  }
  return { top: tops, end: ends };
}

// Places from `first` to `last` that are at least `gap` apart, each as near as that allows to the one that is wanted; those rise.
function apart(wanted, gap, first, last) {
  const blocks = []; // what would touch stands around the mean of what its members want
  wanted.forEach((w, k) => {
    let block = { sum: w - k * gap, n: 1 };
    for (let above = blocks[blocks.length - 1]; above && above.sum / above.n > block.sum / block.n; above = blocks[blocks.length - 1]) {
      block = { sum: block.sum + above.sum, n: block.n + above.n };
      blocks.pop();
    }
    blocks.push(block);
  });
  const most = Math.max(first, last - (wanted.length - 1) * gap);
  let k = 0;
  return blocks.flatMap(({ sum, n }) => Array.from({ length: n }, () => Math.min(Math.max(sum / n, first), most) + gap * k++));
}

// The names beside their rows; a line leads to the rows of those that have no room there. Of more than there is room for some are named.
function names(list) {
  const { left, raster } = box, gap = 15;
  const each = Math.max(1, Math.ceil(list.length / (Math.floor((raster.bottom - raster.top) / gap) + 1)));
  const named = list.filter((_, k) => k % each === 0);
  const places = apart(named.map((one) => one.middle), gap, raster.top, raster.bottom);
  pen.font = "bold 13px 'DejaVu Sans', Verdana, sans-serif";
  pen.textAlign = "left";
  pen.lineWidth = 1;
  named.forEach(({ p, middle }, k) => {
    pen.fillStyle = pen.strokeStyle = p.color;
    pen.fillText(p.name, 12, places[k], 150);
    if (Math.abs(places[k] - middle) < 5) return;
    pen.beginPath();
    pen.moveTo(16 + Math.min(150, pen.measureText(p.name).width), places[k]);
    pen.lineTo(left - 6, middle);
    pen.stroke();
  });
}

function bands() {
  const { left, right, raster } = box, list = [];
  pen.textBaseline = "middle";
  for (const p of populations) {
    if (!p.on || p.count === 0) continue;
    const first = place[p.first];
    const top = Math.max(py(first), raster.top), bottom = Math.min(py(first + p.count), raster.bottom);
    if (bottom <= raster.top || top >= raster.bottom) continue;
    if (top > raster.top) { pen.fillStyle = "#888"; pen.fillRect(left, Math.round(top), right - left, 1); }
    list.push({ p, middle: (top + bottom) / 2 });
    pen.font = SMALL;
    pen.fillStyle = "#555";
    pen.textAlign = "right";
    if (bottom - top < 16) continue;
    const low = Math.max(0, view.r0 - first), high = Math.min(p.count, view.r1 - first);
    const marks = ticksOf(low, high, Math.max(1, (bottom - top) / 50));
    for (const v of marks.values) {
      const y = py(first + v + 0.5);
      // A number at a population's end would touch its neighbour's first.
      const crowded = v > 0 && (bottom + rowHeight() / 2 - y < 14 || y > raster.bottom - 9);
      if (!Number.isInteger(v) || v >= p.count || y < raster.top || y > raster.bottom || crowded) continue;
      pen.fillText(String(member(p, v)), left - 8, y);
      pen.fillRect(left - 5, Math.round(y), 5, 1);
    }
  }
  if (populations.length > 1) names(list);
}
const member = (p, k) => p.members ? p.members[k] : k;

function yAxis(panel, low, high, name) {
  const y = (v) => panel.bottom - (v - low) / (high - low) * (panel.bottom - panel.top);
  const wanted = Math.max(1, Math.floor((panel.bottom - panel.top) / 26));
  // A number alone tells nothing of the others: on a low axis two stand closer than one would like.
  const tries = [0, 1, 2, 3].map((more) => ticksOf(low, high, wanted + more));
  const apart = (found) => found.values.length > 1 && y(found.values[0]) - y(found.values[1]) >= 12;
  const marks = tries.find(apart) || tries.find((found) => found.values.length > 0) || tries[0];
  pen.font = SMALL;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const v of marks.values) {
    const text = label(v, marks.step);
    tickRoom = Math.max(tickRoom, Math.ceil(pen.measureText(text).width));
    pen.fillStyle = "#e6e6e6";
    pen.fillRect(box.left, Math.round(y(v)), box.right - box.left, 1);
    pen.fillStyle = "#555";
    pen.fillText(text, box.left - 8, y(v));
  }
  pen.save();
  pen.translate(16, (panel.top + panel.bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "center";
  pen.fillStyle = "#222";
  pen.fillText(name, 0, 0, panel.bottom - panel.top + 8);
  pen.restore();
  return y;
}

// Was a spike observed? In what was not it is drawn, but in no rate. The end of a span is in no bin: the last would count both its edges.
const spanTicks = (spans) => spans.map(([a, b]) => [Math.round((a - meta.origin) / meta.tick), (b - meta.origin) / meta.tick - 0.5]);
const spansOfAll = meta.observed && spanTicks(meta.observed), spansOf = aligned && aligned.observed && aligned.observed.map(spanTicks);
function observedAt(tick, row) {
  const spans = spansOfAll || (spansOf && spansOf[row]);
  if (!spans) return true;
  let low = 0, high = spans.length; // the first span that begins later
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle][0] <= tick) low = middle + 1; else high = middle;
  }
  return low > 0 && tick < spans[low - 1][1];
}

let lastRates = []; // of each population, by bin (Hz)
// How long each bin was within spans of time (s), added to what there is.
function within(spans, bins, width, sum) {
  for (const [a, b] of spans) {
    const low = (a - view.t0) / width, high = (b - view.t0) / width;
    for (let i = Math.max(0, Math.floor(low)); i < Math.min(bins, high); i++) sum[i] += width * (Math.min(high, i + 1) - Math.max(low, i));
  }
  return sum;
}
// How long each bin was observed in the trials of a group (s).
function watched(p, bins, width) {
  const sum = new Float64Array(bins);
  for (let r = p.first; r < p.first + p.count; r++) within(aligned.observed[r], bins, width, sum);
  return sum;
}
function rates(counts, bins) {
  const width = (view.t1 - view.t0) / bins, units = aligned && only < 0 ? Math.max(1, aligned.units.length) : 1;
  // Over gaps and beyond the ends of what was observed nothing is known, which is not 0; nor is it of a sliver of a bin.
  const seen = meta.observed ? within(meta.observed, bins, width, new Float64Array(bins)) : null;
  const known = (i) => (!seen || seen[i] > (1 - 1e-9) * width ? width : seen[i] < 0.25 * width ? NaN : seen[i]);
  const hz = populations.map((p, k) => {
    const seconds = aligned && aligned.observed ? watched(p, bins, width) : null;
    // What was observed for less than half a bin of one trial has no rate.
    const rate = (n, i) => seconds ? (seconds[i] < width / 2 ? NaN : n / (seconds[i] * units)) : n / (known(i) * Math.max(1, p.units) * units);
    return counts.subarray(k * bins, (k + 1) * bins).map(rate);
  });
  const top = Math.max(0, ...hz.map((c) => c.reduce((a, b) => (b > a ? b : a), 0)));
  lastRates = hz;
  const y = yAxis(box.rate, 0, top > 0 ? 1.08 * top : 1, "rate (Hz)");
  hz.forEach((c, k) => {
    if (!populations[k].on) return;
    pen.strokeStyle = populations[k].color;
    pen.lineWidth = 1.4;
    pen.beginPath();
    c.forEach((v, i) => {
      if (Number.isNaN(v)) return;
      const x0 = px(view.t0 + i * width), x1 = px(view.t0 + (i + 1) * width);
      if (i === 0 || Number.isNaN(c[i - 1])) pen.moveTo(x0, y(v)); else pen.lineTo(x0, y(v));
      pen.lineTo(x1, y(v));
    });
    pen.stroke();
  });
}

function signal(s, panel) {
  let low = Infinity, high = -Infinity;
  // One more on either side: the curve goes on to the edges.
  const reach = (found) => (found < 0 ? s.times.length : found);
  const first = Math.max(0, reach(s.times.findIndex((t) => t >= view.t0)) - 1);
  const end = Math.min(s.times.length, reach(s.times.findIndex((t) => t > view.t1)) + 1);
  const inside = Array.from({ length: Math.max(0, end - first) }, (_, n) => first + n);
  for (const column of s.columns) for (const i of inside) if (column[i] !== null) { low = Math.min(low, column[i]); high = Math.max(high, column[i]); }
  if (!(low < high)) { low = (Number.isFinite(low) ? low : 0) - 1; high = low + 2; }
  const room = 0.05 * (high - low);
  const y = yAxis(panel, low - room, high + room, s.unit ? `${s.name} (${s.unit})` : s.name);
  pen.save();
  pen.beginPath();
  pen.rect(box.left, panel.top, box.right - box.left, panel.bottom - panel.top);
  pen.clip();
  s.columns.forEach((column, k) => {
    pen.strokeStyle = meta.colors[k % meta.colors.length];
    pen.lineWidth = 1.4;
    pen.beginPath();
    pen.fillStyle = pen.strokeStyle;
    let down = false;
    inside.forEach((i, n) => {
      if (column[i] === null) { down = false; return; }
      const x = px(s.times[i]), at = y(column[i]), next = inside[n + 1];
      const far = (a, b) => s.gap !== null && s.times[b] - s.times[a] > s.gap;
      if (down && far(inside[n - 1], i)) down = false;
      // A sample that stands alone is a dot.
      if (!down && (next === undefined || column[next] === null || far(i, next))) pen.fillRect(x - 1.5, at - 1.5, 3, 3);
      if (down) pen.lineTo(x, at); else pen.moveTo(x, at);
      down = true;
    });
    pen.stroke();
  });
  pen.restore();
  // Which colour is which column.
  pen.font = SMALL;
  pen.textAlign = "right";
  pen.textBaseline = "top";
  let x = box.right - 4;
  for (let k = s.names.length - 1; k >= 0; k--) {
    pen.fillStyle = meta.colors[k % meta.colors.length];
    pen.fillText(s.names[k], x, panel.top + 2);
    x -= pen.measureText(s.names[k]).width + 8;
  }
}

function timeTicks() {
  const scale = view.t1 - view.t0 <= 2 && Math.abs(view.t0) < 100 ? 1000 : 1;
  const found = ticksOf(view.t0 * scale, view.t1 * scale, Math.max(2, (box.right - box.left) / 110));
  return { scale, unit: scale === 1000 ? "ms" : "s", ...found };
}

function axes(time) {
  const { left, right } = box, panels = [box.raster, box.rate, ...box.signals];
  pen.fillStyle = "#888";
  for (const p of panels) {
    pen.fillRect(left - 1, p.top, 1, p.bottom - p.top);
    pen.fillRect(left - 1, p.bottom, right - left + 1, 1);
  }
  const bottom = panels[panels.length - 1].bottom;
  pen.font = SMALL;
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (const v of time.values) {
    const x = px(v / time.scale);
    pen.fillStyle = "#888";
    pen.fillRect(Math.round(x), bottom, 1, 5);
    pen.fillStyle = "#555";
    const text = label(v, time.step);
    // Cut at the page's edge it would be another number.
    if (x + pen.measureText(text).width / 2 <= right + EDGE) pen.fillText(text, x, bottom + 7);
  }
  pen.fillStyle = "#222";
  pen.font = "13px 'DejaVu Sans', Verdana, sans-serif";
  pen.fillText(`${aligned ? "time from event" : "time"} (${time.unit})`, (left + right) / 2, bottom + 23);
  if (populations.length === 1) {
    pen.save();
    pen.translate(16, (box.raster.top + box.raster.bottom) / 2);
    pen.rotate(-Math.PI / 2);
    pen.textBaseline = "middle";
    pen.fillText(meta.noun.slice(0, -1), 0, 0, box.raster.bottom - box.raster.top);
    pen.restore();
  }
  if (aligned && view.t0 < 0 && view.t1 > 0) {
    pen.fillStyle = "#888";
    for (const p of panels) pen.fillRect(Math.round(px(0)), p.top, 1, p.bottom - p.top);
  }
}

function caption() {
  const units = populations.reduce((sum, p) => sum + (p.on ? p.count : 0), 0);
  const some = (n, noun) => `${n.toLocaleString("en")} ${n === 1 ? noun.slice(0, -1) : noun}`;
  const of = !aligned ? some(units, meta.noun) : `${only < 0 ? some(aligned.units.length, "units") : aligned.units[only]} in ${some(units, "trials")}`;
  const parts = [`${some(stats.spikes, "spikes")} of ${of}`];
  if (aligned) parts.push(`0: ${aligned.event}`);
  if (meta.shaded) parts.push(`shaded: ${meta.shaded}`);
  if (stats.dense) parts.push("binned at the screen's pixels, darker where more fell");
  if (stats.step > 1) parts.push(`one in ${stats.step} of them is drawn`);
  if (dropped > 0) parts.push(`${dropped.toLocaleString("en")} earlier ones have left the page`);
  byId("caption").textContent = parts.join("; ") + "." + (meta.note ? " " + meta.note : "");
}

// Moving about.
function hold() {
  const least = Math.max(meta.tick * 20, (full.t1 - full.t0) * 1e-9);
  let span = Math.min(Math.max(view.t1 - view.t0, least), full.t1 - full.t0);
  view.t0 = Math.min(Math.max(view.t0, full.t0), full.t1 - span);
  view.t1 = view.t0 + span;
  const all = Math.max(shown, 1), tall = Math.min(Math.max(view.r1 - view.r0, Math.min(1, all)), all);
  view.r0 = Math.min(Math.max(view.r0, 0), all - tall);
  view.r1 = view.r0 + tall;
}
function zoom(factor, x, y) {
  if (x !== null) {
    const t = view.t0 + (x - box.left) / (box.right - box.left) * (view.t1 - view.t0);
    view.t0 = t - (t - view.t0) * factor;
    view.t1 = t + (view.t1 - t) * factor;
    unfollow();
  }
  if (y !== null) {
    const r = view.r0 + (y - box.raster.top) / rowHeight();
    view.r0 = r - (r - view.r0) * factor;
    view.r1 = r + (view.r1 - r) * factor;
  }
  hold();
  redraw();
}
let resting = 0;
function move() { // coarse while things move, fine at rest
  moving = true;
  clearTimeout(resting);
  resting = setTimeout(() => { moving = false; if (stats.step > 1) redraw(); }, 160);
}
function showAll() {
  Object.assign(view, { t0: full.t0, t1: full.t1, r0: 0, r1: Math.max(shown, 1) });
  redraw();
}
over.addEventListener("wheel", (e) => {
  e.preventDefault();
  move();
  const turned = e.deltaY || e.deltaX, factor = Math.exp(Math.max(-200, Math.min(200, turned)) * 0.0025);
  if (e.shiftKey) zoom(factor, null, e.offsetY); else zoom(factor, e.offsetX, null);
}, { passive: false });
let grip = null;
over.addEventListener("pointerdown", (e) => {
  over.setPointerCapture(e.pointerId);
  grip = { x: e.offsetX, y: e.offsetY };
  over.classList.add("moving");
});
over.addEventListener("pointermove", (e) => {
  if (!grip) return point(e.offsetX, e.offsetY);
  move();
  const dt = (e.offsetX - grip.x) / (box.right - box.left) * (view.t1 - view.t0), dr = (e.offsetY - grip.y) / rowHeight();
  if (dt !== 0) unfollow();
  view.t0 -= dt; view.t1 -= dt; view.r0 -= dr; view.r1 -= dr;
  grip = { x: e.offsetX, y: e.offsetY };
  hold();
  redraw();
});
const release = () => { grip = null; over.classList.remove("moving"); };
over.addEventListener("pointerup", release);
over.addEventListener("pointercancel", release);
over.addEventListener("pointerleave", () => { tip.hidden = true; hint.clearRect(0, 0, box.width, box.height); });
over.addEventListener("dblclick", showAll);
byId("in").onclick = () => zoom(0.5, (box.left + box.right) / 2, null);
byId("out").onclick = () => zoom(2, (box.left + box.right) / 2, null);
byId("all").onclick = showAll;
window.addEventListener("keydown", (e) => {
  const step = 0.2 * (view.t1 - view.t0), shift = (d) => { unfollow(); view.t0 += d; view.t1 += d; hold(); redraw(); };
  const act = { "+": byId("in").onclick, "=": byId("in").onclick, "-": byId("out").onclick, "0": showAll,
    ArrowLeft: () => shift(-step), ArrowRight: () => shift(step) }[e.key];
  if (act && !e.ctrlKey && !e.metaKey) { e.preventDefault(); act(); }
});
window.addEventListener("resize", redraw);

// The spike nearest to the pointer: at most eight pixels away.
function nearest(x, y) {
  const reach = 8, t = (d) => view.t0 + (x + d - box.left) / (box.right - box.left) * (view.t1 - view.t0);
  let from = firstAt(t(-reach)), to = firstAt(t(reach));
  if (to - from > 400000) { const middle = firstAt(t(0)); from = Math.max(from, middle - 200000); to = Math.min(to, middle + 200000); }
  let best = -1, least = reach * reach;
  for (let i = from; i < to; i++) {
    const at = place[rows[i]];
    if (at < 0 || (only >= 0 && unitOf[i] !== only)) continue;
    const dx = px(seconds(i)) - x;
    // Anywhere on a tall row is on it.
    const dy = Math.max(0, Math.abs(py(at + 0.5) - y) - rowHeight() / 2);
    const away = dx * dx + dy * dy;
    if (away < least) { least = away; best = i; }
  }
  return best;
}
function named(i) {
  const p = populations[popOf[rows[i]]], k = rows[i] - p.first;
  const who = populations.length > 1 || p.name !== "units" ? `${p.name}[${member(p, k)}]` : `unit ${member(p, k)}`;
  const t = seconds(i), digits = Math.max(0, Math.min(9, Math.ceil(-Math.log10(Math.max(meta.tick, (view.t1 - view.t0) / 1e5)))));
  if (aligned) {
    const at = aligned.events[rows[i]].toFixed(3).replace("-", "\u2212");
    // Sorted by group, rows are not counted as trials are.
    const trial = populations.length > 1 ? `row ${member(p, k)}, trial` : `trial ${member(p, k)}`;
    return `${aligned.units[unitOf[i]]}, ${trial} at ${at} s  ${t.toFixed(digits).replace("-", "\u2212")} s`;
  }
  return `${who}  ${t.toFixed(digits).replace("-", "\u2212")} s`;
}
function point(x, y) {
  hint.clearRect(0, 0, box.width, box.height);
  const inside = x >= box.left && x <= box.right && y >= box.raster.top && y <= box.raster.bottom;
  const i = inside ? nearest(x, y) : -1;
  tip.hidden = i < 0;
  if (i < 0) return;
  tip.textContent = named(i);
  const at = { x: px(seconds(i)), y: py(place[rows[i]] + 0.5) };
  hint.strokeStyle = "#222";
  hint.lineWidth = 1.5;
  hint.beginPath();
  hint.arc(at.x, at.y, 6, 0, 7);
  hint.stroke();
  const wide = tip.offsetWidth;
  tip.style.left = `${at.x + 14 + wide > box.width ? at.x - 14 - wide : at.x + 14}px`;
  tip.style.top = `${Math.max(0, at.y - 30)}px`;
}

// Populations on and off.
if (populations.length > 1) {
  for (const p of populations) {
    const item = document.createElement("label"), tick = document.createElement("input");
    tick.type = "checkbox";
    tick.checked = true;
    tick.onchange = () => { p.on = tick.checked; arrange(); view.r0 = 0; view.r1 = Math.max(shown, 1); redraw(); };
    item.append(tick, " " + p.name);
    item.style.color = p.color;
    byId("legend").append(item);
  }
}
byId("title").textContent = meta.title;
if (aligned) {
  byId("what").textContent = "trials";
  byId("told").textContent = "its unit, its trial, and its time from the event";
  if (aligned.units.length > 1) {
    const choose = byId("choose"), list = choose.querySelector("select");
    choose.hidden = false;
    ["all", ...aligned.units].forEach((name, i) => list.append(new Option(name, i - 1)));
    list.onchange = () => { only = Number(list.value); redraw(); };
  }
}

// A simulation that runs: new spikes every now and then, seen through a window at its end.
const followBox = byId("follow").querySelector("input");
function unfollow() { followBox.checked = false; }
let known = 0, now = meta.start, done = !meta.live;
function grow(size) {
  if (size <= ticks.length) return;
  const room = Math.max(size, 2 * ticks.length, 65536);
  for (const [old, set] of [[ticks, (v) => { ticks = v; }], [rows, (v) => { rows = v; }]]) {
    const more = new Uint32Array(room);
    more.set(old.subarray(0, count));
    set(more);
  }
}
function take(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const said = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  if (said.from !== known) { count = 0; dropped = said.from; }
  const start = 4 + Math.ceil(size / 4) * 4;
  grow(count + said.spikes);
  ticks.set(new Uint32Array(buffer, start, said.spikes), count);
  rows.set(new Uint32Array(buffer, start + 4 * said.spikes, said.spikes), count);
  if (count + said.spikes > meta.keep) { // the oldest half goes
    const all = count + said.spikes, rest = Math.floor(meta.keep / 2);
    ticks.copyWithin(0, all - rest, all);
    rows.copyWithin(0, all - rest, all);
    dropped += all - rest;
    count = rest;
  } else {
    count += said.spikes;
  }
  known = said.from + said.spikes;
  now = said.now;
  done = said.done;
  byId("title").textContent = `${meta.title}: ${now.toFixed(3)} of ${meta.stop} s${done ? ", done" : ""}`;
  byId("energy").textContent = said.energy;
  if (followBox.checked) {
    const span = Math.min(view.t1 - view.t0, full.t1 - full.t0), width = span === full.t1 - full.t0 ? Math.min(2, span) : span;
    view.t1 = Math.max(now, full.t0 + width);
    view.t0 = view.t1 - width;
    hold();
  }
  redraw();
}
async function listen() {
  try {
    const answer = await fetch(`${meta.live}?from=${known}`, { cache: "no-store" });
    take(await answer.arrayBuffer());
  } catch (error) {
    byId("title").textContent = `${meta.title}: the program has ended`;
    done = true;
  }
  if (!done) setTimeout(listen, 250);
}
if (meta.live) { byId("follow").hidden = false; listen(); }

// For scripts and tests that drive the page.
window.memspike = {
  view, nearest, named, draw, rates: () => lastRates.map((c) => Array.from(c)), stats: () => stats, count: () => count, pixel: (t, r) => [px(t), py(r + 0.5)],
  go: (t0, t1) => { view.t0 = t0; view.t1 = t1; hold(); draw(); },
};
draw();
