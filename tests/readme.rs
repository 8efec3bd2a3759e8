//! The README and the page on exceptions show what volguard really prints.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::path::Path;
use std::process::Command;
use support::generated;
use volguard::drivers::Drivers;
use volguard::rules;

fn volguard(arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_volguard"));
    let output = command
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// With `UPDATE=1` the README is written, otherwise it is compared.
#[test]
fn readme_shows_real_output() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let check = volguard(&["check", "deploy/sample/shop.yaml"]);
    let written = replaced(
        &readme,
        "$ volguard check deploy/sample/shop.yaml\n",
        "\n```\n",
        check.trim_end(),
    );
    let rules = rules::ALL.len().to_string();
    let written = replaced(&written, "**The catalogue** of [", " rules](", &rules);
    let proof = std::fs::read_to_string(path.with_file_name("docs/proof.md")).unwrap();
    let is_failure = |line: &&str| line.starts_with("| ") && line[2..].starts_with(|c: char| c.is_ascii_digit());
    let failures = proof.lines().filter(is_failure).count().to_string();
    let written = replaced(&written, "And the proof: [", " failures](", &failures);
    let drivers = Drivers::builtin().iter().count().to_string();
    let written = replaced(&written, "**The drivers**, [", " of them](", &drivers);
    generated::is_up_to_date(&path, &written);
}

/// With `UPDATE=1` the page is written, otherwise it is compared.
#[test]
fn the_page_on_exceptions_shows_real_output() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/exceptions.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let examples = page.split("```yaml\n").skip(1);
    let files: Vec<_> = examples
        .enumerate()
        .map(|(index, example)| {
            let (example, _) = example.split_once("```").unwrap();
            let file = folder.path().join(format!("{index}.yaml"));
            // The day in the page comes.
            std::fs::write(&file, example.replace("expires: 2027", "expires: 9999")).unwrap();
            volguard::policy::read(std::slice::from_ref(&file), &rules::ALL).unwrap();
            file
        })
        .collect();
    let policy = files[0].to_str().unwrap();
    let check = volguard(&["check", "--policy", policy, "deploy/sample/shop.yaml"]);
    assert!(check.contains("excepted [unsupported-access-mode]"), "{check}");
    let command = "$ volguard check --policy policy.yaml deploy/sample/shop.yaml";
    let written = replaced(&page, command, "```\n", &format!("\n{check}"));
    generated::is_up_to_date(&path, &written);
}

/// `text` with what stands between `start` and the next `end` replaced.
fn replaced(text: &str, start: &str, end: &str, by: &str) -> String {
    let from = text.find(start).expect("the README has the place") + start.len();
    let to = from + text[from..].find(end).expect("the place ends");
    format!("{}{by}{}", &text[..from], &text[to..])
}
