"""Compares memspike with NEST on random cases: neurons under random input, on the grid and at exact times; plasticity rules on
random spike trains.

    python check_nest.py MEMSPIKE [CASES [SEED]]

MEMSPIKE is the program; CASES (default 20) is how many are drawn for each model, from SEED (default 1). Needs: pip install
nest-simulator h5py numpy. Prints the largest difference of each model; exit code 0 if spikes fall into the same steps and differences are
within the limits below, which are rounding errors but for models that NEST solves numerically: there, a spike may be a step apart. NEST
finds exact spike times by bisection, to about 1e-7 ms.
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import nest
import numpy as np

STEP = 0.1

# Ours, NEST's, greatest difference of the potential [mV], the unit of weights.
NEURONS = [
    ("lif_delta", "iaf_psc_delta", 1e-9, "mV"),
    ("lif_exp", "iaf_psc_exp", 1e-9, "pA"),
    ("lif_alpha", "iaf_psc_alpha", 1e-9, "pA"),
    ("lif_cond_exp", "iaf_cond_exp", 0.1, "nS"),
    ("lif_cond_alpha", "iaf_cond_alpha", 0.1, "nS"),
    ("adex", "aeif_cond_exp", 0.5, "nS"),
    ("izhikevich", "izhikevich", 1e-9, "mV"),
]
NUMERICAL = {"lif_cond_exp", "lif_cond_alpha", "adex"}
UNITS = {
    **dict.fromkeys(("e_l", "v_th", "v_reset", "e_ex", "e_in", "delta_t", "v_peak"), "mV"),
    **dict.fromkeys(("t_ref", "tau_m", "tau_syn_ex", "tau_syn_in", "tau_w"), "ms"),
    **dict.fromkeys(("g_l",), "nS"),
    **dict.fromkeys(("i_e",), "pA"),
    "c_m": "pF",
}
NEST_NAMES = {name: name[0].upper() + name[1:] for name in ("c_m", "v_th", "v_reset", "i_e", "v_peak", "delta_t")}
NEST_NAMES.update(g_l="g_L", e_l="E_L", e_ex="E_ex", e_in="E_in", delta_t="Delta_T")

failures = 0


def fresh():
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = STEP


def train(r, rate, first, last):
    """Times on the grid [ms], `rate` per second on average, no two equal."""
    count = max(1, int(rate * (last - first) / 1000))
    return sorted({r.randrange(round(first / STEP), round(last / STEP)) for _ in range(count)})


def ms(steps):
    return [round(k * STEP, 1) for k in steps]


def given(name, steps):
    return f'[population.{name}]\nsource.spike_times = {{ values = [{ms(steps)}], unit = "ms" }}\n'


def run(program, folder, text):
    """The result of a model."""
    model, out = folder / "model.toml", folder / "out.h5"
    model.write_text(text)
    done = subprocess.run([program, "run", model, "-o", out, "--force"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + text
    return h5py.File(out)


def report(what, worst, bad):
    global failures
    failures += len(bad)
    print(f"{what:28} largest difference {worst:.2g}" + "".join(f"\n  differs: {case}" for case in bad), flush=True)


def neuron(r, model):
    """Random parameters, by our names."""
    u = r.uniform
    if model == "izhikevich":
        return dict(a=u(0.01, 0.2), b=u(0.1, 0.3), c=u(-70, -45), d=u(0.05, 8), v_th=u(20, 40), i_e=u(0, 12))
    e_l = u(-80, -60)
    p = dict(e_l=e_l, v_th=e_l + u(8, 25), v_reset=e_l + u(-8, 6), c_m=u(20, 500), t_ref=round(u(0, 5), 1))
    if model in ("lif_delta", "lif_exp", "lif_alpha"):
        p["tau_m"] = u(2, 40)
    else:
        p.update(g_l=u(3, 40), e_ex=u(-10, 20), e_in=u(-95, -75))
    if model != "lif_delta":
        p["tau_syn_ex"] = u(0.2, 10)
        p["tau_syn_in"] = p["tau_syn_ex"] if r.random() < 0.1 else u(0.2, 20)
        if "tau_m" in p and r.random() < 0.15:
            p["tau_syn_ex"] = p["tau_m"]  # where closed forms divide by the difference
    p["i_e"] = u(-0.3, 1.6) * conductance(p) * (p["v_th"] - e_l)
    if model == "adex":
        p.update(delta_t=u(0.5, 4), a=u(0, 20), b=u(0, 100), tau_w=u(20, 300), v_peak=0.0, v_reset=e_l + u(-5, 15))
    return p


def conductance(p):
    return p.get("g_l") or p.get("c_m", 1) / p.get("tau_m", 1)


def weight(r, p, unit):
    share = r.uniform(0.1, 1)
    return {"mV": 6 * share, "pA": 20 * share * conductance(p), "nS": share * conductance(p)}[unit]


def check_neuron(program, folder, model, theirs, limit, unit, cases, seed):
    worst, bad = 0.0, []
    duration = 300.0
    for case in range(cases):
        r = random.Random(f"{seed} {model} {case}")
        p = neuron(r, model)
        start = p.get("e_l", -65.0)
        inputs = [
            (name, train(r, r.choice([20, 100, 400]), 1, duration - 5), sign * weight(r, p, unit), round(r.uniform(0.1, 5), 1))
            for name, sign in (("excitatory", 1), ("inhibitory", -1))
        ]
        fresh()
        cell = nest.Create(theirs, params={NEST_NAMES.get(k, k): v for k, v in p.items()})
        cell.V_m = start
        text = f'[simulation]\nduration = "{duration} ms"\nengine = "grid"\n[population.cell]\nsize = 1\ninitial.v_m = "{start!r} mV"\n'
        if model == "adex":
            cell.set(gsl_error_tol=1e-9)
        if model == "izhikevich":
            cell.U_m = p["b"] * start
            text += f'initial.u_m = "{p["b"] * start!r} mV/ms"\n'
        text += f"[population.cell.neuron.{model}]\n"
        own = {"a": "nS", "b": "pA"} if model == "adex" else {}
        for name, value in p.items():
            unit_of = own.get(name) or UNITS.get(name)
            text += f'{name} = "{value!r} {unit_of}"\n' if unit_of else f"{name} = {value!r}\n"
        for name, steps, w, delay in inputs:
            generator = nest.Create("spike_generator", params={"spike_times": ms(steps)})
            nest.Connect(generator, cell, syn_spec={"weight": w, "delay": delay})
            text += given(name, steps)
            text += f'[projection.{name}]\nsource = "{name}"\ntarget = "cell"\nconnect = "all_to_all"\nweight = "{w!r} {unit}"\ndelay = "{delay} ms"\n'
        text += '[record]\nspikes = ["cell"]\n[[record.state]]\npopulation = "cell"\nvariables = ["v_m"]\ninterval = "0.1 ms"\n'
        meter = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": STEP})
        recorder = nest.Create("spike_recorder")
        nest.Connect(meter, cell)
        nest.Connect(cell, recorder)
        nest.Simulate(duration)
        with run(program, folder, text) as result:
            spikes = np.rint(result["spikes/cell/timestamps"][:] / STEP)
            times, potential = result["state/cell/v_m/times"][:], result["state/cell/v_m/data"][:].ravel()
        expected = np.rint(np.array(recorder.events["times"]) / STEP)
        place = np.rint((meter.events["times"] - times[0]) / STEP).astype(int)
        difference = np.abs(potential[place] - meter.events["V_m"])
        apart = len(spikes) != len(expected) or np.abs(spikes - expected).max(initial=0) > (model in NUMERICAL)
        if not apart and len(spikes) and (spikes != expected).any():
            difference = difference[: int(min(spikes[spikes != expected])) - 2]  # up to the spike that is a step apart
        worst = max(worst, difference.max(initial=0))
        if apart or difference.max(initial=0) > limit:
            bad.append(f"case {case}: spikes {len(expected)} and {len(spikes)}, {difference.max(initial=0):.2g} mV")
    report(model, worst, bad)


# Ours, NEST's, greatest difference of a spike time [ms], the unit of weights.
EXACT = [("lif_delta", "iaf_psc_delta_ps", 1e-6, "mV"), ("lif_exp", "iaf_psc_exp_ps", 1e-6, "pA"), ("lif_alpha", "iaf_psc_alpha_ps", 1e-6, "pA")]


def check_exact(program, folder, model, theirs, limit, unit, cases, seed):
    worst, bad = 0.0, []
    duration = 300.0
    for case in range(cases):
        r = random.Random(f"{seed} {theirs} {case}")
        # A refractory period of a step at least, in whole steps: NEST rounds others.
        p = {**neuron(r, model), "t_ref": round(r.uniform(0.1, 5), 1)}
        size, delays = weight(r, p, unit), [round(r.uniform(0.1, 5), 1) for _ in range(2)]
        fresh()
        cell = nest.Create(theirs, params={NEST_NAMES.get(k, k): v for k, v in p.items()})
        cell.V_m = p["e_l"]
        text = f'[simulation]\nduration = "{duration} ms"\n[population.cell]\nsize = 1\n[population.cell.neuron.{model}]\n'
        text += "".join(f'{name} = "{value!r} {UNITS[name]}"\n' for name, value in p.items())
        for name, w, delay in (("excitatory", size, delays[0]), ("inhibitory", -size * r.uniform(0.3, 1.2), delays[1])):
            times = sorted(r.uniform(1, duration - 8) for _ in range(r.choice([5, 30, 100])))
            generator = nest.Create("spike_generator", params={"precise_times": True, "spike_times": times})
            nest.Connect(generator, cell, syn_spec={"weight": w, "delay": delay})
            text += f'[population.{name}]\nsource.spike_times = {{ values = [{times}], unit = "ms" }}\n'
            text += f'[projection.{name}]\nsource = "{name}"\ntarget = "cell"\nconnect = "all_to_all"\nweight = "{w!r} {unit}"\ndelay = "{delay} ms"\n'
        recorder = nest.Create("spike_recorder")
        nest.Connect(cell, recorder)
        nest.Simulate(duration)
        with run(program, folder, text + '[record]\nspikes = ["cell"]\n') as result:
            spikes = result["spikes/cell/timestamps"][:]
        expected = np.sort(recorder.events["times"])
        difference = np.abs(spikes - expected).max(initial=0) if len(spikes) == len(expected) else np.inf
        worst = max(worst, difference)
        if difference > limit:
            bad.append(f"case {case}: spikes {len(expected)} and {len(spikes)}, {difference:.2g} ms")
    report(theirs, worst, bad)


PAIRINGS = {
    "stdp_synapse": "all_to_all",
    "stdp_nn_symm_synapse": "nearest_symmetric",
    "stdp_nn_pre_centered_synapse": "nearest_pre_centered",
    "stdp_nn_restr_synapse": "nearest_restricted",
}
RULES = [*PAIRINGS, "stdp_pl_synapse_hom", "stdp_triplet_synapse", "vogels_sprekeler_synapse", "stdp_dopamine_synapse", "tsodyks2_synapse"]


def rule(r, theirs):
    """Random parameters: NEST's of the synapse and of the target, our rule and its table, the lines of our projection, the weight."""
    u = r.uniform
    tau_plus, tau_minus, w_max = u(3, 60), u(3, 60), u(0.5, 50)
    w, rate, alpha = u(0, 1) * w_max, u(0.001, 0.3), u(0.2, 2)
    target, bound = {"tau_minus": tau_minus}, f"w_max = {w_max!r}\n"
    taus = {"tau_plus": tau_plus, "tau_minus": tau_minus}
    if theirs in PAIRINGS:
        mu_plus, mu_minus = r.choice([(0.0, 0.0), (1.0, 1.0), (u(0, 1), u(0, 1)), (0.0, 1.0)])
        synapse = {"tau_plus": tau_plus, "lambda": rate, "alpha": alpha, "mu_plus": mu_plus, "mu_minus": mu_minus, "Wmax": w_max}
        ours = {**taus, "a_plus": rate, "a_minus": rate * alpha, "mu_plus": mu_plus, "mu_minus": mu_minus, "pairing": PAIRINGS[theirs]}
        return synapse, target, "stdp", ours, bound, w
    if theirs == "stdp_pl_synapse_hom":
        shared = {"lambda": rate / 3, "alpha": alpha, "mu": u(0, 1)}
        return {"tau_plus": tau_plus, **shared}, target, "stdp_power_law", {**taus, **shared}, "", w
    if theirs == "stdp_triplet_synapse":
        plus, minus = tau_plus + u(1, 100), tau_minus + u(1, 100)
        a = [u(0, 0.02) * w_max for _ in range(4)]
        synapse = {"tau_plus": tau_plus, "tau_plus_triplet": plus, "Wmax": w_max}
        synapse.update(zip(("Aplus", "Aminus", "Aplus_triplet", "Aminus_triplet"), a))
        ours = {**taus, "tau_plus_triplet": plus, "tau_minus_triplet": minus}
        ours.update(zip(("a_plus", "a_minus", "a_plus_triplet", "a_minus_triplet"), a))
        return synapse, {**target, "tau_minus_triplet": minus}, "stdp_triplet", ours, bound, w
    if theirs == "vogels_sprekeler_synapse":
        sign, eta = r.choice([1, -1]), rate / 3 * w_max
        synapse = {"tau": tau_plus, "eta": eta, "alpha": 0.3 * alpha, "Wmax": sign * w_max}
        ours = {"tau": tau_plus, "eta": eta, "alpha": 0.3 * alpha}
        return synapse, {"tau_minus": tau_plus}, "inhibitory", ours, f"w_max = {sign * w_max!r}\n", sign * w
    if theirs == "stdp_dopamine_synapse":
        # Bounds out of reach: NEST applies them at its own updates only.
        middle = 1000 * w_max
        shared = {"tau_c": u(50, 1000), "tau_n": u(20, 300), "b": u(0, 0.05)}
        synapse = {"A_plus": u(0.1, 2), "A_minus": u(0.1, 2), "tau_plus": tau_plus, "Wmin": 0.0, "Wmax": 2 * middle, **shared}
        ours = {**taus, "a_plus": synapse["A_plus"], "a_minus": synapse["A_minus"], **shared}
        ours.update(b=f"{shared['b']!r} /ms", modulator="modulator", modulator_delay="1 ms")
        return synapse, target, "stdp_dopamine", ours, f"w_max = {2 * middle!r}\n", middle
    u_0, tau_rec, tau_fac = u(0.05, 1), u(10, 1000), r.choice([0.0, u(10, 1000)])
    synapse = {"U": u_0, "u": u_0, "x": 1.0, "tau_rec": tau_rec, "tau_fac": tau_fac}
    line = f'short_term = {{ u_0 = {u_0!r}, tau_rec = "{tau_rec!r} ms", tau_fac = "{tau_fac!r} ms" }}\n'
    return synapse, target, None, {}, line, w


