"""Compares pulse devices in a network with a Monte Carlo in numpy: random parameters, spreads, noises, faults and ageing.

    python check_devices.py MEMSPIKE [CASES [SEED]]

MEMSPIKE is the program; CASES (default 60) are drawn from SEED (default 1). In each, 3000 synapses get the same pulses, up or down; what
they show at the end, and what a spike reads, must have the distribution of the equations that `memspike models` states: a
Kolmogorov-Smirnov test. Needs: pip install h5py numpy scipy. Exit code 0 if no p is below 1e-6.
"""

import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
from scipy.stats import ks_2samp

SYNAPSES, DRAWN, DELAY = 3000, 12000, 0.1


def law(r, g_min, g_max, dg_up, dg_down):
    """A device, its own parameters, and the size of a pulse's step from the conductance, direction and the devices' own constants."""
    span, mid, u = g_max - g_min, (g_min + g_max) / 2, r.uniform
    size = lambda up: dg_up if up else dg_down
    share = lambda g, c: (g - c["low"]) / (c["high"] - c["low"])
    kind = r.choice(["constant_step", "soft_bounds", "soft_bounds_reference", "linear_step", "exp_step", "pow_step", "piecewise_step", "querlioz"])
    if kind == "constant_step":
        return kind, {}, lambda g, up, c: size(up) * np.ones_like(g)
    if kind.startswith("soft_bounds"):
        toward = lambda g, up, c: (c["high"] - g) / (c["high"] - mid) if up else (g - c["low"]) / (mid - c["low"])
        return kind, {}, lambda g, up, c: size(up) * toward(g, up, c)
    if kind == "linear_step":
        p = {f"slope_{side}": u(-0.9, 0.9) for side in ("up", "down")}
        p.update({f"sigma_slope_{side}": r.choice([0, 0.2]) for side in ("up", "down")})
        return kind, p, lambda g, up, c: size(up) * (1 + (-c["slope_up"] if up else c["slope_down"]) * 2 * (g - mid) / span)
    if kind == "exp_step":
        p = dict(a_up=u(0, 0.05), a_down=u(0, 0.05), gamma_up=u(0, 5), gamma_down=u(0, 5), a=u(0.1, 0.5), b=u(-0.2, 0.2))
        rise = lambda z: np.maximum(1 - p["a_up"] * np.exp(p["gamma_up"] * z), 0)
        fall = lambda z: np.maximum(1 - p["a_down"] * np.exp(-p["gamma_down"] * z), 0)
        at = lambda g, c: p["a"] * 2 * (g - mid) / (c["high"] - c["low"]) + p["b"]
        return kind, p, lambda g, up, c: size(up) * (rise(at(g, c)) / rise(p["b"]) if up else fall(at(g, c)) / fall(p["b"]))
    if kind == "pow_step":
        p = dict(gamma_up=u(0, 2), gamma_down=u(0, 2))
        own = lambda c: (c["low"] + c["high"]) / 2
        rise = lambda g, c: (np.maximum(c["high"] - g, 0) / (c["high"] - own(c))) ** p["gamma_up"]
        fall = lambda g, c: (np.maximum(g - c["low"], 0) / (own(c) - c["low"])) ** p["gamma_down"]
        return kind, p, lambda g, up, c: size(up) * (rise if up else fall)(g, c)
    if kind == "piecewise_step":
        p = {f"factors_{side}": [u(0.2, 1) for _ in range(r.choice([2, 3, 5]))] for side in ("up", "down")}
        curve = lambda factors, x: np.interp(x, np.linspace(0, 1, len(factors)), factors)
        factors = lambda up: p["factors_up" if up else "factors_down"]
        return kind, p, lambda g, up, c: size(up) * curve(factors(up), share(g, c)) / curve(factors(up), 0.5)
    p = dict(beta_up=u(0, 3), beta_down=u(0, 3))
    return kind, p, lambda g, up, c: size(up) * np.exp(-p["beta_up"] * (share(g, c) - 0.5) if up else p["beta_down"] * (share(g, c) - 0.5))


