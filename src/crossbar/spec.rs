//! `crossbar = { .. }` of a projection: its keys, and what they mean.

use crate::check::Invalid;
use crate::describe::Bound::{Finite, NonNegative, NotNan, Positive};
use crate::describe::Kind::{Choice, Flag, Number, Quantity};
use crate::describe::{Model, param};
use crate::units::shown;

use super::{Adc, Array, CrossbarError, Dac, Levels};

/// The keys, as `memspike models crossbar` prints them.
pub const MODEL: Model = Model {
    name: "crossbar",
    summary: "Where a projection's synapses may live: crossbar = { word_line_resistance = \"2 ohm\", .. } in [projection.NAME]",
    equations: "Sources are word lines, targets bit lines; g = g_min + (g_max - g_min) (w - w_min)/(w_max - w_min) in each cell (w_max of a static\n\
                projection: its largest |w|, unless given). A spike drives its word line alone with read_voltage; silent word lines are held at 0 V and bit\n\
                lines sensed at 0 V. The current i into each bit line follows from the nodal equations with the wires' resistances, and what arrives is\n\
                w = w_min + (w_max - w_min)(i/read_voltage - g_min)/(g_max - g_min), never beyond 0. Such an array is linear: spikes at the same time add up.\n\
                differential: w = w_max (i+ - i-)/(read_voltage (g_max - g_min)), both devices on neighbouring bit lines; weights of either sign.\n\
                access_resistance (1T1R): the transistors of the row that is read are on, all others off, so each row is read alone; spikes of one step one by one.\n\
                dac_bits: the read voltage is the nearest of 2^n - 1 steps up to v_max, a factor on all weights; adc_bits: the current of each spike (or\n\
                pair) is the nearest code of n bits with sign up to adc_full_scale. rows, columns: a larger projection is cut into arrays of that size, the last\n\
                ones smaller, and those without a synapse are not there; a spike reaches targets in several arrays, and codes are added as numbers. A pair of neurons has one cell: no multapses.\n\
                Plastic weights: the loss of each cell, i/(v g), is worked out anew every `refresh` of model time and holds in between, while g itself\n\
                follows every pulse; at the tick of a scaling by `normalize` the refresh comes first, as a snapshot does. A refresh costs one elimination per array (512 x 512: about half a second, growing as n^3), the error is by how much the\n\
                losses move in between; a spike has the losses of the moment at which it arrives, whichever side its delay is on. Energy: what the device's `read` takes without wires, times its loss and all that the driven line feeds, sneak paths included,\n\
                over what arrives at the bit lines of its synapses, as of the last refresh. A device with a reference loads the wires with both, which lose the same share.\n\
                Not modelled: capacitance of the wires, IR drop of programming pulses, currents of cells without a synapse into other targets",
    reference: "nodal equations: badcrossbar (Joksas & Mehonic 2020, doi:10.1016/j.softx.2020.100617); elimination without subtraction: Grassmann, Taksar & Heyman 1985, doi:10.1287/opre.33.5.1107",
    params: &[
        param(
            "word_line_resistance",
            Quantity("ohm"),
            0.0,
            NonNegative,
            "of a segment of word line, from cell to cell",
        ),
        param("bit_line_resistance", Quantity("ohm"), 0.0, NonNegative, "of a segment of bit line, from cell to cell"),
        param(
            "access_resistance",
            Quantity("ohm"),
            f64::INFINITY,
            NotNan,
            "of the transistor of each cell; inf: there are none",
        ),
        param("g_min", Quantity("S"), 1e-6, NonNegative, "smallest conductance; with a device, the device's"),
        param("g_max", Quantity("S"), 1e-4, Positive, "largest conductance; with a device, the device's"),
        param("levels", Number, 0.0, NonNegative, "number of conductances that a cell can hold; 0: any"),
        param("differential", Flag, 0.0, Finite, "two devices for each weight, G+ and G-"),
        param("unconnected", Choice(&UNCONNECTED), 0.0, Finite, "crosspoints without a synapse"),
        param("read_voltage", Quantity("V"), 0.2, Positive, "of a spike on its word line"),
        param("v_max", Quantity("V"), 0.2, Positive, "full voltage of the DAC"),
        param("dac_bits", Number, 0.0, NonNegative, "bits of the DAC; 0: there is none"),
        param("adc_bits", Number, 0.0, NonNegative, "bits of the ADC with its sign; 0: there is none"),
        param("adc_full_scale", Quantity("A"), 0.0, NonNegative, "current of the largest code; 0: read_voltage g_max"),
        param("rows", Number, 0.0, NonNegative, "word lines of an array; 0: as many as sources"),
        param("columns", Number, 0.0, NonNegative, "bit lines of an array; 0: as many as targets need"),
        param(
            "refresh",
            Quantity("ms"),
            f64::INFINITY,
            NotNan,
            "time between looks at the losses; plastic weights need it: inf is only the first",
        ),
    ],
    variables: &[],
};