def check_rule(program, folder, theirs, cases, seed):
    worst, bad = 0.0, []
    for case in range(cases):
        r = random.Random(f"{seed} {theirs} {case}")
        duration = r.choice([200, 1000])
        synapse, target, name, ours, lines, w = rule(r, theirs)
        delay = round(r.choice([0.1, 1.0, r.uniform(0.1, 8)]), 1)
        pre, post, modulator = (train(r, r.choice(rates), 2, duration - 40) for rates in ([5, 40, 150], [5, 40, 150], [20]))
        if r.random() < 0.5:
            post = sorted({*post, *r.sample(pre, len(pre) // 3)})  # spikes of both sides at the same time
        # NEST takes t = 0 for a first spike of the source where neighbours count, so there is one early.
        pre = sorted({11, *pre, round((duration - 20) / STEP)})
        fresh()
        source, sink = nest.Create("parrot_neuron"), nest.Create("parrot_neuron", params=target)
        gate = nest.Create("parrot_neuron")
        for relay, steps in ((source, pre), (sink, post), (gate, modulator)):
            # The relay passes each on a millisecond later.
            generator = nest.Create("spike_generator", params={"spike_times": ms(k - 10 for k in steps)})
            nest.Connect(generator, relay, syn_spec={"delay": 1.0})
        recorder = nest.Create("weight_recorder")
        if theirs == "stdp_dopamine_synapse":
            # Updated at spikes of the source alone: otherwise NEST may apply a spike of the target before an earlier one of the source.
            transmitter = nest.Create("volume_transmitter", params={"deliver_interval": 1_000_000})
            nest.Connect(gate, transmitter, syn_spec={"delay": 1.0})
            synapse["volume_transmitter"] = transmitter
        nest.CopyModel(theirs, "synapse", {**synapse, "weight": w, "weight_recorder": recorder})
        nest.Connect(source, sink, syn_spec={"synapse_model": "synapse", "delay": delay, "receptor_type": 1})
        nest.Simulate(duration + 20.0)
        text = f'[simulation]\nduration = "{duration + 20} ms"\n' + given("source", pre) + given("sink", post) + given("modulator", modulator)
        text += f'[projection.p]\nsource = "source"\ntarget = "sink"\nconnect = "all_to_all"\nweight = {w!r}\ndelay = "{delay} ms"\n{lines}'
        if name:
            text += f"[projection.p.plasticity.{name}]\n"
            for key, value in ours.items():
                value = f"{value!r} ms" if key.startswith("tau") else value
                text += f'{key} = "{value}"\n' if isinstance(value, str) else f"{key} = {value!r}\n"
        text += '[record]\nspikes = []\n[[record.weights]]\nprojection = "p"\non = "pre_spike"\n'
        with run(program, folder, text) as result:
            weights = result["weights/p/weights"][:]
        expected = np.array(recorder.events["weights"])
        same = len(weights) == len(expected)
        difference = np.abs(weights - expected).max() / max(np.abs(expected).max(), 1e-300) if same else np.inf
        worst = max(worst, difference)
        if difference > 1e-12:
            bad.append(f"case {case}: {len(expected)} and {len(weights)} weights, {difference:.2g} of the largest")
    report(theirs, worst, bad)


def main():
    program = Path(sys.argv[1]).resolve()
    cases, seed = [int(number) for number in (sys.argv[2:] + ["20", "1"][len(sys.argv) - 2 :])][:2]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model, theirs, limit, unit in NEURONS:
            check_neuron(program, folder, model, theirs, limit, unit, cases, seed)
        for model, theirs, limit, unit in EXACT:
            check_exact(program, folder, model, theirs, limit, unit, cases, seed)
        for theirs in RULES:
            check_rule(program, folder, theirs, cases, seed)
    sys.exit(f"{failures} cases differ" if failures else 0)


main()
