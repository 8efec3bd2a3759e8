//! Files that are made of the code: written with `UPDATE=1` (`make docs`), compared otherwise.

use std::fs;
use std::path::Path;

/// Whether files are written.
pub(crate) fn is_written() -> bool {
    std::env::var_os("UPDATE").is_some()
}

/// Writes a file of the project, or panics where it is another than this text.
pub(crate) fn is_up_to_date(path: &Path, text: &str) {
    let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap_or(path).display();
    if is_written() {
        fs::write(path, text).unwrap_or_else(|error| panic!("{name}: {error}"));
        return;
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    let mut lines = written.lines().zip(text.lines());
    let differing = lines.find(|(is, should)| is != should);
    assert!(
        written == text,
        "{name} is out of date; `make docs` writes it. Lines that differ first, as it is and as it should be: {differing:#?}"
    );
}
