//! What a layer that learnt without labels has learnt: each neuron is given the class that it answers most in training, and
//! test responses are read out through these (Diehl & Cook 2015, doi:10.3389/fncom.2015.00099; Querlioz et al. 2013,
//! doi:10.1109/TNANO.2013.2250995).

use std::ops::Range;

/// How many spikes each neuron fired in each presentation.
#[derive(Clone, Debug, PartialEq)]
pub struct Responses {
    /// Neurons.
    pub neurons: usize,
    /// Presentation after presentation: `neurons` counts each.
    pub counts: Vec<u32>,
}

/// What was learnt, and what of it was seen in the test.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The classes, rising.
    pub classes: Vec<i64>,
    /// For each neuron the place of its class in `classes`; none if it was silent in training.
    pub assigned: Vec<Option<usize>>,
    /// Tested presentations of the class in row `i` that were taken for the class in column `j`.
    pub confusion: Vec<Vec<u64>>,
    /// Tested presentations of each class that no assigned neuron answered, which count as wrong.
    pub unanswered: Vec<u64>,
    /// Of all tested presentations, how many the most active neuron alone would have told.
    pub by_most_active: u64,
    /// Presentations in the test.
    pub tested: u64,
}

/// Counts responses spike by spike.
pub struct Counter<'a> {
    presentations: &'a [(f64, f64)],
    /// Presentations by their start.
    order: Vec<usize>,
    /// How many of these have begun by the last spike,
    begun: usize,
    /// and which of them last.
    open: Vec<usize>,
    responses: Responses,
}

impl<'a> Counter<'a> {
    /// Of the presentations \[start, stop); a spike in several of them is an answer to each.
    pub fn new(neurons: usize, presentations: &'a [(f64, f64)]) -> Counter<'a> {
        let mut order: Vec<usize> = (0..presentations.len()).collect();
        order.sort_by(|a, b| presentations[*a].0.total_cmp(&presentations[*b].0));
        let responses = Responses { neurons, counts: vec![0; neurons * presentations.len()] };
        Counter { presentations, order, begun: 0, open: Vec::new(), responses }
    }

    /// One more spike, not before the last one.
    pub fn add(&mut self, time: f64, neuron: usize) {
        while let Some(&index) = self.order.get(self.begun).filter(|index| self.presentations[**index].0 <= time) {
            self.open.push(index);
            self.begun += 1;
        }
        self.open.retain(|index| time < self.presentations[*index].1);
        let Responses { neurons, counts } = &mut self.responses;
        for index in self.open.iter().filter(|_| neuron < *neurons) {
            counts[index * *neurons + neuron] += 1;
        }
    }

    /// What was counted.
    pub fn responses(self) -> Responses {
        self.responses
    }
}

impl Responses {
    /// Counts the spikes (time, neuron), rising in time, within each of the presentations \[start, stop).
    pub fn count(
        spikes: impl IntoIterator<Item = (f64, usize)>,
        neurons: usize,
        presentations: &[(f64, f64)],
    ) -> Responses {
        let mut counter = Counter::new(neurons, presentations);
        spikes.into_iter().for_each(|(time, neuron)| counter.add(time, neuron));
        counter.responses()
    }

    /// The counts of one presentation.
    pub fn of(&self, presentation: usize) -> &[u32] {
        &self.counts[presentation * self.neurons..(presentation + 1) * self.neurons]
    }
}

/// Labels neurons by their responses to the presentations `train`, and reads the presentations `test` out: a presentation is taken
/// for the class whose neurons answer most on average; of equal ones, for the smallest.
///
/// `labels`: the class of each presentation.
pub fn evaluate(responses: &Responses, labels: &[i64], train: &[usize], test: &[usize]) -> Evaluation {
    let mut classes: Vec<i64> = train.iter().chain(test).map(|&p| labels[p]).collect();
    classes.sort_unstable();
    classes.dedup();
    let place = |presentation: usize| classes.partition_point(|c| *c < labels[presentation]);
    let (neurons, kinds) = (responses.neurons, classes.len());

    let mut shown = vec![0u64; kinds];
    let mut sums = vec![0u64; kinds * neurons];
    for &presentation in train {
        let class = place(presentation);
        shown[class] += 1;
        for (sum, &count) in sums[class * neurons..].iter_mut().zip(responses.of(presentation)) {
            *sum += u64::from(count);
        }
    }
    let assign = |neuron: usize| {
        let mean = |class: usize| sums[class * neurons + neuron] as f64 / (shown[class].max(1)) as f64;
        let best = largest((0..kinds).map(mean))?;
        (mean(best) > 0.0).then_some(best)
    };
    let assigned: Vec<Option<usize>> = (0..neurons).map(assign).collect();
    let mut voters = vec![0u64; kinds];
    assigned.iter().flatten().for_each(|&class| voters[class] += 1);

    let mut result = Evaluation {
        confusion: vec![vec![0; kinds]; kinds],
        unanswered: vec![0; kinds],
        by_most_active: 0,
        tested: test.len() as u64,
        classes: Vec::new(),
        assigned: Vec::new(),
    };
    for &presentation in test {
        let class = place(presentation);
        let counts = responses.of(presentation);
        let mut votes = vec![0u64; kinds];
        for (&count, kind) in counts.iter().zip(&assigned) {
            kind.iter().for_each(|&kind| votes[kind] += u64::from(count));
        }
        let mean = |kind: usize| votes[kind] as f64 / voters[kind].max(1) as f64;
        match largest((0..kinds).map(mean)).filter(|&kind| votes[kind] > 0) {
            Some(kind) => result.confusion[class][kind] += 1,
            None => result.unanswered[class] += 1,
        }
        let counted = counts.iter().zip(&assigned).map(|(&c, a)| if a.is_some() { f64::from(c) } else { 0.0 });
        let winner = largest(counted).filter(|&neuron| counts[neuron] > 0);
        result.by_most_active += u64::from(winner.is_some_and(|neuron| assigned[neuron] == Some(class)));
    }
    result.classes = classes;
    result.assigned = assigned;
    result
}

impl Evaluation {
    /// Tested presentations that were taken for what they were.
    pub fn right(&self) -> u64 {
        (0..self.classes.len()).map(|class| self.confusion[class][class]).sum()
    }

