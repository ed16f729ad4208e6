"""Compares neurons whose thresholds adapt with scipy: exact spike times against an adaptive solver of order 8 with root finding, those on the
grid against matrix exponentials, and the rise theta between spikes. Usage: check_thresholds.py MEMSPIKE [CASES [SEED]].

Needs: pip install h5py numpy scipy."""

import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np
from scipy.integrate import solve_ivp
from scipy.linalg import expm

E_EX, E_IN = 0.0, -85.0


def slopes(model, p):
    """dy/dt of y = [v, ex, in, rate of ex, rate of in]; v rests while the neuron is held."""
    alpha, conductances = "alpha" in model, "cond" in model

    def membrane(y):
        v, ex, inh = y[0], y[1], y[2]
        if conductances:
            return (-p["g_l"] * (v - p["e_l"]) - ex * (v - E_EX) - inh * (v - E_IN) + p["i_e"]) / p["c_m"]
        return -(v - p["e_l"]) / p["tau_m"] + (p["i_e"] + ex - inh) / p["c_m"]

    def f(y, held):
        kernels = [-y[1 + k] / tau + (y[3 + k] if alpha else 0) for k, tau in enumerate((p["tau_ex"], p["tau_in"]))]
        return np.array([0.0 if held else membrane(y), *kernels, -y[3] / p["tau_ex"], -y[4] / p["tau_in"]])

    return f


def arrive(model, p, y, w):
    side = 0 if w > 0 else 1
    if model == "lif_delta":
        y[0] += w
    elif "alpha" in model:
        y[3 + side] += abs(w) * math.e / p["tau_ex" if w > 0 else "tau_in"]
    else:
        y[1 + side] += abs(w)


def exact(model, p, arrivals, end):
    """Spikes [ms], each with how fast v passes the threshold, and [(time, rise)]."""
    f = slopes(model, p)
    y, t, free, spikes = np.array([p["v"], 0, 0, 0, 0.0]), 0.0, 0.0, []
    rises = [(0.0, p["theta"])]
    rise = lambda t: rises[-1][1] * math.exp(-(t - rises[-1][0]) / p["tau_theta"])

    def spike(slope):
        nonlocal free
        spikes.append((t, slope))
        rises.append((t, rise(t) + p["theta_plus"]))
        y[0], free = p["v_reset"], t + p["t_ref"]

    together = {}
    for at, w in arrivals:
        together.setdefault(at, []).append(w)
    for at, all_ in [*sorted(together.items()), (end, None)]:
        while t < at:
            held = t < free
            stop = min(at, free) if held else at
            over = lambda s, y: y[0] - p["v_th"] - rise(s)
            over.terminal, over.direction = True, 1
            step = 0.1 * min([p["tau_m"]] + ([] if model == "lif_delta" else [p["tau_ex"], p["tau_in"]]))
            done = solve_ivp(lambda s, y: f(y, held), (t, stop), y, "DOP853", rtol=1e-12, atol=1e-13, max_step=step, events=None if held else over)
            y, t = done.y[:, -1].copy(), done.t[-1]
            if done.status == 1:
                slope = f(y, False)[0] + rise(t) / p["tau_theta"]
                # A spike is at the first picosecond at which the threshold is passed.
                t = min(math.ceil(t * 1e9) / 1e9, stop)
                spike(slope)
            if len(spikes) > 60:
                return spikes, rises
        if all_ is None:
            break
        if model == "lif_delta" and t < free:
            continue
        # The threshold is tested once, after all that arrives at an instant.
        for w in all_:
            arrive(model, p, y, w)
        if t >= free and y[0] >= p["v_th"] + rise(t):
            spike(math.inf)
    return spikes, rises


def stepped(model, p, arrivals, end, h):
    """The same with all events at the ends of steps, as NEST has it: what arrives at the end of a step moves v from then on."""
    f = slopes(model, p)
    matrix = np.array([f(unit, False) - f(np.zeros(5), False) for unit in np.eye(5)]).T
    whole = np.zeros((6, 6))
    whole[:5, :5], whole[:5, 5] = matrix, f(np.zeros(5), False)
    step = expm(whole * h)
    due = {}
    for at, w in arrivals:
        due.setdefault(round(at / h), []).append(w)
    y, held, theta, spikes, rises = np.array([p["v"], 0, 0, 0, 0.0]), 0, p["theta"], [], [(0.0, p["theta"])]
    for n in range(1, round(end / h) + 1):
        free = held == 0
        v, y = y[0], (step @ np.append(y, 1))[:5]
        if not free:
            y[0], held = v, held - 1
        for w in due.get(n, []):
            if model != "lif_delta" or free:
                arrive(model, p, y, w)
        theta *= math.exp(-h / p["tau_theta"])
        if free and y[0] >= p["v_th"] + theta:
            spikes.append((n * h, abs(y[0] - p["v_th"] - theta)))
            theta, y[0], held = theta + p["theta_plus"], p["v_reset"], round(p["t_ref"] / h)
            rises.append((n * h, theta))
    return spikes, rises


