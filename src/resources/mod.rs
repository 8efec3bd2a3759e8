//! volguard's own kinds in files: what policy files and driver files have in common. Everything that is wrong in
//! them is said at once, each with its place.

pub(crate) mod schema;

use crate::yaml::{self, Document, Position};
use schema::{did_you_mean, shown, similar, unknown_field};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use schema::Problem;

/// The API group of volguard's own kinds.
pub const GROUP: &str = "volguard.dev";

/// The version of volguard's own kinds.
pub const VERSION: &str = "v1alpha1";

/// What objects of volguard's own kinds have as `apiVersion`: [`GROUP`] and [`VERSION`].
const API_VERSION: &str = "volguard.dev/v1alpha1";

/// The largest file, in bytes: etcd holds no larger object than 1.5 MiB, and a file may hold several.
const MAX_FILE: u64 = 16 << 20;

/// How deep folders are walked.
const MAX_FOLDERS: usize = 32;

/// One fault in the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceError {
    /// The file.
    pub file: PathBuf,
    /// The place in the file; None where the file could not be read at all.
    pub position: Option<Position>,
    /// What is wrong and what would be right, for people.
    pub message: String,
}

impl fmt::Display for ResourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Everything that is wrong with the files, in the order of the files and lines. Prints one fault a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceErrors(Vec<ResourceError>);

impl ResourceErrors {
    /// The faults; there is at least one.
    pub fn errors(&self) -> &[ResourceError] {
        &self.0
    }
}

impl fmt::Display for ResourceErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for ResourceErrors {}

/// A kind of object that files hold.
#[derive(Debug, Clone, Copy)]
pub struct ResourceKind {
    /// Its name, such as `StoragePolicy`.
    pub name: &'static str,
    /// What one is called in a message, such as `policy`.
    pub noun: &'static str,
    /// What is said beside the fact that `spec` is missing.
    pub empty_spec: &'static str,
}

/// An object of one of volguard's own kinds.
pub(crate) fn object(kind: &str, name: &str, spec: &Value) -> Value {
    json!({"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": name}, "spec": spec})
}

/// Reads the objects of these kinds in `paths`, whose files messages call by `noun`: `policy` file. `judge` gets the kind's
/// name, the object's name and the `spec` of each, and says what it is or all that is wrong with it, by pointers that begin
/// with `/spec`.
///
/// A path is a file (of any name) or a folder, of which `*.yaml`, `*.yml` and `*.json` are read, also in folders below;
/// hidden files and folders are left out, which is what a mounted ConfigMap needs. Files may hold several documents, all
/// of them of the kinds. What was read comes in the order of paths, file names and lines.
pub fn read<T>(
    noun: &str,
    kinds: &[ResourceKind],
    paths: &[PathBuf],
    judge: impl FnMut(&str, &str, &Value) -> Result<T, Vec<Problem>>,
) -> Result<Vec<T>, ResourceErrors> {
    let mut loader = Loader {
        noun,
        kinds,
        judge,
        file: PathBuf::new(),
        names: BTreeMap::new(),
        read: Vec::new(),
        errors: Vec::new(),
    };
    for path in paths {
        loader.path(path);
    }
    if loader.errors.is_empty() {
        Ok(loader.read)
    } else {
        Err(ResourceErrors(loader.errors))
    }
}

struct Loader<'k, T, J> {
    noun: &'k str,
    kinds: &'k [ResourceKind],
    judge: J,
    /// The file that is being read.
    file: PathBuf,
    /// Where each name of a kind was seen first.
    names: BTreeMap<(&'static str, String), (PathBuf, Position)>,
    read: Vec<T>,
    errors: Vec<ResourceError>,
}

