//! The keys of every table of the model file that is no model's own: the readers accept these and no others, what a model leaves out is
//! filled from here, and `docs/MODEL-FILE.md` shows them.

use super::keys::Absent::{As, Means, Never};
use super::keys::{Key, Table, key};
use super::labels::LABELS;
use super::pattern::PATTERN;

const START: Key = key("start", "time, >= 0", As("\"0 ms\""), "nothing before");
const STOP: Key = key("stop", "time, > start", As("\"inf\""), "nothing from then on");
const DURING: Key = key("during", "name of an interval", Means("always"), "only within `[interval.NAME]`");
const UNIT: Key = key("unit", "text", Means("needed where there is a dimension"), "unit of the numbers");
const WHERE: Key = key("where", "table `{ column = value or list }`", Means("all rows"), "rows with one of the values");

/// The tables of a model.
pub const MODEL: Table = Table::new(
    "top level",
    "of a model",
    &[
        key("title", "text", Means("none"), "what the model is"),
        key("reference", "text", Means("none"), "the paper that it follows"),
        key("extends", "path of a model", Means("none"), "what this file is laid over"),
        key("parameters", "table", Means("none"), "names for use in expressions"),
        key("simulation", "table", Means("its defaults"), "how long, how exactly"),
        key("neuron", "tables", Means("none"), "named sets of a neuron model's parameters"),
        key("plasticity", "tables", Means("none"), "named sets of a rule's parameters"),
        key("device", "tables", Means("none"), "named sets of a device's parameters"),
        key("population", "tables", Never, "neurons and sources"),
        key("input", "tables", Means("none"), "noise and currents into neurons"),
        key("interval", "tables", Means("none"), "spans of time to refer to"),
        key("projection", "tables", Means("none"), "synapses"),
        key("record", "table", Means("its defaults"), "what goes into the result"),
        key("energy", "table", Means("no chip is priced"), "prices of spikes and synaptic events"),
    ],
);

/// `[simulation]`.
pub const SIMULATION: Table = Table::new(
    "simulation",
    "of [simulation]",
    &[
        key(
            "duration",
            "time, > 0",
            Means("that of the longest recording, of the one that `leads`, or of the images; else needed"),
            "how long to simulate",
        ),
        key("seed", "whole number, 0 to 2^63 - 1", As("1"), "of all random numbers"),
        key(
            "engine",
            "`\"event\"`, `\"grid\"`",
            As("\"event\""),
            "exact spike times, or spikes at multiples of `resolution`",
        ),
        key(
            "resolution",
            "time, > 0",
            As("\"0.1 ms\""),
            "step of the grid; with `event` only the default of `interval` keys",
        ),
        key("precision", "`\"double\"`, `\"single\"`", As("\"double\""), "of weights and, on the grid, of states"),
        key(
            "static_weights",
            "`\"real\"`, `\"int16\"`",
            As("\"real\""),
            "how static weights that differ are stored: in `precision`, or in 16 bits",
        ),
    ],
);

/// `[population.NAME]`.
pub const POPULATION: Table = Table::new(
    "population.NAME",
    "of a population",
    &[
        key("size", "count, 1 to 4294967295", Means("needed, but for sources that know theirs"), "number of members"),
        key("neuron", "a model or set, or a table with one", Means("`source` is given"), "what its members are"),
        key("source", "a table with one source", Means("`neuron` is given"), "members that only emit"),
        key(
            "initial",
            "table of state variables",
            Means("as `memspike models NAME` says"),
            "state at time 0, a value for each neuron",
        ),
    ],
);

/// `source` of a population.
pub const SOURCE: Table = Table::one_of(
    "source",
    "for a source",
    &[
        key("spike_times", "list of lists of times, or a table", Never, "given spikes; `size` follows"),
        key("poisson", "table", Never, "independent Poisson trains"),
        key("regular", "table", Never, "equal intervals"),
        key("labels", "table", Never, "images of IDX files as spike trains; `size` follows"),
        key("pattern", "table", Never, "a spike pattern that comes back within noise"),
        key("recording", "table", Never, "a recording; `size` follows"),
    ],
);