/// The words for `unconnected`.
pub const UNCONNECTED: [&str; 2] = ["open", "g_min"];

/// A crossbar with its checked parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossbarSpec {
    /// Of a segment of word line \[ohm\].
    pub word_line_resistance: f64,
    /// Of a segment of bit line \[ohm\].
    pub bit_line_resistance: f64,
    /// Of each cell's transistor \[ohm\]; none in a passive array.
    pub access_resistance: Option<f64>,
    /// Conductances that cells can have.
    pub levels: Levels,
    /// Two devices for each weight?
    pub differential: bool,
    /// Have crosspoints without a synapse a device at g_min (else none)?
    pub filled: bool,
    /// What a spike puts on its word line \[V\].
    pub read_voltage: f64,
    /// In front of word lines.
    pub dac: Option<Dac>,
    /// Behind bit lines.
    pub adc: Option<Adc>,
    /// Word lines of an array.
    pub rows: Option<usize>,
    /// Bit lines of an array.
    pub columns: Option<usize>,
    /// Time between two looks at the losses \[ms\]; infinite for none after the first.
    pub refresh_ms: f64,
    /// What is allowed but seldom meant: values of converters that are not there, and converters through which all weights are one.
    pub doubts: Vec<String>,
}

impl CrossbarSpec {
    /// From values in the order of the table; `range`: smallest and largest conductance \[S\] of the projection's device, in place
    /// of the table's.
    ///
    /// # Errors
    /// Which value is out of its range, or does not go with another.
    pub fn new(values: &[f64], range: Option<(f64, f64)>) -> Result<CrossbarSpec, Invalid> {
        let &[
            word,
            bit,
            access,
            g_min,
            g_max,
            levels,
            pair,
            empty,
            read,
            v_max,
            dac,
            adc,
            full,
            rows,
            columns,
            refresh,
        ] = values
        else {
            return Err(Invalid::new("crossbar", "has an incomplete table of values"));
        };
        let whole = |name: &str, value: f64| {
            let fine = value.fract() == 0.0 && value < f64::from(u32::MAX);
            fine.then_some(value as u32)
                .ok_or_else(|| Invalid::new(name, format!("found {value}, expected a whole number")))
        };
        let some = |count: u32| (count > 0).then_some(count);
        let say = |e: CrossbarError| match e.of_key() {
            Some((key, message)) => Invalid::new(key, message),
            None => Invalid::new("crossbar", e.to_string()),
        };
        if access < 0.0 {
            return Err(Invalid::new("access_resistance", format!("found {} ohm, expected 0 or more", shown(access))));
        }
        if refresh <= 0.0 {
            return Err(Invalid::new("refresh", format!("found {refresh} ms, expected more than 0")));
        }
        let (g_min, g_max) = range.unwrap_or((g_min, g_max));
        let levels = Levels::new(g_min, g_max, some(whole("levels", levels)?)).map_err(say)?;
        let dac = some(whole("dac_bits", dac)?).map(|bits| Dac::new(bits, v_max)).transpose().map_err(say)?;
        if dac.is_some() && read > v_max {
            let message = format!("found {read} V, expected at most what the DAC can give, v_max = {v_max} V");
            return Err(Invalid::new("read_voltage", message));
        }
        let mut doubts = Vec::new();
        let default = MODEL.param("v_max").map_or(v_max, |i| MODEL.params[i].default);
        for (idle, key, bits) in [
            (dac.is_none() && v_max != default, "v_max", "dac_bits"),
            (adc == 0.0 && full > 0.0, "adc_full_scale", "adc_bits"),
        ] {
            if idle {
                doubts.push(format!("{key} is of a converter, which {bits} makes, and here not used"));
            }
        }
        let full = if full > 0.0 { full } else { read * g_max };
        let adc = some(whole("adc_bits", adc)?).map(|bits| Adc::new(bits, full)).transpose().map_err(say)?;
        // Wires are checked where arrays are.
        Array::new(1, 1, vec![0.0], word, bit).map_err(say)?;
        let columns = some(whole("columns", columns)?);
        if pair != 0.0 && columns.is_some_and(|n| !n.is_multiple_of(2)) {
            return Err(Invalid::new("columns", "found an odd number, expected an even one: pairs lie side by side"));
        }
        let mut made = CrossbarSpec {
            word_line_resistance: word,
            bit_line_resistance: bit,
            access_resistance: access.is_finite().then_some(access),
            levels,
            differential: pair != 0.0,
            filled: empty != 0.0,
            read_voltage: read,
            dac,
            adc,
            rows: some(whole("rows", rows)?).map(|n| n as usize),
            columns: columns.map(|n| n as usize),
            refresh_ms: refresh,
            doubts,
        };
        made.doubts.extend(made.one_for_all());
        Ok(made)
    }

