"""Compares what overlapping spikes do to physical devices with scipy: random devices, windows, waveforms, distances and states.

    python check_waveforms.py MEMSPIKE [CASES [SEED]]

MEMSPIKE is the program; CASES (default 70) are drawn from SEED (default 1), and three tenths as many more of devices whose tables are grids. The equations are those that `memspike models` states with their
papers, solved by scipy's implicit solver between the moments at which they change. Both columns of `memspike device stdp --json` must agree with
that: `dG_S`, solved pair by pair, and `dG_table_S`, the change that a network looks up, within the error that stands beside it.
Needs: pip install numpy scipy. Exit code 0 if all agree.
"""

import json
import math
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

PAIRS = 10
KINDS = ["hp", "nonlinear_drift", "team", "vteam", "yakopcic", "stanford_rram", "voltage_threshold"]
# Their rate is no product of functions of state and voltage.
GRIDS = ["team", "stanford_rram"]
# How near a state comes to an end of its range where motion vanishes at both.
NEAREST = 1e-8
# Between two solvers, of the largest change.
ALLOWED = 3e-6
K_OVER_Q = 1.3806503e-23 / 1.602176462e-19


def window(kind, p):
    """The window by its state (0 to 1) and direction; does it hold the state within?"""
    if kind == "rectangular":
        return lambda s, up: 1.0
    if kind == "joglekar":
        return lambda s, up: 1 - abs(2 * s - 1) ** (2 * p["p"])
    if kind == "biolek":
        return lambda s, up: 1 - abs(s if up else s - 1) ** (2 * p["p"])
    if kind == "prodromakis":
        return lambda s, up: p["j"] * (1 - ((s - 0.5) ** 2 + 0.75) ** p["p"])
    place = lambda name: (p[name] - p["x_on"]) / (p["x_off"] - p["x_on"])
    width = p["w_c"] / (p["x_off"] - p["x_on"])
    return lambda s, up: math.exp(-math.exp(min((s - place("a_off") if up else place("a_on") - s) / width, 700)))


