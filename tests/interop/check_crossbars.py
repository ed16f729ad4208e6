"""Compares random crossbars with a dense nodal analysis in numpy: wires, transistors, arrays cut into tiles, pairs of devices, levels,
converters, refreshes of plastic weights, and the energy of reads. Usage: check_crossbars.py MEMSPIKE [CASES [SEED]].

Needs: pip install h5py numpy scipy."""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

ROUND = lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x)


def transfer(g, row, r_word, r_bit, access):
    """Currents out of the bit lines, and out of the source, with 1 V on one word line and 0 V on all others."""
    m, n = g.shape
    if access is not None:
        on = np.zeros_like(g)
        on[row] = g[row] / (1 + g[row] * access)
        g = on
    names, fixed = {}, {("source", i): float(i == row) for i in range(m)} | {"ground": 0.0}
    # Along a wire without resistance all nodes are its end.
    word = lambda i, j: ("w", i, j) if r_word > 0 and j >= 0 else ("source", i)
    bit = lambda i, j: ("b", i, j) if r_bit > 0 and i < m else "ground"
    parts = []
    for i in range(m):
        for j in range(n):
            parts.append((word(i, j), bit(i, j), g[i, j]))
            if r_word > 0:
                parts.append((word(i, j - 1), word(i, j), 1 / r_word))
            if r_bit > 0:
                parts.append((bit(i, j), bit(i + 1, j), 1 / r_bit))
    for a, b, _ in parts:
        for node in (a, b):
            if node not in fixed:
                names.setdefault(node, len(names))
    matrix, right = np.zeros((len(names), len(names))), np.zeros(len(names))
    for a, b, conductance in parts:
        for x, y in ((a, b), (b, a)):
            if x in fixed:
                continue
            matrix[names[x], names[x]] += conductance
            if y in fixed:
                right[names[x]] += conductance * fixed[y]
            else:
                matrix[names[x], names[y]] -= conductance
    v = np.linalg.solve(matrix, right) if names else []
    at = lambda node: fixed[node] if node in fixed else v[names[node]]
    into = np.zeros(n)
    supply = 0.0
    for i in range(m):
        for j in range(n):
            current = g[i, j] * (at(word(i, j)) - at(bit(i, j)))
            into[j] += current
            supply += current * (i == row)
    return into, supply


def arrays(g, used, p, r_word, r_bit, access):
    """The same for a projection that may be cut into several arrays: [row, bit line], and what each row's source feeds."""
    m, n = g.shape
    high, wide = p.get("rows", m) or m, p.get("columns", n) or n
    into, supply = np.zeros((m, n)), np.zeros(m)
    for top in range(0, m, high):
        for left in range(0, n, wide):
            tile = g[top : top + high, left : left + wide]
            if not used[top : top + high, left : left + wide].any():
                continue  # An array without a synapse is not there.
            for i in range(len(tile)):
                out, fed = transfer(tile, i, r_word, r_bit, access)
                into[top + i, left : left + wide] = out
                supply[top + i] += fed
    return into, supply