impl<T, J: FnMut(&str, &str, &Value) -> Result<T, Vec<Problem>>> Loader<'_, T, J> {
    fn path(&mut self, path: &Path) {
        if !path.is_dir() {
            self.read_file(path);
            return;
        }
        let mut files = 0;
        let entries = walkdir::WalkDir::new(path)
            .follow_links(true)
            .max_depth(MAX_FOLDERS)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !entry.file_name().to_string_lossy().starts_with('.'));
        for entry in entries {
            match entry {
                Ok(entry) if entry.file_type().is_file() && is_manifest(entry.path()) => {
                    files += 1;
                    self.read_file(entry.path());
                }
                Ok(_) => {}
                Err(error) => {
                    let place = error.path().unwrap_or(path).to_owned();
                    self.file = place;
                    self.error(None, format!("cannot be read: {error}"));
                }
            }
        }
        if files == 0 {
            path.clone_into(&mut self.file);
            let noun = self.noun;
            self.error(
                None,
                format!("no {noun} in this folder: it holds no *.yaml, *.yml or *.json file"),
            );
        }
    }

    fn read_file(&mut self, path: &Path) {
        path.clone_into(&mut self.file);
        match text_of(path, self.noun) {
            Ok(text) => self.text(&text),
            Err(message) => self.error(None, message),
        }
    }

    fn text(&mut self, text: &str) {
        let documents = yaml::parse(text);
        if documents.is_empty() {
            let noun = self.noun;
            let expected = listed(self.kinds, " or ", |name| format!("a {name}"));
            self.error(
                None,
                format!("no {noun} in this file: expected {expected}, but it is empty"),
            );
        }
        for document in documents {
            match document {
                Ok(document) => self.document(&document),
                Err(error) => self.error(Some(error.position), error.message),
            }
        }
    }

    fn error(&mut self, position: Option<Position>, message: impl Into<String>) {
        self.errors.push(ResourceError {
            file: self.file.clone(),
            position,
            message: message.into(),
        });
    }

    fn document(&mut self, document: &Document) {
        let kind = match judge_kind(&document.value, self.noun, self.kinds) {
            Ok(kind) => kind,
            Err(problem) => return self.error(Some(place(document, &problem)), problem.message),
        };
        let mut problems = judge_top_level(&document.value);
        let name = match judge_name(&document.value, kind) {
            Ok(name) => {
                let position = document.spans.nearest("/metadata/name");
                match self.names.get(&(kind.name, name.to_owned())) {
                    Some((file, first)) => {
                        let message = format!(
                            "another {} is named `{name}`, in {} at {first}; names must differ",
                            kind.noun,
                            file.display()
                        );
                        problems.push(Problem::new("/metadata/name", message));
                    }
                    None => {
                        self.names
                            .insert((kind.name, name.to_owned()), (self.file.clone(), position));
                    }
                }
                name
            }
            Err(problem) => {
                problems.push(problem);
                ""
            }
        };
        let spec = document.value.get("spec");
        match spec.map(|spec| (self.judge)(kind.name, name, spec)) {
            Some(Ok(read)) if problems.is_empty() => self.read.push(read),
            Some(Err(of_spec)) => problems.extend(of_spec),
            Some(Ok(_)) => {}
            None => problems.push(Problem::new("", format!("field `spec` is missing{}", kind.empty_spec))),
        }
        let mut placed: Vec<_> = problems
            .into_iter()
            .map(|problem| (place(document, &problem), problem))
            .collect();
        placed.sort_by_key(|(position, _)| *position);
        for (position, problem) in placed {
            self.error(Some(position), problem.message);
        }
    }
}

fn place(document: &Document, problem: &Problem) -> Position {
    let key = problem.key.then(|| document.spans.find_key(&problem.pointer)).flatten();
    key.unwrap_or_else(|| document.spans.nearest(&problem.pointer))
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

fn text_of(path: &Path, noun: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("cannot be read: {error}"))?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!(
            "is larger than {} MiB, which is no {noun} file",
            MAX_FILE >> 20
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        format!("is not UTF-8 text: byte {at} cannot be read")
    })
}

/// The kinds' names in a row, each as `shown`.
fn listed(kinds: &[ResourceKind], separator: &str, shown: impl Fn(&str) -> String) -> String {
    let names: Vec<_> = kinds.iter().map(|kind| shown(kind.name)).collect();
    names.join(separator)
}