def case(program, folder, number, seed):
    r = random.Random(f"{seed} {number}")
    grid = r.random() < 0.4
    model = r.choice(["lif_delta", "lif_exp", "lif_alpha"] + ([] if grid else ["lif_cond_exp", "lif_cond_alpha"]))
    h, end, delay = 0.1, 200.0, 1.0
    p = dict(tau_m=r.uniform(5, 30), c_m=250.0, e_l=-70.0, v_th=-55.0, v_reset=r.choice([-70.0, -60.0, -75.0]))
    p.update(t_ref=r.choice([0.0 if not grid else 0.1, 2.0, 5.0]), tau_ex=r.uniform(0.5, 10), tau_in=r.uniform(0.5, 10), g_l=250.0 / p["tau_m"])
    p.update(theta_plus=r.choice([0.05, 1.0, r.uniform(0, 8)]), tau_theta=r.choice([r.uniform(2, 30), r.uniform(30, 500), 1e7, math.inf]))
    p.update(theta=r.choice([0.0, 0.0, r.uniform(0, 10)]), v=r.uniform(-75, -56))
    rheobase = 15 * p["c_m"] / p["tau_m"]
    p["i_e"] = rheobase * r.choice([0.0, 0.9, r.uniform(1, 3)])
    size = {"lif_delta": 6.0, "lif_exp": 15 * 250 / p["tau_ex"], "lif_alpha": 6 * 250 / p["tau_ex"]}.get(model, 30.0)
    weights = [size * r.uniform(0.2, 1.5), -size * r.uniform(0.1, 1)]
    place = lambda: r.randrange(1, 1900) * h if grid else r.uniform(0, 190)
    trains = [sorted(place() for _ in range(r.choice([0, 3, 25]))) for _ in weights]
    if trains[0] and not grid:
        trains[0] = sorted(trains[0] + [trains[0][0]] * 2)
    text = f'[simulation]\nduration = "{end} ms"\nengine = "{"grid" if grid else "event"}"\n[population.n]\nsize = 1\n'
    text += f'initial = {{ v_m = "{p["v"]} mV", theta = "{p["theta"]} mV" }}\n[population.n.neuron.{model}]\n'
    conductances = "cond" in model
    keys = dict(c_m="pF", e_l="mV", v_th="mV", v_reset="mV", t_ref="ms", i_e="pA", theta_plus="mV", tau_theta="ms")
    keys.update({"g_l": "nS"} if conductances else {"tau_m": "ms"})
    text += "".join(f'{key} = "{p[key]} {unit}"\n' for key, unit in keys.items() if p[key] != math.inf)
    text += 'tau_theta = "inf"\n' if p["tau_theta"] == math.inf else ""
    text += "" if model == "lif_delta" else f'tau_syn_ex = "{p["tau_ex"]} ms"\ntau_syn_in = "{p["tau_in"]} ms"\n'
    unit = "mV" if model == "lif_delta" else "nS" if conductances else "pA"
    for name, train, w in zip("ab", trains, weights):
        text += f'[population.{name}]\nsource.spike_times = {{ values = [{train}], unit = "ms" }}\n[projection.{name}]\nsource = "{name}"\ntarget = "n"\n'
        text += f'connect = "all_to_all"\nweight = "{w} {unit}"\ndelay = "{delay} ms"\n'
    text += '[record]\nspikes = ["n"]\nstate = [{ population = "n", variables = ["theta"], interval = "5 ms" }]\n'
    (folder / "model.toml").write_text(text)
    done = subprocess.run([program, "run", folder / "model.toml", "-o", folder / "out.h5", "--force"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + text
    with h5py.File(folder / "out.h5") as result:
        found = result["spikes/n/timestamps"][:]
        times, thetas = result["state/n/theta/times"][:], result["state/n/theta/data"][:, 0]
    # Times of the model are whole picoseconds.
    arrivals = sorted((round(t, 9) + delay, w) for train, w in zip(trains, weights) for t in train)
    spikes, rises = stepped(model, p, arrivals, end, h) if grid else exact(model, p, arrivals, end)
    if len(spikes) > 60:
        found, times = found[: len(spikes)], times[times < spikes[-1][0]]
    worst = 0.0 if len(found) == len(spikes) else math.inf
    for k, (t, slope) in enumerate(spikes[: len(found)]):
        worst = max(worst, abs(found[k] - t) * (1 if grid else min(slope, 1)))
    for t, theta in zip(times, thetas):
        since, rise = [x for x in rises if x[0] <= t + 1e-9][-1]
        if all(abs(t - x) > 1e-6 for x, _ in spikes):
            worst = max(worst, abs(theta - rise * math.exp(-(t - since) / p["tau_theta"])))
    return f"{model} {'grid' if grid else 'event'}", worst, len(spikes), text, (found, spikes)


def main():
    program = Path(sys.argv[1]).resolve()
    cases, seed = [int(number) for number in (sys.argv[2:] + ["60", "1"][len(sys.argv) - 2 :])][:2]
    seen, failures = {}, 0
    with tempfile.TemporaryDirectory() as name:
        for number in range(cases):
            kind, worst, spikes, text, both = case(program, Path(name), number, seed)
            seen.setdefault(kind, []).append((worst, spikes))
            # Each spike is late by up to a picosecond, which adds up; the solver of conductances has an error of its own.
            if worst > (1e-6 if "cond" in kind else 5e-8):
                failures += 1
                print(f"case {number} ({kind}) differs by {worst:.1e}: {both}\n{text}", flush=True)
    for kind, all_ in sorted(seen.items()):
        print(f"{kind:22} {len(all_)} cases, {sum(n for _, n in all_)} spikes, largest difference {max(w for w, _ in all_):.2g} ms or mV")
    sys.exit(f"{failures} cases differ" if failures else 0)


main()
