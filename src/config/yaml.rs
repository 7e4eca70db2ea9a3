//! YAML text to a tree of values that know their line.
//!
//! Read from the parser's events instead of a finished document, because three things matter that a finished document
//! has lost: the line of each key, the exact digits of an id (`007`, or more than 64 bits), and every key given twice.
//! Nesting and the growth by aliases are bounded, so no text can exhaust the stack or the memory.

use std::collections::HashMap;

use config::{Map, Value, ValueKind};
use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::{Marker, ScanError, TScalarStyle};

use super::problem::{Diagnostics, Problem, quoted};

/// The deepest key of the configuration is five levels down.
const MAX_DEPTH: usize = 32;
/// A million ids inline, and as much again by aliases.
const MAX_NODES: usize = 2_000_000;

/// The tree that `text` describes; `None` if the diagnostics say why not.
pub(super) fn parse(file: &str, text: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    let mut loader = Loader {
        file,
        diagnostics,
        open: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        root: None,
    };
    match loader.load(text) {
        Ok(()) => {}
        Err(Stop::Syntax(error)) => {
            let place = place(file, error.marker());
            // The parser's own words quote single characters at most, never a value.
            let sentence = format!("this is not YAML ({}); correct it here or just above", error.info());
            diagnostics.problem(Problem::new(place, sentence));
            return None;
        }
        Err(Stop::Refused(mark, sentence)) => {
            diagnostics.problem(Problem::new(place(file, &mark), sentence));
            return None;
        }
    }
    let root = loader.root;
    match root.map(|node| node.value) {
        Some(value) if matches!(value.kind, ValueKind::Table(_)) => Some(value),
        Some(Value {
            kind: ValueKind::Nil, ..
        })
        | None => {
            let sentence = "the file is empty; describe at least one account under \"accounts:\"";
            diagnostics.problem(Problem::new(file, sentence));
            None
        }
        Some(_) => {
            let sentence = "the file is not made of keys and values; begin it with \"accounts:\"";
            diagnostics.problem(Problem::new(file, sentence));
            None
        }
    }
}

fn place(file: &str, mark: &Marker) -> String {
    format!("{file}:{}:{}", mark.line(), mark.col() + 1)
}

enum Stop {
    Syntax(ScanError),
    Refused(Marker, &'static str),
}

/// A finished part of the tree.
#[derive(Clone)]
struct Node {
    value: Value,
    /// How many values it holds, itself included.
    nodes: usize,
    /// How many levels it has below itself.
    height: usize,
}

/// A collection that has begun and not ended.
struct Open {
    kind: OpenKind,
    anchor: usize,
    origin: String,
    nodes: usize,
    height: usize,
}

enum OpenKind {
    List(Vec<Value>),
    Table {
        entries: Map<String, Value>,
        key: Option<Key>,
    },
}

struct Key {
    text: String,
    origin: String,
}

struct Loader<'a> {
    file: &'a str,
    diagnostics: &'a mut Diagnostics,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    root: Option<Node>,
}

