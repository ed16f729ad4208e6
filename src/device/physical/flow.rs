//! How far a state goes, where its rate is a product: du/dt = drive(v) slowing(u), u from 0 to 1.
//!
//! Then du/dphi = slowing(u) with the flux phi, the integral of the drive, so that what any voltage of one sign does follows from its flux
//! alone: u goes to U(Phi(u) + phi), with Phi the integral of 1/slowing and U its inverse. Both are interpolated between the same
//! nodes, by cubics through values and slopes.

use std::hint::select_unpredictable;

use super::NEAREST;
use super::guide::Guide;
use super::quadrature::gauss;

/// Where the slowing is below this share of its largest value, nothing moves.
const STILL: f64 = 1e-17;
/// Most nodes.
const MOST: usize = 20_000;
/// Most halvings of the distance to an end of the range at which the slowing vanishes.
const OCTAVES: i32 = 50;
/// How much an error of the state counts as one of the flux.
const SHARE: f64 = 0.01;
/// A flux that no drive takes back, in units of what moves a state through the whole range where it moves fastest.
const FAR: f64 = 1e3;

/// A node: a state, the flux to it, and the slowing there, which is du/dphi.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Node {
    u: f64,
    phi: f64,
    slowing: f64,
}

/// The cubic between two nodes, as it is evaluated.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cubic {
    start: f64,
    length: f64,
    value: f64,
    slope: f64,
    bend: f64,
    twist: f64,
}

impl Cubic {
    /// The operations of [`hermite`], those that do not depend on the place done before.
    fn new((start, end): (f64, f64), (a, b): (f64, f64), slope: impl Fn(f64) -> (f64, f64)) -> Cubic {
        let (length, d) = (end - start, b - a);
        let (slope_a, slope_b) = slope(length);
        let (bend, twist) = (3.0 * d - 2.0 * slope_a - slope_b, slope_a + slope_b - 2.0 * d);
        Cubic { start, length, value: a, slope: slope_a, bend, twist }
    }

    #[inline(always)]
    fn at(&self, x: f64) -> f64 {
        let t = (x - self.start) / self.length;
        self.value + t * (self.slope + t * (self.bend + t * self.twist))
    }

    /// The value, and how fast it changes times the length.
    #[inline(always)]
    fn with_slope(&self, x: f64) -> (f64, f64) {
        let t = (x - self.start) / self.length;
        let value = self.value + t * (self.slope + t * (self.bend + t * self.twist));
        (value, self.slope + t * (2.0 * self.bend + t * (3.0 * self.twist)))
    }
}

/// The flow of one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// The first node and the last; alike where there is no other.
    ends: (Node, Node),
    /// The flux over the state between every two nodes, and the state over the flux.
    fluxes: Vec<Cubic>,
    states: Vec<Cubic>,
    by_state: Guide,
    by_flux: Guide,
    /// See [`super::Physics::sticks`].
    sticks: bool,
}

/// The cubic through two values with their slopes, at `t` from 0 to 1 between them.
#[inline]
fn hermite(t: f64, (a, b): (f64, f64), (slope_a, slope_b): (f64, f64)) -> f64 {
    let d = b - a;
    a + t * (slope_a + t * ((3.0 * d - 2.0 * slope_a - slope_b) + t * (slope_a + slope_b - 2.0 * d)))
}

impl Node {
    /// The flux of a state between this node and the next.
    #[inline]
    fn phi_at(&self, next: &Node, u: f64) -> f64 {
        let h = next.u - self.u;
        hermite((u - self.u) / h, (self.phi, next.phi), (h / self.slowing, h / next.slowing))
    }

    /// The state at a flux between this node and the next.
    #[inline]
    fn u_at(&self, next: &Node, phi: f64) -> f64 {
        let h = next.phi - self.phi;
        hermite((phi - self.phi) / h, (self.u, next.u), (h * self.slowing, h * next.slowing))
    }
}

impl Flow {
    /// The flow of a slowing that is continuous and not negative on 0 .. 1, and smooth between `kinks`; states are right to `tolerance`.
    /// With `sticks` it vanishes at both ends, and states come no nearer to them than [`NEAREST`].
    pub fn new(slowing: impl Fn(f64) -> f64, kinks: &[f64], sticks: bool, tolerance: f64) -> Flow {
        Flow::between(&Flow::nodes(slowing, kinks, sticks, tolerance), sticks)
    }

