//! Projections: lists, matrices, connect rules, plasticity, devices.

use std::path::Path;

use memspike::spec::{self, Connect, NetworkSpec, ProjectionSpec, WeightSample};
use memspike::time::Time;
use memspike::value::{Limits, Value};

const HEAD: &str = r#"
[simulation]
duration = "1 s"
[population.A]
size = 4
neuron = "lif_exp"
[population.B]
size = 3
neuron = "lif_exp"
[population.S]
source.spike_times = [["1 ms"], [], []]
"#;

fn read(projection: &str) -> NetworkSpec {
    let text = format!("{HEAD}[projection.p]\n{projection}");
    let model = spec::parse(&text, "m", Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"));
    // Whatever is read here also survives `check --resolved`.
    let again = spec::parse(&model.resolved, "resolved", Path::new(""), &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(format!("{model:?}"), format!("{again:?}"));
    model
}

fn refused(projection: &str) -> String {
    let text = format!("{HEAD}[projection.p]\n{projection}");
    spec::parse(&text, "m", Path::new(""), &[]).map(|_| ()).unwrap_err().to_string()
}

fn one(projection: &str) -> ProjectionSpec {
    read(&format!("source = \"A\"\ntarget = \"B\"\n{projection}")).projections.remove(0)
}

#[test]
fn matrices_have_rows_for_targets_and_columns_for_sources() {
    let model = read(
        "source = [\"A\", \"B\"]\ntarget = [\"A\", \"B\"]\n\
         connect.fixed_total_number = { probability = [[0.1, 0.2], [0, 0.4]] }\n\
         weight = [\"1 pA\", { normal = { mean = \"-2 pA\", cv = 0.1, same_sign = true } }]\n\
         delay = [[\"1 ms\", \"2 ms\"], [\"3 ms\", \"2 * 2 ms\"]]\n\
         [[record.weights]]\nprojection = \"p\"\non = \"end\"\n\
         [[record.weights]]\nprojection = \"p.B_to_B\"\non = \"pre_spike\"",
    );
    let names: Vec<_> = model.projections.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["p.A_to_A", "p.B_to_A", "p.B_to_B"], "the pair with 0 is none");
    let p = |i: usize| match model.projections[i].connect {
        Connect::TotalFromProbability(p) => p,
        _ => panic!("another rule"),
    };
    assert_eq!((p(0), p(1), p(2)), (0.1, 0.2, 0.4));
    let delays: Vec<_> = model.projections.iter().map(|p| p.delay.constant()).collect();
    assert_eq!(delays, [Some(1.0), Some(2.0), Some(4.0)]);
    assert_eq!(model.projections[0].weight.constant(), Some(1.0));
    let limits = Limits { same_sign: true, ..Limits::NONE };
    assert!(matches!(model.projections[1].weight, Value::Normal { mean: -2.0, std: 0.2, limits: l } if l == limits));
    let recorded: Vec<_> = model.record.weights.iter().map(|w| (w.projection, w.on)).collect();
    let end = WeightSample::End;
    assert_eq!(recorded, [(0, end), (1, end), (2, end), (2, WeightSample::PreSpike)]);
}

#[test]
fn a_projection_has_one_record_of_snapshots_and_one_at_spikes() {
    let record = |what: &str| format!("[[record.weights]]\nprojection = \"p\"\n{what}\n");
    let [spikes, end, interval] = ["on = \"pre_spike\"", "on = \"end\"", "interval = \"1 ms\""].map(record);
    let head = "source = \"A\"\ntarget = \"B\"\nconnect = \"all_to_all\"\n";
    assert_eq!(read(&format!("{head}{spikes}{interval}")).record.weights.len(), 2);
    for twice in [format!("{end}{interval}"), format!("{interval}{interval}"), format!("{spikes}{spikes}")] {
        let error = refused(&format!("{head}{twice}"));
        assert!(error.contains("recorded twice") && error.contains("one table of snapshots"), "{error}");
    }
}

#[test]
fn slices_in_lists_give_names_that_stay_unique() {
    let model = read(
        "source = [\"A[0:2]\", \"A[2:]\", \"A[:1]\", \"A[1]\", \"A[1]\"]\ntarget = \"B\"\nconnect = \"all_to_all\"\n",
    );
    let names: Vec<_> = model.projections.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["p.A_0_2_to_B", "p.A_2_end_to_B", "p.A_0_1_to_B", "p.A_1_to_B", "p.A_1_to_B_2"]);
}

