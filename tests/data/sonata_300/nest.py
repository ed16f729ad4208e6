"""The 300-cell SONATA example in NEST, built by hand, since this NEST has no HDF5."""
import json, sys
import h5py, numpy as np, nest
D = sys.argv[1]; OUT = sys.argv[2]
nest.ResetKernel(); nest.set_verbosity("M_ERROR")
nest.SetKernelStatus({"resolution": 0.01, "local_num_threads": 1})
import csv
def types(f): return {int(r["node_type_id"]): r for r in csv.DictReader(open(f"{D}/network/{f}"), delimiter=" ")}
nt = types("internal_node_types.csv")
ids = h5py.File(f"{D}/network/internal_nodes.h5")["nodes/internal/node_type_id"][:]
cells = nest.Create("iaf_psc_alpha", len(ids))
for t in np.unique(ids):
    p = json.load(open(f"{D}/shared_components/nest_models/cell_models/{nt[int(t)]['dynamics_params']}"))
    cells[np.flatnonzero(ids == t).tolist()].set(dict(p, V_m=-80.0))
s = h5py.File(f"{D}/inputs/external_spike_trains.h5")["spikes"]
g, ts = s["gids"][:], s["timestamps"][:]
ts = np.round(np.ceil(ts * 100 - 1e-6) / 100, 2)  # NEST itself rounds to 1 us first, so that some of these would lie a step earlier
ext = nest.Create("spike_train_injector", 100, params=[{"spike_times": np.sort(ts[g == i]), "allow_offgrid_times": True} for i in range(100)])
def connect(pre, f, p, delay):
    h = h5py.File(f"{D}/network/{f}")["edges/" + p]
    n = len(h["source_node_id"])
    base = pre[0].global_id
    nest.Connect(h["source_node_id"][:].astype(int) + base, h["target_node_id"][:].astype(int) + cells[0].global_id, "one_to_one",
                 {"weight": h["0/syn_weight"][:], "delay": np.full(n, delay), "synapse_model": "static_synapse"})
connect(cells, "internal_internal_edges.h5", "internal_to_internal", 2.0)
connect(ext, "external_internal_edges.h5", "external_to_internal", 1.0)
rec = nest.Create("spike_recorder"); nest.Connect(cells, rec)
sel = [0, 80, 160, 240, 270]
mm = nest.Create("multimeter", params={"record_from": ["V_m"], "interval": 1.0}); nest.Connect(mm, cells[sel])
nest.Simulate(1500.0)
e = rec.get("events")
o = np.lexsort((e["senders"], e["times"])); t = e["times"][o]; i = e["senders"][o] - cells[0].global_id
m = mm.get("events"); v = {k: m["V_m"][m["senders"] == cells[k].global_id] for k in sel}
print(len(t), [int((ids[i] == k).sum()) for k in np.unique(ids)])
with h5py.File(OUT, "w") as out:
    out["steps"] = np.round(t * 100).astype("i4"); out["node_ids"] = i.astype("i4"); out["v_m"] = np.array([v[k] for k in sel])[:, :300]
