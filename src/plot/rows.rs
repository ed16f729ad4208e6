//! Which units are drawn, and in which row: selections, populations, thinning.

use std::borrow::Cow;
use std::ops::Range;
use std::str::FromStr;

use super::{Group, PlotError, axis};

/// Some of a population: `E`, or members 0 to 99 of it, `E[0:100]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    /// The population.
    pub population: String,
    /// First member, and the one after the last; all if there is none. An open end is `usize::MAX`.
    pub members: Option<(usize, usize)>,
}

impl Selection {
    /// The members that it takes of a population of this size.
    ///
    /// # Errors
    /// If it begins or ends beyond the population's end.
    pub fn within(&self, size: usize) -> Result<Range<usize>, PlotError> {
        let Some((from, to)) = self.members else { return Ok(0..size) };
        if from >= size || to > size && to != usize::MAX {
            return Err(PlotError::Slice { name: self.population.clone(), from, to, size });
        }
        Ok(from..to.min(size))
    }
}

impl FromStr for Selection {
    type Err = PlotError;

    fn from_str(text: &str) -> Result<Selection, PlotError> {
        let wrong = || PlotError::Selection(text.to_string());
        let Some((name, slice)) = text.trim().split_once('[') else {
            let population = text.trim().to_string();
            return if population.is_empty() { Err(wrong()) } else { Ok(Selection { population, members: None }) };
        };
        let slice = slice.strip_suffix(']').ok_or_else(wrong)?;
        let number = |text: &str, open: usize| match text.trim() {
            "" => Ok(open),
            digits => digits.parse().map_err(|_| wrong()),
        };
        let members = match slice.split_once(':') {
            Some((from, to)) => (number(from, 0)?, number(to, usize::MAX)?),
            None => {
                let member: usize = slice.trim().parse().map_err(|_| wrong())?;
                (member, member.saturating_add(1))
            }
        };
        let population = name.trim().to_string();
        if population.is_empty() || members.0 >= members.1 {
            return Err(wrong());
        }
        Ok(Selection { population, members: Some(members) })
    }
}

/// A population's rows in a raster.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Band {
    /// Its name.
    pub name: String,
    /// Its place among all populations, which chooses its colour.
    pub color: usize,
    /// First row, from the top.
    pub first_row: usize,
    /// What the units drawn are called, from the top.
    pub ids: Vec<i64>,
    /// Units selected, drawn or not.
    pub selected: usize,
}

/// The rows of a raster from the top: the first population first, members downwards.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Rows {
    /// The populations that are drawn.
    pub bands: Vec<Band>,
    /// The row of each unit of the table; `NONE` if it is not drawn.
    pub row_of: Vec<u32>,
    /// The band of each unit that is selected, drawn or not; `NONE` otherwise.
    pub band_of: Vec<u32>,
    /// Number of rows.
    pub count: usize,
}

/// Not drawn, not selected.
pub(crate) const NONE: u32 = u32::MAX;

impl Rows {
    /// Lays out the rows of units that are called so: those of the selections (all if there are none), at most `max` of them,
    /// evenly chosen, but one of each population in any case.
    pub fn new(ids: &[i64], groups: &[Group], selections: &[Selection], max: Option<usize>) -> Result<Rows, PlotError> {
        let units = ids.len();
        let chosen = choose(ids, groups, selections)?;
        let groups = populations(units, groups)?;
        let total: usize = chosen.iter().map(|(_, members)| members.len()).sum();
        let max = max.unwrap_or(usize::MAX).max(1);
        let mut rows = Rows { row_of: vec![NONE; units], band_of: vec![NONE; units], count: 0, bands: Vec::new() };
        let mut seen = 0;
        for (index, members) in chosen {
            let first = groups[index].first;
            members.iter().for_each(|m| rows.band_of[first + m] = rows.bands.len() as u32);
            // Of `total` units in a line, every (total / max)-th: so populations keep their shares.
            let kept = |unit: usize| {
                total <= max
                    || (unit as u128 * max as u128) / total as u128
                        != ((unit + 1) as u128 * max as u128) / total as u128
            };
            let mut drawn: Vec<usize> =
                members.iter().enumerate().filter(|(i, _)| kept(seen + i)).map(|(_, m)| *m).collect();
            // Its name stands at its rows, in the colour of its rate.
            if drawn.is_empty() {
                drawn.extend(members.get(members.len() / 2));
            }
            for (row, member) in drawn.iter().enumerate() {
                rows.row_of[first + member] = (rows.count + row) as u32;
            }
            seen += members.len();
            let (name, first_row) = (groups[index].name.clone(), rows.count);
            rows.count += drawn.len();
            let ids = drawn.iter().map(|member| ids[first + member]).collect();
            rows.bands.push(Band { name, color: index, first_row, selected: members.len(), ids });
        }
        Ok(rows)
    }