class Device:
    """Its parameters as the program takes them, and its equations in a state s from 0 to 1."""

    levels = ()
    # Does it go on where its field falls below a limit only as fast as the voltage rises?
    rest = None
    sticks = False

    def __init__(self, r, kinds=KINDS):
        u = r.uniform
        self.kind = r.choice(kinds)
        self.options, self.text = {}, {}
        getattr(self, self.kind)(r, u)
        self.text.update({key: repr(value) for key, value in self.options.items()})

    def windowed(self, r, kinds, p):
        kind = r.choice(kinds)
        self.sticks = kind in ("joglekar", "prodromakis")
        self.text["window"] = f"'{kind}'"
        p.update(p=r.choice([1.0, 2.0, r.uniform(1, 6)]), j=r.uniform(0.5, 2))
        self.options.update(p=p["p"], j=p["j"])
        return window(kind, p)

    def give(self, **quantities):
        for key, (value, unit) in quantities.items():
            self.text[key] = f"'{value!r} {unit}'"

    def hp(self, r, u):
        on, ratio, threshold = 10 ** u(1, 3), 10 ** u(0.5, 2.5), r.choice([0.0, u(0.2, 1.2)])
        speed = 10 ** u(-1, 3) * ratio
        # mu_v r_on/d^2 v/r_on = mu_v/d^2: per second and volt at x = 1.
        f = self.windowed(r, ["rectangular", "joglekar", "biolek", "prodromakis"], {})
        self.give(r_on=(on, "ohm"), r_off=(on * ratio, "ohm"), mu_v=(speed * 1e-16, "m^2/V/s"), v_threshold=(threshold, "V"))
        ohm = lambda s: on * s + on * ratio * (1 - s)
        self.levels = (-threshold, threshold) if threshold else ()
        self.rate = lambda s, v: 0.0 if abs(v) < threshold else speed * on * v / ohm(s) * f(s, v >= 0)
        self.siemens, self.sign, self.span, self.low, self.unit = lambda s: 1 / ohm(s), 1, 1.0, 0.0, ""

    def nonlinear_drift(self, r, u):
        m, a, n, alpha, beta, chi, gamma = r.choice([1, 3, 5, 7]), 10 ** u(-1, 3), u(0.8, 3), u(0.5, 3), 10 ** u(-7, -5), 10 ** u(-12, -9), u(1, 5)
        f = self.windowed(r, ["rectangular", "joglekar", "biolek", "prodromakis"], {})
        self.options.update(n=n, m=float(m))
        self.give(a=(a, "/s"), alpha=(alpha, "/V"), beta=(beta, "A"), chi=(chi, "A"), gamma=(gamma, "/V"), v_read=(0.1, "V"))
        self.rate = lambda s, v: a * f(s, v >= 0) * v**m
        self.siemens = lambda s: (s**n * beta * math.sinh(alpha * 0.1) + chi * math.expm1(gamma * 0.1)) / 0.1
        self.sign, self.span, self.low, self.unit = 1, 1.0, 0.0, ""

    def boundary(self, r, u, name, scale):
        """team and vteam: `scale` of the thresholds."""
        on, ratio, law = 10 ** u(1, 4), 10 ** u(0.5, 2), r.choice(["linear", "exponential"])
        x_on, span = r.choice([0.0, u(0, 2)]), u(1, 5)
        k, alpha = [10 ** u(-7, -4) for _ in "nf"], [r.choice([1.0, 3.0, u(1, 4)]) for _ in "nf"]
        threshold = [scale(on, ratio) for _ in "nf"]
        p = dict(x_on=x_on, x_off=x_on + span, a_on=x_on + u(0.4, 0.7) * span, a_off=x_on + u(0.3, 0.6) * span, w_c=u(0.02, 0.1) * span)
        f = self.windowed(r, ["rectangular", "joglekar", "biolek", "prodromakis", "kvatinsky"], p)
        self.options.update(alpha_on=alpha[0], alpha_off=alpha[1])
        self.text["law"] = f"'{law}'"
        unit = {"i": "A", "v": "V"}[name]
        self.give(r_on=(on, "ohm"), r_off=(on * ratio, "ohm"), k_on=(-k[0], "m/s"), k_off=(k[1], "m/s"))
        self.give(**{f"{name}_on": (-threshold[0], unit), f"{name}_off": (threshold[1], unit)})
        self.give(**{key: (p[key], "nm") for key in ("x_on", "x_off", "a_on", "a_off", "w_c")})
        ohm = (lambda s: on + on * (ratio - 1) * s) if law == "linear" else lambda s: on * ratio**s
        speed = [-k[0] / (span * 1e-9), k[1] / (span * 1e-9)]

        def rate(s, drive):
            up = drive > 0
            over = abs(drive) / threshold[up] - 1
            return speed[up] * over ** alpha[up] * f(s, up) if over > 0 else 0.0

        self.siemens, self.sign, self.span, self.low, self.unit = lambda s: 1 / ohm(s), -1, span, x_on, "nm"
        return rate, ohm, threshold

    def vteam(self, r, u):
        self.rate, _, (on, off) = self.boundary(r, u, "v", lambda on, ratio: u(0.2, 1.2))
        self.levels = (-on, off)

    def team(self, r, u):
        # The threshold is passed at some states and not at others.
        by_current, self.ohm, self.threshold = self.boundary(r, u, "i", lambda on, ratio: u(0.3, 1.2) / (on * ratio ** u(0, 1)))
        self.rate = lambda s, v: by_current(s, v / self.ohm(s))
        self.current = lambda s, v: v / self.ohm(s)

    def yakopcic(self, r, u):
        v_p, v_n, a_p, a_n, x_p, x_n = u(0.1, 1), u(0.1, 1), 10 ** u(0, 4), 10 ** u(0, 4), u(0.1, 0.9), u(0.1, 0.9)
        alpha_p, alpha_n, eta, b, a1 = u(0, 5), u(0, 5), r.choice([1.0, -1.0]), u(0.05, 3), 10 ** u(-6, -1)
        self.options.update(x_p=x_p, x_n=x_n, alpha_p=alpha_p, alpha_n=alpha_n, eta=eta)
        self.give(v_p=(v_p, "V"), v_n=(v_n, "V"), a_p=(a_p, "/s"), a_n=(a_n, "/s"), b=(b, "/V"), a1=(a1, "A"), v_read=(0.1, "V"))

        def rate(s, v):
            g = a_p * (math.exp(v) - math.exp(v_p)) if v > v_p else -a_n * (math.exp(-v) - math.exp(v_n)) if v < -v_n else 0.0
            if eta * v >= 0:
                f = math.exp(-alpha_p * (s - x_p)) * ((x_p - s) / (1 - x_p) + 1) if s >= x_p else 1.0
            else:
                f = math.exp(alpha_n * (s + x_n - 1)) * s / (1 - x_n) if s <= 1 - x_n else 1.0
            return eta * g * f

        self.levels, self.rate = (-v_n, v_p), rate
        self.siemens, self.sign, self.span, self.low, self.unit = lambda s: a1 * s * math.sinh(b * 0.1) / 0.1, eta, 1.0, 0.0, ""

    def voltage_threshold(self, r, u):
        off, on, i_o, v_th, v_o = 10 ** u(-7, -5), 10 ** u(-4.5, -3), 10 ** u(-6, -3), u(0.3, 1.2), u(0.08, 0.4)
        self.give(g_off=(off, "S"), g_on=(on, "S"), i_o=(i_o, "/ms"), v_th=(v_th, "V"), v_o=(v_o, "V"))
        self.levels = (-v_th, v_th)
        self.rate = lambda s, v: math.copysign(1e3 * i_o * (math.exp(abs(v) / v_o) - math.exp(v_th / v_o)), v) if abs(v) > v_th else 0.0
        self.siemens, self.sign, self.span, self.low, self.unit = lambda s: off + (on - off) * s, 1, 1.0, 0.0, ""

    def stanford_rram(self, r, u):
        vel, e_a, r_th, f_min, beta = 10 ** u(0, 1.5), u(0.55, 0.75), 10 ** u(2, 3.5), u(0.5, 1.5) * 1e9, u(0.5, 1.2)
        low, high, t_ox, i_0, g_0, v_0, t_0, gamma_0, a_0 = 0.2, 1.7, 12.0, 1e-3, 0.25, 0.25, 298.0, 16.0, 0.25
        if r.random() < 0.5:
            low, high, t_ox, i_0, g_0, v_0 = u(0.1, 0.4), u(1.0, 2.0), u(8, 14), 10 ** u(-4, -2.7), u(0.2, 0.35), u(0.2, 0.4)
            t_0, gamma_0, a_0 = u(280, 400), u(13, 19), u(0.2, 0.3)
        self.options.update(beta=beta, gamma_0=gamma_0)
        self.give(vel_0=(vel, "m/s"), e_a=(e_a, "eV"), r_th=(r_th, "K/W"), f_min=(f_min, "V/m"), i_0=(i_0, "A"), v_0=(v_0, "V"))
        self.give(t_ini=(t_0, "K"), **{key: (value, "nm") for key, value in dict(g_0=g_0, a_0=a_0, t_ox=t_ox, gap_min=low, gap_max=high).items()})
        gap = lambda s: low + (high - low) * s
        gamma = lambda s: gamma_0 - beta * gap(s) ** 3
        self.field = lambda s, v: gamma(s) * abs(v) / (t_ox * 1e-9) / f_min - 1
        self.current = current = lambda s, v: i_0 * math.exp(-gap(s) / g_0) * math.sinh(v / v_0)

        def moving(s, v):
            volt = K_OVER_Q * (t_0 + abs(v * current(s, v)) * r_th)
            return -vel * math.exp(-e_a / volt) * math.sinh(gamma(s) * a_0 / t_ox * v / volt) / ((high - low) * 1e-9)

        # Where the field meets its limit.
        def rest(v):
            cube = (gamma_0 - f_min * t_ox * 1e-9 / abs(v)) / beta
            return (math.copysign(abs(cube) ** (1 / 3), cube) - low) / (high - low)

        self.rest, self.rate = rest, moving
        self.siemens, self.sign, self.span, self.low, self.unit = lambda s: current(s, 0.1) / 0.1, 1, high - low, low, "nm"


