//! Searches for the least of a function: by a simplex where little is known of it, by its derivatives close to the goal.

/// The simplex search of Nelder & Mead 1965 (doi:10.1093/comjnl/7.4.308) from `start`.
pub fn simplex(cost: &dyn Fn(&[f64]) -> f64, start: Vec<f64>, size: f64) -> Vec<f64> {
    let n = start.len();
    let mut corners: Vec<(f64, Vec<f64>)> = (0..=n)
        .map(|k| {
            let mut x = start.clone();
            if k > 0 {
                x[k - 1] += size;
            }
            (cost(&x), x)
        })
        .collect();
    for _ in 0..400 * n {
        corners.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (best, worst) = (corners[0].0, corners[n].0);
        if worst - best <= 1e-14 * best || best == 0.0 {
            break;
        }
        let centre: Vec<f64> = (0..n).map(|i| corners[..n].iter().map(|c| c.1[i]).sum::<f64>() / n as f64).collect();
        let from = corners[n].1.clone();
        let at = |factor: f64| -> (f64, Vec<f64>) {
            let x: Vec<f64> = (0..n).map(|i| centre[i] + factor * (from[i] - centre[i])).collect();
            (cost(&x), x)
        };
        let reflected = at(-1.0);
        let next = if reflected.0 < best {
            let further = at(-2.0);
            if further.0 < reflected.0 { further } else { reflected }
        } else if reflected.0 < corners[n - 1].0 {
            reflected
        } else {
            let inner = at(if reflected.0 < worst { -0.5 } else { 0.5 });
            if inner.0 < worst.min(reflected.0) {
                inner
            } else {
                let around = corners[0].1.clone();
                for corner in &mut corners[1..] {
                    corner.1.iter_mut().zip(&around).for_each(|(x, b)| *x = 0.5 * (*x + b));
                    corner.0 = cost(&corner.1);
                }
                continue;
            }
        };
        corners[n] = next;
    }
    corners.sort_by(|a, b| a.0.total_cmp(&b.0));
    corners.swap_remove(0).1
}

/// Goes on from `start` to the least sum of squares of the deviations, and gives that too: D. W. Marquardt, SIAM J. Appl. Math. 11, 431
/// (1963), doi:10.1137/0111030, with derivatives from differences. Never further up; where there are no deviations it does not go.
pub fn least_squares(deviations: &dyn Fn(&[f64]) -> Option<Vec<f64>>, start: Vec<f64>) -> (Vec<f64>, f64) {
    let squares = |off: &[f64]| off.iter().map(|off| off * off).sum::<f64>();
    let (n, mut x) = (start.len(), start);
    let Some(mut off) = deviations(&x) else { return (x, f64::INFINITY) };
    let mut sum = squares(&off);
    let mut damping = 1e-3;
    for _ in 0..100 {
        let slope = |k: usize| {
            let (mut there, step) = (x.clone(), 1e-7 * (1.0 + x[k].abs()));
            there[k] += step;
            let slope = |(there, here): (&f64, &f64)| (there - here) / step;
            deviations(&there).map_or(vec![0.0; off.len()], |there| there.iter().zip(&off).map(slope).collect())
        };
        let slopes: Vec<Vec<f64>> = (0..n).map(slope).collect();
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let matrix: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| product(&slopes[i], &slopes[j])).collect()).collect();
        let downhill: Vec<f64> = (0..n).map(|i| -product(&slopes[i], &off)).collect();
        let before = sum;
        while damping < 1e12 {
            let mut damped = matrix.clone();
            // A parameter that changes nothing stays where it is.
            (0..n).for_each(|i| damped[i][i] += if matrix[i][i] > 0.0 { damping * matrix[i][i] } else { 1.0 });
            let there: Vec<f64> = solve(damped, downhill.clone()).iter().zip(&x).map(|(step, x)| x + step).collect();
            let found = deviations(&there).map(|off| (squares(&off), off)).filter(|(found, _)| *found < sum);
            if let Some((found, there_off)) = found {
                (x, sum, off, damping) = (there, found, there_off, 0.1 * damping);
                break;
            }
            damping *= 10.0;
        }
        if before - sum <= 1e-12 * before {
            break;
        }
    }
    (x, sum)
}

/// Solves a small symmetric system by elimination; what can't be told is 0.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let n = right.len();
    for k in 0..n {
        let pivot = (k..n).max_by(|&a, &b| matrix[a][k].abs().total_cmp(&matrix[b][k].abs())).unwrap_or(k);
        matrix.swap(k, pivot);
        right.swap(k, pivot);
        if matrix[k][k] == 0.0 {
            continue;
        }
        for row in k + 1..n {
            let factor = matrix[row][k] / matrix[k][k];
            let pivot = matrix[k].clone();
            matrix[row].iter_mut().zip(pivot).skip(k).for_each(|(x, pivot)| *x -= factor * pivot);
            right[row] -= factor * right[k];
        }
    }
    for k in (0..n).rev() {
        let known: f64 = (k + 1..n).map(|column| matrix[k][column] * right[column]).sum();
        right[k] = if matrix[k][k] == 0.0 { 0.0 } else { (right[k] - known) / matrix[k][k] };
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_searches_find_the_least_of_a_curved_valley() {
        // H. H. Rosenbrock, Comput. J. 3, 175 (1960): least at (1, 1).
        let off = |x: &[f64]| Some(vec![10.0 * (x[1] - x[0] * x[0]), 1.0 - x[0]]);
        let cost = |x: &[f64]| off(x).unwrap().iter().map(|off| off * off).sum::<f64>();
        let found = simplex(&cost, vec![-1.2, 1.0], 0.5);
        assert!(found.iter().all(|x| (x - 1.0).abs() < 1e-4), "{found:?}");
        let (found, sum) = least_squares(&off, vec![-1.2, 1.0]);
        assert!(found.iter().all(|x| (x - 1.0).abs() < 1e-9) && sum < 1e-18, "{found:?} {sum}");
    }

    #[test]
    fn parameters_without_an_effect_and_places_without_a_value_are_no_trap() {
        let off = |x: &[f64]| (x[0] < 2.0).then(|| vec![x[0] - 3.0, 0.5]);
        let (found, sum) = least_squares(&off, vec![0.0, 7.0]);
        assert!(
            found[1] == 7.0 && found[0] > 1.5 && (sum - (found[0] - 3.0).powi(2) - 0.25).abs() < 1e-12,
            "{found:?}"
        );
        assert_eq!(least_squares(&off, vec![5.0, 0.0]).1, f64::INFINITY);
    }
}