#[test]
fn matrices_of_the_wrong_shape_are_refused() {
    let ends = "source = [\"A\", \"B\"]\ntarget = [\"A\", \"B\", \"A\"]\n";
    assert!(refused(&format!("{ends}connect.fixed_indegree = [[1, 2], [1, 2]]")).contains("found 2 rows, expected 3"));
    assert!(refused(&format!("{ends}connect.fixed_indegree = [1, 2, 3]")).contains("found 3 values, expected 2"));
    assert!(
        refused(&format!("{ends}connect.fixed_indegree = [[1], [1, 2], 1]")).contains("found 1 values, expected 2")
    );
    let single = "source = \"A\"\ntarget = \"B\"\n";
    assert!(refused(&format!("{single}connect.fixed_indegree = [1]")).contains("`source` and `target` are no lists"));
}

#[test]
fn every_connect_rule_is_read() {
    assert_eq!(one("connect = \"all_to_all\"").connect, Connect::AllToAll);
    assert_eq!(one("connect.fixed_probability = 0.5").connect, Connect::FixedProbability(0.5));
    assert_eq!(one("connect.fixed_indegree = \"2 * 3\"").connect, Connect::FixedIndegree(6));
    assert_eq!(one("connect.fixed_outdegree = 2").connect, Connect::FixedOutdegree(2));
    assert_eq!(one("connect.fixed_total_number = 7").connect, Connect::FixedTotalNumber(7));
    assert_eq!(one("connect.pairs = [[0, 2], [3, 1]]").connect, Connect::Pairs(vec![(0, 2), (3, 1)]));
    let slices = read("source = \"A[0:3]\"\ntarget = \"B\"\nconnect = \"one_to_one\"");
    assert_eq!(slices.projections[0].connect, Connect::OneToOne);
    assert!(refused("source = \"A\"\ntarget = \"B\"\nconnect = \"one_to_one\"").contains("found 4 and 3"));
    assert!(
        refused("source = \"B\"\ntarget = \"B[0]\"\nconnect.fixed_indegree = 3\nautapses = false\nmultapses = false")
            .contains("there are 2 sources")
    );
}

#[test]
fn one_to_one_without_the_neurons_themselves_needs_different_slices() {
    let rule = "connect = \"one_to_one\"\nautapses = false";
    for connect in [rule, "connect.one_to_one = {}\nautapses = false"] {
        let error = refused(&format!("source = \"A\"\ntarget = \"A\"\n{connect}"));
        assert!(error.contains("no synapse is left") && error.contains("remove autapses = false"), "{error}");
    }
    assert!(refused(&format!("source = \"A[1:3]\"\ntarget = \"A[1:3]\"\n{rule}")).contains("no synapse is left"));
    read(&format!("source = \"A[0:3]\"\ntarget = \"A[1:4]\"\n{rule}"));
    read(&format!("source = \"A[0:3]\"\ntarget = \"B\"\n{rule}"));
    read("source = \"A\"\ntarget = \"A\"\nconnect = \"one_to_one\"");
    let halves = "[\"A[0:2]\", \"A[2:4]\"]";
    let lists = read(&format!("source = {halves}\ntarget = {halves}\n{rule}"));
    assert_eq!(lists.projections.len(), 4);
}

#[test]
fn lists_of_weights_have_one_value_per_synapse() {
    let pairs = one("connect.pairs = [[0, 2], [3, 1]]\nweight = { values = [1, -2], unit = \"nA\" }");
    assert!(matches!(&pairs.weight, Value::List(w) if **w == [1000.0, -2000.0]));
    let head = "source = \"A\"\ntarget = \"B\"\n";
    let short = "weight = { values = [1], unit = \"pA\" }";
    assert!(refused(&format!("{head}connect = \"all_to_all\"\n{short}")).contains("found 1 values, expected 12"));
    assert!(refused(&format!("{head}connect.fixed_probability = 0.5\n{short}")).contains("a known number of synapses"));
}