/// `source.spike_times` as a table.
pub const SPIKE_TIMES: Table = Table::new(
    "source.spike_times",
    "of spike times",
    &[
        key("values", "list of lists of bare numbers", Never, "not decreasing within a list"),
        key("unit", "text", Never, "unit of the numbers"),
    ],
);

/// `source.poisson`.
pub const POISSON_SOURCE: Table = Table::new(
    "source.poisson",
    "of source.poisson",
    &[key("rate", "rate, >= 0; a value for each member, or `{ steps }`", Never, "of each member"), START, STOP, DURING],
);

/// A rate that changes.
pub const RATE_STEPS: Table = Table::new(
    "rate",
    "of a rate in steps",
    &[key("steps", "list `[[time, rate], ..]`", Never, "the rate from each time on; 0 before the first")],
);

/// `source.regular`.
pub const REGULAR: Table = Table::new(
    "source.regular",
    "of source.regular",
    &[
        key("rate", "rate, >= 0; a value for each member", Never, "spikes are 1/rate apart"),
        key("phase", "time, >= 0; a value for each member", As("\"0 ms\""), "from `start` to the first spike"),
        START,
        STOP,
        DURING,
    ],
);

/// `source.labels`.
pub const LABELS_SOURCE: Table = Table::beside(
    "source.labels",
    "of source.labels",
    &[
        key("images", "path or list of paths", Never, "IDX files of images, plain or gzip"),
        key("labels", "path or list of paths", Never, "IDX files of their labels"),
    ],
    &LABELS,
);

/// `source.pattern`.
pub const PATTERN_SOURCE: Table = Table::beside("source.pattern", "of source.pattern", &[], &PATTERN);

/// `source.recording`.
pub const RECORDING: Table = Table::new(
    "source.recording",
    "of source.recording",
    &[
        key("file", "path", Means("`memspike replay` names it"), "any format that `memspike info` reads"),
        key("start", "time on the recording's clock", Means("its first observed moment"), "model time 0"),
        key("stop", "time on the recording's clock", Means("its end"), "nothing from then on"),
        key("units", "text such as `\"0-95,100\"`", Means("all"), "units by position, from 0"),
        WHERE,
        key(
            "leads",
            "true, false",
            Means("`memspike replay` sets it for what it replays, beside others"),
            "the run is as long as this one, and has its clock and its tables in intervals; of one at most",
        ),
    ],
);

/// `[input.NAME]`.
pub const INPUT: Table = Table::new(
    "input.NAME",
    "of an input",
    &[
        key("target", "population, slice or list", Never, "neurons that get it, none of them twice"),
        key("poisson", "table", Means("`current` is given"), "Poisson trains of its own into each neuron"),
        key("current", "a table with one current", Means("`poisson` is given"), "the same current into each neuron"),
    ],
);

/// `poisson` of an input.
pub const POISSON_INPUT: Table = Table::new(
    "input.NAME.poisson",
    "of a Poisson input",
    &[
        key(
            "rate",
            "rate, >= 0, or `{ steps }`",
            Never,
            "of each train: the same for all, or drawn once for each neuron",
        ),
        key(
            "weight",
            "in the target's weight unit",
            Means("1 in that unit"),
            "of its events: a constant, or drawn once for each neuron",
        ),
        key("indegree", "number, >= 0", As("1"), "trains into each neuron"),
        START,
        STOP,
        DURING,
    ],
);

/// `current` of an input.
pub const CURRENT: Table = Table::one_of(
    "input.NAME.current",
    "for a current",
    &[
        key("steps", "list `[[time, current], ..]`", Never, "the current from each time on; 0 before the first"),
        key("sine", "table", Never, "offset + amplitude sin(2 pi frequency t + phase)"),
        key("noise", "table", Never, "Gaussian, for each neuron, drawn anew every `interval`"),
    ],
);

