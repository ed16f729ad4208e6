use proptest::prelude::*;

use super::*;

/// Numbers between 0 and 1, always the same.
fn numbers(seed: u64) -> impl FnMut() -> f64 {
    let mut word = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from((word >> 40) as u32) / f64::from(1u32 << 24)
    }
}

/// Conductances from 1 to 100 uS, evenly in their logarithm; a fifth of them open.
fn cells(count: usize, seed: u64, open: f64) -> Vec<f64> {
    let mut next = numbers(seed);
    (0..count).map(|_| if next() < open { 0.0 } else { 1e-6 * 100f64.powf(next()) }).collect()
}

/// Node voltages by a dense solution of the nodal equations: nothing in common with the code that is tested.
fn dense(m: usize, n: usize, g: &[f64], (rw, rb): (f64, f64), sources: &Sources) -> Vec<f64> {
    let (word, bit) = (|i: usize, j: usize| i * n + j, |i: usize, j: usize| m * n + i * n + j);
    let mut a = nalgebra::DMatrix::<f64>::zeros(2 * m * n, 2 * m * n);
    let mut b = nalgebra::DVector::<f64>::zeros(2 * m * n);
    let mut join = |p: usize, q: usize, g: f64| {
        a[(p, p)] += g;
        a[(q, q)] += g;
        a[(p, q)] -= g;
        a[(q, p)] -= g;
    };
    for i in 0..m {
        for j in 0..n {
            join(word(i, j), bit(i, j), g[i * n + j]);
            if j > 0 {
                join(word(i, j - 1), word(i, j), 1.0 / rw);
            }
            if i > 0 {
                join(bit(i - 1, j), bit(i, j), 1.0 / rb);
            }
        }
    }
    let mut tie = |p: usize, g: f64, v: f64| {
        a[(p, p)] += g;
        b[p] += g * v;
    };
    let tied =
        |list: &[Option<f64>]| list.iter().copied().enumerate().filter_map(|(k, v)| Some((k, v?))).collect::<Vec<_>>();
    tied(&sources.word_lines).into_iter().for_each(|(i, v)| tie(word(i, 0), 1.0 / rw, v));
    tied(&sources.bit_lines).into_iter().for_each(|(j, v)| tie(bit(m - 1, j), 1.0 / rb, v));
    a.lu().solve(&b).unwrap().iter().copied().collect()
}

fn close(a: &[f64], b: &[f64], tolerance: f64) {
    assert_eq!(a.len(), b.len());
    let scale = b.iter().fold(0.0f64, |s, x| s.max(x.abs()));
    let worst = a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst <= tolerance * scale, "differs by {worst:e} of {scale:e}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn any_array_agrees_with_a_dense_solution(
        m in 1usize..14, n in 1usize..14, seed in 0u64..1000, rw in 0.1f64..50.0, rb in 0.1f64..50.0, floating in 0.0f64..0.6,
    ) {
        let g = cells(m * n, seed, 0.1);
        let mut next = numbers(seed + 7);
        let mut line = |_| (next() > floating).then(|| next() - 0.5);
        let mut sources = Sources { word_lines: (0..m).map(&mut line).collect(), bit_lines: (0..n).map(&mut line).collect() };
        sources.word_lines[0] = Some(0.3);
        let array = Array::new(m, n, g.clone(), rw, rb).unwrap();
        let Ok(found) = array.solve(&sources) else { return Ok(()) };
        let expected = dense(m, n, &g, (rw, rb), &sources);
        close(&found.word_voltages, &expected[..m * n], 1e-9);
        close(&found.bit_voltages, &expected[m * n..], 1e-9);
        // Conservation of power, and Kirchhoff's law at every line.
        let power = found.power_cells + found.power_wires;
        // Where nothing flows, rounding leaves what it does of currents that cancel.
        let rest = 1e-13 * g.iter().sum::<f64>();
        prop_assert!((found.power - power).abs() <= 1e-10 * power + rest, "{} {}", found.power, power);
        for (i, row) in found.device_currents.chunks_exact(n).enumerate() {
            // A floating line carries what rounding leaves of currents that cancel, or of voltages that are equal.
            let sum: f64 = row.iter().sum();
            let all: f64 = g[i * n..(i + 1) * n].iter().sum();
            prop_assert!((sum - found.word_line_currents[i]).abs() <= 1e-13 * all, "{} {}", sum, found.word_line_currents[i]);
        }
    }

    #[test]
    fn the_transfer_of_an_array_is_what_its_solutions_say(m in 1usize..20, n in 1usize..20, seed in 0u64..1000, rw in 0.0f64..9.0, rb in 0.0f64..9.0) {
        let array = Array::new(m, n, cells(m * n, seed, 0.2), rw, rb).unwrap();
        let transfer = Transfer::resistive(&array).unwrap();
        let row = seed as usize % m;
        let mut v = vec![0.0; m];
        v[row] = 1.0;
        let found = array.solve(&Sources::reading(&v, n)).unwrap();
        close(&transfer.pairs[row * n..(row + 1) * n], &found.bit_line_currents, 1e-12);
        prop_assert!((transfer.supply[row] - found.word_line_currents[row]).abs() <= 1e-12 * found.word_line_currents[row]);
    }

    #[test]
    fn rows_behind_transistors_are_what_a_solution_with_one_row_on_says(m in 1usize..12, n in 1usize..12, seed in 0u64..1000, rw in 0.0f64..9.0, rb in 0.0f64..9.0) {
        let g = cells(m * n, seed, 0.2);
        let transfer = Transfer::row_by_row((m, n), &g, (rw, rb, 15e3));
        let row = seed as usize % m;
        let on: Vec<bool> = (0..m).map(|i| i == row).collect();
        let array = Array::new(m, n, g, rw, rb).unwrap().with_access(15e3, &on).unwrap();
        let v: Vec<f64> = on.iter().map(|&on| f64::from(u8::from(on))).collect();
        let found = array.solve(&Sources::reading(&v, n)).unwrap();
        close(&transfer.pairs[row * n..(row + 1) * n], &found.bit_line_currents, 1e-12);
        prop_assert!((transfer.supply[row] - found.word_line_currents[row]).abs() <= 1e-12 * found.word_line_currents[row]);
    }
}