    fn nodes(slowing: impl Fn(f64) -> f64, kinks: &[f64], sticks: bool, tolerance: f64) -> Vec<Node> {
        let most = (0..=200).map(|k| slowing(f64::from(k) / 200.0)).fold(0.0, f64::max);
        let moves = |u: f64| slowing(u) > STILL * most;
        // Towards ends at which the slowing vanishes, the flux grows as the logarithm of the distance: octaves of it.
        let distance = |k: i32| (0..k).fold(1.0, |d, _| 0.5 * d);
        let near = |at: &dyn Fn(f64) -> f64| -> Vec<f64> {
            if slowing(at(0.0)) > 1e-3 * most {
                return vec![at(0.0)];
            }
            let mut places = Vec::new();
            for k in 1..=OCTAVES {
                if moves(at(distance(k))) {
                    places.push(at(distance(k)));
                } else {
                    // Where it stops to move, between this octave and the one before.
                    let (mut still, mut good) = (distance(k), distance(k - 1));
                    for _ in 0..60 {
                        let middle = 0.5 * (still + good);
                        if moves(at(middle)) { good = middle } else { still = middle }
                    }
                    places.push(at(good));
                    break;
                }
            }
            places
        };
        let mut places: Vec<f64> = near(&|d| d);
        places.extend(near(&|d| 1.0 - d));
        if sticks {
            places.retain(|u| u.min(1.0 - u) > NEAREST);
            places.extend([NEAREST, 1.0 - NEAREST]);
        }
        let ends = places.iter().fold((1.0_f64, 0.0_f64), |e, p| (e.0.min(*p), e.1.max(*p)));
        places.extend(kinks.iter().filter(|k| **k > ends.0 && **k < ends.1));
        places.sort_by(f64::total_cmp);
        places.dedup();

        // A state near an end may come back to where it moves fastest, and an error of its flux counts there, as a share of the flux
        // that it takes to come back; from farther than FAR nothing comes back.
        let inverse = |u: f64| 1.0 / slowing(u);
        let pieces: Vec<(f64, f64)> = places.windows(2).map(|p| (p[0], p[1])).collect();
        let fluxes: Vec<f64> = pieces.iter().map(|&(a, b)| most * gauss(&inverse, a, b)).collect();
        // From the end of a piece that is nearer to the middle.
        let to_middle = |k: usize| -> f64 {
            if pieces[k].1 <= 0.5 {
                fluxes[k + 1..].iter().zip(&pieces[k + 1..]).take_while(|(_, p)| p.1 <= 0.5).map(|(flux, _)| flux).sum()
            } else {
                fluxes[..k].iter().zip(&pieces[..k]).rev().take_while(|(_, p)| p.0 >= 0.5).map(|(flux, _)| flux).sum()
            }
        };
        let returning = |far: f64| if far > FAR { 0.0 } else { most / (1.0 + far) };

        // Steps of u with the flux over each, and the one from there to the middle; halved until both cubics are right in the middle.
        let mut steps: Vec<(f64, f64)> = Vec::new();
        let mut open: Vec<(f64, f64, f64)> =
            pieces.iter().enumerate().rev().map(|(k, &(a, b))| (a, b, to_middle(k))).collect();
        while let Some((a, b, far)) = open.pop() {
            let middle = 0.5 * (a + b);
            if middle <= a || middle >= b {
                continue;
            }
            let (left, right) = (gauss(&inverse, a, middle), gauss(&inverse, middle, b));
            let node = |u: f64, phi: f64| Node { u, phi, slowing: slowing(u) };
            let (first, last) = (node(a, 0.0), node(b, left + right));
            // The half that is farther from the middle has the other one on its way.
            let (far_left, far_right) = match (b <= 0.5, a >= 0.5) {
                (true, _) => (far + most * right, far),
                (_, true) => (far, far + most * left),
                _ => (far, far),
            };
            let counts = slowing(middle).max(returning(far_left.max(far_right)));
            // Next to an end a slowing that is a difference has few bits, and no step is too short for their noise.
            let rounding = 8.0 * f64::EPSILON * most / slowing(middle) * (left + right);
            let beyond = |off: f64| (off.abs() - rounding).max(0.0) * counts;
            let off_phi = beyond(first.phi_at(&last, middle) - left);
            let off_u = first.u_at(&last, left) - middle;
            // As a flux, it counts less: what is stated is far above.
            let off_u = off_u.abs().max(SHARE * beyond(off_u / slowing(middle)));
            let off_rule = beyond(gauss(&inverse, a, b) - left - right);
            let fine = off_phi.max(off_u).max(off_rule) <= tolerance;
            if fine || steps.len() + open.len() > MOST {
                steps.push((b, left + right));
            } else {
                open.push((middle, b, far_right));
                open.push((a, middle, far_left));
            }
        }

        // Fluxes from the middle outwards: towards an end they may be far larger than what counts elsewhere.
        let first = places.first().copied().unwrap_or(0.5);
        let mut nodes = vec![Node { u: first, phi: 0.0, slowing: slowing(first) }];
        nodes.extend(steps.iter().map(|&(u, _)| Node { u, phi: 0.0, slowing: slowing(u) }));
        let centre = nodes.partition_point(|n| n.u < 0.5).min(nodes.len() - 1);
        for k in centre + 1..nodes.len() {
            nodes[k].phi = nodes[k - 1].phi + steps[k - 1].1;
        }
        for k in (0..centre).rev() {
            nodes[k].phi = nodes[k + 1].phi - steps[k].1;
        }
        nodes
    }