#[test]
fn weights_may_depend_on_the_in_degree() {
    let p = one("connect.fixed_probability = 0.5\nweight = \"100 pA / indegree\"");
    let Value::OfIndegree(f) = &p.weight else { panic!("no function") };
    let at = |indegree: f64| f(indegree).unwrap();
    assert_eq!((at(4.0).constant(), at(10.0).constant()), (Some(25.0), Some(10.0)));
    let p =
        one("connect.fixed_probability = 0.5\nweight = { normal = { mean = \"1 pA / sqrt(indegree)\", cv = 0.5 } }");
    let Value::OfIndegree(f) = &p.weight else { panic!("no function") };
    assert!(matches!(f(4.0), Ok(Value::Normal { mean: 0.5, std: 0.25, .. })));
    // No weight at an in-degree that no target may have is no mistake, but it is told where one has it.
    let p = one("connect.fixed_probability = 0.5\nweight = \"10 pA / (indegree - 1)\"");
    let Value::OfIndegree(f) = &p.weight else { panic!("no function") };
    assert!(f(1.0).unwrap_err().contains("division by zero"));
    // Where it is known, so is the weight, and held against its bounds.
    for (connect, weight) in [("all_to_all", 5.0), ("fixed_indegree = 3", 5.0), ("fixed_indegree = 2", 10.0)] {
        let connect =
            if connect.contains('=') { format!("connect.{connect}") } else { format!("connect = '{connect}'") };
        let text = format!("source = \"A[0:3]\"\ntarget = \"B\"\n{connect}\nweight = \"10 pA / (indegree - 1)\"");
        assert_eq!(read(&text).projections[0].weight.constant(), Some(weight), "{text}");
        let bound = format!("{text}\nw_max = \"4 pA\"\nplasticity = \"stdp\"");
        assert!(refused(&bound).contains(&format!("the weight {weight} is outside")), "{bound}");
    }
    assert!(
        refused("source = \"A\"\ntarget = \"B\"\nconnect.fixed_indegree = 1\nweight = \"1 pA / (indegree - 1)\"")
            .contains("division by zero")
    );
    let head = "source = \"A\"\ntarget = \"B\"\nconnect = \"all_to_all\"\n";
    assert!(refused(&format!("{head}delay = \"1 ms / indegree\"")).contains("in the weight of a projection only"));
    assert!(refused(&format!("{head}weight = \"1 ms / indegree\"")).contains("expected a current"));
}

#[test]
fn plasticity_and_devices_are_read_with_their_bounds() {
    let p = one(
        "connect = \"all_to_all\"\nweight = \"-50 pA\"\nw_min = \"-10 pA\"\nw_max = \"-100 pA\"\ndelay_location = \"axonal\"\n\
         plasticity.stdp = { tau_plus = \"10 ms\", a_plus = 0.05, pairing = \"nearest_symmetric\" }\n\
         device.soft_bounds = { g_max = \"50 uS\", pulses = \"carry\", ideal = true, read = { v = \"0.1 V\", width = \"50 ns\" } }",
    );
    assert!(p.axonal);
    assert_eq!((p.w_min, p.w_max), (-10.0, Some(-100.0)));
    let rule = p.plasticity.unwrap();
    assert_eq!(rule.params, [10.0, 20.0, 0.05, 0.01, 0.0, 0.0, 1.0]);
    let device = p.device.unwrap();
    let value = |name: &str| device.params[device.device.describe().param(name).unwrap()];
    assert_eq!((value("g_max"), value("pulses"), value("ideal")), (50e-6, 1.0, 1.0));
    assert_eq!((value("read.v"), value("read.width")), (0.1, 50e-9));
    assert!(value("pulse_up.v").is_nan());
    let head = "source = \"A\"\ntarget = \"B\"\nconnect = \"all_to_all\"\nw_max = \"2 pA\"\n";
    assert!(
        refused(&format!("{head}device.soft_bounds = {{ read = {{ v = \"1 V\" }} }}")).contains("read needs `width`")
    );
    assert!(refused(&format!("{head}device.soft_bounds = {{ read = {{ w = \"1 V\" }} }}")).contains("valid: v, width"));
    assert!(
        refused(&format!("{head}device.soft_bounds = {{ pulses = \"many\" }}"))
            .contains("valid: stochastic, carry, one")
    );
    assert!(refused(&format!("{head}device.soft_bounds = {{ g_min = \"1 S\" }}")).contains("expected less than g_max"));
}