/// The array seen from the other side: its bit lines are the word lines, and the other way round.
fn turned(g: &[f64], m: usize, n: usize) -> Vec<f64> {
    (0..n * m).map(|k| g[(m - 1 - k % m) * n + n - 1 - k / m]).collect()
}

#[test]
fn a_turned_array_has_the_turned_transfer() {
    let (m, n) = (33, 21);
    let g = cells(m * n, 4, 0.1);
    let transfer = Transfer::resistive(&Array::new(m, n, g.clone(), 3.0, 7.0).unwrap()).unwrap();
    let other = Transfer::resistive(&Array::new(n, m, turned(&g, m, n), 7.0, 3.0).unwrap()).unwrap();
    close(&other.pairs, &turned(&transfer.pairs, m, n), 1e-13);
}

#[test]
fn currents_of_two_drives_add_up() {
    let (m, n) = (40, 56);
    let array = Array::new(m, n, cells(m * n, 9, 0.1), 2.0, 5.0).unwrap();
    let mut next = numbers(1);
    let (a, b): (Vec<f64>, Vec<f64>) = (0..m).map(|_| (next() - 0.5, next() - 0.5)).unzip();
    let sum: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 2.0 * a - 3.0 * b).collect();
    let solve = |v: &[f64]| array.solve(&Sources::reading(v, n)).unwrap().bit_line_currents;
    let expected: Vec<f64> = solve(&a).iter().zip(solve(&b)).map(|(a, b)| 2.0 * a - 3.0 * b).collect();
    close(&solve(&sum), &expected, 1e-12);
}

/// Conjugate gradients on the nodal equations, preconditioned by nothing more than the diagonal.
fn conjugate_gradients(mesh: &mesh::Mesh<'_>, ground: u32, b: &[f64]) -> Vec<f64> {
    let size = mesh.nodes();
    let apply = |x: &[f64]| -> Vec<f64> {
        (0..size)
            .map(|k| {
                let mut sum = 0.0;
                mesh.neighbours(k as u32, |q, g| sum += g * (x[k] - if q == ground { 0.0 } else { x[q as usize] }));
                sum
            })
            .collect()
    };
    let diagonal: Vec<f64> = (0..size)
        .map(|k| {
            let mut sum = 0.0;
            mesh.neighbours(k as u32, |_, g| sum += g);
            sum
        })
        .collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let scaled = |r: &[f64]| r.iter().zip(&diagonal).map(|(r, d)| r / d).collect::<Vec<_>>();
    let (mut x, mut r) = (vec![0.0; size], b[..size].to_vec());
    let mut z = scaled(&r);
    let mut p = z.clone();
    let mut rz = dot(&r, &z);
    let first = rz;
    while rz > 1e-26 * first {
        let ap = apply(&p);
        let alpha = rz / dot(&p, &ap);
        x.iter_mut().zip(&p).for_each(|(x, p)| *x += alpha * p);
        r.iter_mut().zip(&ap).for_each(|(r, ap)| *r -= alpha * ap);
        z = scaled(&r);
        let next = dot(&r, &z);
        let beta = next / rz;
        p.iter_mut().zip(&z).for_each(|(p, z)| *p = z + beta * *p);
        rz = next;
    }
    x
}