    /// Units selected, drawn or not.
    pub fn selected(&self) -> usize {
        self.bands.iter().map(|band| band.selected).sum()
    }
}

/// Of units that are called so those that selections take, in the order of the populations; all if there are none. Without populations,
/// the units are one, `units`.
///
/// # Errors
/// If a selection names what is not there.
pub fn selected(ids: &[i64], groups: &[Group], selections: &[Selection]) -> Result<Vec<usize>, PlotError> {
    let chosen = choose(ids, groups, selections)?;
    let groups = populations(ids.len(), groups)?;
    Ok(chosen
        .into_iter()
        .flat_map(|(i, members)| members.into_iter().map(move |m| (i, m)))
        .map(|(i, m)| groups[i].first + m)
        .collect())
}

/// The populations, all of whose members are among `units`; without any, all units are one.
fn populations(units: usize, groups: &[Group]) -> Result<Cow<'_, [Group]>, PlotError> {
    if groups.is_empty() {
        return Ok(Cow::Owned(vec![Group::new("units", 0, units)]));
    }
    groups.iter().try_for_each(|group| group.range(units).map(drop))?;
    Ok(Cow::Borrowed(groups))
}

/// About `wanted` of units in a row: their places, and what each is called. Where they are counted without a gap, those with round
/// numbers, else those at round places.
pub(crate) fn numbered(ids: &[i64], wanted: usize) -> Vec<(usize, i64)> {
    let Some(&first) = ids.first() else { return Vec::new() };
    let counted = ids.iter().enumerate().all(|(place, id)| first.checked_add(place as i64) == Some(*id));
    let from = if counted { first as f64 } else { 0.0 };
    let (round, _) = axis::ticks(from, from + ids.len() as f64 - 1.0, wanted);
    let places = round.into_iter().filter(|at| at.fract() == 0.0).map(|at| (at - from) as usize);
    let mut found: Vec<(usize, i64)> = places.filter_map(|place| Some((place, *ids.get(place)?))).collect();
    if found.is_empty() {
        found.push((0, first));
    }
    found
}

/// The places in its population of the members chosen of each, in the order of the populations.
fn choose(ids: &[i64], groups: &[Group], selections: &[Selection]) -> Result<Vec<(usize, Vec<usize>)>, PlotError> {
    let named = !groups.is_empty();
    let groups = populations(ids.len(), groups)?;
    if selections.is_empty() {
        return Ok(groups.iter().enumerate().map(|(i, g)| (i, (0..g.count).collect())).collect());
    }
    let mut chosen: Vec<(usize, Vec<usize>)> = Vec::new();
    for selection in selections {
        let index =
            groups.iter().position(|g| g.name == selection.population).ok_or_else(|| PlotError::Population {
                name: selection.population.clone(),
                known: groups.iter().map(|g| g.name.clone()).collect(),
            })?;
        let members = members(&ids[groups[index].range(ids.len())?], named, selection)?;
        match chosen.iter_mut().find(|(i, _)| *i == index) {
            Some((_, list)) => list.extend(members),
            None => chosen.push((index, members.collect())),
        }
    }
    for (_, members) in &mut chosen {
        members.sort_unstable();
        members.dedup();
    }
    chosen.sort_by_key(|(index, _)| *index);
    Ok(chosen)
}

