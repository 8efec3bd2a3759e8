//! docs/guide.md is tried: its commands are run in their order on a cluster of their own, and print what it shows.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use crate::stage::{Audience, Stage};
use crate::support::kubectl::Outcome;
use crate::support::{PATIENCE, generated, wait_for};
use crate::zones::ThreeZones;

/// A piece of the page.
#[derive(Debug)]
enum Piece<'a> {
    /// A line that is for readers only.
    Text(&'a str),
    /// A YAML block that begins with the comment `# name.yaml`: the file, and its lines with the fence.
    File { name: &'a str, lines: Vec<&'a str> },
    /// A command of a console block, with its `$ `, and what it prints.
    Command { lines: Vec<&'a str>, output: Vec<&'a str> },
}

/// With `UPDATE=1` the page is written with what the commands print, otherwise that is compared.
pub(crate) fn is_as_it_happens() -> Result<(), String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("docs/guide.md");
    let page = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let zones = ThreeZones::start()?;
    let stage = Stage::new(&zones, "default", Audience::Nobody)?;
    symlink(root.join("deploy"), stage.folder().join("deploy")).map_err(|error| error.to_string())?;

    let update = generated::is_written();
    let mut written: Vec<String> = Vec::new();
    for piece in pieces(&page) {
        match piece {
            Piece::Text(line) => written.push(line.to_owned()),
            Piece::File { name, lines } => {
                stage.file(name, &lines[1..lines.len() - 1].join("\n"));
                written.push(lines.join("\n"));
            }
            Piece::Command { lines, output } => {
                let command = lines.join("\n");
                let command = command.strip_prefix("$ ").unwrap_or(&command);
                let shown = output.join("\n");
                let printed = attempt(&stage, command, &shown);
                if !update && !is_alike(&shown, &printed) {
                    return Err(format!(
                        "docs/guide.md: `{command}` prints\n{printed}\nand not\n{shown}"
                    ));
                }
                written.push(format!("$ {command}"));
                if !printed.is_empty() {
                    written.push(printed);
                }
            }
        }
    }
    if update {
        fs::write(&path, written.join("\n") + "\n").map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

/// Runs a command; one that only looks is run again until it prints what is shown.
fn attempt(stage: &Stage<'_>, command: &str, shown: &str) -> String {
    let looking = [
        "kubectl get",
        "kubectl logs",
        "volguard scan",
        "kubectl apply --dry-run=server",
    ];
    let only_looks = looking.iter().any(|start| command.starts_with(start));
    let mut printed = text(&stage.run(command));
    if only_looks {
        // What is to be written anew need not come out as it is.
        let patience = if generated::is_written() {
            PATIENCE / 3
        } else {
            PATIENCE
        };
        let _ = wait_for("the output of the guide", patience, || {
            let alike = is_alike(shown, &printed);
            if !alike {
                printed = text(&stage.run(command));
            }
            alike.then_some(())
        });
    }
    printed
}

/// What a terminal shows.
fn text(outcome: &Outcome) -> String {
    let text = format!("{}{}", outcome.stderr, outcome.stdout);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

/// Whether two outputs differ in nothing but ages, times and generated names.
fn is_alike(shown: &str, printed: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        let words = |line: &str| {
            line.split_whitespace()
                .map(without_chance)
                .collect::<Vec<_>>()
                .join(" ")
        };
        let is_of_all_days = |line: &&str| !line.starts_with("LAST DEPLOYED: ");
        text.lines().filter(is_of_all_days).map(words).collect()
    };
    lines(shown) == lines(printed)
}

/// The word, or what stands for all words like it.
fn without_chance(word: &str) -> &str {
    let mut parts = word.split_inclusive(['s', 'm', 'h', 'd']);
    let is_age = parts.all(|part| part.len() > 1 && part[..part.len() - 1].bytes().all(|byte| byte.is_ascii_digit()))
        && !word.ends_with(|end: char| end.is_ascii_digit());
    if is_age {
        "AGE"
    } else if word.starts_with("volguard-") && word.split('-').count() == 3 {
        "POD"
    } else {
        word
    }
}

fn pieces(page: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let name = lines.peek().and_then(|next| next.strip_prefix("# "));
        if let Some(name) = name.filter(|_| line == "```yaml") {
            let mut block = vec![line];
            block.extend(lines.by_ref().take_while(|line| *line != "```"));
            block.push("```");
            pieces.push(Piece::File { name, lines: block });
        } else if line == "```console" {
            pieces.push(Piece::Text(line));
            let mut block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            while !block.is_empty() {
                let continued = block.iter().take_while(|line| line.ends_with('\\')).count();
                let rest = block.split_off(continued + 1);
                let output = rest
                    .iter()
                    .take_while(|line| !line.starts_with("$ "))
                    .copied()
                    .collect::<Vec<_>>();
                let after = rest[output.len()..].to_vec();
                pieces.push(Piece::Command { lines: block, output });
                block = after;
            }
            pieces.push(Piece::Text("```"));
        } else {
            pieces.push(Piece::Text(line));
        }
    }
    pieces
}