def draw(r):
    """Parameters of a device: plain numbers, conductances, tables; what is not drawn is left at its default."""
    g_min, g_max = r.choice([0.0, 1e-6, 1e-5]), r.choice([1e-4, 2e-4])
    span = g_max - g_min
    siemens = dict(g_min=g_min, g_max=g_max, dg_up=r.uniform(0.01, 0.2) * span, dg_down=r.uniform(0.01, 0.2) * span)
    kind, plain, step = law(r, *siemens.values())
    some = lambda p, *values: r.choice(values) if r.random() < p else 0
    plain.update(sigma_d2d=some(0.5, 0.1, 0.5, 1.0), sigma_up_down=some(0.3, 0.05, 0.3), spread_down=some(0.3, 0.5, 2.0) or 1)
    plain.update(sigma_g_min=some(0.25, 0.05, 0.2, 1.0), sigma_g_max=some(0.25, 0.05, 0.2, 1.0), levels=some(0.2, 2, 5, 16))
    plain.update(sigma_c2c=some(0.5, 0.1, 0.5, 5.0), noise_slope=some(0.2, 0.01, 0.1), read_noise=some(0.4, 0.05, 0.5))
    if r.random() < 0.25:
        plain.update(stuck_low=r.choice([0, 0.1]), stuck_high=r.choice([0, 0.2]), stuck_between=r.choice([0, 0.15]))
    for name, share in (("pulse_noise", 0.02), ("write_noise", 0.05), ("program_noise", 0.03)):
        siemens[name] = some(0.25, share * span)
    if kind == "soft_bounds_reference":
        siemens.update(reference=r.choice([0, 1e-5]), sigma_reference=r.choice([0, 3e-6]))
        plain["subtract_symmetry_point"] = r.choice([False, True])
    drift = some(0.25, (0.05, 0.0, 20.0), (0.5, 0.02, 0.005))
    retention = some(0.2, (0.05, g_min, 0.5), (1.0, 3e-5, 0.0))
    endurance = some(0.2, (1, 0.0), (2, 0.5), (3.5, 0.5))
    return kind, step, plain, siemens, drift, retention, endurance, r.choice(["normal", "lognormal"])


def table(kind, plain, siemens, drift, retention, endurance, d2d):
    """The device as a model file has it."""
    word = lambda value: str(value).lower() if isinstance(value, bool) else repr(value)
    text = f"[projection.p.device.{kind}]\n" + "".join(f"{key} = {word(value)}\n" for key, value in plain.items())
    text += "".join(f'{key} = "{value!r} S"\n' for key, value in siemens.items()) + f'd2d = "{d2d}"\n'
    if drift:
        text += f'drift = {{ nu = {drift[0]}, sigma_nu = {drift[1]}, t_0 = "{drift[2]} s" }}\n'
    if retention:
        text += f'retention = {{ tau = "{retention[0]} s", g_inf = "{retention[1]!r} S", sigma_tau = {retention[2]} }}\n'
    if endurance:
        text += f"endurance = {{ pulses = {endurance[0]}, sigma = {endurance[1]} }}\n"
    return text


def monte_carlo(rng, device, pulses, share, times):
    """What shows at each of `times` [ms] after pulses [(ms, up)] to devices that were set to a share of their range."""
    kind, step, p, s, drift, retention, endurance, d2d = device
    normal = lambda: rng.standard_normal(DRAWN)
    span, mid = s["g_max"] - s["g_min"], (s["g_min"] + s["g_max"]) / 2
    spread, skew = p["sigma_d2d"] * normal(), p["sigma_up_down"] * normal()
    gain = lambda times: np.expm1(spread * times) if d2d == "lognormal" else spread * times
    up = np.maximum(1 + gain(1) + skew, 0)
    down = np.maximum(1 + gain(p["spread_down"]) - skew * p["spread_down"], 0)
    low = np.maximum(mid - np.abs(span / 2 + p["sigma_g_min"] * span * normal()), 0)
    own = dict(low=low, high=mid + np.abs(span / 2 + p["sigma_g_max"] * span * normal()))
    for side in ("up", "down"):
        nominal, sigma = p.get(f"slope_{side}", 0), p.get(f"sigma_slope_{side}", 0)
        scattered = np.minimum(np.abs(nominal + sigma * normal()), 1) * (-1 if nominal < 0 else 1)
        own[f"slope_{side}"] = scattered if sigma else nominal
    reference = s.get("reference", 0) + s.get("sigma_reference", 0) * normal()
    if p.get("subtract_symmetry_point"):
        a, b = s["dg_up"] * up / (own["high"] - mid), s["dg_down"] * down / (mid - own["low"])
        nominal = (s["dg_up"] * s["g_max"] + s["dg_down"] * s["g_min"]) / (s["dg_up"] + s["dg_down"])
        whole = np.where(a + b > 0, a + b, 1)
        reference += np.where(a + b > 0, (a * own["high"] + b * own["low"]) / whole, mid) - nominal
    which, place = rng.random(DRAWN), rng.random(DRAWN)
    edges = np.cumsum([p.get("stuck_low", 0), p.get("stuck_high", 0), p.get("stuck_between", 0)])
    stuck = which < edges[2]
    place = np.where(which < edges[0], 0, np.where(which < edges[1], 1, place))
    g = np.clip(s["g_min"] + span * share + reference + s["program_noise"] * normal(), own["low"], own["high"])
    g = np.where(stuck, own["low"] + place * (own["high"] - own["low"]), g)
    life = endurance[0] * np.exp(endurance[1] * normal()) if endurance else np.full(DRAWN, np.inf)
    nu, scale = normal(), normal()

    def after(g, seconds):
        now = g
        if drift:
            now = now * ((seconds + drift[2]) / drift[2]) ** -np.maximum(drift[0] + drift[1] * nu, 0)
        if retention:
            now = retention[1] + (now - retention[1]) * np.exp(-seconds / (retention[0] * np.exp(retention[2] * scale)))
        return np.where(stuck, g, now)

    last = 0.0
    for number, (at, rises) in enumerate(pulses):
        g = after(g, (at - last) / 1000)
        size = step(g, rises, own) * (up if rises else -down)
        more = s["pulse_noise"] * (up if rises else down) + p["noise_slope"] * (g - s["g_min"])
        moved = g + size + (p["sigma_c2c"] * size + (more if rises else -more)) * normal()
        g = np.where(stuck | (number >= life), g, np.clip(moved, own["low"], own["high"]))
        last = at
    shown = []
    for at in times:
        now = after(g, (at - last) / 1000) + np.where(stuck, 0, s["write_noise"] * normal())
        now = np.maximum(now - reference, 0)
        if p["levels"]:
            steps = p["levels"] - 1
            now = s["g_min"] + np.clip(np.floor((now - s["g_min"]) / span * steps + 0.5), 0, steps) / steps * span
        shown.append(now)
    return shown, normal()