    /// What there is to say of converters that tell no conductance from another.
    fn one_for_all(&self) -> Option<String> {
        let Levels { g_min, g_max, .. } = self.levels;
        let ends = if self.differential { [0.0, g_max - g_min] } else { [g_min, g_max] };
        let [low, high] = ends.map(|g| self.seen(g));
        let given = self.dac.map_or(self.read_voltage, |dac| dac.voltage(self.read_voltage));
        (low == high).then(|| {
            let why = if given == 0.0 {
                format!("the DAC gives 0 V for read_voltage = {} V", self.read_voltage)
            } else {
                let [low, high] = ends.map(|g| given * g);
                format!("the ADC has one code for {low:e} A of the least and {high:e} A of the greatest")
            };
            format!("every weight arrives as the same one, for {why}")
        })
    }

    /// Bit lines that a target has.
    pub fn lines_per_target(&self) -> usize {
        if self.differential { 2 } else { 1 }
    }

    /// The conductance that a current stands for, per volt of what was asked for \[S\]: `g` is that between a word line and a bit
    /// line (or a pair's difference), seen through the converters.
    #[inline]
    pub fn seen(&self, g: f64) -> f64 {
        let current = self.dac.map_or(self.read_voltage, |dac| dac.voltage(self.read_voltage)) * g;
        self.adc.map_or(current, |adc| adc.current(adc.code(current))) / self.read_voltage
    }

