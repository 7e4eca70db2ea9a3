//! A strict reader of the text format, written from its specification and knowing nothing of the code under test.
//!
//! It accepts less than Prometheus does: no timestamps, no blanks but the one before the value, families in one block, each
//! with HELP and TYPE first, no series twice. Everything else is an error.

use std::collections::{BTreeMap, BTreeSet};

/// A family as it was read.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Family {
    pub(super) kind: String,
    pub(super) help: String,
    /// Sample name and labels to value; values stay text, so that integers are compared exactly.
    pub(super) samples: BTreeMap<(String, Labels), String>,
}

pub(super) type Labels = BTreeMap<String, String>;

/// Reads a whole exposition.
pub(super) fn parse(text: &str) -> Result<BTreeMap<String, Family>, String> {
    let mut families = BTreeMap::<String, Family>::new();
    let mut current = String::new();
    // A line ends at a line feed and nowhere else: names may hold a carriage return.
    let lines = text.strip_suffix('\n').ok_or("the last line does not end")?.split('\n');
    for line in lines {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or("HELP without a text")?;
            let family = Family {
                help: help.into(),
                ..Family::default()
            };
            if families.insert(name.into(), family).is_some() {
                return Err(format!("{name} is begun twice"));
            }
            current = name.into();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or("TYPE without a type")?;
            let family = families.get_mut(name).ok_or("TYPE before HELP")?;
            if name != current || !family.kind.is_empty() || !family.samples.is_empty() {
                return Err(format!("TYPE of {name} is out of place"));
            }
            family.kind = kind.into();
        } else {
            let (name, labels, value) = sample(line).map_err(|problem| format!("{problem}: {line:?}"))?;
            let family = families.get_mut(&current).ok_or("a sample before any family")?;
            if !names(family, &current).contains(&name) {
                return Err(format!("{name} stands in the family {current}"));
            }
            value.parse::<f64>().map_err(|_| format!("{value} is no number"))?;
            if family.samples.insert((name, labels), value).is_some() {
                return Err(format!("a series stands twice: {line:?}"));
            }
        }
    }
    Ok(families)
}

fn names(family: &Family, name: &str) -> BTreeSet<String> {
    match family.kind.as_str() {
        "histogram" => ["_bucket", "_sum", "_count"]
            .map(|suffix| format!("{name}{suffix}"))
            .into(),
        "gauge" | "counter" => [name.to_owned()].into(),
        _ => BTreeSet::new(),
    }
}

fn sample(line: &str) -> Result<(String, Labels, String), &'static str> {
    let end = line.find(['{', ' ']).ok_or("no value")?;
    let (name, mut rest) = line.split_at(end);
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(legal) {
        return Err("not a metric's name");
    }
    let mut labels = Labels::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, value) = rest.split_once("=\"").ok_or("a label without a value")?;
            if label.is_empty() || !label.chars().all(legal) {
                return Err("not a label's name");
            }
            let (value, after) = quoted(value)?;
            if labels.insert(label.into(), value).is_some() {
                return Err("a label stands twice");
            }
            match after.split_at_checked(1) {
                Some((",", next)) => rest = next,
                Some(("}", next)) => {
                    rest = next;
                    break;
                }
                _ => return Err("neither comma nor brace after a label"),
            }
        }
    }
    let value = rest.strip_prefix(' ').ok_or("no blank before the value")?;
    if value.is_empty() || value.contains(|c: char| c.is_whitespace()) {
        return Err("more than a value");
    }
    Ok((name.into(), labels, value.into()))
}

/// Reads up to the closing quote; what the label means, and what follows the quote.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok((value, chars.as_str())),
            '\\' => value.push(match chars.next() {
                Some('n') => '\n',
                Some(c @ ('"' | '\\')) => c,
                _ => return Err("an unknown escape"),
            }),
            c => value.push(c),
        }
    }
    Err("a label value does not end")
}

#[test]
fn invalid_text_is_refused() {
    for bad in [
        "",
        "m 1",
        "m 1\n",
        "# HELP m h\n# TYPE m gauge\nm 1\nm 2\n",
        "# HELP m h\n# TYPE m gauge\nm{a=\"1\"} 1 1700000000000\n",
        "# HELP m h\n# TYPE m gauge\nm{a=\"\\x\"} 1\n",
        "# HELP m h\n# TYPE m gauge\nm{a=\"1} 1\n",
        "# HELP m h\n# TYPE m gauge\nother 1\n",
        "# HELP m h\n# TYPE m gauge\nm one\n",
        "# HELP m h\n# TYPE m gauge\nm{a=\"1\",} 1\n",
        "# HELP m h\n# TYPE m gauge\n# HELP n h\n# TYPE n gauge\nm 1\n",
    ] {
        assert!(parse(bad).is_err(), "accepted {bad:?}");
    }
    assert!(parse("# HELP m h\n# TYPE m gauge\nm{a=\"} 2\"} 1\n").is_ok());
}
