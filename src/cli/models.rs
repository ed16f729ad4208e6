//! `memspike models`: the zoo, from the tables by which the models describe themselves.

use std::fmt::Write;

use memspike::crossbar;
use memspike::describe::{Bound, Kind, Model, Param};
use memspike::device::physical::waveform;
use memspike::device::{DeviceModel, measured, presets};
use memspike::neuron::NeuronModel;
use memspike::plasticity::{RuleModel, normalize, short_term};
use memspike::spec;
use memspike::units::nearest;
use serde_json::{Value, json};

use super::{Done, Failure, keys};

/// List neuron models, plasticity rules, devices and the tables of a model file: parameters, units, defaults, equations, papers
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  memspike models\n  memspike models adex\n  memspike models lif_exp --toml\n  \
                        memspike models projection\n\ndocs/MODEL-FILE.md has all tables and keys of a model file, with examples.")]
pub struct Args {
    /// A model, for its parameters and equations, such as lif_exp or device.querlioz, or a table of the model file, for its keys, such as
    /// projection or record; a list of all without one
    name: Option<String>,

    /// As a table to paste into a model file
    #[arg(long, conflicts_with = "json")]
    toml: bool,

    /// As one JSON object
    #[arg(long)]
    json: bool,
}

/// One entry of the zoo: a model, or a set of its parameters that ships.
#[derive(Clone)]
struct Entry {
    kind: &'static str,
    name: &'static str,
    summary: &'static str,
    reference: &'static str,
    model: &'static Model,
    /// Of a weight onto it; none for rules and devices.
    weight_unit: Option<&'static str>,
    /// The parameters, with the values of a set as their defaults.
    params: Vec<Param>,
    /// Is it a set?
    set: bool,
}

impl Entry {
    fn of(kind: &'static str, model: &'static Model, weight_unit: Option<&'static str>) -> Entry {
        let Model { name, summary, reference, params, .. } = *model;
        Entry { kind, name, summary, reference, model, weight_unit, params: params.to_vec(), set: false }
    }

    fn preset(preset: &presets::Preset) -> Option<Entry> {
        let spec = spec::device(preset.name, &[]).ok()?;
        let mut entry = Entry::of("device", spec.device.describe(), None);
        (entry.name, entry.summary, entry.reference) = (preset.name, preset.summary, preset.reference);
        entry.params.iter_mut().zip(&spec.params).for_each(|(param, value)| param.default = *value);
        entry.set = true;
        Some(entry)
    }
}

fn zoo() -> Vec<Entry> {
    let neurons = NeuronModel::ALL.into_iter().map(|m| Entry::of("neuron", m.describe(), Some(m.weight_unit())));
    let rules = RuleModel::ALL.into_iter().map(|m| Entry::of("plasticity", m.describe(), None));
    let devices = DeviceModel::ALL.into_iter().map(|m| Entry::of("device", m.describe(), None));
    let beside = [&short_term::MODEL, &normalize::MODEL].map(|m| Entry::of("projection", m, None));
    let sets = presets::ALL.iter().filter_map(Entry::preset);
    let last = [&waveform::MODEL, &crossbar::MODEL].map(|m| Entry::of("projection", m, None));
    let pattern = Entry { name: "pattern", ..Entry::of("population", &spec::PATTERN, None) };
    let labels = Entry { name: "labels", ..Entry::of("population", &spec::LABELS, None) };
    neurons.chain(rules).chain(beside).chain(devices).chain(sets).chain(last).chain([labels, pattern]).collect()
}

