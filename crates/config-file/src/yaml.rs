//! YAML text to a tree of values that know their line.
//!
//! It reads the parser's events instead of a finished document, because a finished document has lost three things: the
//! line of each key, the exact text of an id (`007`, `1.10`, or more than 64 bits), and every key that is given twice.
//! Depth and size are bounded, aliases included, so that no text can exhaust the stack or the memory.

use std::collections::HashMap;

use config::{Map, Value, ValueKind};
use yaml_rust2::parser::{Event, Parser};
use yaml_rust2::scanner::{Marker, ScanError, TScalarStyle};

use crate::problem::{Problem, quoted};

/// How large a document may be.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Levels of sections and lists.
    pub depth: usize,
    /// Values, those that aliases repeat included.
    pub values: usize,
}

/// The tree that `text` describes. Every scalar is a string letter for letter, or nil; an empty text is nil.
pub(crate) fn parse(file: &str, text: &str, bounds: Bounds) -> Result<Value, Problem> {
    let mut loader = Loader {
        file,
        bounds,
        open: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        root: None,
    };
    let place = |mark: &Marker| format!("{file}:{}:{}", mark.line(), mark.col() + 1);
    match loader.load(text) {
        Ok(()) => Ok(loader
            .root
            .map_or_else(|| Value::new(None, ValueKind::Nil), |node| node.value)),
        // The parser's own message contains single characters at most, never a value.
        Err(Stop::Syntax(error)) => Err(Problem::new(
            place(error.marker()),
            format!("this is not YAML ({}); correct it here or just above", error.info()),
        )),
        Err(Stop::Refused(mark, sentence)) => Err(Problem::new(place(&mark), sentence)),
        Err(Stop::Repeated(problem)) => Err(problem),
    }
}

enum Stop {
    Syntax(ScanError),
    Refused(Marker, &'static str),
    Repeated(Problem),
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
    bounds: Bounds,
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
                Event::Scalar(text, style, anchor, tag) => {
                    let is_plain = style == TScalarStyle::Plain && tag.is_none();
                    self.scalar(text, is_plain, anchor, mark)?;
                }
                Event::Alias(anchor) => {
                    let Some(node) = self.anchors.get(&anchor) else {
                        return Err(Stop::Refused(
                            mark,
                            "an alias is inside the value it names; write the value out",
                        ));
                    };
                    let node = node.clone();
                    self.count(node.nodes, mark)?;
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
        if self.open.len() >= self.bounds.depth {
            return Err(Stop::Refused(mark, "the nesting is too deep; no key is so far down"));
        }
        self.count(1, mark)?;
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

    fn scalar(&mut self, text: String, is_plain: bool, anchor: usize, mark: Marker) -> Result<(), Stop> {
        if self.awaits_key() {
            return self.key(text, mark);
        }
        self.count(1, mark)?;
        let is_nil = is_plain && matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL");
        let kind = if is_nil {
            ValueKind::Nil
        } else {
            ValueKind::String(text)
        };
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

    /// Begins an entry of the section that is open.
    fn key(&mut self, text: String, mark: Marker) -> Result<(), Stop> {
        let origin = format!("{}:{}", self.file, mark.line());
        let Some(Open {
            kind: OpenKind::Table { entries, key },
            ..
        }) = self.open.last_mut()
        else {
            return Ok(());
        };
        if let Some(first) = entries.get(&text) {
            let first = first.origin().unwrap_or(self.file);
            let sentence = format!("the key {} was given before ({first}); keep one", quoted(&text));
            return Err(Stop::Repeated(Problem::new(origin, sentence)));
        }
        *key = Some(Key { text, origin });
        Ok(())
    }

    fn count(&mut self, more: usize, mark: Marker) -> Result<(), Stop> {
        self.nodes += more;
        if self.nodes > self.bounds.values {
            return Err(Stop::Refused(
                mark,
                "the file has too many values; remove what aliases repeat, or move long lists to files of their own",
            ));
        }
        Ok(())
    }

    /// The place of an entry of a section is that of its key; the place of an entry of a list is where it begins.
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
        if self.open.len() + node.height > self.bounds.depth {
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
                    entries.insert(key.text, node.value);
                }
                None => return Err(Stop::Refused(mark, "an alias is used as a key; write the key out")),
            },
        }
        Ok(())
    }
}