class Spikes:
    """The waveform; times in seconds."""

    def __init__(self, r):
        scale = 10 ** r.uniform(-1, 0.5)
        self.height, self.depth = r.uniform(0.4, 1.3), r.choice([0.0, r.uniform(0.05, 0.5)])
        self.head, self.tail = scale * r.uniform(1e-3, 10e-3), scale * r.uniform(5e-3, 80e-3)
        self.rise, self.fall = self.head * r.uniform(0.3, 2), self.tail * r.uniform(0.3, 2)
        self.pre, self.post = r.choice([(1.0, 1.0), (1.0, 0.9), (r.uniform(0.5, 1.5), r.uniform(0.5, 1.5))])
        self.wiring = r.choice(["hebbian", "hebbian", "anti_hebbian"])
        values = dict(a_plus=(self.height, "V"), a_minus=(self.depth, "V"))
        times = dict(tail_plus=self.head, tail_minus=self.tail, tau_plus=self.rise, tau_minus=self.fall)
        values.update({key: (1e3 * t, "ms") for key, t in times.items()})
        self.text = {key: f"'{value!r} {unit}'" for key, (value, unit) in values.items()}
        self.text.update(alpha_pre=repr(self.pre), alpha_post=repr(self.post), wiring=f"'{self.wiring}'")

    def at(self, t):
        if -self.head <= t < 0:
            end = math.exp(-self.head / self.rise)
            return self.height * (math.exp(t / self.rise) - end) / (1 - end)
        if 0 <= t <= self.tail:
            end = math.exp(-self.tail / self.fall)
            return -self.depth * (math.exp(-t / self.fall) - end) / (1 - end)
        return 0.0

    def across(self, device, dt):
        sign = device.sign * (-1 if self.wiring == "anti_hebbian" else 1)
        return lambda t: sign * (self.post * self.at(t - dt) - self.pre * self.at(t))


