"""A second implementation, in numpy, of what `memspike run FILE.nir` does: braille and cnn under random input; and nested.nir, by nir itself.

reference.py FOLDER, where FOLDER holds the graphs; writes reference.h5 and nested.nir there. Needs numpy, h5py, nir.
"""
import sys
import h5py, nir, numpy as np

D = sys.argv[1]
rng = np.random.default_rng(5)


def conv2d(x, n):
    w, b = n["weight"], n["bias"]
    (px, py), (sx, sy) = n["padding"], n["stride"]
    x = np.pad(x, ((0, 0), (px, px), (py, py)))
    kx, ky = w.shape[2:]
    rows, cols = (x.shape[1] - kx) // sx + 1, (x.shape[2] - ky) // sy + 1
    y = np.zeros((w.shape[0], rows, cols))
    for i in range(rows):
        for j in range(cols):
            y[:, i, j] = np.tensordot(w, x[:, i * sx:i * sx + kx, j * sy:j * sy + ky], 3) + b
    return y


def params(file, name):
    g = h5py.File(f"{D}/{file}")["node/nodes"][name]
    return {k: (v[()].astype(float) if v.dtype != object and k not in ("stride", "padding") else v[()]) for k, v in g.items()}


# cnn: sinabs, one step is one unit of time.
n = {k: params("cnn_sinabs.nir", str(k)) for k in range(13)}
frames = (rng.random((20, 2, 34, 34)) < 0.1).astype(float)
v = {k: np.zeros(n[k]["v_threshold"].shape) for k in (1, 3, 6, 10, 12)}
counts = {k: 0 for k in v}


def fire(k, x):
    v[k] += n[k]["r"] * x
    z = v[k] > n[k]["v_threshold"]
    v[k][z] -= n[k]["v_threshold"][z]
    counts[k] += int(z.sum())
    return z.astype(float)


def pool(x):
    return x.reshape(x.shape[0], x.shape[1] // 2, 2, x.shape[2] // 2, 2).sum((2, 4))


cnn = []
for x in frames:
    x = fire(1, conv2d(x, n[0]))
    x = fire(3, conv2d(x, n[2]))
    x = fire(6, conv2d(pool(x), n[5]))
    x = pool(x).ravel()
    x = fire(10, n[9]["weight"] @ x + n[9]["bias"])
    cnn.append(fire(12, n[11]["weight"] @ x + n[11]["bias"]))

# braille: snnTorch, dt = 0.1 ms, recurrent. The input comes as events, strong enough that neurons spike.
b = {k: params("braille_noDelay_bias_zero.nir", k) for k in ("fc1", "lif1.lif", "lif1.w_rec", "fc2", "lif2")}
events = (rng.random((200, 12)) < 0.2).astype(float)
dt, out, n1, n2 = 1e-4, [], 0, 0
I1, V1, Z1 = np.zeros(38), np.zeros(38), np.zeros(38)
I2, V2 = np.zeros(7), np.zeros(7)


def cuba(p, i, v, x):
    i = i + dt / p["tau_syn"] * (p["w_in"] * x - i)
    v = v + dt / p["tau_mem"] * (p["v_leak"] - v + p["r"] * i)
    z = (v > p["v_threshold"]).astype(float)
    return i, np.where(z > 0, 0.0, v), z


for x in events:
    x = b["fc1"]["weight"] @ x + b["fc1"]["bias"] + b["lif1.w_rec"]["weight"] @ Z1 + b["lif1.w_rec"]["bias"]
    I1, V1, Z1 = cuba(b["lif1.lif"], I1, V1, x)
    I2, V2, z = cuba(b["lif2"], I2, V2, b["fc2"]["weight"] @ Z1 + b["fc2"]["bias"])
    n1, n2 = n1 + int(Z1.sum()), n2 + int(z.sum())
    out.append(z)

# nested: what nir writes, every remaining primitive in it.
ones = np.ones
inner = nir.NIRGraph(
    {"in": nir.Input({"input": np.array([4])}), "lin": nir.Linear(np.array([[1.0, 0.5, 0, 0], [0, 1, -1, 2]])),
     "delay": nir.Delay(np.array([0.001, 0.002])), "out": nir.Output({"output": np.array([2])})},
    [("in", "lin"), ("lin", "delay"), ("delay", "out")])
graph = nir.NIRGraph(
    {"input": nir.Input({"input": np.array([2, 6])}),
     "conv": nir.Conv1d(6, np.arange(12.0).reshape(2, 2, 3) / 10, 2, 1, 1, 1, np.array([0.1, -0.2])),
     "flat": nir.Flatten({"input": np.array([2, 3])}, 0, -1),
     "down": nir.Affine(np.arange(24.0).reshape(4, 6) / 50, ones(4) * 0.01),
     "scale": nir.Scale(np.array([1.0, 2, 3, 4])),
     "inner": inner,
     "li": nir.LI(ones(2) * 0.01, ones(2) * 2, np.array([0.0, 0.5])),
     "cubali": nir.CubaLI(ones(2) * 0.004, ones(2) * 0.01, ones(2), np.zeros(2), ones(2) * 3),
     "i": nir.I(ones(2) * 5),
     "thr": nir.Threshold(np.array([0.02, 0.3])),
     "output": nir.Output({"output": np.array([2])})},
    [("input", "conv"), ("conv", "flat"), ("flat", "down"), ("down", "scale"), ("scale", "inner"), ("inner", "li"),
     ("li", "cubali"), ("cubali", "i"), ("i", "thr"), ("i", "output"), ("thr", "output")])
nir.write(f"{D}/nested.nir", graph)
x = rng.random((30, 2, 6)).round(2)
dt, vl, ii, vc, vi, line, res = 1e-3, np.array([0, 0.5]), np.zeros(2), np.zeros(2), np.zeros(2), [np.zeros(2)] * 2, []
w = graph.nodes["conv"].weight
for frame in x:
    p = np.pad(frame, ((0, 0), (1, 1)))
    y = np.array([[np.sum(w[o] * p[:, 2 * k:2 * k + 3]) + [0.1, -0.2][o] for k in range(3)] for o in range(2)]).ravel()
    y = (graph.nodes["down"].weight @ y + 0.01) * np.array([1.0, 2, 3, 4])
    line = [inner.nodes["lin"].weight @ y] + line[:2]
    d = np.array([line[1][0], line[2][1]])
    vl = vl + dt / 0.01 * (np.array([0, 0.5]) - vl + 2 * d)
    ii = ii + dt / 0.004 * (3 * vl - ii)
    vc = vc + dt / 0.01 * (-vc + ii)
    vi = vi + dt * 5 * vc
    res.append(vi + (vi > np.array([0.02, 0.3])))

print("cnn", counts, "braille", n1, n2, "nested", res[-1])
with h5py.File(f"{D}/reference.h5", "w") as f:
    kw = dict(compression="gzip", compression_opts=9, shuffle=True)
    f.create_dataset("cnn/input", data=frames.astype("i1"), **kw)
    f["cnn/output"] = np.array(cnn)
    f["cnn/counts"] = [counts[k] for k in (1, 3, 6, 10, 12)]
    f.create_dataset("braille/input", data=events.astype("i1"), **kw)
    f["braille/output"] = np.array(out)
    f["braille/counts"] = [n1, n2]
    f["nested/input"] = x
    f["nested/output"] = np.array(res)