impl Loader<'_> {
    fn load(&mut self, text: &str) -> Result<(), Stop> {
        let mut parser = Parser::new_from_str(text);
        loop {
            let (event, mark) = parser.next_token().map_err(Stop::Syntax)?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentStart if self.root.is_some() => {
                    return Err(Stop::Refused(
                        mark,
                        "a second document begins here; keep one document in the file",
                    ));
                }
                Event::Nothing | Event::StreamStart | Event::DocumentStart | Event::DocumentEnd => {}
                Event::SequenceStart(anchor, _) => self.begin(OpenKind::List(Vec::new()), anchor, mark)?,
                Event::MappingStart(anchor, _) => {
                    let entries = Map::new();
                    self.begin(OpenKind::Table { entries, key: None }, anchor, mark)?;
                }
                Event::SequenceEnd | Event::MappingEnd => self.end(mark)?,
                Event::Scalar(text, style, anchor, tag) => self.scalar(text, style, anchor, tag.as_ref(), mark)?,
                Event::Alias(anchor) => {
                    let Some(node) = self.anchors.get(&anchor) else {
                        return Err(Stop::Refused(
                            mark,
                            "an alias stands inside what it names; write the value out",
                        ));
                    };
                    self.nodes = count(self.nodes, node.nodes, mark)?;
                    let node = node.clone();
                    self.insert(node, 0, mark)?;
                }
            }
        }
    }

    fn begin(&mut self, kind: OpenKind, anchor: usize, mark: Marker) -> Result<(), Stop> {
        if self.awaits_key() {
            return Err(Stop::Refused(
                mark,
                "a list or section is used as a key; a key is a word",
            ));
        }
        if self.open.len() >= MAX_DEPTH {
            return Err(Stop::Refused(mark, "the nesting is too deep; no key is so far down"));
        }
        self.nodes = count(self.nodes, 1, mark)?;
        let origin = self.origin(mark);
        self.open.push(Open {
            kind,
            anchor,
            origin,
            nodes: 1,
            height: 0,
        });
        Ok(())
    }

    fn end(&mut self, mark: Marker) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let kind = match open.kind {
            OpenKind::List(entries) => ValueKind::Array(entries),
            OpenKind::Table { entries, .. } => ValueKind::Table(entries),
        };
        let node = Node {
            value: Value::new(Some(&open.origin), kind),
            nodes: open.nodes,
            height: open.height,
        };
        self.insert(node, open.anchor, mark)
    }

    fn scalar(
        &mut self,
        text: String,
        style: TScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        mark: Marker,
    ) -> Result<(), Stop> {
        if self.awaits_key() {
            self.key(text, mark);
            return Ok(());
        }
        self.nodes = count(self.nodes, 1, mark)?;
        let is_plain = style == TScalarStyle::Plain && tag.is_none_or(is_number_tag);
        let kind = if is_plain { plain(text) } else { ValueKind::String(text) };
        let node = Node {
            value: Value::new(Some(&self.origin(mark)), kind),
            nodes: 1,
            height: 0,
        };
        self.insert(node, anchor, mark)
    }

    fn awaits_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                kind: OpenKind::Table { key: None, .. },
                ..
            })
        )
    }

    /// Begins an entry of the section that is open. Of a key given twice the first value counts, and the diagnostics say so.
    fn key(&mut self, text: String, mark: Marker) {
        let origin = format!("{}:{}", self.file, mark.line());
        let Some(Open {
            kind: OpenKind::Table { entries, key },
            ..
        }) = self.open.last_mut()
        else {
            return;
        };
        if let Some(first) = entries.get(&text) {
            let first = first.origin().unwrap_or(self.file);
            let sentence = format!("the key {} was given before ({first}); keep one", quoted(&text));
            self.diagnostics.problem(Problem::new(origin.clone(), sentence));
        }
        *key = Some(Key { text, origin });
    }

    /// An entry of a section is where its key is, an entry of a list where itself begins.
    fn origin(&self, mark: Marker) -> String {
        match self.open.last() {
            Some(Open {
                kind: OpenKind::Table { key: Some(key), .. },
                ..
            }) => key.origin.clone(),
            _ => format!("{}:{}", self.file, mark.line()),
        }
    }

    fn insert(&mut self, node: Node, anchor: usize, mark: Marker) -> Result<(), Stop> {
        if self.open.len() + node.height > MAX_DEPTH {
            return Err(Stop::Refused(mark, "the nesting is too deep; no key is so far down"));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.nodes += node.nodes;
        parent.height = parent.height.max(node.height + 1);
        match &mut parent.kind {
            OpenKind::List(entries) => entries.push(node.value),
            OpenKind::Table { entries, key } => match key.take() {
                Some(key) => {
                    entries.entry(key.text).or_insert(node.value);
                }
                None => return Err(Stop::Refused(mark, "an alias is used as a key; write the key out")),
            },
        }
        Ok(())
    }
}

fn count(nodes: usize, more: usize, mark: Marker) -> Result<usize, Stop> {
    let nodes = nodes + more;
    if nodes > MAX_NODES {
        return Err(Stop::Refused(
            mark,
            "the file holds too many values; move the ids to a file of their own",
        ));
    }
    Ok(nodes)
}

fn is_number_tag(tag: &Tag) -> bool {
    tag.handle == "tag:yaml.org,2002:" && tag.suffix != "str"
}

/// A value without quotes. Whole numbers stay text unless nothing is lost by reading them as a number.
fn plain(text: String) -> ValueKind {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => return ValueKind::Nil,
        "true" => return ValueKind::Boolean(true),
        "false" => return ValueKind::Boolean(false),
        _ => {}
    }
    if let Ok(number) = text.parse::<i64>()
        && number.to_string() == text
    {
        return ValueKind::I64(number);
    }
    let is_whole = text.bytes().all(|b| b.is_ascii_digit());
    let is_numeric = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    match text.parse::<f64>() {
        Ok(number) if is_numeric && !is_whole => ValueKind::Float(number),
        _ => ValueKind::String(text),
    }
}