#[test]
fn weights_onto_a_source_are_bare_numbers() {
    let model = read(
        "source = \"B\"\ntarget = \"S\"\nconnect = \"one_to_one\"\nweight = 0.5\nw_max = 1\nplasticity = \"stdp\"",
    );
    assert_eq!(model.projections[0].weight.constant(), Some(0.5));
    assert!(
        refused("source = \"B\"\ntarget = \"S\"\nconnect = \"one_to_one\"\nweight = \"0.5 pA\"")
            .contains("expected a bare number")
    );
}

#[test]
fn rules_can_be_frozen_outside_of_intervals() {
    let model = read(
        "source = \"A\"\ntarget = \"B\"\nconnect = \"all_to_all\"\nw_max = \"2 pA\"\nplasticity.learning = { a_plus = 0.1 }\n\
         [plasticity.learning]\nstdp = { during = \"train\", a_plus = 0.2, mu_plus = 1 }\n\
         [interval.train]\nstart = \"100 ms\"\nduration = \"50 ms\"\nevery = \"200 ms\"\n",
    );
    let rule = model.projections[0].plasticity.as_ref().unwrap();
    assert_eq!((rule.during, rule.params[2], rule.params[4]), (Some(0), 0.1, 1.0));
    let ms = |a: f64, b: f64| (Time::from_ms(a), Time::from_ms(b));
    assert_eq!(
        model.intervals[0].spans,
        [ms(100.0, 150.0), ms(300.0, 350.0), ms(500.0, 550.0), ms(700.0, 750.0), ms(900.0, 950.0)]
    );
}

#[test]
fn procedural_projections_are_those_that_can_be_drawn_by_source_and_stay_as_they_are() {
    let ends = "source = \"A\"\ntarget = \"B\"\n";
    for rule in ["= 'all_to_all'", ".fixed_probability = 0.1", ".fixed_outdegree = 2", ".fixed_total_number = 5"] {
        assert!(one(&format!("connect{rule}\nprocedural = true")).procedural);
        assert!(
            !one(&format!("connect{rule}\nprocedural = false")).procedural
                && !one(&format!("connect{rule}")).procedural
        );
    }
    assert!(one("connect.fixed_outdegree = 2\nweight = '1 pA * indegree'\nprocedural = true").procedural);
    for (rest, message, help) in [
        ("connect.fixed_indegree = 2", "fixed_indegree are drawn target by target", "fixed_outdegree"),
        ("connect.pairs = [[0, 1]]", "listed pairs are not drawn", "all_to_all"),
        (
            "connect.fixed_outdegree = 2\nw_max = '2 pA'\nplasticity.stdp = {}",
            "with `plasticity` something of each has to be stored",
            "leave `procedural` out",
        ),
        (
            "connect = 'all_to_all'\nweight = { values = [1,1,1,1,1,1,1,1,1,1,1,1], unit = 'pA' }",
            "listed weights and delays",
            "a distribution",
        ),
    ] {
        let error = refused(&format!("{ends}{rest}\nprocedural = true"));
        assert!(error.contains(message) && error.contains(help) && error.contains("procedural = true"), "{error}");
        read(&format!("{ends}{rest}\nprocedural = false"));
    }
    let inside = refused(&format!("{ends}connect = {{ fixed_outdegree = 2, procedural = true }}"));
    assert!(inside.contains("`procedural` stands beside `connect`"), "{inside}");
    assert!(refused(&format!("{ends}connect.fixed_outdegree = 2\nprocedural = 1")).contains("true"));
}