/// The list, or the chosen model.
pub fn run(args: &Args) -> Result<Done, Failure> {
    let zoo = zoo();
    if let Some(name) = args.name.as_deref().filter(|name| !zoo.iter().any(|e| e.name == *name)) {
        let tables = keys::find(name);
        if !tables.is_empty() && args.json {
            let all: serde_json::Map<String, Value> =
                tables.iter().map(|table| (table.name.to_string(), keys::as_json(table))).collect();
            return Done::json(&all);
        }
        if !tables.is_empty() {
            let show = if args.toml { keys::toml } else { keys::text };
            let mut texts: Vec<String> = tables.into_iter().map(show).collect();
            // A table that is there already can't begin again: its other keys may stand under the first header.
            for later in 1..texts.len() {
                let header = texts[later].lines().next().unwrap_or_default().to_string();
                if args.toml && header.starts_with('[') && texts[..later].iter().any(|t| t.starts_with(&header)) {
                    texts[later].insert_str(0, "# ");
                }
            }
            return Ok(Done::text(texts.join("\n")));
        }
    }
    let chosen: Vec<Entry> = match &args.name {
        None => zoo,
        Some(name) => find(&zoo, name)?,
    };
    if args.json {
        let models: serde_json::Map<String, Value> =
            chosen.iter().map(|e| (unique_name(&chosen, e), describe_json(e))).collect();
        return Done::json(&models);
    }
    let describe = match (args.toml, &args.name) {
        (true, _) => describe_toml,
        (false, Some(_)) => describe_text,
        (false, None) => return Ok(Done::text(list(&chosen))),
    };
    Ok(Done::text(chosen.iter().map(describe).collect::<Vec<_>>().join("\n")))
}

/// A name that no other of these has: with its kind before it where a rule and a device share one.
fn unique_name(entries: &[Entry], entry: &Entry) -> String {
    let shared = entries.iter().filter(|e| e.name == entry.name).count() > 1;
    if shared { format!("{}.{}", entry.kind, entry.name) } else { entry.name.to_string() }
}

/// All of this name, which may have the kind before it.
fn find(zoo: &[Entry], name: &str) -> Result<Vec<Entry>, Failure> {
    let of_kind = |e: &Entry| name.split_once('.').is_some_and(|(kind, name)| e.kind == kind && e.name == name);
    let found: Vec<Entry> = zoo.iter().filter(|e| e.name == name || of_kind(e)).cloned().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let known: Vec<String> = zoo.iter().map(|entry| unique_name(zoo, entry)).collect();
    let tables = keys::all();
    let near = nearest(name, known.iter().chain(&tables).map(String::as_str))
        .map_or(String::new(), |known| format!(" Did you mean `{known}`?"));
    Err(Failure::input(format!(
        "There is no model and no table `{name}`.{near} Expected a model, one of {}, or a table of the model file, one of {}.",
        known.join(", "),
        tables.join(", ")
    )))
}

fn list(zoo: &[Entry]) -> String {
    let mut out = String::new();
    for (kind, set, heading) in [
        ("neuron", false, "Neuron models"),
        ("plasticity", false, "Plasticity rules"),
        ("device", false, "Memristive devices"),
        ("device", true, "Sets of device parameters that ship"),
        ("projection", false, "Beside them in a projection"),
        ("population", false, "Sources with tables of their own"),
    ] {
        let _ = writeln!(out, "{heading}");
        for entry in zoo.iter().filter(|e| e.kind == kind && e.set == set) {
            let _ = writeln!(out, "  {:<23}{}", entry.name, entry.summary);
        }
        out.push('\n');
    }
    out + &keys::list() + "memspike models NAME shows one with its parameters, --toml makes it ready to paste.\n"
}

/// The default as people write it; none if it has to be given or is simply absent. That of a weight holds in every unit.
fn default_text(param: &Param) -> Option<String> {
    param.default_toml(Some(""))
}

/// Must it be given?
fn needed(model: &Model, param: &Param) -> bool {
    let measured = model.name == DeviceModel::Table.describe().name && measured::NEEDED.contains(&param.name);
    measured || (param.default.is_nan() && !param.optional() && !param.name.contains('.') && param.list().is_none())
}