#[test]
fn a_large_array_agrees_with_conjugate_gradients() {
    let (m, n) = (96, 131);
    let array = Array::new(m, n, cells(m * n, 2, 0.05), 2.5, 1.5).unwrap();
    let mut next = numbers(5);
    let v: Vec<f64> = (0..m).map(|_| next() - 0.3).collect();
    let ground = (2 * m * n) as u32;
    let mesh = array.mesh(vec![ground; m], vec![ground; n]);
    let mut b = vec![0.0; mesh.nodes()];
    v.iter().enumerate().for_each(|(i, v)| b[mesh.word_node(i, 0) as usize] = mesh.word * v);
    let x = conjugate_gradients(&mesh, ground, &b);
    let found = array.solve(&Sources::reading(&v, n)).unwrap();
    let both: Vec<f64> = found.word_voltages.iter().zip(&found.bit_voltages).flat_map(|(w, b)| [*w, *b]).collect();
    close(&both, &x, 1e-9);
    // Kirchhoff's law at every node.
    for k in 0..mesh.nodes() {
        let (mut sum, mut all) = (-b[k], 0.0);
        mesh.neighbours(k as u32, |q, g| {
            sum += g * (both[k] - if q == ground { 0.0 } else { both[q as usize] });
            all += g;
        });
        assert!(sum.abs() <= 1e-13 * all, "{k}: {sum}");
    }
}

#[test]
fn without_wire_resistance_currents_are_the_ideal_sum() {
    let (m, n) = (50, 30);
    let g = cells(m * n, 3, 0.1);
    let mut next = numbers(8);
    let v: Vec<f64> = (0..m).map(|_| next() - 0.5).collect();
    let ideal: Vec<f64> = (0..n).map(|j| (0..m).map(|i| v[i] * g[i * n + j]).sum()).collect();
    for resistances in [(0.0, 0.0), (1e-12, 1e-12), (0.0, 1e-12)] {
        let array = Array::new(m, n, g.clone(), resistances.0, resistances.1).unwrap();
        let found = array.solve(&Sources::reading(&v, n)).unwrap();
        close(&found.bit_line_currents, &ideal, if resistances == (0.0, 0.0) { 1e-14 } else { 1e-12 });
    }
    let transfer = Transfer::resistive(&Array::new(m, n, g.clone(), 0.0, 0.0).unwrap()).unwrap();
    close(&transfer.pairs, &g, 1e-14);
}

#[test]
fn tiny_and_huge_resistances_keep_their_digits() {
    // Two cells in series over a floating bit line, wires of 1e-12 and 1e9 ohm: 27 orders of magnitude, in closed form.
    for r in [1e-12, 1e-3, 1e3, 1e9] {
        let array = Array::new(2, 1, vec![2e-15, 3e-6], r, r).unwrap();
        let sources = Sources { word_lines: vec![Some(1.0), Some(0.0)], bit_lines: vec![None] };
        let found = array.solve(&sources).unwrap();
        let expected = 1.0 / (1.0 / 2e-15 + 1.0 / 3e-6 + 3.0 * r);
        let current = found.word_line_currents[0];
        assert!((current / expected - 1.0).abs() < 1e-12, "{r}: {current} {expected}");
        assert_eq!(found.bit_line_currents, [0.0]);
        let heat = found.power_cells + found.power_wires;
        assert!((found.power / heat - 1.0).abs() < 1e-12, "{} {heat}", found.power);
    }
}

#[test]
fn an_open_array_carries_no_current() {
    let array = Array::new(5, 4, vec![0.0; 20], 1.0, 1.0).unwrap();
    let found = array.solve(&Sources::reading(&[1.0; 5], 4)).unwrap();
    assert!(found.device_currents.iter().all(|i| *i == 0.0) && found.power == 0.0);
    assert!(found.word_voltages.iter().all(|v| (v - 1.0).abs() < 1e-15));
}