def stretches(v, ends, levels):
    """Intervals within which the voltage has one sign, no level and no turn, as (start, end, voltage in it)."""
    scale = ends[-1] - ends[0]
    for a, b in zip(ends, ends[1:]):
        if b - a < 1e-11 * scale:
            continue
        # The ends of heads are jumps: their side of each.
        inside = 1e-13 * max(abs(a), abs(b)) + 1e-9 * (b - a)
        w = lambda t, a=a + inside, b=b - inside: v(min(max(float(t), a), b))
        ts = np.linspace(a, b, 801)
        values = np.array([w(t) for t in ts])
        cuts = {a, b}
        for k in range(1, len(ts) - 1):
            if (values[k] - values[k - 1]) * (values[k + 1] - values[k]) < 0:
                low, high = ts[k - 1], ts[k + 1]
                top = values[k] > values[k - 1]
                for _ in range(100):
                    c, d = low + 0.382 * (high - low), low + 0.618 * (high - low)
                    if (w(c) > w(d)) == top:
                        high = d
                    else:
                        low = c
                cuts.add(0.5 * (low + high))
        marks = sorted(cuts)
        for low, high in zip(marks, marks[1:]):
            for level in (0.0, *levels):
                if (w(low) - level) * (w(high) - level) < 0:
                    cuts.add(brentq(lambda t: w(t) - level, low, high, xtol=1e-15 * scale, rtol=1e-15))
        marks = sorted(cuts)
        yield from ((low, high, w) for low, high in zip(marks, marks[1:]) if high - low > 1e-12 * scale)


def integrate(rate, s, a, b, stop=None, low=0.0, high=1.0):
    """From s at a to b, or to where `stop` passes 0; held at the ends of the range. The time and the state."""
    past = lambda s, t: (s >= high and rate(min(s, high), t) >= 0) or (s <= low and rate(max(s, low), t) <= 0)
    if all(past(s, a + share * (b - a)) for share in (1e-6, 0.5, 1 - 1e-6)):
        return b, s
    # A little beyond, so that a state that rests at an end does not seem to pass it.
    beyond = 1e-9 * (high - low)
    lower, upper = (lambda t, y: y[0] - low + beyond), (lambda t, y: y[0] - high - beyond)
    lower.direction, upper.direction = -1, 1
    # In shares of the stretch: events are located to 1e-15 of whatever the unit of time is.
    at = lambda share: a + (b - a) * share
    events = [lower, upper]
    if stop:
        stops = lambda share, y: stop(at(share), y)
        stops.direction = stop.direction
        events.append(stops)
    for event in events:
        event.terminal = True
    f = lambda share, y: [(b - a) * rate(min(max(float(y[0]), low), high), at(share))]
    # Motion may begin within the stretch: no step over all of it.
    done = solve_ivp(f, (0, 1), [s], "Radau", rtol=1e-10, atol=1e-12, max_step=0.05, events=events)
    assert done.status >= 0, done.message
    t = b if done.status == 0 else at(float(done.t[-1]))
    return t, min(max(float(done.y[0, -1]), low), high)


def after(device, v, ends, s):
    """The state after a pair."""
    for a, b, w in stretches(v, ends, device.levels):
        middle = w(0.5 * (a + b))
        if middle == 0:
            continue
        if device.rest:
            s = with_limit(device, w, a, b, s)
        elif device.sticks:
            # In the logarithm of the odds, where nearness to an end is a number as any other.
            edge = math.log((1 - NEAREST) / NEAREST)
            share = lambda y: 1 / (1 + math.exp(-y))
            slope = lambda y, t: device.rate(share(y), w(t)) * (1 + math.exp(-y)) * (1 + math.exp(y))
            y = min(max(math.log(s / (1 - s)), -edge), edge)
            s = share(integrate(slope, y, a, b, low=-edge, high=edge)[1])
        else:
            s = integrate(lambda s, t: device.rate(s, w(t)), s, a, b)[1]
    return s


