//! Names that are longer than the room they have, shortened so that they can still be told apart.

const LEFT_OUT: char = '\u{2026}';

/// A name, shortened with an ellipsis in its middle until it `fits`: names in a list often begin, or end, alike.
pub(super) fn shortened(name: &str, fits: impl Fn(&str) -> bool) -> String {
    let letters: Vec<char> = name.chars().collect();
    (1..=letters.len()).rev().map(|kept| cut(&letters, kept)).find(|short| fits(short)).unwrap_or_default()
}

/// The names of a list, each shortened so; those that this makes alike are shown from where they begin to differ to where they end to.
pub(super) fn told_apart(names: &[&str], fits: impl Fn(&str) -> bool) -> Vec<String> {
    let short: Vec<String> = names.iter().map(|name| shortened(name, &fits)).collect();
    let apart = |(place, name): (usize, &&str)| {
        let alike: Vec<&str> = (0..names.len()).filter(|k| short[*k] == short[place]).map(|k| names[k]).collect();
        if alike.iter().all(|other| other == name) {
            return short[place].clone();
        }
        let (head, tail) = in_common(&alike);
        let letters: Vec<char> = name.chars().skip(head).collect();
        let shown = |tail: usize, kept: usize| {
            let mark = |letters: usize| if letters > 0 { LEFT_OUT.to_string() } else { String::new() };
            mark(head) + &cut(&letters[..letters.len() - tail], kept) + &mark(tail)
        };
        // As much of the common end as fits, or less of what differs.
        let all = (0..=tail).map(|tail| shown(tail, letters.len() - tail));
        let fewer = (1..letters.len() - tail).rev().map(|kept| shown(tail, kept));
        all.chain(fewer).find(|text| fits(text)).unwrap_or_default()
    };
    names.iter().enumerate().map(apart).collect()
}

/// So many of the letters, from both ends.
fn cut(letters: &[char], kept: usize) -> String {
    if kept == letters.len() {
        return letters.iter().collect();
    }
    let (head, tail) = (&letters[..kept.div_ceil(2)], &letters[letters.len() - kept / 2..]);
    head.iter().chain(&[LEFT_OUT]).chain(tail).collect()
}

/// How many letters all begin with, and how many others all end with.
fn in_common(names: &[&str]) -> (usize, usize) {
    let first = names.first().copied().unwrap_or_default();
    let same = |pairs: &mut dyn Iterator<Item = (char, char)>| pairs.take_while(|(a, b)| a == b).count();
    let least = |of: &dyn Fn(&str) -> usize| names.iter().map(|name| of(name)).min().unwrap_or(0);
    let head = least(&|name| same(&mut first.chars().zip(name.chars())));
    let tail = least(&|name| {
        let own = name.chars().count().min(first.chars().count()) - head;
        same(&mut first.chars().rev().zip(name.chars().rev())).min(own)
    });
    (head, tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ten(names: &[&str]) -> Vec<String> {
        told_apart(names, |text| text.chars().count() <= 10)
    }

    #[test]
    fn names_are_cut_where_they_stay_different() {
        assert_eq!(
            ten(&["E", "inhibitory", "excitatory_1", "excitatory_2"]),
            ["E", "inhibitory", "excit…ry_1", "excit…ry_2"]
        );
        // Alike at both ends.
        assert_eq!(ten(&["layer_4_excitatory_cells", "layer_4_inhibitory_cells"]), ["…excitato…", "…inhibito…"]);
        assert_eq!(ten(&["population_A_neurons", "population_B_neurons"]), ["…A_neurons", "…B_neurons"]);
        assert_eq!(
            ten(&[
                "all_of_exc_in_layer_0_here",
                "all_of_exc_in_layer_1_here",
                "all_of_inh_in_layer_0_here",
                "all_of_inh_in_layer_1_here"
            ]),
            ["…exc_…r_0…", "…exc_…r_1…", "…inh_…r_0…", "…inh_…r_1…"]
        );
        // One name may be there twice, and one may go on where another one ends.
        assert_eq!(ten(&["layer_4_excitatory", "layer_4_excitatory"]), ["layer…tory"; 2]);
        assert_eq!(ten(&["aaaaaaaaaaaaa", "aaaaaaaaaaaaaa"]), ["…", "…a"]);
        assert_eq!(told_apart(&["ab", "ac"], |text| text.is_empty()), ["", ""]);
    }
}