/// `current.sine`.
pub const SINE: Table = Table::new(
    "current.sine",
    "of current.sine",
    &[
        key("amplitude", "current", Never, "largest deviation from `offset`"),
        key("frequency", "rate, >= 0", Never, "periods per second"),
        key("phase", "angle: `\"90 deg\"`, `\"1.57 rad\"`, or a bare number in radians", As("0"), "at model time 0"),
        key("offset", "current", As("\"0 pA\""), "mean"),
        key(
            "interval",
            "time, > 0",
            Means("`simulation.resolution`"),
            "held that long, at the value in the middle; counted from time 0, not from `start`",
        ),
        START,
        STOP,
        DURING,
    ],
);

/// `current.noise`.
pub const NOISE: Table = Table::new(
    "current.noise",
    "of current.noise",
    &[
        key("mean", "current", As("\"0 pA\""), "mean"),
        key("std", "current, >= 0", Never, "standard deviation"),
        key(
            "interval",
            "time, > 0",
            Means("`simulation.resolution`"),
            "how long each draw holds; counted from time 0, not from `start`",
        ),
        START,
        STOP,
        DURING,
    ],
);

/// `[interval.NAME]` of times.
pub const INTERVAL: Table = Table::new(
    "interval.NAME",
    "of an interval",
    &[
        key("start", "time or list of times, >= 0", Never, "starts, rising"),
        key("stop", "time or list of times", Means("`duration` is given"), "a stop after each start; no overlap"),
        key("duration", "time, > 0", Means("`stop` is given"), "length of each"),
        key("every", "time, >= length", Means("no repetition"), "repeats a single interval, from start to start"),
        key("count", "count", Means("until simulation.duration"), "how many there are with `every`"),
    ],
);

/// `[interval.NAME]` of a recording's table.
pub const INTERVAL_FILE: Table = Table::new(
    "interval.NAME of a recording",
    "of an interval from a recording",
    &[
        key(
            "file",
            "path",
            Means("the recording that the model replays, of several the one that `leads`"),
            "a recording on the same clock",
        ),
        key("table", "text", Never, "name of its table, such as `trials`"),
        key("start", "name of a column of times", As("\"start_time\""), "starts"),
        key("stop", "name of a column of times", Means("`stop_time`, or start + `duration`"), "stops"),
        key("duration", "time, > 0", Means("until `stop`"), "length of each"),
        WHERE,
    ],
);

/// `[projection.NAME]`.
pub const PROJECTION: Table = Table::new(
    "projection.NAME",
    "of a projection",
    &[
        key("source", "population, slice or list", Never, "where spikes come from"),
        key("target", "population, slice or list", Never, "where they go"),
        key("connect", "a rule, or a table with one", Never, "which pairs are connected"),
        key("autapses", "true, false", As("true"), "may a neuron connect to itself?"),
        key("multapses", "true, false", As("true"), "may a pair be drawn more than once?"),
        key(
            "procedural",
            "true, false",
            As("false"),
            "draw synapses at each spike instead of storing them; static ones only",
        ),
        key(
            "weight",
            "in the target's weight unit; a value for each synapse",
            Means("1 in that unit, or `connect.file`'s"),
            "of a synapse; below 0: inhibitory",
        ),
        key(
            "delay",
            "time, > 0, a day at most; a value for each synapse",
            Means("`\"1 ms\"`, or `connect.file`'s"),
            "from spike to event; on the grid drawn ones are rounded to its steps, one at least",
        ),
        key(
            "delay_location",
            "`\"dendritic\"`, `\"axonal\"`",
            As("\"dendritic\""),
            "where the delay lies, for plasticity",
        ),
        key("w_min", "in the weight's unit, sign of `w_max`", Means("0"), "smallest weight: that at g_min of a device"),
        key(
            "w_max",
            "in the weight's unit",
            Means("unbounded; rules and devices that need it say so"),
            "largest weight: that at g_max of a device",
        ),
        key("plasticity", "a rule or set, or a table with one", Means("static"), "how weights learn"),
        key("short_term", "table", Means("none"), "depression and facilitation"),
        key("normalize", "table", Means("none"), "scaling of the sum onto each target; with `plasticity`"),
        key(
            "device",
            "a device or set, or a table with one",
            Means("ideal weights"),
            "the memristor that holds each weight",
        ),
        key("crossbar", "table", Means("none"), "wires between the devices, converters"),
        key("waveform", "table", Means("none"), "spikes that overlap across a physical device: its own plasticity"),
    ],
);

