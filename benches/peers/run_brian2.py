"""Runs one benchmark network on Brian2 (C++ standalone) and prints its figures as one JSON object, by memspike's names.

The time of the run is taken inside the compiled program; the time to generate and compile it is in no figure.
"""
import os
import sys
import tempfile

import brian2 as b2
from figures import arguments, quiet, show

args = arguments()
ms, mV = b2.ms, b2.mV
folder = tempfile.TemporaryDirectory()
b2.BrianLogger.log_level_error()
b2.set_device("cpp_standalone", build_on_run=False)
b2.prefs.devices.cpp_standalone.openmp_threads = args.threads if args.threads > 1 else 0
b2.prefs.codegen.cpp.headers += ["<chrono>", "<fstream>", "<string>"]
b2.defaultclock.dt = args.step * ms
b2.seed(args.seed)

plastic = args.network == "stdp_brunel_multiplicative"
names = {"tau": 20 * ms, "tau_e": 5 * ms, "tau_i": 10 * ms}
if args.network == "voltage_jump_precise":
    sys.exit("Brian2 keeps spikes on the grid")
if args.network in ("brunel", "stdp_brunel_multiplicative"):
    sizes, p, delay = ((8000, 2000) if plastic else (10000, 2500)), 0.1, 1.5 * ms
    names |= {"rest": 0 * mV, "theta": 20 * mV, "reset": 10 * mV, "w_e": 0.1 * mV, "w_i": -0.5 * mV, "w_max": 0.3 * mV}
    dead = 2 * ms
else:
    sizes, p, delay, dead = (3200, 800), 0.02, args.step * ms, 5 * ms
    names |= {"rest": -49 * mV, "theta": -50 * mV, "reset": -60 * mV, "w_e": 0.25 * mV, "w_i": -2.25 * mV}

# Voltage jumps: input that arrives in the refractory period is lost, as in NEST and in memspike.
equations, method = "dv/dt = (rest - v) / tau : volt (unless refractory)", "exact"
on_e, on_i = (f"v_post += {w} * int(not_refractory_post)" for w in ("w_e", "w_i"))
if args.network == "cuba":
    names |= {"w_e": 1.62 * mV, "w_i": -9 * mV}
    equations = """dv/dt = (rest - v + s_e + s_i) / tau : volt (unless refractory)
                   ds_e/dt = -s_e / tau_e : volt
                   ds_i/dt = -s_i / tau_i : volt"""
    on_e, on_i = "s_e_post += w_e", "s_i_post += w_i"
if args.network == "coba_bias":
    # Conductances relative to the leak of 10 nS; the current of 200 pA lifts the rest by 20 mV.
    names |= {"rest": -40 * mV, "e_e": 0 * mV, "e_i": -80 * mV, "w_e": 0.4, "w_i": 5.1}
    method, delay = "exponential_euler", 0.8 * ms
    equations = """dv/dt = (rest - v + s_e * (e_e - v) + s_i * (e_i - v)) / tau : volt (unless refractory)
                   ds_e/dt = -s_e / tau_e : 1
                   ds_i/dt = -s_i / tau_i : 1"""
    on_e, on_i = "s_e_post += w_e", "s_i_post += w_i"

cells = b2.NeuronGroup(sum(sizes), equations, threshold="v >= theta", reset="v = reset", refractory=dead,
                       method=method, namespace=names)
cells.v = "reset + rand() * (theta - reset)" if args.network not in ("brunel", "stdp_brunel_multiplicative") \
    else "rand() * theta"
exc, inh = cells[:sizes[0]], cells[sizes[0]:]
made = {"namespace": names, "delay": delay}
if plastic:
    learning = b2.Synapses(
        exc, exc,
        """w : volt
           dpre/dt = -pre / tau : 1 (event-driven)
           dpost/dt = -post / tau : 1 (event-driven)""",
        on_pre="""v_post += w * int(not_refractory_post)
                  pre += 1
                  w = clip(w * (1 - 0.0202 * post), 0 * volt, w_max)""",
        on_post="""post += 1
                   w = clip(w + 0.01 * (w_max - w) * pre, 0 * volt, w_max)""", **made)
    excitatory = [learning, b2.Synapses(exc, inh, on_pre=on_e, **made)]
else:
    excitatory = [b2.Synapses(exc, cells, on_pre=on_e, **made)]
synapses = [*excitatory, b2.Synapses(inh, cells, on_pre=on_i, **made)]
for s in synapses:
    s.connect(p=p)
if plastic:
    learning.w = names["w_e"]
objects = [cells, *synapses]
if args.network in ("brunel", "stdp_brunel_multiplicative"):
    c_e = sizes[0] // 10
    objects.append(b2.PoissonInput(cells, "v", N=c_e, rate=20000 / c_e * b2.Hz, weight=names["w_e"]))
monitor = b2.SpikeMonitor(cells)

NOW = "std::chrono::steady_clock::now()"
AFTER = r"""{
  std::ofstream out("figures.txt");
  out << std::chrono::duration<double>(%s - run_began).count() << " "
      << std::chrono::duration<double>(run_began - main_began).count();
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) out << " " << std::stod(line.substr(6)) / 1024;
}""" % NOW
network = b2.Network(*objects, monitor)
b2.device.insert_code("before_start", f"const auto main_began = {NOW};")
network.run(args.warm_up * b2.second)
b2.device.insert_code("main", f"const auto run_began = {NOW};")
network.run(args.seconds * b2.second)
b2.device.insert_code("main", AFTER)
with quiet():
    b2.device.build(directory=os.path.join(folder.name, "code"), run=True, with_output=False)
with open(os.path.join(b2.device.project_dir, "figures.txt")) as f:
    sim_s, before_s, rss = map(float, f.read().split())
indices = monitor.i[:][monitor.t / b2.second >= args.warm_up]
spikes = [int((indices < sizes[0]).sum()), int((indices >= sizes[0]).sum())]
counts = [sum(len(s) for s in excitatory), len(synapses[-1])]
events = sum(spikes[k] / sizes[k] * counts[k] for k in (0, 1))
# What came before the window is building and the warm-up, which takes as long as the window in proportion.
build_s = before_s - sim_s * args.warm_up / args.seconds
show(args, sizes, sum(counts), spikes, events, max(build_s, 0.0), sim_s, rss)
