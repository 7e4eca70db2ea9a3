//! Rows in columns, on a terminal that shows some characters wider than others.

use unicode_width::UnicodeWidthStr;

use super::PhoneRow;

/// What stands between two columns.
const GAP: usize = 2;

/// A column: its heading, and its cell of a row.
type Column = (&'static str, fn(&PhoneRow) -> String);

const ACCOUNT: Column = ("ACCOUNT", |row| printable(&row.account));
const COLUMNS: [Column; 7] = [
    ("ID", |row| printable(&row.id)),
    ("NAME", |row| cell(row.name.as_deref())),
    ("GROUP", |row| cell(row.group.as_deref())),
    ("TAGS", |row| printable(&row.tags.join(","))),
    ("STATUS", |row| cell(row.status.as_deref())),
    ("CHARGE", |row| cell(row.charge_mode.as_deref())),
    ("EXPIRES", |row| cell(row.expires.as_deref())),
];

/// A line of headings and one for each row. With several accounts each row names its own.
pub(super) fn render(rows: &[PhoneRow], with_account: bool) -> String {
    let columns: Vec<Column> = with_account.then_some(ACCOUNT).into_iter().chain(COLUMNS).collect();
    let headings = columns.iter().map(|(heading, _)| (*heading).to_owned()).collect();
    let mut lines: Vec<Vec<String>> = vec![headings];
    lines.extend(
        rows.iter()
            .map(|row| columns.iter().map(|(_, cell)| cell(row)).collect()),
    );
    let widths: Vec<usize> = (0..columns.len())
        .map(|column| lines.iter().map(|line| line[column].width()).max().unwrap_or(0))
        .collect();
    let mut text = String::new();
    for line in lines {
        let start = text.len();
        for (cell, width) in line.iter().zip(&widths) {
            text.push_str(cell);
            text.push_str(&" ".repeat(width - cell.width() + GAP));
        }
        text.truncate(start + text[start..].trim_end_matches(' ').len());
        text.push('\n');
    }
    text
}

fn cell(text: Option<&str>) -> String {
    printable(text.unwrap_or_default())
}

/// The text with escapes for what would break a line or steer the terminal.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unprintable(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Control characters, line separators, and characters that change the direction of writing.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(account: &str, id: &str, name: &str) -> PhoneRow {
        PhoneRow {
            account: account.into(),
            id: id.into(),
            name: Some(name.into()),
            group: Some("farm-a".into()),
            tags: vec!["prod".into(), "vip".into()],
            status: Some("started".into()),
            charge_mode: Some("monthly".into()),
            expires: Some("2027-01-15T08:00:00Z".into()),
        }
    }

    #[test]
    fn columns_are_aligned_whatever_the_names_are() {
        let rows = [
            row("main", "1", "plain"),
            row("main", "2", "云手机"),
            row("main", "3", "📱 a"),
            PhoneRow {
                expires: None,
                charge_mode: None,
                name: None,
                tags: vec![],
                ..row("main", "4", "")
            },
        ];
        let expected = "\
ID  NAME    GROUP   TAGS      STATUS   CHARGE   EXPIRES
1   plain   farm-a  prod,vip  started  monthly  2027-01-15T08:00:00Z
2   云手机  farm-a  prod,vip  started  monthly  2027-01-15T08:00:00Z
3   📱 a    farm-a  prod,vip  started  monthly  2027-01-15T08:00:00Z
4           farm-a            started
";
        assert_eq!(render(&rows, false), expected);
    }

    #[test]
    fn nothing_breaks_a_line_or_steers_the_terminal() {
        let text = render(&[row("a\u{1b}[31m", "1", "x\ny\r\u{202e}z\t")], true);
        assert_eq!(text.lines().count(), 2);
        assert!(
            text.contains(r"a\u{1b}[31m") && text.contains(r"x\ny\r\u{202e}z\t"),
            "{text}"
        );
    }

    #[test]
    fn no_phones_are_a_line_of_headings() {
        assert_eq!(
            render(&[], true),
            "ACCOUNT  ID  NAME  GROUP  TAGS  STATUS  CHARGE  EXPIRES\n"
        );
    }
}