/// Of which of the kinds the document is, or why of none.
fn judge_kind<'k>(value: &Value, noun: &str, kinds: &'k [ResourceKind]) -> Result<&'k ResourceKind, Problem> {
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let problem = match (text("apiVersion"), text("kind")) {
        (Some(api_version), Some(name)) => match kinds.iter().find(|kind| kind.name == name) {
            Some(kind) if api_version == API_VERSION => return Ok(kind),
            Some(_) if matches!(group_of(api_version), None | Some(GROUP)) => {
                let message = format!("apiVersion `{api_version}` is not known; write {API_VERSION}");
                Problem::new("/apiVersion", message)
            }
            _ => stranger(api_version, name, noun, kinds),
        },
        _ if !value.is_object() => Problem::new("", format!("a {noun} must be a mapping, but is {}", shown(value))),
        (None, _) => {
            let message = format!("field `apiVersion` is missing; write `apiVersion: {API_VERSION}`");
            Problem::new("/apiVersion", message)
        }
        (_, None) => {
            let kinds = listed(kinds, " or ", |name| format!("`kind: {name}`"));
            Problem::new("/kind", format!("field `kind` is missing; write {kinds}"))
        }
    };
    Err(problem)
}

fn group_of(api_version: &str) -> Option<&str> {
    api_version.split_once('/').map(|(group, _)| group)
}

/// What is said of a kind that does not belong in the file.
fn stranger(api_version: &str, name: &str, noun: &str, kinds: &[ResourceKind]) -> Problem {
    let is_own = group_of(api_version) == Some(GROUP);
    let meant = similar(name, kinds.iter().map(|kind| kind.name)).filter(|_| is_own);
    let held = listed(kinds, " and ", str::to_owned);
    let hint = did_you_mean(meant);
    let message =
        format!("kind `{name}` ({api_version}) does not belong in a {noun} file, which holds {held} only{hint}");
    Problem::new("/kind", message)
}

fn judge_top_level(value: &Value) -> Vec<Problem> {
    const FIELDS: [&str; 5] = ["apiVersion", "kind", "metadata", "spec", "status"];
    let fields = value.as_object().into_iter().flatten();
    let unknown = fields
        .filter(|(key, _)| !FIELDS.contains(&key.as_str()))
        .map(|(key, _)| Problem {
            pointer: schema::child("", key),
            key: true,
            message: unknown_field(key, || FIELDS.into_iter()),
        });
    // The API server drops it without a word, and an exception for one namespace would hold for all.
    let namespace = value.pointer("/metadata/namespace").filter(|value| !value.is_null());
    let namespace = namespace.map(|value| {
        let message = format!(
            "namespace {} means nothing here: the kind is cluster-scoped; policies and exceptions choose namespaces in \
             `spec.match`",
            shown(value)
        );
        Problem::new("/metadata/namespace", message)
    });
    unknown.chain(namespace).collect()
}

fn judge_name<'v>(value: &'v Value, kind: &ResourceKind) -> Result<&'v str, Problem> {
    match value.pointer("/metadata/name") {
        None | Some(Value::Null) => Err(Problem::new(
            "/metadata",
            format!(
                "field `metadata.name` is missing; messages name the {} by it",
                kind.noun
            ),
        )),
        Some(Value::String(name)) if is_object_name(name) => Ok(name),
        Some(other) => Err(Problem::new(
            "/metadata/name",
            format!(
                "metadata.name must be a name of lower-case letters, digits, `-` and `.`, but is {}",
                shown(other)
            ),
        )),
    }
}

/// Whether the API server takes it as the name of an object: a DNS subdomain.
fn is_object_name(name: &str) -> bool {
    let is_end = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let is_label = |label: &str| {
        is_end(label.bytes().next())
            && is_end(label.bytes().last())
            && label.bytes().all(|byte| byte == b'-' || is_end(Some(byte)))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}