    /// The flow through some nodes.
    fn between(nodes: &[Node], sticks: bool) -> Flow {
        let pairs = || nodes.windows(2).map(|n| (&n[0], &n[1]));
        let flux = |(a, b): (&Node, &Node)| Cubic::new((a.u, b.u), (a.phi, b.phi), |h| (h / a.slowing, h / b.slowing));
        let state = |(a, b): (&Node, &Node)| Cubic::new((a.phi, b.phi), (a.u, b.u), |h| (h * a.slowing, h * b.slowing));
        let guide = |of: fn(&Node) -> f64| {
            let cuts: Vec<f64> = nodes.iter().map(of).collect();
            if cuts.len() < 2 { Guide::default() } else { Guide::new(&cuts) }
        };
        Flow {
            ends: (nodes[0], nodes[nodes.len() - 1]),
            fluxes: pairs().map(flux).collect(),
            states: pairs().map(state).collect(),
            by_state: guide(|n| n.u),
            by_flux: guide(|n| n.phi),
            sticks,
        }
    }

    /// Where `flux` (of either sign) takes the state; it stops hard at the ends of the range.
    #[inline]
    pub fn moved(&self, u: f64, flux: f64) -> f64 {
        if self.is_still() || self.stays(u, flux) { u } else { self.gone(u, flux) }
    }

    /// The same of many states at once, each with its flux: nothing is skipped, so that the processor works at several together.
    /// Not of a flow that is still.
    #[inline(always)]
    pub fn moved_with_others(&self, u: f64, flux: f64) -> f64 {
        select_unpredictable(self.stays(u, flux), u, self.gone(u, flux))
    }

    /// Is there no state that moves?
    #[inline]
    pub fn is_still(&self) -> bool {
        self.fluxes.is_empty()
    }

    #[inline(always)]
    fn stays(&self, u: f64, flux: f64) -> bool {
        let (first, last) = (self.ends.0.u, self.ends.1.u);
        let ahead = if flux > 0.0 { u >= last } else { u <= first };
        // What sticks at ends but is not there comes to the nearest state to them.
        (flux == 0.0) | (ahead & !self.sticks) | (self.sticks & ((u <= 0.0) | (u >= 1.0)))
    }