/// `connect` of a projection.
pub const CONNECT: Table = Table::one_of(
    "connect",
    "for a connect rule",
    &[
        key("one_to_one", "no value", Never, "member i to member i"),
        key("all_to_all", "no value", Never, "every pair once"),
        key("fixed_probability", "number, 0 to 1", Never, "each pair with this chance, once at most"),
        key("fixed_indegree", "count", Never, "so many random sources for each target"),
        key("fixed_outdegree", "count", Never, "so many random targets for each source"),
        key("fixed_total_number", "count, or `{ probability }`", Never, "so many random pairs"),
        key("pairs", "list `[[source, target], ..]`", Never, "these pairs, by position in the slices"),
        key("file", "table", Never, "pairs from a file, with its weights and delays, by position in the slices"),
    ],
);

/// `connect.fixed_total_number` as a table.
pub const TOTAL_NUMBER: Table = Table::new(
    "connect.fixed_total_number",
    "of connect.fixed_total_number",
    &[key("probability", "number, 0 to below 1", Never, "the count that connects a pair with this chance")],
);

/// `connect.file`.
pub const CONNECT_FILE: Table = Table::new(
    "connect.file",
    "of connect.file",
    &[
        key(
            "path",
            "path: .h5, .csv, .npy",
            Never,
            "a result, SONATA edges, or columns source, target, weight, delay (unit of the target, ms)",
        ),
        key("projection", "text", Means("the only one of the file"), "which one, of an HDF5 file"),
        key("at", "time", Means("the last"), "which snapshot, of a result"),
    ],
);

/// A value for each neuron or synapse.
pub const VALUE: Table = Table::one_of(
    "value",
    "of a value",
    &[
        key("uniform", "list `[low, high]`", Never, "equally likely between the two"),
        key("normal", "table", Never, "Gaussian"),
        key("lognormal", "table", Never, "`mean` and `std` are those of the values, not of their logarithm"),
        key("exponential", "table", Never, "has a `mean` alone, with limits"),
        key("values", "list of bare numbers, with `unit` beside it", Never, "one after the other"),
        key("file", "path: .npy, .csv, .h5, with `unit` beside it", Never, "one after the other"),
    ],
);

/// `normal`, `lognormal`, `exponential` (without std and cv).
pub const MOMENTS: Table = Table::new(
    "normal, lognormal, exponential",
    "of a distribution",
    &[
        key("mean", "in the value's unit", Never, "before limits"),
        key("std", "in the value's unit, >= 0", Means("`cv` is given"), "standard deviation before limits"),
        key("cv", "number, >= 0", Means("`std` is given"), "standard deviation over |mean|"),
        key("min", "in the value's unit", Means("none"), "what is smaller is drawn again"),
        key("max", "in the value's unit", Means("none"), "what is larger is drawn again"),
        key("same_sign", "true, false", Means("false"), "what has not the sign of `mean` is drawn again"),
    ],
);

/// `{ values = .. }`.
pub const LIST: Table =
    Table::new("values", "of a list", &[key("values", "list of bare numbers", Never, "the values"), UNIT]);

