//! Reads a whole text file, or says in words why that failed.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

/// The text of the file at `path` without a byte order mark, if it has at most `limit` bytes.
///
/// The error is the end of a sentence that begins with the file's name: `does not exist; …`.
pub fn read_text(path: &Path, limit: u64) -> Result<String, String> {
    let metadata = std::fs::metadata(path).map_err(|error| in_words(&error))?;
    if metadata.is_dir() {
        return Err("is a directory; name a file".to_owned());
    }
    // Opening a FIFO waits for a writer.
    if !metadata.is_file() {
        return Err("is a pipe, a socket or a device; name a regular file".to_owned());
    }
    let file = File::open(path).map_err(|error| in_words(&error))?;
    let mut bytes = Vec::new();
    let result = file.take(limit + 1).read_to_end(&mut bytes);
    result.map_err(|error| in_words(&error))?;
    if bytes.len() as u64 > limit {
        return Err(format!("is larger than {limit} bytes; name the right file or split it"));
    }
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8 text; save it as UTF-8".to_owned())?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_owned(),
        None => text,
    })
}

fn in_words(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "does not exist; create it or correct the path".to_owned(),
        ErrorKind::PermissionDenied => {
            "may not be read; give the user the exporter runs as the right to read it".to_owned()
        }
        ErrorKind::IsADirectory => "is a directory; name a file".to_owned(),
        ErrorKind::NotADirectory => "lies below something that is not a directory; correct the path".to_owned(),
        kind => format!("cannot be read ({kind}); correct the path or repair the file"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_without_its_byte_order_mark() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ids");
        std::fs::write(&path, "\u{feff}a").unwrap();
        assert_eq!(read_text(&path, 4), Ok("a".to_owned()));
        assert_eq!(
            read_text(&path, 3),
            Err("is larger than 3 bytes; name the right file or split it".to_owned())
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_gets_a_reason() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("latin1");
        std::fs::write(&path, b"\xe9").unwrap();
        assert_eq!(
            read_text(&path, 9),
            Err("is not UTF-8 text; save it as UTF-8".to_owned())
        );
        assert_eq!(read_text(dir.path(), 9), Err("is a directory; name a file".to_owned()));
        assert!(
            read_text(Path::new("/dev/null"), 9)
                .unwrap_err()
                .starts_with("is a pipe")
        );
        assert!(read_text(&path.join("x"), 9).unwrap_err().starts_with("lies below"));
        assert!(
            read_text(&dir.path().join("x"), 9)
                .unwrap_err()
                .starts_with("does not exist")
        );
    }
}