def check(program, folder, case, seed):
    r = random.Random(f"{seed} {case}")
    device = draw(r)
    kind, _, p, s, *_ = device
    count = r.choice([1, 2, 5, 9])
    rises = [r.random() < 0.6 for _ in range(count)]
    posts = [10.0 * (k + 1) for k in range(count)]
    end = 10.0 * (count + 1)
    # A spike of the source 1 ms before one of the target makes it a pulse up; the last one only reads.
    pres = [t - 1 for t, up in zip(posts, rises) if up] + [end - 0.5]
    share, (w_min, w_max) = r.choice([0.0, 1.0, 0.5, r.random()]), r.choice([(0.0, 1.0), (0.2, 2.0), (0.0, -3.0)])
    text = f'[simulation]\nduration = "{end} ms"\nseed = {case + 1}\n'
    for name, trains in (("pre", [pres]), ("post", [posts] * SYNAPSES)):
        text += f'[population.{name}]\nsource.spike_times = {{ values = {trains}, unit = "ms" }}\n'
    text += f'[projection.p]\nsource = "pre"\ntarget = "post"\nconnect = "all_to_all"\ndelay = "{DELAY} ms"\nw_min = {w_min}\nw_max = {w_max}\n'
    text += f'weight = {w_min + (w_max - w_min) * share!r}\nplasticity.querlioz = {{ t_ltp = "2 ms" }}\n' + table(kind, *device[2:])
    text += "[record]\nspikes = []\n" + "".join(f'[[record.weights]]\nprojection = "p"\non = "{on}"\n' for on in ("pre_spike", "end"))
    model, out = folder / "model.toml", folder / "out.h5"
    model.write_text(text)
    done = subprocess.run([program, "run", model, "-o", out, "--force"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + text
    with h5py.File(out) as result:
        rows = result["weights/p"]
        read = rows["weights"][:][rows["timestamps"][:] == end - 0.5]
        at_end = rows["snapshots/weights"][-1]
    pulses = [(t + DELAY, up) for t, up in zip(posts, rises)]
    (now, later), noise = monte_carlo(np.random.default_rng(seed * 100_000 + case), device, pulses, share, [end - 0.5 + DELAY, end])
    now = now * np.maximum(1 + p["read_noise"] * noise, 0)

    def likely(found, conductance):
        weight = w_min + (w_max - w_min) * (conductance - s["g_min"]) / (s["g_max"] - s["g_min"])
        # A weight keeps its sign. Many may be equal: rounding must not tell them apart.
        expected = np.where(weight * w_max < 0, 0, weight)
        found, expected = (np.round(x / abs(w_max - w_min) * 1e5) for x in (found, expected))
        if expected.min() == expected.max():
            return float(np.abs(found - expected[0]).max() <= 1)
        return ks_2samp(found, expected, method="asymp").pvalue

    return kind, min(likely(read, now), likely(at_end, later)), text


def main():
    program = Path(sys.argv[1]).resolve()
    cases, seed = [int(number) for number in (sys.argv[2:] + ["60", "1"][len(sys.argv) - 2 :])][:2]
    least, failures = {}, 0
    with tempfile.TemporaryDirectory() as name:
        for case in range(cases):
            kind, p, text = check(program, Path(name), case, seed)
            least.setdefault(kind, []).append(p)
            if p < 1e-6:
                failures += 1
                print(f"case {case} differs, p = {p:.1e}:\n{text[text.index('[projection') :]}", flush=True)
    for kind, found in sorted(least.items()):
        print(f"{kind:22} {len(found)} cases, smallest p {min(found):.2g}")
    sys.exit(f"{failures} cases differ" if failures else 0)


main()