#[test]
fn a_line_that_nothing_reaches_is_named() {
    let mut g = vec![1e-5; 12];
    (0..4).for_each(|j| g[4 + j] = 0.0);
    let array = Array::new(3, 4, g.clone(), 1.0, 1.0).unwrap();
    let mut sources = Sources::reading(&[1.0, 0.0, 0.0], 4);
    sources.word_lines[1] = None;
    assert_eq!(array.solve(&sources), Err(CrossbarError::FloatingWord(1)));
    // A row whose transistors are off may float: nothing flows there.
    let array = Array::new(3, 4, g, 1.0, 1.0).unwrap().with_access(1e3, &[true, false, true]).unwrap();
    let found = array.solve(&sources).unwrap();
    assert!(found.word_voltages[4..8].iter().all(|v| v.is_nan()) && found.word_line_currents[1] == 0.0);
    let nothing = Sources { word_lines: vec![None; 3], bit_lines: vec![None; 4] };
    assert!(matches!(array.solve(&nothing), Err(CrossbarError::FloatingWord(_) | CrossbarError::FloatingBit(_))));
    let array = Array::new(2, 2, vec![1e-6, 0.0, 1e-6, 0.0], 1.0, 1.0).unwrap();
    let sources = Sources { word_lines: vec![Some(1.0); 2], bit_lines: vec![Some(0.0), None] };
    assert_eq!(array.solve(&sources), Err(CrossbarError::FloatingBit(1)));
}

#[test]
fn wrong_arrays_are_refused() {
    let wrong = |m, n, g: Vec<f64>, rw, rb| Array::new(m, n, g, rw, rb).unwrap_err().to_string();
    assert!(wrong(0, 3, vec![], 1.0, 1.0).contains("at least 1 x 1"));
    assert!(wrong(2, 2, vec![0.0; 3], 1.0, 1.0).contains("found 3 conductances"));
    assert!(wrong(1, 2, vec![0.0, -1.0], 1.0, 1.0).contains("row 0, column 1 is -1 S"));
    // Products with it would overflow.
    assert!(wrong(1, 2, vec![1e-6, 1e300], 1.0, 1.0).contains(" S, expected from 0 (open) to 1e15 S"));
    assert!(wrong(1, 1, vec![f64::NAN], 1.0, 1.0).contains("NaN"));
    assert!(wrong(1, 1, vec![1.0], -1.0, 1.0).contains("word_line_resistance is -1 ohm"));
    assert!(wrong(1, 1, vec![1.0], 1.0, f64::INFINITY).contains("bit_line_resistance is inf ohm"));
    let array = Array::new(1, 1, vec![1.0], 1.0, 1.0).unwrap();
    assert!(
        array.solve(&Sources::reading(&[1.0, 2.0], 1)).unwrap_err().to_string().contains("found 2 voltages of word")
    );
    assert!(array.solve(&Sources::reading(&[f64::NAN], 1)).unwrap_err().to_string().contains("NaN V"));
    assert!(array.clone().with_access(-1.0, &[true]).is_err() && array.with_access(1.0, &[]).is_err());
    assert!(Scheme::Half.sources((2, 2), (2, 0), 1.0).unwrap_err().to_string().contains("no cell in row 2"));
}

#[test]
fn shorted_cells_pass_what_their_wires_let_through() {
    // Of one cell the two segments of wire are all that resists.
    let one = |g: f64, word: f64, bit: f64| {
        let array = Array::new(1, 1, vec![g], word, bit).unwrap();
        array.solve(&Sources::reading(&[0.24], 1)).unwrap()
    };
    for (g, word, bit) in [(1e9, 3.0, 3.0), (1e15, 3.0, 3.0), (1e15, 6.0, 0.0), (1e15, 1.0, 5.0), (1e15, 5.0, 1.0)] {
        let found = one(g, word, bit);
        close(&found.bit_line_currents, &[0.04], 1e-8);
        assert!(
            (found.power_wires - 0.0096).abs() < 1e-9 && found.power >= found.power_wires * (1.0 - 1e-12),
            "{found:?}"
        );
    }
    // Of several the currents are those of cells that conduct well, but no better than numbers can tell.
    let several = |g: f64| {
        let cells = vec![g, 1e-5, g, 1e-6, g, 0.0];
        let word_lines = vec![Some(0.24), Some(-0.1)];
        let bit_lines = vec![Some(0.0), None, Some(0.05)];
        Array::new(2, 3, cells, 2.0, 3.0).unwrap().solve(&Sources { word_lines, bit_lines }).unwrap()
    };
    let (shorted, expected) = (several(1e15), several(1e7));
    close(&shorted.device_currents, &expected.device_currents, 1e-6);
    close(&shorted.bit_line_currents, &expected.bit_line_currents, 1e-6);
}
