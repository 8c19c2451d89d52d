//! A unified diff of two short texts.

/// Lines of unchanged text around a change.
const CONTEXT: usize = 3;
/// Beyond this many comparisons the middle is given as replaced.
const LARGEST: usize = 4_000_000;

/// One line of a diff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edit<'a> {
    Keep(&'a str),
    Remove(&'a str),
    Add(&'a str),
}

/// The lines of `before` and `after` that differ: removed ones, added ones.
#[must_use]
pub(super) fn differing<'a>(before: &'a [String], after: &'a [String]) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    for edit in edits(before, after) {
        match edit {
            Edit::Keep(_) => {}
            Edit::Remove(line) => removed.push(line),
            Edit::Add(line) => added.push(line),
        }
    }
    (removed, added)
}

/// A unified diff; nothing, where the two are the same.
#[must_use]
pub(super) fn unified(before: &[String], after: &[String], names: (&str, &str)) -> String {
    let edits = edits(before, after);
    if edits.iter().all(|edit| matches!(edit, Edit::Keep(_))) {
        return String::new();
    }
    let mut out = format!("--- {}\n+++ {}\n", names.0, names.1);
    for (from, to) in hunks(&edits) {
        let lines = edits.get(from..to).unwrap_or_default();
        let count = |skip: fn(&Edit<'_>) -> bool, lines: &[Edit<'_>]| lines.iter().filter(|edit| !skip(edit)).count();
        let added = |edit: &Edit<'_>| matches!(edit, Edit::Add(_));
        let removed = |edit: &Edit<'_>| matches!(edit, Edit::Remove(_));
        let earlier = edits.get(..from).unwrap_or_default();
        let (old, new) = (count(added, earlier) + 1, count(removed, earlier) + 1);
        out.push_str(&format!("@@ -{old},{} +{new},{} @@\n", count(added, lines), count(removed, lines)));
        for edit in lines {
            let (mark, line) = match edit {
                Edit::Keep(line) => (' ', line),
                Edit::Remove(line) => ('-', line),
                Edit::Add(line) => ('+', line),
            };
            out.push(mark);
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

/// Ranges of edits to show: changes with their context, joined where they meet.
fn hunks(edits: &[Edit<'_>]) -> Vec<(usize, usize)> {
    let mut hunks: Vec<(usize, usize)> = Vec::new();
    for (at, _) in edits.iter().enumerate().filter(|(_, edit)| !matches!(edit, Edit::Keep(_))) {
        let (from, to) = (at.saturating_sub(CONTEXT), (at + 1 + CONTEXT).min(edits.len()));
        match hunks.last_mut() {
            Some(last) if last.1 >= from => last.1 = to,
            _ => hunks.push((from, to)),
        }
    }
    hunks
}

/// The shortest edits, by longest common subsequence between the common beginning and end.
fn edits<'a>(before: &'a [String], after: &'a [String]) -> Vec<Edit<'a>> {
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (rest_before, rest_after) = (before.get(start..).unwrap_or_default(), after.get(start..).unwrap_or_default());
    let end = rest_before.iter().rev().zip(rest_after.iter().rev()).take_while(|(a, b)| a == b).count();
    let middle_before = rest_before.get(..rest_before.len() - end).unwrap_or_default();
    let middle_after = rest_after.get(..rest_after.len() - end).unwrap_or_default();
    let mut out: Vec<Edit<'a>> = before.iter().take(start).map(|line| Edit::Keep(line)).collect();
    out.extend(middle(middle_before, middle_after));
    out.extend(before.iter().skip(before.len() - end).map(|line| Edit::Keep(line)));
    out
}

fn middle<'a>(before: &'a [String], after: &'a [String]) -> Vec<Edit<'a>> {
    let width = after.len() + 1;
    if before.len().saturating_mul(after.len()) > LARGEST {
        let removed = before.iter().map(|line| Edit::Remove(line));
        return removed.chain(after.iter().map(|line| Edit::Add(line))).collect();
    }
    // common[i][j]: length of the longest common subsequence of before[i..] and after[j..].
    let mut common = vec![0u32; (before.len() + 1) * width];
    let at = |common: &[u32], i: usize, j: usize| common.get(i * width + j).copied().unwrap_or(0);
    for (i, old) in before.iter().enumerate().rev() {
        for (j, new) in after.iter().enumerate().rev() {
            let longest = if old == new {
                at(&common, i + 1, j + 1) + 1
            } else {
                at(&common, i + 1, j).max(at(&common, i, j + 1))
            };
            if let Some(cell) = common.get_mut(i * width + j) {
                *cell = longest;
            }
        }
    }
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    loop {
        match (before.get(i), after.get(j)) {
            (Some(old), Some(new)) if old == new => {
                out.push(Edit::Keep(old));
                (i, j) = (i + 1, j + 1);
            }
            (Some(old), new) if new.is_none() || at(&common, i + 1, j) >= at(&common, i, j + 1) => {
                out.push(Edit::Remove(old));
                i += 1;
            }
            (_, Some(new)) => {
                out.push(Edit::Add(new));
                j += 1;
            }
            _ => return out,
        }
    }
}