def with_limit(device, w, a, b, s):
    """Over a stretch within which the field may meet the limit below which nothing moves."""
    field = lambda t, y: device.field(min(max(float(y[0]), 0.0), 1.0), w(t))
    field.direction = -1
    grows = abs(w(b)) > abs(w(a))
    if field(a, [s]) < 0:
        if not grows or field(b, [s]) <= 0:
            return s
        a = brentq(lambda t: field(t, [s]), a, b, xtol=1e-15 * (b - a), rtol=1e-15)
    rate = lambda s, t: device.rate(s, w(t))
    while a < b:
        ahead = 1e-6 * (b - a)
        place = [device.rest(w(t)) for t in (a, a + ahead)]
        # The gap follows the place of rest as the voltage rises, if just before that motion is faster than the place.
        if grows and w(b) < 0 and abs(s - place[0]) < 1e-8 and 0 <= s < 1 and rate(place[0], a) > (place[1] - place[0]) / ahead:
            return min(device.rest(w(b)), 1.0)
        t, s = integrate(rate, s, a, b, field)
        if not grows or s in (0.0, 1.0) or t <= a:
            break
        a = t
    return s


def case(program, number, seed, kinds=KINDS):
    r = random.Random(f"{seed} {number}")
    device, spikes = Device(r, kinds), Spikes(r)
    reach = spikes.head + spikes.tail
    distances = [r.choice([-1, 1]) * reach * 1.05 * r.random() ** r.choice([1, 1, 3]) for _ in range(PAIRS)]
    s = r.choice([r.uniform(0.02, 0.98), r.random() ** 3])
    state = device.low + device.span * s
    command = [program, "device", "stdp", device.kind, "--json", f"--state={state!r} {device.unit}".strip()]
    for flag, table in (("--set", device.text), ("--waveform", spikes.text)):
        command += [word for key, value in table.items() for word in (flag, f"{key}={value}")]
    command.append("--dt=" + ",".join(f"{1e3 * dt!r}ms" for dt in distances))
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + " ".join(map(str, command))
    found = json.loads(done.stdout)
    table = found["surface"]
    g0 = device.siemens(s)
    worst = [0.0, 0.0]
    largest = max(table["largest_S"], 1e-6 * abs(device.siemens(1.0) - device.siemens(0.0)))
    report = []
    for k, dt in enumerate(distances):
        # The pre spike is at 0.
        marks = sorted({t0 + t for t0 in (0.0, dt) for t in (-spikes.head, 0.0, spikes.tail)})
        expected = device.siemens(after(device, spikes.across(device, dt), marks, s)) - g0
        solved, looked_up = found["dG_S"][k], found["dG_table_S"][k]
        off = [abs(solved - expected) / largest / ALLOWED, abs(looked_up - expected) / largest / (table["error"] + ALLOWED)]
        if abs(dt) > reach and found["crosses_alone_V"] is not None:
            # Two look-ups one after the other, of which the second spreads what the first is wrong by.
            off[1] = 0.0
        worst = [max(a, b) for a, b in zip(worst, off)]
        report.append(f"dt {1e3 * dt!r} ms: expected {expected:.9e}, solved {solved:.9e}, table {looked_up:.9e}")
    if max(worst) > 1:
        print(f"case {number} ({device.kind}, s = {s!r}, largest {table['largest_S']:.3e}, error {table['error']:.1e}) differs:")
        print("  " + "\n  ".join(report))
        print("  " + " ".join(f"'{word}'" if " " in str(word) else str(word) for word in command), flush=True)
    return device.kind, worst, table["error"]


def main():
    program = Path(sys.argv[1]).resolve()
    cases, seed = [int(number) for number in (sys.argv[2:] + ["70", "1"][len(sys.argv) - 2 :])][:2]
    seen, failures = {}, 0
    for number in range(cases + 3 * cases // 10):
        kind, worst, error = case(program, number, seed, KINDS if number < cases else GRIDS)
        seen.setdefault(kind, []).append((*worst, error))
        failures += max(worst) > 1
    for kind, all_ in sorted(seen.items()):
        solved, table, error = (max(each[k] for each in all_) for k in range(3))
        print(f"{kind:18} {len(all_)} cases of {PAIRS} pairs: largest difference {solved * ALLOWED:.1e} of the largest change; of a table, "
              f"{table:.2f} of its stated error, {error:.0e} at most")
    sys.exit(f"{failures} cases differ" if failures else 0)


if __name__ == "__main__":
    main()