/// `{ file = .. }`.
pub const VALUES_FILE: Table = Table::new(
    "file",
    "of values from such a file",
    &[
        key("file", "path: .npy, .csv, .h5", Never, "where the values are"),
        key(
            "unit",
            "text",
            Means(
                "what an .h5 file says, or a .csv column in brackets; needed where they say none and there is a dimension",
            ),
            "unit of the numbers",
        ),
        key("column", "text", Means("needed for .csv"), "name of the column"),
        key("dataset", "text", Means("needed for .h5"), "path of the dataset"),
    ],
);

/// A plasticity rule, beside its own parameters.
pub const PLASTICITY: Table = Table::new("plasticity", "of a plasticity rule", &[DURING]);

/// `[record]`.
pub const RECORD: Table = Table::new(
    "record",
    "of [record]",
    &[
        key("start", "time, >= 0", As("\"0 ms\""), "what comes before is warm-up, not in the result"),
        key("stop", "time, after `start`", Means("the end of the run"), "what comes then is not in the result"),
        key("spikes", "`\"all\"`, `\"none\"`, population, slice or list", As("\"all\""), "whose spikes"),
        key("state", "list of tables", Means("none"), "state variables"),
        key("weights", "list of tables", Means("none"), "weights"),
        key(
            "parameters",
            "true, false",
            As("false"),
            "what was drawn for each neuron, source and device: `/populations/<name>/drawn/`, `/projections/<name>/drawn/`",
        ),
    ],
);

/// `[[record.state]]`.
pub const RECORD_STATE: Table = Table::new(
    "record.state",
    "of [[record.state]]",
    &[
        key("population", "population, slice or list", Never, "neurons"),
        key("variables", "name or list of names", As("[\"v_m\"]"), "state variables of their model"),
        key("interval", "time, > 0", Means("`simulation.resolution`"), "from sample to sample"),
        key("start", "time, >= 0", Means("`record.start`"), "first sample, also before `record.start`"),
    ],
);

/// `[[record.weights]]`.
pub const RECORD_WEIGHTS: Table = Table::new(
    "record.weights",
    "of [[record.weights]]",
    &[
        key("projection", "name", Never, "a projection, or a table of them with lists"),
        key(
            "on",
            "`\"pre_spike\"`, `\"end\"`",
            Means("`interval` is given"),
            "what each spike transmits; or weights at the end",
        ),
        key("interval", "time, > 0", Means("`on` is given"), "snapshots of the weights at its multiples"),
    ],
);

/// `[energy]`.
pub const ENERGY: Table = Table::new(
    "energy",
    "of [energy]",
    &[
        key(
            "prices",
            "`\"loihi\"`, `\"truenorth\"`, `\"spinnaker2\"`, `\"brainscales\"`",
            Means("no table"),
            "a chip's published prices",
        ),
        key("synaptic_event", "energy, >= 0", Means("that of `prices`"), "per synaptic event"),
        key("spike", "energy, >= 0", Means("that of `prices`"), "per spike"),
        key("neuron_update", "energy, >= 0", Means("that of `prices`"), "per neuron and ms of model time"),
        key("static_power", "power, >= 0", Means("that of `prices`"), "whatever happens"),
    ],
);

/// All of them, in the order of the reference.
pub const TABLES: [&Table; 31] = [
    &MODEL,
    &SIMULATION,
    &VALUE,
    &MOMENTS,
    &LIST,
    &VALUES_FILE,
    &POPULATION,
    &SOURCE,
    &SPIKE_TIMES,
    &POISSON_SOURCE,
    &RATE_STEPS,
    &REGULAR,
    &LABELS_SOURCE,
    &PATTERN_SOURCE,
    &RECORDING,
    &INPUT,
    &POISSON_INPUT,
    &CURRENT,
    &SINE,
    &NOISE,
    &INTERVAL,
    &INTERVAL_FILE,
    &PROJECTION,
    &CONNECT,
    &TOTAL_NUMBER,
    &CONNECT_FILE,
    &PLASTICITY,
    &RECORD,
    &RECORD_STATE,
    &RECORD_WEIGHTS,
    &ENERGY,
];
