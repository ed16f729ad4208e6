//! The moment at which something begins to hold, to the last bit.
//!
//! Bisection takes fifty looks, each a step of the solver; where a number passes 0 at that moment, a straight line through two of its values
//! finds it in ten. I. F. D. Oliveira, R. H. C. Takahashi, ACM Trans. Math. Softw. 47, 5 (2021), doi:10.1145/3423597: never more looks than bisection
//! plus one, and the interval shrinks from both sides.

/// Where a line through the ends meets 0 is moved towards the middle by this share of the squared length, relative to the first one.
const TOWARDS_MIDDLE: f64 = 0.2;

/// An interval at whose first end something does not hold yet, and at whose second one it does, with the numbers there: below 0 where it does not
/// hold, above where it does, or of any kind if no such number is known.
#[derive(Clone, Copy, Debug)]
pub struct Within {
    pub from: f64,
    pub to: f64,
    pub numbers: [f64; 2],
}

impl Within {
    /// The same interval at most `smallest` long, or as short as numbers allow. `look`: whether it holds at a moment, and the number there.
    pub fn located(mut self, smallest: f64, mut look: impl FnMut(f64) -> (bool, f64)) -> Within {
        let whole = self.to - self.from;
        // The longest interval that leaves as many halvings as bisection would need, and one to spare.
        let mut longest = smallest.max(f64::MIN_POSITIVE);
        while longest < 4.0 * whole {
            longest *= 2.0;
        }
        while self.to - self.from > smallest {
            let length = self.to - self.from;
            let half = self.from + 0.5 * length;
            longest *= 0.5;
            let room = 0.5 * (longest - length).max(0.0);
            let place = self.guess(half, whole, smallest).clamp(half - room, half + room);
            let place = place.max(self.from.next_up()).min(self.to.next_down());
            if place <= self.from || place >= self.to {
                break;
            }
            let (holds, number) = look(place);
            if holds {
                (self.to, self.numbers[1]) = (place, number);
            } else {
                (self.from, self.numbers[0]) = (place, number);
            }
        }
        self
    }

    /// Where a line through both numbers meets 0, a little nearer to the middle, so that the next place is likely on its other side.
    fn guess(&self, half: f64, whole: f64, smallest: f64) -> f64 {
        let ([low, high], length) = (self.numbers, self.to - self.from);
        if !(low <= 0.0 && high >= 0.0 && low < high && (high - low).is_finite()) {
            return half;
        }
        let place = self.from - low / (high - low) * length;
        let shift = TOWARDS_MIDDLE * length * (length / whole);
        if (half - place).abs() <= shift { half } else { place + shift.max(0.5 * smallest).copysign(half - place) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The interval, and how many looks it took.
    fn located(number: impl Fn(f64) -> f64, smallest: f64) -> (Within, usize) {
        let mut looks = 0;
        let within = Within { from: 0.0, to: 1.0, numbers: [number(0.0), number(1.0)] };
        let found = within.located(smallest, |x| {
            looks += 1;
            (number(x) > 0.0, number(x))
        });
        (found, looks)
    }

    #[test]
    fn the_moment_is_found_from_both_sides_in_few_looks() {
        let check = |name: &str, number: fn(f64) -> f64, root: f64| {
            let (found, looks) = located(number, 1e-15);
            assert!(found.from <= root + 1e-15 && found.to >= root - 1e-15, "{name}: {found:?}");
            assert!(found.to - found.from <= 1e-15 && looks <= 14, "{name}: {found:?} {looks}");
            assert!(number(found.from) <= 0.0 && number(found.to) > 0.0, "{name}");
        };
        check("line", |x| x - 0.3, 0.3);
        check("cube", |x| x * x * x - 0.02, 0.02f64.cbrt());
        check("exponential", |x| (5.0 * x).exp() - 3.0, 3f64.ln() / 5.0);
        check("beginning", |x| x - 1e-12, 1e-12);
    }

    #[test]
    fn without_a_number_of_use_it_halves() {
        for number in [|_| f64::NAN, |_: f64| -1.0, |_| f64::INFINITY] {
            let mut looks = 0;
            let within = Within { from: 0.0, to: 1.0, numbers: [number(0.0); 2] };
            let found = within.located(1e-15, |x| {
                looks += 1;
                (x >= 0.7, number(x))
            });
            assert!(found.from < 0.7 && found.to >= 0.7 && found.to - found.from <= 1e-15, "{found:?}");
            assert!(looks <= 51, "{looks}");
        }
        // A step, which a line through its ends would creep along.
        let (found, looks) = located(|x| if x > 0.999 { 1e-9 } else { -1e9 }, 1e-15);
        assert!(found.to - found.from <= 1e-15 && looks <= 52, "{looks}");
    }

    #[test]
    fn it_ends_where_numbers_have_no_place_between_them() {
        let (found, _) = located(|x| x - 0.3, 0.0);
        assert!(found.to.to_bits() - found.from.to_bits() == 1, "{found:?}");
    }
}
