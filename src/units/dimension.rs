//! Physical dimensions as exponents of the SI base units.

/// Exponents of kg, m, s, A, K.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dimension(pub(crate) [i8; 5]);

impl Dimension {
    /// A bare number.
    pub const NONE: Dimension = Dimension([0; 5]);
    /// s
    pub const TIME: Dimension = Dimension([0, 0, 1, 0, 0]);
    /// `inf`, which fits every dimension.
    pub(crate) const ANY: Dimension = Dimension([i8::MAX; 5]);

    /// The dimension of a product (`sign` 1) or quotient (`sign` -1); none if exponents grow absurd.
    pub(crate) fn combine(self, other: Dimension, sign: i8) -> Option<Dimension> {
        let mut exponents = [0i8; 5];
        for (out, (a, b)) in exponents.iter_mut().zip(self.0.iter().zip(other.0)) {
            *out = a.checked_add(b.checked_mul(sign)?).filter(|e| e.abs() < 100)?;
        }
        Some(Dimension(exponents))
    }

    /// The dimension of a whole power.
    pub(crate) fn power(self, n: i32) -> Option<Dimension> {
        let mut exponents = [0i8; 5];
        for (out, a) in exponents.iter_mut().zip(self.0) {
            *out = i8::try_from(i32::from(a).checked_mul(n)?).ok().filter(|e| e.abs() < 100)?;
        }
        Some(Dimension(exponents))
    }

    /// The dimension of a square root, where that is whole.
    pub(crate) fn root(self) -> Option<Dimension> {
        self.0.iter().all(|e| e % 2 == 0).then(|| Dimension(self.0.map(|e| e / 2)))
    }

    /// The unit in which a value of this dimension is written down: one with a symbol where there is one.
    pub(crate) fn si_unit(self) -> String {
        const SYMBOLS: [&str; 13] = ["", "s", "V", "A", "F", "S", "ohm", "Hz", "J", "m", "W", "C", "K"];
        if let Some(i) = KNOWN.iter().position(|k| k.0 == self.0) {
            return SYMBOLS[i].to_string();
        }
        // There is no symbol for the kilogram: 1 kg = 1 J s^2/m^2.
        let [kg, m, s, a, k] = self.0.map(i32::from);
        let powers = [("J", kg), ("m", m - 2 * kg), ("s", s + 2 * kg), ("A", a), ("K", k)];
        let parts: Vec<String> =
            powers.iter().filter(|p| p.1 != 0).map(|(symbol, power)| format!("{symbol}^{power}")).collect();
        parts.join("*")
    }

    /// What it is called, e.g. `a time`.
    pub fn name(self) -> String {
        if let Some(known) = KNOWN.iter().find(|k| k.0 == self.0) {
            return known.1.to_string();
        }
        let symbols = ["kg", "m", "s", "A", "K"];
        let parts: Vec<String> = (0..5)
            .filter(|&i| self.0[i] != 0)
            .map(|i| if self.0[i] == 1 { symbols[i].to_string() } else { format!("{}^{}", symbols[i], self.0[i]) })
            .collect();
        format!("a quantity in {}", parts.join("*"))
    }

    /// An example, e.g. `"20 ms"`, for the dimensions that have a name.
    pub(crate) fn example(self) -> Option<&'static str> {
        KNOWN.iter().find(|k| k.0 == self.0).map(|k| k.2)
    }
}

/// Dimension, name and example.
const KNOWN: [([i8; 5], &str, &str); 13] = [
    ([0, 0, 0, 0, 0], "a bare number", "0.5"),
    ([0, 0, 1, 0, 0], "a time", "\"20 ms\""),
    ([1, 2, -3, -1, 0], "a voltage", "\"-70 mV\""),
    ([0, 0, 0, 1, 0], "a current", "\"300 pA\""),
    ([-1, -2, 4, 2, 0], "a capacitance", "\"250 pF\""),
    ([-1, -2, 3, 2, 0], "a conductance", "\"10 nS\""),
    ([1, 2, -3, -2, 0], "a resistance", "\"16 kohm\""),
    ([0, 0, -1, 0, 0], "a rate", "\"10 Hz\""),
    ([1, 2, -2, 0, 0], "an energy", "\"2 pJ\""),
    ([0, 1, 0, 0, 0], "a length", "\"10 um\""),
    ([1, 2, -3, 0, 0], "a power", "\"1 uW\""),
    ([0, 0, 1, 1, 0], "a charge", "\"1 pC\""),
    ([0, 0, 0, 0, 1], "a temperature", "\"300 K\""),
];