def case(program, folder, number, seed):
    r = random.Random(f"{seed} {number}")
    m, n = r.choice([(1, 1), (1, 5), (6, 1), (2, 3), (5, 4), (7, 6)])
    plastic, held = r.random() < 0.4, r.random() < 0.3
    held = held or plastic
    pairs = [(i, j) for i in range(m) for j in range(n) if r.random() < r.choice([0.6, 1.0])] or [(0, 0)]
    p = dict(dac_bits=r.choice([0, 0, 1, 2, 4, 8]), adc_bits=r.choice([0, 0, 2, 3, 5, 8, 16]))
    p["differential"] = not held and r.random() < 0.4
    p["levels"] = 0 if held else r.choice([0, 0, 2, 3, 16])
    p["rows"], p["columns"] = r.choice([0, 0, 1, 3]), r.choice([0, 0, 2, 4])
    p["unconnected"] = r.choice(["open", "g_min"])
    r_word, r_bit = r.choice([(0.0, 0.0), (2.0, 2.0), (0.0, 50.0), (300.0, 0.0), (1e3, 20.0), (1e4, 1e4)])
    access = r.choice([None, None, 0.0, 15e3])
    g_min, g_max = r.choice([(1e-6, 1e-4), (0.0, 1e-4), (1e-5, 5e-5)])
    v_max = r.choice([0.2, 0.3, 1.0])
    read = v_max * r.choice([1.0, 0.5, r.uniform(0.05, 1)])
    full = r.choice([0.0, 0.0, read * g_max * r.uniform(0.1, 3)])
    w_max = r.choice([1.0, -1.0]) * r.uniform(0.2, 5)
    w_min = 0.0 if p["differential"] else w_max * r.choice([0, 0, 0.2])
    sign = lambda: r.choice([1, -1]) if p["differential"] else 1
    place = lambda x: w_max if x == 1 else w_min + (w_max - w_min) * x
    w = [sign() * place(r.choice([0.0, 1.0, r.random(), r.random()])) for _ in pairs]
    given = held or w_min != 0 or p["differential"] or r.random() < 0.5
    if not given:
        w[0] = w_max
    refresh = r.choice(["inf", 150.0])
    # Each source at its own time, then one spike of each target, then each source again.
    first, posts, again = [10.0 * (i + 1) for i in range(m)], 100.0, [200.0 + 10 * i for i in range(m)]
    trains = [[a, b] for a, b in zip(first, again)]
    text = '[simulation]\nduration = "400 ms"\n'
    for name, values in (("pre", trains), ("post", [[posts] if plastic else []] * n)):
        text += f'[population.{name}]\nsource.spike_times = {{ values = {values}, unit = "ms" }}\n'
    text += f'[projection.p]\nsource = "pre"\ntarget = "post"\nconnect.pairs = {[list(x) for x in pairs]}\nweight = {{ values = {w} }}\n'
    text += f"w_min = {w_min!r}\n" + (f"w_max = {w_max!r}\n" if given else "")
    up, down, t_ltp, v_read, width = 0.13, 0.21, r.choice([25.0, 65.0]), 0.3, 20e-9
    if held:
        text += f'device.constant_step = {{ g_min = "{g_min!r} S", g_max = "{g_max!r} S", dg_up = "{up * (g_max - g_min)!r} S", '
        text += f'dg_down = "{down * (g_max - g_min)!r} S", read = {{ v = "{v_read} V", width = "20 ns" }}, '
        text += 'pulse_up = { v = "1 V", width = "1 ns" }, pulse_down = { v = "1 V", width = "1 ns" } }\n'
    if plastic:
        text += f'plasticity.querlioz = {{ t_ltp = "{t_ltp} ms" }}\n'
    text += "[projection.p.crossbar]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in p.items() if value)
    text += f'word_line_resistance = "{r_word} ohm"\nbit_line_resistance = "{r_bit} ohm"\nread_voltage = "{read!r} V"\nv_max = "{v_max} V"\n'
    text += f'access_resistance = "{access} ohm"\n' if access is not None else ""
    text += f'adc_full_scale = "{full!r} A"\n' if full else ""
    text += f'refresh = "{refresh}{" ms" * (refresh != "inf")}"\n' if plastic else ""
    text += f'g_min = "{g_min!r} S"\ng_max = "{g_max!r} S"\n' if not held else ""
    text += '[record]\nspikes = []\nweights = [{ projection = "p", on = "pre_spike" }]\n'
    model, out = folder / "model.toml", folder / "out.h5"
    model.write_text(text)
    done = subprocess.run([program, "run", model, "-o", out, "--force", "--json", "--threads", str(r.choice([1, 2]))], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + text
    summary = json.loads(done.stdout)
    with h5py.File(out) as result:
        rows = result["weights/p"]
        found = {(s, t, time > 150): x for s, t, time, x in zip(rows["source_ids"][:], rows["target_ids"][:], rows["timestamps"][:], rows["weights"][:])}

    span, lines = g_max - g_min, 2 if p["differential"] else 1
    quantised = lambda g: g_min + np.floor((g - g_min) / span * (p["levels"] - 1) + 0.5) / (p["levels"] - 1) * span if p["levels"] else g

    def cells(share):
        g = np.full((m, n * lines), g_min if p["unconnected"] == "g_min" else 0.0)
        for (i, j), x in zip(pairs, share):
            if lines == 2:
                g[i, 2 * j], g[i, 2 * j + 1] = (quantised(g_min + span * max(side * x, 0)) for side in (1, -1))
            else:
                g[i, j] = quantised(g_min + span * x)
        return g

    used = np.zeros((m, n * lines), bool)
    for i, j in pairs:
        used[i, lines * j : lines * (j + 1)] = True
    share = [x / abs(w_max) if lines == 2 else (x - w_min) / (w_max - w_min) for x in w]
    volts = read if not p["dac_bits"] else min(ROUND(read / v_max * (2 ** p["dac_bits"] - 1)), 2 ** p["dac_bits"] - 1) / (2 ** p["dac_bits"] - 1) * v_max
    most, scale = 2.0 ** (p["adc_bits"] - 1) - 1, full or read * g_max
    worst, near, joules = 0.0, 0, 0.0
    loss = None
    for later in (False, True):
        if later and plastic:
            # The post spike arrives 1 ms (the delay) later.
            share = [min(x + up, 1) if posts + 1 - first[i] <= t_ltp else max(x - down, 0) for (i, _), x in zip(pairs, share)]
        g = cells(share)
        if loss is None or (later and plastic and refresh != "inf"):
            into, supply = arrays(g, used, p, r_word, r_bit, access)
            arriving = np.array([sum(into[i, j] for a, j in pairs if a == i) for i in range(m)])
            loss = np.where(g > 0, into / np.where(g > 0, g, 1), 1.0)
            feed = np.where(arriving > 0, supply / np.where(arriving > 0, arriving, 1), 1.0)
        for (i, j) in pairs:
            seen = g[i] * loss[i] if held else into[i]
            joules += v_read**2 * width * seen[j] * feed[i] if held else 0
            current = volts * (seen[2 * j] - seen[2 * j + 1] if lines == 2 else seen[j])
            edge = 1.0
            if p["adc_bits"]:
                code = current / scale * most
                edge = abs(abs(code) % 1 - 0.5)
                current = np.clip(ROUND(code), -most, most) / most * scale
            conductance = current / read
            want = abs(w_max) * conductance / span if lines == 2 else w_min + (w_max - w_min) * (conductance - g_min) / span
            if lines == 1 and want * w_max < 0:
                want = 0.0
            if edge < 1e-9:
                near += 1  # On the edge between two codes rounding decides.
                continue
            worst = max(worst, abs(found[i, j, later] - want) / abs(w_max))
    if held:
        worst = max(worst, abs(summary["projections"]["p"]["energy_j"]["read"] - joules) / (joules or 1))
    return worst, near, text, len(pairs)


def main():
    program = Path(sys.argv[1]).resolve()
    cases, seed = [int(number) for number in (sys.argv[2:] + ["60", "1"][len(sys.argv) - 2 :])][:2]
    failures, most, edges, compared = 0, 0.0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        for number in range(cases):
            worst, near, text, pairs = case(program, Path(name), number, seed)
            edges, compared, most = edges + near, compared + 2 * pairs, max(most, worst)
            if worst > 1e-10:
                failures += 1
                print(f"case {number} differs by {worst:.1e}:\n{text[text.index('[projection') :]}", flush=True)
    print(f"{cases} crossbars, {compared} weights ({edges} on the edge between two codes left out), largest difference {most:.2g}")
    sys.exit(f"{failures} cases differ" if failures else 0)


main()