fn bound_text(param: &Param) -> String {
    match (param.kind, param.bound) {
        (Kind::Choice(words), _) => words.join(", "),
        (Kind::Flag, _) => "true, false".to_string(),
        (Kind::Population, _) => "a population".to_string(),
        (Kind::Text, _) => "a text".to_string(),
        (_, Bound::Finite) => "finite".to_string(),
        (_, Bound::NotNan) => "a number or inf".to_string(),
        (_, Bound::Positive) => "> 0".to_string(),
        (_, Bound::NonNegative | Bound::Optional) => ">= 0".to_string(),
        (_, Bound::Fraction) => "0 to 1".to_string(),
    }
}

fn describe_text(entry: &Entry) -> String {
    let model = entry.model;
    let mut out = format!("{} ({}): {}\n", entry.name, entry.kind, entry.summary);
    if entry.set {
        let _ = writeln!(out, "\nA set of parameters of {} ({}).", model.name, model.summary);
    }
    let indent = |text: &str| text.lines().map(|l| format!("    {}\n", l.trim_end())).collect::<String>();
    if !model.equations.is_empty() {
        let _ = write!(out, "\nEquations\n{}", indent(model.equations));
    }
    out += "\nParameters\n";
    let rows: Vec<[String; 4]> = entry
        .params
        .iter()
        .map(|p| {
            let unit = if p.kind == Kind::Weight { " [weight]" } else { "" };
            let absent = if needed(model, p) { "needed" } else { "not given" };
            let default = default_text(p).unwrap_or_else(|| absent.to_string()).replace('"', "") + unit;
            [p.name.to_string(), default, bound_text(p), p.doc.to_string()]
        })
        .collect();
    out += &table(&["name", "default", "range", "meaning"], &rows);
    if !model.variables.is_empty() {
        out += "\nState (initial.NAME sets it, record.state samples it)\n";
        let rows: Vec<[String; 3]> =
            model.variables.iter().map(|v| [v.name.to_string(), v.unit.to_string(), v.doc.to_string()]).collect();
        out += &table(&["name", "unit", "meaning"], &rows);
    }
    if model.params.iter().any(|p| p.kind == Kind::Weight) {
        out += "\n[weight]: in the unit of weights onto the target (mV, pA, nS; a bare number onto a source).\n";
    }
    if let Some(unit) = entry.weight_unit {
        let _ = writeln!(out, "\nA weight onto it is in {unit}.");
    }
    let _ = writeln!(out, "\nReference\n    {}", entry.reference);
    if entry.set {
        let _ = writeln!(out, "    {}", model.reference);
    }
    out
}

/// Rows under heads, in columns.
pub(super) fn table<const N: usize>(heads: &[&str; N], rows: &[[String; N]]) -> String {
    let width =
        |column: usize| rows.iter().map(|r| r[column].chars().count()).chain([heads[column].len()]).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(width).collect();
    let line = |cells: &[&str]| {
        let cells: Vec<String> = cells.iter().zip(&widths).map(|(c, w)| format!("{c:<w$}")).collect();
        format!("    {}\n", cells.join("  ").trim_end())
    };
    let body: String = rows.iter().map(|r| line(&r.each_ref().map(String::as_str))).collect();
    line(heads) + &body
}

/// A named set with every default written out; what has no default is a comment.
fn describe_toml(entry: &Entry) -> String {
    let mut out = format!("# {}\n# {}\n", entry.summary, entry.reference.replace('\n', "\n# "));
    let _ = writeln!(out, "[{}.my_{}.{}]", entry.kind, entry.name, entry.model.name);
    let lines: Vec<(String, String)> = entry
        .params
        .iter()
        .map(|p| {
            // A sub-table that is not given has no fields either.
            let group = p.name.split_once('.').map(|(group, _)| format!("{group}."));
            let absent =
                group.is_some_and(|g| entry.params.iter().any(|q| q.name.starts_with(&g) && q.default.is_nan()));
            let line = match default_text(p) {
                // Its unit is the target's: the default holds for all.
                Some(default) if p.kind == Kind::Weight => format!("# {} = {default}", p.name),
                Some(default) if absent => format!("# {} = {default}", p.name),
                Some(default) => format!("{} = {default}", p.name),
                None => format!("# {} = ..", p.name),
            };
            let unit = if p.kind == Kind::Weight { ", in the weight's unit, such as \"1 pA\"" } else { "" };
            (line, format!("{} ({}{unit})", p.doc, bound_text(p)))
        })
        .collect();
    let width = lines.iter().map(|l| l.0.len()).max().unwrap_or(0);
    lines.iter().for_each(|(line, comment)| out += &format!("{line:<width$}  # {comment}\n"));
    out
}

