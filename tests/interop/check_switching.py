"""Compares two-state devices, in networks and under `device pulses`, with the distributions that follow from their chances; and `device retention`
and `device stdp` with draws and solutions of their equations. Usage: check_switching.py MEMSPIKE [CASES [SEED]].

Needs: pip install h5py numpy scipy."""

import json
import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
from scipy.integrate import solve_ivp
from scipy.stats import chi2, norm

SYNAPSES = 3000
# Own factors of devices, at the middles of 2000 equally likely parts.
QUANTILES = norm.ppf((np.arange(2000) + 0.5) / 2000)


def run(program, *args):
    done = subprocess.run([program, *map(str, args)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + " ".join(map(str, args))
    return json.loads(done.stdout)


def lognormal(mean, sigma, least=0.0, most=math.inf):
    """Means of the first four powers of a lognormal number of this mean, held between two bounds, one of them open."""
    if sigma == 0 or mean == 0:
        x = min(max(mean, least), most)
        return [x**k for k in (1, 2, 3, 4)]
    bound = least if most == math.inf else most
    d = (math.log(bound / mean) + sigma**2 / 2) / sigma
    moments = []
    for k in (1, 2, 3, 4):
        whole = mean**k * math.exp(k * (k - 1) * sigma**2 / 2)
        above, below = whole * norm.cdf(k * sigma - d), whole * norm.cdf(d - k * sigma)
        moments.append(above + bound**k * norm.cdf(d) if most == math.inf else below + bound**k * norm.cdf(-d))
    return moments


class TwoState:
    def __init__(self, r):
        self.g_min, self.g_max = r.choice([0.0, 1e-6, 1e-5]), 1e-4
        self.p_up, self.p_down = r.choice([0.05, 0.2, 1.0, r.random()]), r.choice([0.02, 0.1, 1.0, r.random()])
        self.sigma, self.d2d = r.choice([0.0, 0.0, 0.1, 0.5, 1.0]), r.choice([0.0, 0.0, 0.3, 1.0])
        self.mid = (self.g_min + self.g_max) / 2

    def keys(self):
        return dict(g_min=f'"{self.g_min!r} S"', g_max=f'"{self.g_max!r} S"', p_up=self.p_up, p_down=self.p_down, sigma_switch=self.sigma, sigma_d2d=self.d2d)

    def states(self, high, pulses):
        """Chances, by device, of: low and never switched, low, high and never switched, high; after pulses (up?), from high with a chance."""
        own = np.maximum(1 + self.d2d * QUANTILES, 0)
        low0, low, high0, up = np.full_like(own, 1 - high), np.zeros_like(own), np.full_like(own, high), np.zeros_like(own)
        for rises in pulses:
            p = np.minimum((self.p_up if rises else self.p_down) * own, 1)
            if rises:
                low0, low, up = low0 * (1 - p), low * (1 - p), up + (low0 + low) * p
            else:
                high0, up, low = high0 * (1 - p), up * (1 - p), low + (high0 + up) * p
        return np.array([low0, low, high0, up])

    def moments(self, chances):
        """Mean, variance and fourth central moment of the conductance, the chance to be high, and the variance of devices' own means."""
        fixed = lambda g: [g**k for k in (1, 2, 3, 4)]
        kinds = [fixed(self.g_min), lognormal(self.g_min, self.sigma, most=self.mid), fixed(self.g_max), lognormal(self.g_max, self.sigma, least=self.mid)]
        own, *powers = (sum(p * kind[k] for p, kind in zip(chances, kinds)) for k in range(4))
        mean, (square, cube, fourth) = own.mean(), (x.mean() for x in powers)
        fourth += -4 * mean * cube + 6 * mean**2 * square - 3 * mean**4
        return mean, max(square - mean**2, 0), max(fourth, 0), (chances[2] + chances[3]).mean(), own.var()


def p_of_counts(found, chances):
    """Chi-square test of counts of each outcome; rare ones together."""
    order = np.argsort(chances)
    found, expected = np.asarray(found, float)[order], np.asarray(chances)[order] * sum(found)
    if ((expected < 1e-9 * sum(found)) & (found > 0)).any():
        return 0.0
    few = int(np.searchsorted(np.cumsum(expected), 10)) + 1
    found, expected = np.append(found[few:], found[:few].sum()), np.append(expected[few:], expected[:few].sum())
    keep = expected > 1e-6
    if keep.sum() < 2:
        return 1.0
    return chi2.sf((((found - expected) ** 2)[keep] / expected[keep]).sum(), keep.sum() - 1)


def p_of_moments(values, mean, variance):
    """Of the sample's mean, and of its variance by its own fourth moment."""
    n, scale = len(values), max(abs(mean), math.sqrt(variance), 1)  # Shares of a range.
    if variance <= 1e-18 * scale**2:
        return float(np.abs(values - mean).max() <= 1e-9 * scale)
    z = (values.mean() - mean) / math.sqrt(variance / n)
    centred = (values - mean) ** 2
    error = centred.std() / math.sqrt(n)
    z2 = (centred.mean() - variance) / error if error > 1e-9 * variance else (0.0 if abs(centred.mean() / variance - 1) < 1e-6 else 99.0)
    # The tails of a lognormal square converge slowly: the second test is a coarse one.
    return min(2 * norm.sf(abs(z)), 2 * norm.sf(abs(z2) / 1.7))


def network(program, folder, number, seed):
    r = random.Random(f"network {seed} {number}")
    device, n, pair = TwoState(r), r.choice([1, 1, 2, 3, 4]), r.choice(["none", "none", "one_sided", "push_pull"])
    w_min, w_max = r.choice([(0.0, 1.0), (0.2, 2.0), (0.0, -3.0)])
    share = r.choice([0.0, 1.0, 0.5, r.random()])
    start = w_min + (w_max - w_min) * share
    sides = 1 if pair == "none" else 2
    span = device.g_max - device.g_min
    if r.random() < 0.5:
        rule = 'plasticity.querlioz = { t_ltp = "2 ms" }\n'
        rises = [r.random() < 0.6 for _ in range(r.choice([1, 3, 8]))]
        posts = [10.0 * (k + 1) for k in range(len(rises))]
        pres = [t - 1 for t, up in zip(posts, rises) if up] + [10.0 * len(rises) + 9.5]
        sequences = [(1.0, rises)]
    else:
        # One change of a given size: some pulses for sure, and one more by chance.
        up = r.random() < 0.5
        amount = r.choice([0.02, 0.2, 0.9]) * r.random()
        rule = f"plasticity.stdp = {{ a_plus = {amount!r}, a_minus = {amount!r} }}\n"
        pres, posts = [9.0 if up else 15.0], [10.0]
        # tau 20 ms; a post spike acts on the synapse 0.1 ms, the delay, later.
        dw = amount * abs(w_max) * math.exp((-1.1 if up else -4.9) / 20)
        step = {"none": (device.p_up if up else device.p_down) * 1.0, "one_sided": device.p_up / 2, "push_pull": (device.p_up + device.p_down) / 2}[pair]
        wanted = dw / abs(w_max - w_min) * n / step
        whole, more = int(wanted), wanted - int(wanted)
        sequences = [(1 - more, [up] * whole), (more, [up] * (whole + 1))]
    text = f'[simulation]\nduration = "100 ms"\nseed = {number + 1}\n'
    for name, trains in (("pre", [pres]), ("post", [posts] * SYNAPSES)):
        text += f'[population.{name}]\nsource.spike_times = {{ values = {trains}, unit = "ms" }}\n'
    text += f'[projection.p]\nsource = "pre"\ntarget = "post"\nconnect = "all_to_all"\ndelay = "0.1 ms"\nw_min = {w_min}\nw_max = {w_max}\nweight = {start!r}\n{rule}'
    text += "[projection.p.device.two_state]\n" + "".join(f"{key} = {value}\n" for key, value in device.keys().items())
    text += f'devices = {n}\npair = "{pair}"\npulse_up = {{ v = "1 V", width = "1 ns" }}\npulse_down = {{ v = "1 V", width = "1 ns" }}\n'
    text += '[record]\nspikes = []\nweights = [{ projection = "p", on = "end" }]\n'
    (folder / "model.toml").write_text(text)
    summary = run(program, "run", folder / "model.toml", "-o", folder / "out.h5", "--force", "--json")
    with h5py.File(folder / "out.h5") as result:
        weights = result["weights/p/snapshots/weights"][-1]
    counts, mean, square, pulses = {}, 0.0, 0.0, [0.0, 0.0, 0.0]
    for chance, rises in sequences:
        hits = [[] for _ in range(n * sides)]
        turn = [0, 0]
        for up in rises:
            side = int(pair == "one_sided" and not up)
            k, turn[side] = turn[side], (turn[side] + 1) % n
            if pair == "push_pull":
                hits[k].append(up)
                hits[k + n].append(not up)
            else:
                hits[k + n * side].append(up if pair == "none" else True)
        first = [share, 1 - share] if pair != "one_sided" else [max(2 * share - 1, 0), max(1 - 2 * share, 0)]
        each = [device.moments(device.states(first[k // n], hits[k])) for k in range(n * sides)]
        sign = [1 if k < n else -1 for k in range(n * sides)]
        scale = 1 / n / span / sides
        m = sum(s * (e[0] - device.g_min) for s, e in zip(sign, each)) * scale + (0.5 if sides == 2 else 0)
        v = sum(e[1] for e in each) * scale**2
        mean, square = mean + chance * m, square + chance * (v + m * m)
        ways = {0: 1.0}
        for s, e in zip(sign, each):
            new = {}
            for level, p in ways.items():
                for step, q in ((s, e[3]), (0, 1 - e[3])):
                    new[level + step] = new.get(level + step, 0.0) + p * q
            ways = new
        for level, p in ways.items():
            counts[level] = counts.get(level, 0.0) + chance * p
        ups = sum(up for hit in hits for up in hit)
        pulses[0] += chance * ups
        pulses[1] += chance * (sum(map(len, hits)) - ups)
        pulses[2] += chance * sum(map(len, hits)) ** 2
    found = (weights - w_min) / (w_max - w_min)
    clipped = device.sigma > 0 and found.min() < 1e-9  # A weight keeps its sign.
    p = [1.0 if clipped else p_of_moments(found, mean, max(square - mean**2, 0))]
    if device.sigma == 0:
        levels = sorted(counts)
        seen = np.rint((found - (0.5 if sides == 2 else 0)) * n * sides).astype(int)
        p.append(p_of_counts([int((seen == level).sum()) for level in levels], [counts[level] for level in levels]))
    given = summary["projections"]["p"]["pulses"]
    total = sum(pulses[:2])
    spread = math.sqrt(max(SYNAPSES * (pulses[2] - total**2), 0))
    off = abs(given["set"] + given["reset"] - SYNAPSES * total)
    p.append(float(off < 1e-6 * SYNAPSES) if spread < 1e-6 * SYNAPSES else 2 * norm.sf(off / spread))
    return f"two_state, {pair}", min(p), text[text.index("[projection") :]


def pulses(program, folder, number, seed):
    r = random.Random(f"pulses {seed} {number}")
    device, cells, cycles = TwoState(r), 1500, 3
    share = r.choice([0.0, 0.0, 1.0, 0.4])
    rises = [r.random() < 0.6 for _ in range(5)]
    sets = [x for key, value in device.keys().items() for x in ("--set", f"{key}={value}")]
    sequence = "".join("+" if up else "-" for up in rises)
    found = run(program, "device", "pulses", "two_state", f"--sequence={sequence}", "--start", share, "--cells", cells, "--cycles", cycles, "--seed", number, "--json", *sets)
    p, nominal = [], device.g_min + share * (device.g_max - device.g_min)
    for k, up in enumerate(rises):
        nominal += device.p_up * (device.g_max - nominal) if up else -device.p_down * (nominal - device.g_min)
        p.append(float(abs(found["nominal_S"][k] - nominal) < 1e-12 * device.g_max))
        mean, variance, fourth, _, between = device.moments(device.states(share, rises[: k + 1]))
        # Cycles of one cell have its own factor in common: not all are independent.
        z = (found["mean_S"][k] - mean) / math.sqrt(variance / cells) if variance > 1e-18 * mean**2 else (found["mean_S"][k] - mean) / device.g_max * 1e9
        p.append(2 * norm.sf(abs(z)))
        if variance > 1e-18 * mean**2:
            # Variances within a cell and between cells, unbiased whatever the number of cycles, but that the second is held at 0.
            within = variance - between
            # Of squares around the mean: more than what is around a device's own, and than of means over cycles.
            error = math.sqrt(fourth / cells)
            for name, expected in (("cycles", within), ("cells", between)):
                p.append(2 * norm.sf(abs(found[f"std_{name}_S"][k] ** 2 - expected) / error))
    return "device pulses two_state", min(p), f"{sequence} from {share} {sets}"


def retention(program, folder, number, seed):
    r, rng = random.Random(f"retention {seed} {number}"), np.random.default_rng(seed * 10**6 + number)
    g_min, g_max, cells, drawn = r.choice([0.0, 1e-6]), r.choice([2.5e-5, 1e-4]), 4000, 100_000
    span, some = g_max - g_min, lambda p, *values: r.choice(values) if r.random() < p else 0
    p = dict(program=some(0.5, 0.02, 0.1) * span, write=some(0.4, 0.03) * span, levels=some(0.2, 4, 32), read=some(0.4, 0.05), pcm=r.random() < 0.3)
    stuck = [some(0.3, 0.1), some(0.3, 0.2), some(0.3, 0.15)]
    drift = None if p["pcm"] or r.random() < 0.4 else (r.choice([0.05, 0.3]), r.choice([0, 0.02]), r.choice([20.0, 1.0]))
    keep = some(0.5, 1) and (r.choice([100.0, 1e5]), r.choice([g_min, 0.3 * g_max]), r.choice([0, 0.5]), r.choice([0, 1.1]), r.choice([300.0, 360.0]))
    flicker = None if p["pcm"] or r.random() < 0.5 else (0.03, 2.5e-7)
    scatter = [some(0.3, 0.1), some(0.3, 0.1)]
    sets = {"g_min": f'"{g_min!r} S"', "g_max": f'"{g_max!r} S"', "program_noise": f'"{p["program"]!r} S"', "write_noise": f'"{p["write"]!r} S"', "levels": p["levels"]}
    sets |= {"read_noise": p["read"], "pcm_statistics": str(p["pcm"]).lower(), "sigma_g_min": scatter[0], "sigma_g_max": scatter[1]}
    sets |= dict(zip(("stuck_low", "stuck_high", "stuck_between"), stuck))
    if drift:
        sets["drift"] = f'{{ nu = {drift[0]}, sigma_nu = {drift[1]}, t_0 = "{drift[2]} s" }}'
    if keep:
        sets["retention"] = f'{{ tau = "{keep[0]} s", g_inf = "{keep[1]!r} S", sigma_tau = {keep[2]}, activation_energy = "{keep[3]} eV", temperature = "{keep[4]} K" }}'
    if flicker:
        sets["flicker"] = f'{{ q = {flicker[0]}, t_read = "{flicker[1]} s" }}'
    start, times = g_min + span * r.choice([0.1, 0.5, 1.0]), [0.0, 1.0, 1e3, 1e7]
    flags = [x for key, value in sets.items() for x in ("--set", f"{key}={value}")] + [x for t in times for x in ("--time", f"{t} s")]
    found = run(program, "device", "retention", "constant_step", "--start", f"{start!r} S", "--cells", cells, "--seed", number, "--json", *flags)["courses"][0]
    normal = lambda: rng.standard_normal(drawn)
    mid, share = (g_min + g_max) / 2, start / g_max
    low = np.maximum(mid - np.abs(span / 2 + scatter[0] * span * normal()), 0)
    high = mid + np.abs(span / 2 + scatter[1] * span * normal())
    fitted = (0.26348 + 1.9650 * share - 1.1731 * share**2) / 25 * g_max if p["pcm"] else 0.0
    g = np.clip(start + math.hypot(p["program"], fitted) * normal(), low, high)
    which, place, edges = rng.random(drawn), rng.random(drawn), np.cumsum(stuck)
    fixed = which < edges[2]
    g = np.where(fixed, low + np.where(which < edges[0], 0, np.where(which < edges[1], 1, place)) * (high - low), g)
    z, tau = normal(), normal()
    x = np.maximum(g / g_max, 1e-300)
    worst = 1.0
    for k, t in enumerate(times):
        now = g
        if p["pcm"]:
            nu = np.clip(-0.0155 * np.log(x) + 0.0244, 0.049, 0.1) + np.clip(-0.0125 * np.log(x) - 0.0059, 0.008, 0.045) * z
            now = now * ((t + 20) / 20) ** -np.maximum(nu, 0)
        if drift:
            now = now * ((t + drift[2]) / drift[2]) ** -np.maximum(drift[0] + drift[1] * z, 0)
        if keep:
            own = keep[0] * math.exp(keep[3] / 8.617333262e-5 * (1 / keep[4] - 1 / 300)) * np.exp(keep[2] * tau)
            now = keep[1] + (now - keep[1]) * np.exp(-t / own)
        now = np.maximum(np.where(fixed, g, now + p["write"] * normal()), 0)
        if p["levels"]:
            now = g_min + np.clip(np.floor((now - g_min) / span * (p["levels"] - 1) + 0.5), 0, p["levels"] - 1) / (p["levels"] - 1) * span
        q, t_read, t_0 = (np.minimum(0.0088 / np.maximum(x**0.65, 1e-3), 0.2), 2.5e-7, 20.0) if p["pcm"] else (flicker or (0.0, 2.5e-7)) + (0.0,)
        noise = np.sqrt((q * math.sqrt(max(math.log((t + t_0 + t_read) / (2 * t_read)), 0))) ** 2 + p["read"] ** 2) * np.ones(drawn)
        errors = 1 / cells + 1 / drawn
        spread = now.std()
        if spread < 1e-6 * g_max:
            # All have come to the same; what the last few still lack is as rare as they are.
            worst = min(worst, float(abs(found["mean_S"][k] - now.mean()) < 1e-5 * g_max and found["std_S"][k] < 1e-5 * g_max))
        else:
            fourth = ((now - now.mean()) ** 4).mean() / spread**4
            worst = min(worst, 2 * norm.sf(abs(found["mean_S"][k] - now.mean()) / spread / math.sqrt(errors)))
            worst = min(worst, 2 * norm.sf(abs((found["std_S"][k] / spread) ** 2 - 1) / math.sqrt(max(fourth - 1, 0.1) * errors)))
        error = max(noise.std() * math.sqrt(errors), 1e-9)
        worst = min(worst, 2 * norm.sf(abs(found["read_noise"][k] - noise.mean()) / error))
    return "device retention", worst, " ".join(flags)


def window(name, p, x, v):
    two_p = 2 * p
    if name == "joglekar":
        return 1 - abs(2 * x - 1) ** two_p
    if name == "biolek":
        return 1 - abs(x - (v < 0)) ** two_p
    if name == "prodromakis":
        return 1 - ((x - 0.5) ** 2 + 0.75) ** p
    return 1.0


def stdp(program, folder, number, seed):
    r = random.Random(f"stdp {seed} {number}")
    kind = r.choice(["voltage_threshold", "hp", "vteam"])
    shape = dict(a_plus=r.uniform(0.5, 1.2), a_minus=r.uniform(0.05, 0.4), tail_plus=r.choice([5.0, 2.0]), tail_minus=r.choice([75.0, 30.0]), tau_plus=r.choice([3.0, 1.0]))
    shape |= dict(tau_minus=r.choice([40.0, 10.0]), alpha_pre=r.uniform(0.6, 1.1), alpha_post=r.uniform(0.6, 1.1))
    wiring, x0 = r.choice(["hebbian", "anti_hebbian"]), r.uniform(0.05, 0.95)
    win, power = r.choice(["rectangular", "joglekar", "biolek", "prodromakis"]), r.choice([1, 2])
    if kind == "voltage_threshold":
        p = dict(g_off='"1 uS"', g_on='"100 uS"', i_o=f'"{r.choice([1e-5, 1e-4])} /ms"', v_th=f'"{r.uniform(0.3, 1.2)} V"', v_o=f'"{r.uniform(0.1, 0.4)} V"')
        number_of = lambda key: float(p[key].strip('"').split()[0])
        rate = lambda x, v: 0.0 if abs(v) <= number_of("v_th") else math.copysign(number_of("i_o") * (math.exp(abs(v) / number_of("v_o")) - math.exp(number_of("v_th") / number_of("v_o"))), v)
        g, thresholds, positive = lambda x: 1e-6 + 99e-6 * x, [number_of("v_th")], 1
        levels = [-number_of("v_th"), number_of("v_th")]
    elif kind == "hp":
        speed, v_th = r.choice([1e-14, 1e-13]), r.choice([0.0, 0.3, 0.8])
        p = dict(mu_v=f'"{speed} m^2/V/s"', window=f'"{win}"', p=power, v_threshold=f'"{v_th} V"')
        resistance = lambda x: 100 * x + 16000 * (1 - x)
        # In 1/ms.
        rate = lambda x, v: 1e-3 * speed * 100 / 1e-16 * v / resistance(x) * window(win, power, x, v) if abs(v) >= v_th else 0.0
        g, positive, levels = lambda x: 1 / resistance(x), 1, [-v_th, v_th]
    else:
        v_on, v_off, k_on, k_off = -r.uniform(0.1, 0.8), r.uniform(0.1, 0.8), -r.uniform(0.1, 10) * 1e-9, r.uniform(0.1, 10) * 1e-9
        law = r.choice(["linear", "exponential"])
        p = dict(v_on=f'"{v_on} V"', v_off=f'"{v_off} V"', k_on=f'"{k_on} m/s"', k_off=f'"{k_off} m/s"', alpha_on=r.choice([1, 3]), alpha_off=r.choice([1, 2.5]), window=f'"{win}"', p=power, law=f'"{law}"')

        def rate(x, v):
            speed = k_off * (v / v_off - 1) ** p["alpha_off"] if v > v_off else k_on * (v / v_on - 1) ** p["alpha_on"] if v < v_on else 0.0
            # Biolek's window: 1 - s^2p on the way up.
            return 1e-3 * speed / 3e-9 * window(win, power, x, v)

        resistance = lambda s: 50 + 950 * s if law == "linear" else 50 * 20.0**s
        g, positive, levels = lambda x: 1 / resistance(x), -1, [v_on, v_off]

    def spike(t):
        a = shape
        if -a["tail_plus"] <= t < 0:
            end = math.exp(-a["tail_plus"] / a["tau_plus"])
            return a["a_plus"] * (math.exp(t / a["tau_plus"]) - end) / (1 - end)
        if 0 <= t <= a["tail_minus"]:
            end = math.exp(-a["tail_minus"] / a["tau_minus"])
            return -a["a_minus"] * (math.exp(-t / a["tau_minus"]) - end) / (1 - end)
        return 0.0

    sign = positive * (1 if wiring == "hebbian" else -1)
    distances = [r.uniform(-40, 40), r.uniform(-8, 8), r.choice([5.0, -5.0, 1.0])]
    flags = [x for key, value in p.items() for x in ("--set", f"{key}={value}")]
    flags += [x for key, value in shape.items() for x in ("--waveform", f'{key}="{value!r} {"V" if key[0:2] == "a_" else "ms"}"' if not key.startswith("alpha") else f"{key}={value!r}")]
    flags += ["--waveform", f'wiring="{wiring}"', "--state", f"{x0 * 3!r} nm" if kind == "vteam" else repr(x0), "--dt=" + ",".join(f"{dt!r}ms" for dt in distances)]
    found = run(program, "device", "stdp", kind, "--json", *flags)
    worst = 0.0
    for dt, dg in zip(distances, found["dG_S"]):
        v = lambda t: sign * (shape["alpha_post"] * spike(t - dt) - shape["alpha_pre"] * spike(t))
        kinks = sorted({s + e for s in (0.0, dt) for e in (-shape["tail_plus"], 0.0, shape["tail_minus"])})
        # Between kinks the voltage is smooth; the rate is not where it passes a level.
        cuts = [kinks[0]]
        for a, b in zip(kinks, kinks[1:]):
            grid = np.linspace(a, b, 2001)[1:-1]
            grid = np.concatenate([[a + 1e-9], grid, [b - 1e-9]])
            for level in {*levels, 0.0}:
                over = np.array([v(t) - level for t in grid])
                for k in np.flatnonzero(np.sign(over[:-1]) != np.sign(over[1:])):
                    low, high = grid[k], grid[k + 1]
                    for _ in range(60):
                        middle = (low + high) / 2
                        low, high = (middle, high) if np.sign(v(middle) - level) == np.sign(over[k]) else (low, middle)
                    cuts.append((low + high) / 2)
            cuts.append(b)
        x = x0
        cuts.sort()
        for a, b in zip(cuts, cuts[1:]):
            if b - a < 1e-8 or rate(0.5, v((a + b) / 2)) == 0:
                continue
            inside = lambda t: v(min(max(t, a + 1e-10), b - 1e-10))
            bound = lambda t, y: y[0] * (1 - y[0]) + 0 * t
            bound.terminal = True
            bound.direction = -1
            held = lambda t, y: [rate(min(max(y[0], 0.0), 1.0), inside(t))]
            if (x <= 0 and rate(0.0, inside((a + b) / 2)) < 0) or (x >= 1 and rate(1.0, inside((a + b) / 2)) > 0):
                continue
            done = solve_ivp(held, (a, b), [x], "DOP853", rtol=1e-11, atol=1e-13, max_step=(b - a) / 20, events=bound)
            x = float(np.clip(done.y[0, -1], 0, 1)) if done.status == 0 else float(round(done.y[0, -1]))
        worst = max(worst, abs((g(x) - g(x0)) - dg) / max(g(0), g(1)))
    return f"device stdp {kind}", worst, " ".join(flags) + f" {found['dG_S']}"


def main():
    program = Path(sys.argv[1]).resolve()
    cases, seed = [int(number) for number in (sys.argv[2:] + ["40", "1"][len(sys.argv) - 2 :])][:2]
    seen, failures = {}, 0
    with tempfile.TemporaryDirectory() as name:
        for check in (network, pulses, retention, stdp):
            for number in range(cases):
                kind, result, text = check(program, Path(name), number, seed)
                seen.setdefault(kind, []).append(result)
                if (result > 1e-7) if check is stdp else (result < 1e-6):
                    failures += 1
                    print(f"{kind}, case {number}: {result:.1e}: {text}", flush=True)
    for kind, found in sorted(seen.items()):
        exact = "stdp" in kind
        print(f"{kind:28} {len(found)} cases, {'largest difference' if exact else 'smallest p'} {(max if exact else min)(found):.2g}")
    sys.exit(f"{failures} cases differ" if failures else 0)


main()
