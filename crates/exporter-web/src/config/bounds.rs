//! How large a YAML document may become. `YamlLoader` builds it by recursion and copies whatever an alias names, so a few
//! lines can exhaust the stack or the memory; this looks at the text's events first, which costs neither.

use std::collections::HashMap;

use yaml_rust2::Event;
use yaml_rust2::parser::Parser;

/// The deepest key is three levels down.
const MAX_DEPTH: usize = 16;

/// Room for thousands of users and names.
const MAX_NODES: usize = 100_000;

/// How large a part of the document is: its values, and the levels below it.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    height: usize,
}

const SCALAR: Size = Size { nodes: 1, height: 0 };

/// Whether the document stays within bounds. A text that is no YAML does: the loader will say what is wrong with it.
pub(super) fn check(text: &str) -> Result<(), &'static str> {
    let mut parser = Parser::new_from_str(text);
    let mut open: Vec<(usize, Size)> = Vec::new();
    let mut anchors: HashMap<usize, Size> = HashMap::new();
    while let Ok((event, _)) = parser.next_token() {
        let (anchor, size) = match event {
            Event::StreamEnd => break,
            Event::SequenceStart(anchor, _) | Event::MappingStart(anchor, _) => {
                open.push((anchor, SCALAR));
                if open.len() > MAX_DEPTH {
                    return Err("nests too deep; no key is so far down");
                }
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().unwrap_or((0, SCALAR)),
            Event::Scalar(_, _, anchor, _) => (anchor, SCALAR),
            Event::Alias(anchor) => (0, anchors.get(&anchor).copied().unwrap_or(SCALAR)),
            Event::Nothing | Event::StreamStart | Event::DocumentStart | Event::DocumentEnd => continue,
        };
        anchors.insert(anchor, size);
        if open.len() + size.height > MAX_DEPTH {
            return Err("nests too deep; no key is so far down");
        }
        if let Some((_, parent)) = open.last_mut() {
            parent.nodes += size.nodes;
            parent.height = parent.height.max(size.height + 1);
            if parent.nodes > MAX_NODES {
                return Err("holds too many values; remove what it repeats by aliases");
            }
        }
    }
    Ok(())
}