    /// The weight that a spike brings, for weights from `w_min` to `w_max` and the conductance `g` \[S\] between word line and bit
    /// line (or a pair's difference).
    #[inline]
    pub fn weight(&self, g: f64, (w_min, w_max): (f64, f64)) -> f64 {
        let span = self.levels.g_max - self.levels.g_min;
        if self.differential {
            return w_max.abs() * self.seen(g) / span;
        }
        let w = w_min + (w_max - w_min) * (self.seen(g) - self.levels.g_min) / span;
        if w * w_max < 0.0 { 0.0 } else { w }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(changes: &[(&str, f64)]) -> Vec<f64> {
        let mut all: Vec<f64> = MODEL.params.iter().map(|p| p.default).collect();
        changes.iter().for_each(|(name, value)| all[MODEL.param(name).unwrap()] = *value);
        all
    }

    #[test]
    fn an_ideal_array_gives_back_the_weight() {
        let spec = CrossbarSpec::new(&values(&[]), Some((0.0, 4e-5))).unwrap();
        assert_eq!(spec.levels.g_max, 4e-5);
        assert!((spec.weight(1e-5, (0.0, 2.0)) - 0.5).abs() < 1e-15);
        assert!((spec.weight(1e-5, (0.0, -2.0)) + 0.5).abs() < 1e-15);
        let high = CrossbarSpec::new(&values(&[("g_min", 1e-5), ("g_max", 2e-5)]), None).unwrap();
        assert_eq!(high.weight(0.9e-5, (0.0, 2.0)), 0.0, "less than g_min is no weight of the other sign");
    }

    #[test]
    fn converters_round_the_voltage_and_the_current() {
        let changes = [("dac_bits", 2.0), ("v_max", 0.3), ("adc_bits", 3.0), ("adc_full_scale", 3e-6), ("g_min", 0.0)];
        let spec = CrossbarSpec::new(&values(&changes), None).unwrap();
        // 0.2 V is a step of the DAC; 2 uA of 3 uA is code 2 of 3, and 2.4 uA too.
        assert!((spec.seen(1e-5) - 1e-5).abs() < 1e-18 && (spec.seen(1.2e-5) - 1e-5).abs() < 1e-18);
        let coarse = CrossbarSpec::new(&values(&[("dac_bits", 1.0), ("v_max", 0.3)]), None).unwrap();
        assert!((coarse.seen(1e-5) - 1.5e-5).abs() < 1e-18, "0.3 V instead of 0.2 V");
    }

    #[test]
    fn converters_that_are_not_there_or_tell_nothing_are_doubted() {
        let doubts = |changes: &[(&str, f64)]| CrossbarSpec::new(&values(changes), None).unwrap().doubts;
        assert_eq!(
            doubts(&[]),
            doubts(&[("dac_bits", 4.0), ("v_max", 0.3), ("adc_bits", 4.0), ("adc_full_scale", 1e-5)])
        );
        assert_eq!(doubts(&[]), [""; 0]);
        for (changes, expected) in [
            (&[("v_max", 0.3)][..], "v_max is of a converter, which dac_bits makes"),
            (&[("adc_full_scale", 1e-9)], "adc_full_scale is of a converter, which adc_bits makes"),
            (&[("dac_bits", 1.0), ("read_voltage", 0.05)], "same one, for the DAC gives 0 V for read_voltage = 0.05 V"),
            (
                &[("adc_bits", 4.0), ("adc_full_scale", 1e-9)],
                "same one, for the ADC has one code for 2e-7 A of the least",
            ),
        ] {
            let found = doubts(changes);
            assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
        }
        let pair = [("adc_bits", 2.0), ("adc_full_scale", 1.0), ("differential", 1.0)];
        assert!(doubts(&pair)[0].contains("one code for 0e0 A"));
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        let wrong = |changes: &[(&str, f64)]| CrossbarSpec::new(&values(changes), None).unwrap_err().parameter;
        assert_eq!(wrong(&[("g_min", 1e-3)]), "g_max");
        assert_eq!(wrong(&[("levels", 1.0)]), "levels");
        assert_eq!(wrong(&[("levels", 2.5)]), "levels");
        assert_eq!(wrong(&[("dac_bits", 40.0)]), "dac_bits");
        assert_eq!(wrong(&[("dac_bits", 4.0), ("v_max", f64::INFINITY)]), "v_max");
        assert_eq!(wrong(&[("adc_bits", 4.0), ("adc_full_scale", f64::INFINITY)]), "adc_full_scale");
        assert_eq!(wrong(&[("bit_line_resistance", 1e16)]), "bit_line_resistance");
        assert_eq!(wrong(&[("dac_bits", 4.0), ("read_voltage", 0.3)]), "read_voltage");
        assert_eq!(wrong(&[("adc_bits", 1.0)]), "adc_bits");
        assert_eq!(wrong(&[("columns", 3.0), ("differential", 1.0)]), "columns");
        assert_eq!(wrong(&[("access_resistance", -1.0)]), "access_resistance");
        assert_eq!(wrong(&[("refresh", 0.0)]), "refresh");
    }
}