    #[inline(always)]
    fn gone(&self, u: f64, flux: f64) -> f64 {
        let (first, last) = (&self.ends.0, &self.ends.1);
        let u = held(u, first.u, last.u);
        let piece = self.by_state.find(u);
        let phi = self.fluxes[piece].at(u);
        let to = phi + flux;
        let next = &self.states[self.by_flux.find(held(to, first.phi, last.phi))];
        // The error of the table cancels where the flux is small. Elsewhere it goes along with the state, and shrinks as the slowing
        // does: near an end at which all slows down, even a small one would say how long it takes to come back.
        let here = &self.states[piece];
        let ((start, speed), (end, later)) = (here.with_slope(phi), next.with_slope(to));
        let ratio = (later * here.length) / (speed * next.length);
        let ratio = select_unpredictable((speed > 0.0) & (later > 0.0), ratio, 0.0);
        let new = held(u + ((end - start) + (u - start) * (ratio - 1.0)), first.u, last.u);
        let new = select_unpredictable(to <= first.phi, first.u, new);
        select_unpredictable(to >= last.phi, last.u, new)
    }

    /// Where a state stops that moves up, or down.
    #[inline]
    pub fn end(&self, up: bool) -> f64 {
        if up { self.ends.1.u } else { self.ends.0.u }
    }

    /// Memory that it takes \[bytes\].
    pub fn bytes(&self) -> usize {
        size_of_val(&self.fluxes[..]) + size_of_val(&self.states[..]) + self.by_state.bytes() + self.by_flux.bytes()
    }

    /// Number of nodes.
    pub fn size(&self) -> usize {
        self.fluxes.len() + 1
    }
}

