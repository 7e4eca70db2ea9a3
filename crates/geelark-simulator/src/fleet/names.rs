//! Names as people type them, with the characters that are hard to put into a label.

/// The name of the phone with this number. Twenty numbers in a row have every kind of name.
pub(super) fn name(number: usize) -> String {
    match number % 20 {
        2 => format!("云手机 {number:03} 号"),
        4 => format!("📱 shop {number:03} 🇩🇪"),
        6 => format!("\"Anna's\" phone {number:03}"),
        8 => format!("C:\\farm\\{number:03}\\"),
        10 => format!("line one {number:03}\nline two"),
        12 => "duplicate".to_owned(),
        14 => String::new(),
        16 => format!("{{id=\"{number:03}\"}} # HELP\r\n\ttabbed"),
        18 => format!("متجر {number:03}"),
        1 | 11 => format!("shop-{number:03}"),
        5 | 15 => format!("warm up {number:03}"),
        _ => format!("us-tiktok-{number:03}"),
    }
}
