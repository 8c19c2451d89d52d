//! Interval constants as PostgreSQL prints them: `1 month` is `1 mon`, `24 hours` is `24:00:00`.

/// The three parts PostgreSQL keeps apart.
#[derive(Debug, Default, Clone, Copy)]
struct Interval {
    months: i64,
    days: i64,
    micros: i64,
}

/// `text` in PostgreSQL's own spelling; `None` where it is not a plain list of whole amounts and times.
pub(super) fn printed(text: &str) -> Option<String> {
    let words: Vec<String> = split_units(text);
    let mut interval = Interval::default();
    let mut words = words.iter().map(String::as_str).peekable();
    words.peek()?;
    while let Some(word) = words.next() {
        // A sign may stand apart.
        let (sign, word) = match word {
            "-" => (-1, words.next()?),
            "+" => (1, words.next()?),
            word => (1, word),
        };
        if word.contains(':') {
            interval.micros = interval.micros.checked_add(time(word)?.checked_mul(sign)?)?;
            continue;
        }
        let amount: i64 = word.parse::<i64>().ok()?.checked_mul(sign)?;
        add(&mut interval, amount, words.next()?)?;
    }
    Some(print(interval))
}

/// `1day` is two words.
fn split_units(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for word in text.to_lowercase().split_whitespace() {
        let unit = word.find(|c: char| c.is_ascii_alphabetic()).filter(|at| *at > 0);
        match unit.and_then(|at| word.split_at_checked(at)) {
            Some((amount, unit)) => words.extend([amount.to_owned(), unit.to_owned()]),
            None => words.push(word.to_owned()),
        }
    }
    words
}

fn time(word: &str) -> Option<i64> {
    let (sign, word) = word.strip_prefix('-').map_or((1, word), |rest| (-1, rest));
    let parts: Vec<i64> = word.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let seconds = match parts.as_slice() {
        [hours, minutes] => hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?,
        [hours, minutes, seconds] => {
            hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(*seconds)?
        }
        _ => return None,
    };
    seconds.checked_mul(sign * 1_000_000)
}

fn add(interval: &mut Interval, amount: i64, unit: &str) -> Option<()> {
    let unit = unit.strip_suffix('s').filter(|unit| unit.len() > 1).unwrap_or(unit);
    let (part, factor) = match unit {
        "year" | "yr" | "y" => (&mut interval.months, 12),
        "month" | "mon" => (&mut interval.months, 1),
        "week" | "w" => (&mut interval.days, 7),
        "day" | "d" => (&mut interval.days, 1),
        "hour" | "hr" | "h" => (&mut interval.micros, 3_600_000_000),
        "minute" | "min" | "m" => (&mut interval.micros, 60_000_000),
        "second" | "sec" | "s" => (&mut interval.micros, 1_000_000),
        _ => return None,
    };
    *part = part.checked_add(amount.checked_mul(factor)?)?;
    Some(())
}

fn print(interval: Interval) -> String {
    let mut parts: Vec<String> = Vec::new();
    // Behind a negative part a positive one has its sign, too.
    let mut below = false;
    for (amount, unit) in [(interval.months / 12, "year"), (interval.months % 12, "mon"), (interval.days, "day")] {
        if amount != 0 {
            let sign = if below && amount > 0 { "+" } else { "" };
            parts.push(format!("{sign}{amount} {unit}{}", if amount == 1 { "" } else { "s" }));
            below = amount < 0;
        }
    }
    if interval.micros != 0 || parts.is_empty() {
        let seconds = interval.micros.abs() / 1_000_000;
        let sign = match interval.micros < 0 {
            true => "-",
            false if below => "+",
            false => "",
        };
        parts.push(format!("{sign}{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60));
    }
    parts.join(" ")
}