fn describe_json(entry: &Entry) -> Value {
    let model = entry.model;
    let parameter = |p: &Param| {
        let default = match p.kind {
            Kind::List(_, list) => json!(list),
            _ if p.default.is_nan() => Value::Null,
            Kind::Flag => json!(p.default != 0.0),
            Kind::Choice(words) => json!(words.get(p.default as usize)),
            // JSON knows no infinity; a model file writes "inf".
            _ if p.default.is_infinite() => json!(p.default.to_string()),
            _ => json!(p.default),
        };
        let unit = match p.kind {
            Kind::Quantity(unit) | Kind::QuantityOrBare(unit) | Kind::List(unit, _) => json!(unit),
            Kind::Weight => json!(entry.weight_unit.unwrap_or("weight")),
            _ => Value::Null,
        };
        let choices = if let Kind::Choice(words) = p.kind { json!(words) } else { Value::Null };
        json!({ "name": p.name, "unit": unit, "default": default, "range": bound_text(p), "choices": choices, "doc": p.doc })
    };
    json!({
        "kind": entry.kind,
        "set_of": if entry.set { json!(model.name) } else { Value::Null },
        "summary": entry.summary,
        "equations": model.equations,
        "reference": entry.reference,
        "weight_unit": entry.weight_unit,
        "parameters": entry.params.iter().map(parameter).collect::<Vec<_>>(),
        "state": model.variables.iter().map(|v| json!({ "name": v.name, "unit": v.unit, "doc": v.doc })).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_listed_and_its_toml_parses() {
        for entry in zoo() {
            let text = describe_toml(&entry);
            let parsed: toml_edit::DocumentMut = text.parse().unwrap_or_else(|e| panic!("{text}\n{e}"));
            let mut item = &parsed[entry.kind][&format!("my_{}", entry.name)];
            entry.model.name.split('.').for_each(|key| item = &item[key]);
            assert!(item.is_table(), "{text}");
            assert!(list(&zoo()).contains(entry.summary));
        }
    }

    #[test]
    fn a_misspelt_model_is_an_error_that_suggests_the_nearest() {
        let failure = find(&zoo(), "lif_exq").err().unwrap();
        assert_eq!(failure.code, 2);
        assert!(failure.to_string().contains("Did you mean `lif_exp`?"), "{failure}");
    }

    #[test]
    fn a_name_that_a_rule_and_a_device_share_shows_both() {
        let zoo = zoo();
        let kinds = |name: &str| find(&zoo, name).ok().unwrap().iter().map(|e| e.kind).collect::<Vec<_>>();
        assert_eq!(kinds("querlioz"), ["plasticity", "device"]);
        assert_eq!(kinds("device.querlioz"), ["device"]);
        let mut names: Vec<String> = zoo.iter().map(|e| unique_name(&zoo, e)).collect();
        assert!(names.contains(&"device.querlioz".to_string()));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), zoo.len(), "every entry has its own key in --json");
    }

    #[test]
    fn defaults_carry_their_unit() {
        let entry = zoo().into_iter().find(|e| e.name == "lif_exp").unwrap();
        assert!(
            describe_toml(&entry).contains("tau_m      = \"10 ms\"")
                || describe_toml(&entry).contains("tau_m = \"10 ms\"")
        );
        assert!(describe_text(&entry).contains("10 ms"));
        assert_eq!(describe_json(&entry)["parameters"][0]["default"], 10.0);
    }
}
