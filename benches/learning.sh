#!/bin/bash
# Runs the learning demonstrations of models/ at the sizes of docs/LEARNING.md, and prints a line for each: hours on one processor.
#     benches/learning.sh [FOLDER FOR RESULTS]
set -eu
cd "$(dirname "$0")/.."
memspike=${MEMSPIKE:-target/release/memspike}
out=${1:-target/learning}
mkdir -p "$out"

# figure NAME KEY: a number of the JSON that evaluate printed.
figure() { grep -o "\"$2\": [-0-9.e]*" "$out/$1.json" | head -1 | cut -d' ' -f2; }

# digits NAME MODEL [KEY=VALUE ..]
digits() {
    local name=$1 model=$2 sets=()
    shift 2
    for set in "$@"; do sets+=(--set "$set"); done
    "$memspike" run "models/$model.toml" -o "$out/$name.h5" --force "${sets[@]}" --json > "$out/$name.run.json"
    "$memspike" evaluate "$out/$name.h5" --json > "$out/$name.json"
    echo "$model $*: accuracy $(figure "$name" accuracy) +- $(figure "$name" standard_error)," \
        "sim_s $(grep -o '"sim_s": [0-9.]*' "$out/$name.run.json" | cut -d' ' -f2)"
}

for seed in $(seq 1 20); do
    "$memspike" run models/masquelier_pattern.toml -o "$out/pattern.h5" --force --seed "$seed" > /dev/null
    "$memspike" evaluate "$out/pattern.h5" --detect --start 300s --json > "$out/pattern.json"
    echo "masquelier_pattern seed $seed: hit rate $(figure pattern hit_rate), false alarms $(figure pattern false_alarms)," \
        "latency $(figure pattern latency_ms) ms"
done
for outputs in 10 50 100 300; do
    digits "querlioz_$outputs" querlioz_digits "parameters.outputs=$outputs"
done
for spread in 0.1 0.25 0.5; do
    digits "querlioz_spread_$spread" querlioz_digits "parameters.spread=$spread"
done
for outputs in 100 400; do
    digits "diehl_cook_$outputs" diehl_cook_digits "parameters.outputs=$outputs"
done