/// As `clamp`, without a thought of bounds in disorder.
#[inline(always)]
fn held(x: f64, low: f64, high: f64) -> f64 {
    let x = select_unpredictable(x < low, low, x);
    select_unpredictable(x > high, high, x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// du/dphi = u (1 - u): the logistic curve; du/dphi = 1/(b - u): a root; du/dphi = 1: a line.
        #[test]
        fn flows_follow_their_closed_forms(u in 0.0..1.0_f64, flux in -12.0..12.0_f64) {
            let logistic = Flow::new(|u| u * (1.0 - u), &[], false, 1e-10);
            let odds = u / (1.0 - u) * flux.exp();
            prop_assert!((logistic.moved(u, flux) - odds / (1.0 + odds)).abs() < 1e-8);
            let root = Flow::new(|u| 1.0 / (1.01 - u), &[], false, 1e-10);
            let inside: f64 = (1.01 - u).powi(2) - 2.0 * flux;
            let expected = if inside <= 1e-4 { 1.0 } else { (1.01 - inside.sqrt()).clamp(0.0, 1.0) };
            prop_assert!((root.moved(u, flux) - expected).abs() < 1e-8);
            let line = Flow::new(|_| 1.0, &[], false, 1e-10);
            prop_assert_eq!(line.moved(u, 0.1 * flux).to_bits(), line.moved(u, 0.1 * flux).to_bits());
            prop_assert!((line.moved(u, 0.1 * flux) - (u + 0.1 * flux).clamp(0.0, 1.0)).abs() < 1e-14);
        }

        /// Fluxes add up, and one taken back leads back, as long as no end was reached.
        #[test]
        fn fluxes_add_up(u in 0.01..0.99_f64, a in -0.4..0.4_f64, b in -0.4..0.4_f64, p in 1.0..4.0_f64) {
            let flow = Flow::new(|u| 1.0 - (2.0 * u - 1.0).abs().powf(2.0 * p), &[0.5], false, 1e-10);
            let (two, one) = (flow.moved(flow.moved(u, a), b), flow.moved(u, a + b));
            prop_assert!((two - one).abs() < 1e-8, "{two} {one}");
            prop_assert!((flow.moved(flow.moved(u, a), -a) - u).abs() < 1e-6);
            prop_assert!((0.0..=1.0).contains(&two));
        }
    }

    /// [`Flow::moved`] by search and [`hermite`].
    fn plainly_moved(nodes: &[Node], sticks: bool, u: f64, flux: f64) -> f64 {
        let (first, last) = (nodes[0], nodes[nodes.len() - 1]);
        let ahead = if flux > 0.0 { u >= last.u } else { u <= first.u };
        if flux == 0.0 || ahead && !sticks || sticks && (u <= 0.0 || u >= 1.0) {
            return u;
        }
        let u = u.clamp(first.u, last.u);
        let pair = |k: usize| {
            let k = k.clamp(1, nodes.len() - 1);
            (&nodes[k - 1], &nodes[k])
        };
        let (a, b) = pair(nodes.partition_point(|n| n.u <= u));
        let phi = a.phi_at(b, u);
        let to = phi + flux;
        if to >= last.phi {
            return last.u;
        }
        if to <= first.phi {
            return first.u;
        }
        let (c, d) = pair(nodes.partition_point(|n| n.phi <= to));
        let slope = |a: &Node, b: &Node, phi: f64| {
            let cubic = Cubic::new((a.phi, b.phi), (a.u, b.u), |h| (h * a.slowing, h * b.slowing));
            (cubic.with_slope(phi).1, cubic.length)
        };
        let ((speed, here), (later, there)) = (slope(a, b, phi), slope(c, d, to));
        let ratio = if speed > 0.0 && later > 0.0 { (later * here) / (speed * there) } else { 0.0 };
        let start = a.u_at(b, phi);
        (u + ((c.u_at(d, to) - start) + (u - start) * (ratio - 1.0))).clamp(first.u, last.u)
    }

    proptest! {
        #[test]
        fn a_flow_gives_the_bits_of_search_and_hermite_alone_and_with_others(
            u in 0.0..1.0_f64, power in 0..30_i32, flux in -1.0..1.0_f64, size in -6..4_i32, p in 1.0..4.0_f64, which in 0..4_u8,
        ) {
            let slowing = |u: f64| match which {
                0 => 1.0 / (1.01 - u),
                1 => 1.0 - u.powf(2.0 * p),
                2 => 1.0 - (2.0 * u - 1.0).abs().powf(2.0 * p),
                _ => (-((u - 0.4) / 0.036).exp()).exp(),
            };
            let nodes = Flow::nodes(slowing, &[0.5], which == 2, 1e-6);
            let flow = Flow::between(&nodes, which == 2);
            let flux = flux * 10f64.powi(size);
            let near = u * 0.5f64.powi(power);
            for u in [u, near, 1.0 - near, 0.0, 1.0, nodes[nodes.len() / 2].u] {
                let plain = plainly_moved(&nodes, which == 2, u, flux).to_bits();
                prop_assert_eq!(flow.moved(u, flux).to_bits(), plain);
                prop_assert_eq!(flow.moved_with_others(u, flux).to_bits(), plain);
            }
        }
    }

    #[test]
    fn what_sticks_stays_and_what_vanishes_faster_than_any_power_ends() {
        let joglekar = Flow::new(|u| 1.0 - (2.0 * u - 1.0) * (2.0 * u - 1.0), &[], true, 1e-10);
        assert_eq!((joglekar.moved(0.0, 5.0), joglekar.moved(1.0, -5.0)), (0.0, 1.0));
        // What was driven towards an end comes back from as near to it as counts, whatever the rounding on the way.
        let far = joglekar.moved(0.3, 1e3);
        assert_eq!(far, 1.0 - NEAREST);
        let odds = (1e8f64.ln() - 4.0 * 4.0).exp();
        assert!((joglekar.moved(far, -4.0) - odds / (1.0 + odds)).abs() < 1e-6);
        // Nearer to an end than that it is taken for as near.
        assert_eq!(joglekar.moved(1.0 - 1e-9, 0.1), 1.0 - NEAREST);
        // A table for states that are coarse in the middle says no less well where one is that comes from there and goes back.
        let coarse = Flow::new(|u| 1.0 - (2.0 * u - 1.0) * (2.0 * u - 1.0), &[], true, 1e-8);
        for k in 0..100 {
            let u = 0.2 + 0.006 * f64::from(k);
            let back = coarse.moved(coarse.moved(u, 4.0), -4.0);
            assert!((back - u).abs() < 1e-7, "{u} {back}");
        }
        let kvatinsky = Flow::new(|u| (-((u - 0.4) / 0.036).exp()).exp(), &[], false, 1e-10);
        assert!(kvatinsky.size() < 2000, "{}", kvatinsky.size());
        let far = kvatinsky.moved(0.1, 1e6);
        assert!(far > 0.4 && far < 0.55, "{far}");
        assert!((kvatinsky.moved(0.1, 0.1) - 0.2).abs() < 1e-2);
    }
}