/// The places that a selection takes among units that are called so. Members of a population are meant by their numbers where those rise, of
/// which a file may have some only; other units are counted.
fn members(ids: &[i64], named: bool, selection: &Selection) -> Result<Range<usize>, PlotError> {
    let Some((from, to)) = selection.members else { return Ok(0..ids.len()) };
    let name = || selection.population.clone();
    let (first, last) = (ids.first().copied().unwrap_or(0), ids.last().copied().unwrap_or(0));
    let all = ids.is_empty() || last.checked_add(1) == i64::try_from(ids.len()).ok();
    if !(named && !all && first >= 0 && ids.is_sorted_by(|a, b| a < b)) {
        return selection.within(ids.len());
    }
    let place = |number: usize| ids.partition_point(|id| (*id as u64) < number as u64);
    let places = place(from)..place(to);
    if places.is_empty() || to as u64 > last as u64 + 1 && to != usize::MAX {
        return Err(PlotError::Absent { name: name(), from, to, count: ids.len(), first, last });
    }
    Ok(places)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1000 and so on.
    const IDS: [i64; 100] = {
        let mut ids = [0; 100];
        let mut unit = 0;
        while unit < 100 {
            ids[unit] = 1000 + unit as i64;
            unit += 1;
        }
        ids
    };

    fn groups() -> Vec<Group> {
        vec![Group::new("E", 0, 80), Group::new("I", 80, 20)]
    }

    #[test]
    fn selections_read_as_slices() {
        let slice = |text: &str| text.parse::<Selection>().unwrap().members;
        assert_eq!(slice("E"), None);
        assert_eq!(slice("E[0:100]"), Some((0, 100)));
        assert_eq!(slice("E[5:]"), Some((5, usize::MAX)));
        assert_eq!(slice("E[:5]"), Some((0, 5)));
        assert_eq!(slice("E[7]"), Some((7, 8)));
        for wrong in ["", "E[", "E[3:3]", "E[a:b]", "[0:3]", "E[-1:3]"] {
            assert!(wrong.parse::<Selection>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn units_are_numbered_as_they_are_called() {
        let ids = |range: std::ops::Range<i64>| range.collect::<Vec<_>>();
        assert_eq!(numbered(&ids(0..11), 5), [(0, 0), (2, 2), (4, 4), (6, 6), (8, 8), (10, 10)]);
        assert_eq!(numbered(&ids(37..60), 4), [(3, 40), (8, 45), (13, 50), (18, 55)], "round numbers");
        assert_eq!(numbered(&[3, 8, 21, 22, 50], 2), [(0, 3), (2, 21), (4, 50)], "round places");
        assert_eq!(numbered(&[41], 3), [(0, 41)]);
        assert_eq!(numbered(&ids(41..44), 1), [(1, 42)]);
        assert_eq!(numbered(&[i64::MAX, 0], 1).len(), 2);
        assert_eq!(numbered(&[], 3), []);
    }

    #[test]
    fn thinning_is_even_and_keeps_the_shares_of_the_populations() {
        let rows = Rows::new(&IDS, &groups(), &[], Some(10)).unwrap();
        assert_eq!(rows.bands.iter().map(|b| b.ids.len()).collect::<Vec<_>>(), [8, 2]);
        assert_eq!(rows.count, 10);
        assert_eq!(rows.selected(), 100);
        assert!(rows.bands[0].ids.windows(2).all(|w| w[1] - w[0] == 10));
    }

    #[test]
    fn selected_members_get_rows_and_others_none() {
        let ids: Vec<i64> = (0..80).chain(0..20).collect();
        let rows = Rows::new(&ids, &groups(), &["I[5:7]".parse().unwrap()], None).unwrap();
        assert_eq!(rows.bands[0].ids, [5, 6]);
        assert_eq!((rows.row_of[85], rows.row_of[86], rows.row_of[84]), (0, 1, NONE));
        assert_eq!(rows.bands[0].color, 1, "a population keeps its colour when others are left out");
        let error = Rows::new(&IDS, &groups(), &["X".parse().unwrap()], None).unwrap_err().to_string();
        assert!(error.contains("`E`, `I`"), "{error}");
        assert!(Rows::new(&ids, &groups(), &["I[20:]".parse().unwrap()], None).is_err());
        let error = Rows::new(&ids, &groups(), &["I[5:21]".parse().unwrap()], None).unwrap_err().to_string();
        assert!(error.starts_with("`I[5:21]` goes beyond the end; `I` has 20 members"), "{error}");
        assert!(Rows::new(&IDS[..50], &groups(), &[], None).is_err());
    }

    #[test]
    fn members_are_chosen_by_their_numbers_where_only_some_are_there() {
        let ids = [10, 11, 13, 40, 7, 3];
        let groups = [Group::new("E", 0, 4), Group::new("unsorted", 4, 2)];
        let chosen = |text: &str| selected(&ids, &groups, &[text.parse().unwrap()]).map_err(|e| e.to_string());
        assert_eq!(chosen("E").unwrap(), [0, 1, 2, 3]);
        assert_eq!(chosen("E[11:40]").unwrap(), [1, 2]);
        assert_eq!((chosen("E[0:11]").unwrap(), chosen("E[13:]").unwrap()), (vec![0], vec![2, 3]));
        assert_eq!(chosen("unsorted[0]").unwrap(), [4], "those are counted");
        for (slice, why) in [("E[0:10]", "`E[0:10]`: "), ("E[12]", "`E[12:13]`: "), ("E[20:42]", "`E[20:42]`: ")] {
            assert_eq!(chosen(slice).unwrap_err(), format!("{why}of `E` there are 4 members, from 10 to 40"));
        }
        assert_eq!(selected(&ids, &[], &["units[1:3]".parse().unwrap()]).unwrap(), [1, 2]);
    }
}
