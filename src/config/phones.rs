//! The phones of an account: ids in the configuration, ids in files, and the owner of an id that two accounts list.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use config_file::{Section, bare, quoted};
use geelark_client::phone::PhoneId;

use super::limits;
use super::raw::RawPhones;

/// A sentence names so many ids, or a file so many lines; it counts the others.
const NAMED: usize = 3;

/// The longest id. GeeLark's have 18 digits.
const MAX_CHARS: usize = 64;

/// The configured phones of one account in configured order, each once. `section` is the section `phones`.
pub(super) fn read(raw: &RawPhones, section: &Section<'_>) -> Vec<PhoneId> {
    let mut list = IdList::default();
    for (position, id) in raw.ids.iter().flatten().enumerate() {
        match valid(id) {
            Ok(id) => list.add(id),
            Err(wrong) => section.report(&format!("ids[{position}]"), wrong),
        }
    }
    for (position, name) in raw.files.iter().flatten().enumerate() {
        let key = format!("files[{position}]");
        if let Some(path) = section.path(&key, &Some(name.clone()), "file") {
            let place = bare(&path.to_string_lossy());
            let add = |text: &str| list.add_lines(text, &place, section);
            section.text_file(&key, &path, limits::ID_FILE_BYTES, add);
        }
    }
    if !list.repeated.is_empty() {
        let which = some_of(&list.repeated);
        section.warn(
            "",
            format!("has ids more than once, which count once; remove the repetition of {which}"),
        );
    }
    list.ids
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

    /// Adds the ids of a file, which is called `place`, and reports the lines that are no ids.
    fn add_lines(&mut self, text: &str, place: &str, section: &Section<'_>) -> Result<(), String> {
        let lines = (1..).zip(text.lines().map(|line| without_comment(line).trim()));
        let mut lines = lines.filter(|(_, id)| !id.is_empty()).peekable();
        let Some((_, first)) = lines.peek().copied() else {
            return Err("has no ids; write one id a line".to_owned());
        };
        let mut bad = Vec::new();
        let mut has_equal_lengths = true;
        while let Some((line, id)) = lines.next() {
            // A full disk or an interrupted copy leaves a part of an id, which would be another id.
            let ends_within_line = lines.peek().is_none() && !text.ends_with('\n');
            if ends_within_line && has_equal_lengths && id.len() < first.len() {
                let id = quoted(id);
                return Err(format!(
                    "ends within a line ({id}), as if it were cut; write the file again"
                ));
            }
            has_equal_lengths &= id.len() == first.len();
            match valid(id) {
                Ok(id) => self.add(id),
                Err(wrong) => bad.push(format!("{place}:{line}: the line {wrong}")),
            }
        }
        if let Some(more @ 1..) = bad.len().checked_sub(NAMED) {
            bad.truncate(NAMED);
            let advice = "correct them too, or name another file";
            bad.push(format!("{place}: lines like these follow ({more} more); {advice}"));
        }
        for problem in bad {
            section.file().problem(problem);
        }
        Ok(())
    }
}

/// GeeLark's ids are digits. Letters are accepted, in case that changes; what is visibly no id is not, because GeeLark
/// rejects the whole batch of an invalid id.
fn valid(id: &str) -> Result<&str, String> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let wrong = if id.trim().is_empty() {
        return Err("is blank; write an id or remove it".to_owned());
    } else if id.contains(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|')) {
        "which is not one id; write one id without blanks or commas".to_owned()
    } else if id.starts_with(|c: char| c.is_ascii_digit()) && id.contains(['e', 'E']) && id.parse::<f64>().is_ok() {
        "a number that lost its digits; format the column as text and export it again".to_owned()
    } else if let Some(wrong) = id.chars().find(|c| !is_allowed(*c)) {
        format!("but no id has the character {wrong:?}; write letters, digits, - and _ only")
    } else if id.len() > MAX_CHARS {
        format!("which has more than {MAX_CHARS} characters; write one id")
    } else if !id.contains(|c: char| c.is_ascii_digit()) {
        "a word without digits; write the phone's id instead of its name or a heading".to_owned()
    } else {
        return Ok(id);
    };
    Err(format!("is {}, {wrong}", quoted(id)))
}

