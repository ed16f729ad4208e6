"""Compares team and stanford_rram under trains of pulses and waves of voltage with scipy: random devices, states, voltages and widths.

    python check_drives.py MEMSPIKE [CASES [SEED]]

MEMSPIKE is the program; CASES (default 100) are drawn from SEED (default 1). The equations are those that `memspike models` states with their papers,
solved by scipy's implicit solver; state, current and conductance of `memspike device iv --json` must agree with that at each sample. Pulses come in
runs of one sign, so that many a state comes to an end of its range and back from there.
Needs: pip install numpy scipy. Exit code 0 if all agree.
"""

import json
import math
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
from check_waveforms import GRIDS, Device, after, stretches

# Of the range of the state; of the larger current.
ALLOWED = 1e-6
SAMPLES = 4


def pulses(r, device, s):
    """Runs of pulses of one sign: (voltage, width [s], how many)."""
    train, sign = [], r.choice([-1, 1])
    for _ in range(r.randint(2, 5)):
        v = sign * device.volts(r)
        # What moves a part of the range, all of it, or more, in one run.
        speed = max(abs(device.rate(share, v)) for share in (0.02, s, 0.3, 0.7, 0.98))
        count = r.choice([1, 1, 2, 5])
        width = 10 ** r.uniform(-1.5, 0.7) / speed / count if speed > 0 else 10 ** r.uniform(-8, -2)
        train.append((v, min(max(width, 1e-15), 1e3), count))
        sign = -sign if r.random() < 0.8 else sign
    # On one clock: a pulse that is far shorter than one before it is lost in the rounding of both.
    longest = 1e6 * min(width for _, width, _ in train)
    return [(v, min(width, longest), count) for v, width, count in train]


def of_pulses(r, device, s):
    """Options of the command, and the drive: (times between which it is smooth, voltage in between)."""
    train = pulses(r, device, s)
    text = ", ".join(f"{v!r}V:{width!r}s x{count}" for v, width, count in train)
    start, parts = 0.0, []
    for v, width, count in train:
        for _ in range(count):
            parts.append((start, start + width, lambda t, v=v: v))
            start += width
    return [f"--pulses={text}", f"--samples={SAMPLES}"], parts


def of_wave(r, device, s):
    """The same of a sine or a triangle."""
    amplitude, shape = device.volts(r), r.choice(["sine", "triangle"])
    speed = max(abs(device.rate(share, sign * amplitude)) for share in (0.02, s, 0.5, 0.98) for sign in (-1, 1))
    frequency = min(max(speed / 10 ** r.uniform(-0.7, 1), 1e-3), 1e12) if speed > 0 else 1.0
    turn = lambda t: 4 * abs((frequency * t + 0.25) % 1 - 0.5) - 1
    v = {"sine": lambda t: amplitude * math.sin(2 * math.pi * (frequency * t % 1)), "triangle": lambda t: -amplitude * turn(t)}[shape]
    quarters = [k / 4 / frequency for k in range(5)]
    options = [f"--amplitude={amplitude!r}V", f"--frequency={frequency!r}Hz", "--periods=1", f"--wave={shape}", "--samples=16"]
    return options, [(a, b, v) for a, b in zip(quarters, quarters[1:])]


def states(device, parts, times, s):
    """The state at each time, of those of one part each that which ends there."""
    found, (a, b, v), rest = [], parts[0], list(parts[1:])
    at = a
    for t in times:
        while t > b * (1 + 1e-12) and rest:
            s = after(device, v, [at, b], s)
            (a, b, v), rest = rest[0], rest[1:]
            at = a
        end = min(t, b)
        if end > at:
            s, at = after(device, v, [at, end], s), end
        found.append(s)
    return found


def volts(device, r):
    """Amplitudes from below what moves it to far above."""
    if device.kind == "team":
        on, off = device.threshold
        return min(r.choice([on, off]) * device.ohm(r.random()) * 10 ** r.uniform(-0.3, 0.5), 50.0)
    return r.uniform(0.5, 2.0)


def case(program, number, seed):
    r = random.Random(f"drives {seed} {number}")
    device = Device(r, [GRIDS[number % 2]])
    device.volts = lambda r: volts(device, r)
    s = r.choice([r.uniform(0.02, 0.98), r.random() ** 3, 0.0, 1.0])
    if device.sticks:
        s = min(max(s, 1e-3), 1 - 1e-3)
    options, parts = (of_pulses if r.random() < 0.7 else of_wave)(r, device, s)
    state = device.low + device.span * s
    command = [program, "device", "iv", device.kind, "--json", f"--state={state!r} {device.unit}", *options]
    command += [word for key, value in device.text.items() for word in ("--set", f"{key}={value}")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + " ".join(map(str, command))
    found = json.loads(done.stdout)
    expected = states(device, parts, found["time_s"], s)
    # In the state's own unit, nm.
    reached = (np.array(found["state"]) * 1e9 - device.low) / device.span
    off = np.abs(reached - expected)
    current = np.array([device.current(x, v) for x, v in zip(reached, found["voltage_V"])])
    off_current = np.abs(current - found["current_A"]) / max(np.abs(current).max(), 1e-300)
    worst = max(off.max() / ALLOWED, off_current.max() / 1e-9)
    if worst > 1:
        k = int(off.argmax())
        print(f"case {number} ({device.kind}, s = {s!r}) differs: state by {off.max():.2e} of the range, current by {off_current.max():.2e}")
        print(f"  at {found['time_s'][k]!r} s, {found['voltage_V'][k]!r} V: expected {expected[k]!r}, found {reached[k]!r}")
        print("  " + " ".join(f"'{word}'" if " " in str(word) else str(word) for word in command), flush=True)
    ends = [x < 1e-6 or x > 1 - 1e-6 for x in expected]
    back = any(a and not b for a, b in zip(ends, ends[1:]))
    return device.kind, worst, back


def main():
    program = Path(sys.argv[1]).resolve()
    cases, seed = [int(number) for number in (sys.argv[2:] + ["100", "1"][len(sys.argv) - 2 :])][:2]
    seen, failures = {}, 0
    for number in range(cases):
        kind, worst, back = case(program, number, seed)
        seen.setdefault(kind, []).append((worst, back))
        failures += worst > 1
    for kind, all_ in sorted(seen.items()):
        backs = sum(back for _, back in all_)
        print(f"{kind:18} {len(all_)} cases, {backs} come back from an end: largest difference {max(w for w, _ in all_):.2f} of what is allowed")
        # Else they would not show what they are for.
        assert backs >= len(all_) // 8 or cases < 50, f"{kind}: {backs}"
    sys.exit(f"{failures} cases differ" if failures else 0)


if __name__ == "__main__":
    main()
