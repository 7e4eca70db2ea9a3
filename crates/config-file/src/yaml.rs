//! YAML text to a tree of values that know their line.
//!
//! It reads the parser's events instead of a finished document, because a finished document has lost three things: the
//! line of each key, the exact text of an id (`007`, `1.10`, or more than 64 bits), and every key that is given twice.
//! Depth and size are bounded, aliases included, so that no text can exhaust the stack or the memory.

use std::collections::HashMap;
use std::str::Chars;

use config::{Map, Value, ValueKind};
use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::{Marker, TScalarStyle};

use crate::problem::quoted;

/// How a configuration file is read, and how large it may be.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// Size of the file.
    pub bytes: u64,
    /// Levels of sections and lists.
    pub depth: usize,
    /// Values, those that aliases repeat included.
    pub values: usize,
    /// Whether a blank value or null is an absent value, as in Go. Otherwise null is a problem.
    pub blank_is_absent: bool,
}

/// The tree that `text` describes. Every scalar is a string letter for letter, or nil; an empty text is nil.
///
/// The error is the first problem: wrong syntax, a key given twice, a second document, or an exceeded bound.
pub(crate) fn parse(place: &str, text: &str, options: ReadOptions) -> Result<Value, String> {
    let mut reader = Reader {
        place,
        options,
        parser: Parser::new_from_str(text),
        anchors: HashMap::new(),
        values: 0,
    };
    let mut root = None;
    loop {
        let (event, mark) = reader.next()?;
        root = match event {
            Event::StreamEnd => return Ok(root.unwrap_or_else(|| Value::new(None, ValueKind::Nil))),
            Event::DocumentStart if root.is_some() => {
                return reader.refuse(mark, "a second document begins here; keep one document in the file");
            }
            Event::Nothing | Event::StreamStart | Event::DocumentStart | Event::DocumentEnd => root,
            event => Some(reader.value(event, mark, &reader.line(mark), 0)?),
        };
    }
}

struct Reader<'a> {
    place: &'a str,
    options: ReadOptions,
    parser: Parser<Chars<'a>>,
    anchors: HashMap<usize, Value>,
    /// How many values the tree has so far.
    values: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<(Event, Marker), String> {
        // The parser's own message contains single characters at most, never a value.
        self.parser.next_token().or_else(|error| {
            let sentence = format!("this is not YAML ({}); correct it here or just above", error.info());
            self.refuse(*error.marker(), &sentence)
        })
    }

    /// The value that begins with `event`, below `depth` sections and lists. Recursion ends at the bound of depth.
    fn value(&mut self, event: Event, mark: Marker, origin: &str, depth: usize) -> Result<Value, String> {
        self.count(1, mark)?;
        let (kind, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == TScalarStyle::Plain && tag.is_none();
                let is_nil = is_plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
                let kind = if is_nil {
                    ValueKind::Nil
                } else {
                    ValueKind::String(text)
                };
                (kind, anchor)
            }
            Event::SequenceStart(anchor, _) => (self.list(mark, depth)?, anchor),
            Event::MappingStart(anchor, _) => (self.section(mark, depth)?, anchor),
            Event::Alias(anchor) => {
                let Some(value) = self.anchors.get(&anchor).cloned() else {
                    return self.refuse(mark, "an alias is inside the value it names; write the value out");
                };
                let (values, height) = size(&value);
                self.count(values - 1, mark)?;
                self.check_depth(depth + height, mark)?;
                (value.kind, 0)
            }
            _ => return self.refuse(mark, "a value is missing; write one or remove the key"),
        };
        let value = Value::new(Some(&origin.to_owned()), kind);
        if anchor > 0 {
            self.anchors.insert(anchor, value.clone());
        }
        Ok(value)
    }

    fn list(&mut self, mark: Marker, depth: usize) -> Result<ValueKind, String> {
        self.check_depth(depth + 1, mark)?;
        let mut entries = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(ValueKind::Array(entries)),
                (event, mark) => entries.push(self.value(event, mark, &self.line(mark), depth + 1)?),
            }
        }
    }

    fn section(&mut self, mark: Marker, depth: usize) -> Result<ValueKind, String> {
        self.check_depth(depth + 1, mark)?;
        let mut entries: Map<String, Value> = Map::new();
        loop {
            let (event, mark) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(ValueKind::Table(entries)),
                Event::Scalar(key, ..) => key,
                Event::Alias(_) => return self.refuse(mark, "an alias is used as a key; write the key out"),
                _ => return self.refuse(mark, "a list or section is used as a key; a key is a word"),
            };
            // The place of an entry of a section is that of its key.
            let origin = self.line(mark);
            if let Some(first) = entries.get(&key).and_then(Value::origin) {
                let key = quoted(&key);
                return Err(format!("{origin}: the key {key} was given before ({first}); keep one"));
            }
            let (event, mark) = self.next()?;
            let value = self.value(event, mark, &origin, depth + 1)?;
            entries.insert(key, value);
        }
    }

    fn check_depth(&self, depth: usize, mark: Marker) -> Result<(), String> {
        if depth > self.options.depth {
            return self.refuse(mark, "the nesting is too deep; no key is so far down");
        }
        Ok(())
    }

    fn count(&mut self, more: usize, mark: Marker) -> Result<(), String> {
        self.values += more;
        if self.values > self.options.values {
            let sentence =
                "the file has too many values; remove what aliases repeat, or move long lists to files of their own";
            return self.refuse(mark, sentence);
        }
        Ok(())
    }

    fn line(&self, mark: Marker) -> String {
        format!("{}:{}", self.place, mark.line())
    }

    fn refuse<T>(&self, mark: Marker, sentence: &str) -> Result<T, String> {
        Err(format!("{}:{}: {sentence}", self.line(mark), mark.col() + 1))
    }
}

/// How many values a tree has, itself included, and how many levels of sections and lists.
fn size(value: &Value) -> (usize, usize) {
    let sum = |(values, height): (usize, usize), child| {
        let (more, other) = size(child);
        (values + more, height.max(other + 1))
    };
    match &value.kind {
        ValueKind::Array(entries) => entries.iter().fold((1, 1), sum),
        ValueKind::Table(entries) => entries.values().fold((1, 1), sum),
        _ => (1, 0),
    }
}