fn without_comment(line: &str) -> &str {
    let begins = |(at, _): &(usize, &str)| *at == 0 || line[..*at].ends_with(char::is_whitespace);
    let comment = line.match_indices('#').find(begins);
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

/// The owner of each phone: the first account that lists it.
#[derive(Default)]
pub(super) struct PhoneOwners(HashMap<PhoneId, Arc<str>>);

impl PhoneOwners {
    /// Removes from `phones` what an earlier account lists, with a warning for each such account.
    pub(super) fn settle(&mut self, name: &Arc<str>, phones: &mut Vec<PhoneId>, account: &Section<'_>) {
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
            let advice = format!("remove {which} from one of the two");
            account.warn(
                "",
                format!("({name}) lists phones of account {owner}, which alone polls them; {advice}"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use config_file::ConfigFile;

    use super::*;

    #[test]
    fn a_comment_begins_a_line_or_follows_a_blank() {
        assert_eq!(without_comment("# all"), "");
        assert_eq!(without_comment("1 # one"), "1 ");
        assert_eq!(without_comment("1#one"), "1#one");
        assert_eq!(without_comment("1#one\t#é"), "1#one\t");
    }

    #[test]
    fn what_is_visibly_no_id_gets_a_sentence() {
        let wrong = [
            ("", "is blank"),
            ("\u{a0}", "is blank"),
            ("1 2", "is not one id"),
            ("1;2", "is not one id"),
            ("1\t2", "is not one id"),
            ("1|2", "is not one id"),
            ("5.88733E+17", "lost its digits"),
            ("588e16", "lost its digits"),
            ("5,88733E+17", "is not one id"),
            ("5887.0", "no id has the character '.'"),
            ("\"5887\"", "no id has the character '\"'"),
            ("'5887'", "no id has the character '\\''"),
            ("[5887]", "no id has the character '['"),
            ("5887\u{200b}", "no id has the character '\\u{200b}'"),
            ("\u{feff}5887", "no id has the character '\\u{feff}'"),
            ("５８８７", "no id has the character"),
            ("phone_id", "a word without digits"),
            ("serialName", "a word without digits"),
            (&"9".repeat(65), "more than 64 characters"),
        ];
        for (id, reason) in wrong {
            let sentence = valid(id).unwrap_err();
            assert!(sentence.contains(reason), "{id:?}: {sentence}");
        }
        for id in [
            "588732926036803641",
            "007",
            "123456ABCDEF",
            "0",
            "a-1_b",
            &"9".repeat(64),
        ] {
            assert_eq!(valid(id), Ok(id));
        }
    }

    #[test]
    fn a_cut_last_line_is_no_id() {
        let file = ConfigFile::empty("ids");
        let ids = |text: &str| {
            let mut list = IdList::default();
            list.add_lines(text, "ids", &file.section("")).map(|()| list.ids.len())
        };
        assert_eq!(ids("5887\n5888\n5889"), Ok(3));
        assert_eq!(ids("5887\n5888\n58\n"), Ok(3));
        assert_eq!(ids("9\n10"), Ok(2));
        assert!(ids("5887\n5888\n58").unwrap_err().contains("as if it were cut"));
        assert!(ids("5887\n58").unwrap_err().contains("as if it were cut"));
    }

    #[test]
    fn many_ids_are_counted() {
        let ids: Vec<_> = ["1", "2", "3", "4", "5"].map(PhoneId::from).into();
        assert_eq!(some_of(&ids[..2]), r#""1", "2""#);
        assert_eq!(some_of(&ids), r#""1", "2", "3" and 2 more"#);
    }
}
