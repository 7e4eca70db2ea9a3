//! The phones of an account: ids written in the configuration, ids in files, and whose an id is that two accounts name.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use super::files;
use super::limits;
use super::problem::{Diagnostics, Problem, bare, quoted};
use super::section::Section;
use geelark_client::phone::PhoneId;

/// A sentence names so many ids or a file so many lines; the rest is counted.
const NAMED: usize = 3;

/// The configured phones of one account in configured order, each once. `section` is its section `phones`.
pub(super) fn read(
    account: &Section,
    section: &Section,
    are_optional: bool,
    diagnostics: &mut Diagnostics,
) -> Vec<PhoneId> {
    let mut roll = IdList::default();
    let ids = section.list("ids", diagnostics);
    let files = section.list("files", diagnostics);
    if !are_optional
        && !section.is_refused
        && section.field("discovery").is_none()
        && [&ids, &files]
            .into_iter()
            .flatten()
            .all(|list| list.entries.is_empty() && !list.is_refused)
    {
        diagnostics
            .problem(account.problem("has no phones; list their ids under phones.ids, or in files under phones.files, or let phones.discovery find them"));
    }
    if let Some(ids) = ids {
        for entry in &ids.entries {
            match entry.text.as_ref().map_err(String::clone).and_then(|id| valid(id)) {
                Ok(id) => roll.add(id),
                Err(wrong) => diagnostics.problem(ids.problem(entry, wrong)),
            }
        }
    }
    if let Some(files) = files {
        for entry in &files.entries {
            let text = entry.text.as_ref().map_err(String::clone);
            if let Err(wrong) = text.and_then(|name| read_file(files.folder, name, &mut roll, diagnostics)) {
                diagnostics.problem(files.problem(entry, wrong));
            }
        }
    }
    if !roll.repeated.is_empty() {
        let which = some_of(&roll.repeated);
        diagnostics.warning(section.problem(format!(
            "has ids more than once, which count once; remove the repetition of {which}"
        )));
    }
    roll.ids
}

/// Ids in order, each once.
#[derive(Default)]
struct IdList {
    ids: Vec<PhoneId>,
    seen: HashSet<PhoneId>,
    repeated: Vec<PhoneId>,
}

impl IdList {
    fn add(&mut self, id: &str) {
        let id = PhoneId::from(id);
        if self.seen.insert(id.clone()) {
            self.ids.push(id);
        } else {
            self.repeated.push(id);
        }
    }
}

/// An id is opaque, but what would break a list or a line is a slip, and one bad id spoils its batch at GeeLark.
fn valid(id: &str) -> Result<&str, String> {
    if id.trim().is_empty() {
        return Err("is blank; write an id or remove it".to_owned());
    }
    if id.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',') {
        return Err(format!(
            "is {}, which is not one id; write one id without blanks or commas",
            quoted(id)
        ));
    }
    Ok(id)
}

fn read_file(folder: &Path, name: &str, roll: &mut IdList, diagnostics: &mut Diagnostics) -> Result<(), String> {
    if name.trim().is_empty() {
        return Err("is blank; name a file or remove it".to_owned());
    }
    let path = folder.join(name);
    diagnostics.follow(&path);
    let shown = quoted(&path.to_string_lossy());
    let text = files::read(&path, limits::ID_FILE_BYTES).map_err(|wrong| format!("names {shown}, which {wrong}"))?;
    let place = bare(&path.to_string_lossy());
    let mut bad = Vec::new();
    let mut is_empty = true;
    for (line, text) in (1..).zip(text.lines()) {
        let id = without_comment(text).trim();
        if id.is_empty() {
            continue;
        }
        is_empty = false;
        match valid(id) {
            Ok(id) => roll.add(id),
            Err(wrong) => bad.push((line, wrong)),
        }
    }
    for (line, wrong) in bad.iter().take(NAMED) {
        diagnostics.problem(Problem::new(format!("{place}:{line}"), format!("the line {wrong}")));
    }
    if let Some(more @ 1..) = bad.len().checked_sub(NAMED) {
        let sentence = format!("lines like these follow ({more} more); correct them too, or name another file");
        diagnostics.problem(Problem::new(place, sentence));
    }
    if is_empty {
        return Err(format!("names {shown}, which has no ids; write one id a line"));
    }
    Ok(())
}

fn without_comment(line: &str) -> &str {
    let comment = line
        .match_indices('#')
        .find(|(at, _)| *at == 0 || line[..*at].ends_with(char::is_whitespace));
    comment.map_or(line, |(at, _)| &line[..at])
}

/// `a, b, c and 12 more`.
fn some_of(ids: &[PhoneId]) -> String {
    let named: Vec<_> = ids.iter().take(NAMED).map(|id| quoted(id.as_str())).collect();
    let named = named.join(", ");
    match ids.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Whose each phone is: the first account that names it.
#[derive(Default)]
pub(super) struct PhoneOwners(HashMap<PhoneId, Arc<str>>);

impl PhoneOwners {
    /// Takes out of `phones` what an earlier account has, with a warning for each such account.
    pub(super) fn settle(
        &mut self,
        account: &Section,
        name: &Arc<str>,
        phones: &mut Vec<PhoneId>,
        diagnostics: &mut Diagnostics,
    ) {
        let mut lost: Vec<(Arc<str>, Vec<PhoneId>)> = Vec::new();
        phones.retain(|id| {
            let owner = self.0.entry(id.clone()).or_insert_with(|| name.clone());
            if Arc::ptr_eq(owner, name) {
                return true;
            }
            match lost.iter_mut().find(|(other, _)| Arc::ptr_eq(other, owner)) {
                Some((_, ids)) => ids.push(id.clone()),
                None => lost.push((owner.clone(), vec![id.clone()])),
            }
            false
        });
        for (owner, ids) in lost {
            let (name, owner, which) = (quoted(name), quoted(&owner), some_of(&ids));
            diagnostics.warning(account.problem(format!(
                "({name}) names phones of account {owner}, which alone is asked about them; remove {which} from one of the two"
            )));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_begins_a_line_or_follows_a_blank() {
        assert_eq!(without_comment("# all"), "");
        assert_eq!(without_comment("1 # one"), "1 ");
        assert_eq!(without_comment("1#one"), "1#one");
        assert_eq!(without_comment("1#one\t#é"), "1#one\t");
    }

    #[test]
    fn many_ids_are_counted() {
        let ids: Vec<_> = ["1", "2", "3", "4", "5"].map(PhoneId::from).into();
        assert_eq!(some_of(&ids[..2]), r#""1", "2""#);
        assert_eq!(some_of(&ids), r#""1", "2", "3" and 2 more"#);
    }
}