    /// The share of them.
    pub fn accuracy(&self) -> f64 {
        self.right() as f64 / self.tested.max(1) as f64
    }

    /// The share that the most active neuron alone would have told.
    pub fn accuracy_most_active(&self) -> f64 {
        self.by_most_active as f64 / self.tested.max(1) as f64
    }

    /// The standard error of the accuracy, as of a share of independent presentations.
    pub fn standard_error(&self) -> f64 {
        let share = self.accuracy();
        (share * (1.0 - share) / self.tested.max(1) as f64).sqrt()
    }
}

/// The place of the largest, the first of equals; none of none.
fn largest(values: impl Iterator<Item = f64>) -> Option<usize> {
    values
        .enumerate()
        .fold(None, |best: Option<(usize, f64)>, (i, v)| match best {
            Some((_, most)) if v <= most => best,
            _ => Some((i, v)),
        })
        .map(|best| best.0)
}

/// `"A:B"` as a range of presentations; either end may be left away.
///
/// # Errors
/// A sentence, if it has another form or is empty.
pub fn parse_range(text: &str) -> Result<Range<usize>, String> {
    let form = || format!("found \"{text}\", expected presentations A:B such as 0:4000 or 4000:");
    let (from, to) = text.split_once(':').ok_or_else(form)?;
    let number = |text: &str, open: usize| match text.trim() {
        "" => Ok(open),
        digits => digits.parse::<usize>().map_err(|_| form()),
    };
    let (from, to) = (number(from, 0)?, number(to, usize::MAX)?);
    if from < to { Ok(from..to) } else { Err(format!("{}; that range is empty", form())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spike_in_presentations_that_overlap_answers_each() {
        let shown = [(0.0, 2.0), (1.0, 3.0), (5.0, f64::NAN), (f64::NAN, 9.0), (1.2, 1.6)];
        let found = Responses::count([(0.5, 0), (1.5, 0), (2.5, 0), (6.0, 0)], 1, &shown);
        assert_eq!(found.counts, [2, 2, 0, 0, 1]);
    }

    #[test]
    fn spikes_are_counted_in_the_presentation_that_they_fall_into() {
        let spikes = [(0.0, 0), (0.9, 1), (1.0, 1), (2.0, 1), (2.5, 1), (2.5, 1), (3.0, 0), (9.0, 0)];
        // Out of order in the table, with a gap between.
        let responses = Responses::count(spikes, 2, &[(2.0, 3.0), (0.0, 1.0)]);
        assert_eq!(responses.counts, [0, 3, 1, 1]);
    }

    #[test]
    fn neurons_are_labelled_by_their_mean_response_and_vote_by_it() {
        // Class 7 is shown twice, class 3 once; neuron 2 is silent in training.
        let counts = vec![
            5, 0, 0, /**/ 3, 2, 0, /**/ 4, 3, 0, /**/ 9, 1, 50, /**/ 0, 2, 0, /**/ 0, 0, 8,
        ];
        let responses = Responses { neurons: 3, counts };
        let labels = [7, 7, 3, 3, 3, 7];
        let e = evaluate(&responses, &labels, &[0, 1, 2], &[3, 4, 5]);
        assert_eq!(e.classes, [3, 7]);
        // Neuron 0 fires 4 per presentation of either: the smaller class has it. Neuron 1: 3 of class 3, 1 of class 7.
        assert_eq!(e.assigned, [Some(0), Some(0), None]);
        assert_eq!((e.confusion.clone(), e.unanswered.clone()), (vec![vec![2, 0], vec![0, 0]], vec![0, 1]));
        assert_eq!((e.right(), e.tested, e.by_most_active), (2, 3, 2));
        assert!(
            (e.accuracy() - 2.0 / 3.0).abs() < 1e-15 && (e.standard_error() - (2.0f64 / 27.0).sqrt()).abs() < 1e-15
        );
    }

    #[test]
    fn a_class_of_many_neurons_does_not_outvote_one_whose_few_answer_more() {
        // Neurons 0 to 3 stand for class 0, neuron 4 for class 1.
        let mut counts = vec![1, 1, 1, 1, 0, /**/ 0, 0, 0, 0, 1];
        counts.extend([2, 2, 2, 2, 5]);
        let responses = Responses { neurons: 5, counts };
        let e = evaluate(&responses, &[0, 1, 1], &[0, 1], &[2]);
        assert_eq!((e.right(), e.by_most_active), (1, 1));
    }

    #[test]
    fn ranges_are_read() {
        assert_eq!(parse_range("3:5"), Ok(3..5));
        assert_eq!(parse_range(":5"), Ok(0..5));
        assert_eq!(parse_range("3:"), Ok(3..usize::MAX));
        for wrong in ["5", "5:3", "a:b", "4:4"] {
            assert!(parse_range(wrong).is_err(), "{wrong}");
        }
    }
}
