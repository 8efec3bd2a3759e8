//! Manifests: read from files, folders and standard input, and seen as each other's cluster.

use crate::cluster::api::versions;
use crate::cluster::view::{View, ViewKind};
use crate::model::object::{group_of, map, text};
use crate::model::{Meta, ObjectKind};
use crate::policy::glob_matches;
use crate::report::{ObjectRef, Place, ReportedError};
use crate::yaml::{self, Spans};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files larger than this hold no manifest that an API server would take (etcd's limit for one object is 1.5 MiB).
const MAX_FILE: u64 = 64 << 20;

/// One object of a file.
#[derive(Debug)]
pub struct Manifest {
    /// Where it was read.
    pub file: PathBuf,
    /// The object as it is written, without defaults.
    pub value: Value,
    /// Its kind, where rules read it.
    pub kind: Option<ObjectKind>,
    /// Pointer of the object in its document: empty, or `/items/0` in a List.
    pub pointer: String,
    /// Places in the document.
    pub spans: Arc<Spans>,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Manifests {
    /// Objects in the order of files and of places in them.
    pub manifests: Vec<Manifest>,
    /// What could not be read.
    pub errors: Vec<ReportedError>,
}

/// Reads files and folders; `-` is standard input. Folders other than `.git` are walked for `.yaml`, `.yml` and `.json`. What
/// cannot be read is kept as an error and the rest goes on; documents that are no Kubernetes objects are passed over.
pub fn read(paths: &[PathBuf]) -> Manifests {
    read_without(paths, &[])
}

/// Reads as [`read`] does, without the files and folders whose path below the given folder fits one of `excluded`, in which
/// `*` stands for any characters.
pub fn read_without(paths: &[PathBuf], excluded: &[String]) -> Manifests {
    let mut read = Manifests::default();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut text = Vec::new();
            match std::io::stdin().lock().take(MAX_FILE).read_to_end(&mut text) {
                Ok(_) => read.add(Path::new("<stdin>"), text),
                Err(error) => read.fail(Path::new("<stdin>"), error.to_string()),
            }
            continue;
        }
        let entries = walkdir::WalkDir::new(path).follow_links(true).sort_by_file_name();
        for entry in entries
            .into_iter()
            .filter_entry(|entry| is_asked_for(entry, path, excluded))
        {
            match entry {
                Ok(entry) if entry.depth() > 0 && !is_manifest(entry.path()) => {}
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => match read_file(entry.path()) {
                    Ok(text) => read.add(entry.path(), text),
                    Err(error) => read.fail(entry.path(), error.to_string()),
                },
                Err(error) => {
                    let message = error.io_error().map_or_else(|| error.to_string(), ToString::to_string);
                    read.fail(error.path().unwrap_or(path), message);
                }
            }
        }
    }
    read
}

/// Whether an entry of a folder is to be read. What is given itself always is.
fn is_asked_for(entry: &walkdir::DirEntry, given: &Path, excluded: &[String]) -> bool {
    if entry.depth() == 0 {
        return true;
    }
    let below = entry.path().strip_prefix(given).unwrap_or(entry.path());
    let steps: Vec<_> = below.iter().map(std::ffi::OsStr::to_string_lossy).collect();
    // With a slash before it `*/templates/*` fits also where the chart is the folder that is given.
    let rooted = format!("/{}", steps.join("/"));
    let fits = |glob: &String| glob_matches(glob, &rooted) || glob_matches(glob, rooted.trim_start_matches('/'));
    entry.file_name() != ".git" && !excluded.iter().any(fits)
}

fn is_manifest(path: &Path) -> bool {
    path.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| matches!(e, "yaml" | "yml" | "json"))
}

fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    std::fs::File::open(path)?.take(MAX_FILE).read_to_end(&mut text)?;
    Ok(text)
}

impl Manifests {
    fn fail(&mut self, file: &Path, message: String) {
        self.errors.push(ReportedError {
            place: Some(Place {
                file: file.to_owned(),
                position: None,
            }),
            message,
        });
    }

    fn add(&mut self, file: &Path, text: Vec<u8>) {
        let Ok(text) = String::from_utf8(text) else {
            return self.fail(file, "is not UTF-8 text".to_owned());
        };
        let hint = if text.contains("{{") {
            " (a template? Render it first: `helm template CHART | volguard check -`)"
        } else {
            ""
        };
        for document in yaml::parse(&text) {
            match document {
                Ok(document) => self.add_object(file, document.value, String::new(), &Arc::new(document.spans)),
                Err(error) => self.errors.push(ReportedError {
                    place: Some(Place {
                        file: file.to_owned(),
                        position: Some(error.position),
                    }),
                    message: error.message + hint,
                }),
            }
        }
    }

    fn add_object(&mut self, file: &Path, value: Value, pointer: String, spans: &Arc<Spans>) {
        let (Some(api_version), Some(kind)) = (text(&value, &["apiVersion"]), text(&value, &["kind"])) else {
            let place = |key: &str| Place {
                file: file.to_owned(),
                position: Some(spans.nearest(&format!("{pointer}/{key}"))),
            };
            self.errors
                .extend(half_typed(&value).map(|(key, message)| ReportedError {
                    place: Some(place(key)),
                    message,
                }));
            return;
        };
        let group = group_of(api_version);
        if let (Some(of), Some(Value::Array(items))) = (kind.strip_suffix("List"), value.get("items")) {
            for (index, item) in items.iter().enumerate() {
                let item = typed(item, api_version, of);
                self.add_object(file, item, format!("{pointer}/items/{index}"), spans);
            }
            return;
        }
        // Removed groups of old manifests still show what was meant.
        let group = if group == "extensions" { "apps" } else { group };
        let kind = ObjectKind::find(group, kind);
        let spans = Arc::clone(spans);
        self.manifests.push(Manifest {
            file: file.to_owned(),
            value,
            kind,
            pointer,
            spans,
        });
    }

    /// The views of the manifests on top of `given`.
    pub(super) fn views(&self, given: &View, namespace: &str) -> Views {
        let mut files: BTreeMap<PathBuf, Vec<&Manifest>> = BTreeMap::new();
        let mut folders: BTreeMap<PathBuf, Vec<&Manifest>> = BTreeMap::new();
        for manifest in &self.manifests {
            files.entry(manifest.file.clone()).or_default().push(manifest);
            folders.entry(folder(&manifest.file)).or_default().push(manifest);
        }
        let mut views: BTreeMap<PathBuf, View> = BTreeMap::new();
        // Parents sort before their children, so a folder finds the nearest view above it.
        for (path, manifests) in &folders {
            let above = path
                .ancestors()
                .skip(1)
                .find_map(|above| views.get(above))
                .unwrap_or(given);
            let view = layered(above, manifests, namespace);
            views.insert(path.clone(), view);
        }
        let of_files = files
            .into_iter()
            .map(|(file, manifests)| {
                let view = layered(views.get(&folder(&file)).unwrap_or(given), &manifests, namespace);
                (file, Arc::new(view))
            })
            .collect();
        Views(of_files)
    }
}

/// An item of a list. One that names no type has that of a list of one kind, as for kubectl: `StorageClassList`.
/// <https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/unstructured/helpers.go>
fn typed(item: &Value, api_version: &str, kind: &str) -> Value {
    let mut item = item.clone();
    let is_typed = ["apiVersion", "kind"].iter().any(|key| item.get(key).is_some());
    if let Some(fields) = item.as_object_mut().filter(|_| !is_typed && !kind.is_empty()) {
        fields.insert("apiVersion".to_owned(), api_version.into());
        fields.insert("kind".to_owned(), kind.into());
    }
    item
}

/// Of an object that names half of its type, of which the rest is one that rules read: the half that is written, and what is
/// wrong. Without metadata it is no object of Kubernetes but a file of values, a chart or the like.
fn half_typed(value: &Value) -> Option<(&'static str, String)> {
    map(value, &["metadata"])?;
    let mut kinds = ObjectKind::ALL.into_iter();
    match (text(value, &["apiVersion"]), text(value, &["kind"])) {
        (None, Some(kind)) => {
            let (kind, group) = kinds
                .find(|known| known.as_str() == kind)
                .map(|k| (k.as_str(), k.group()))?;
            let version = versions(group, kind).first()?;
            let slash = if group.is_empty() { "" } else { "/" };
            let message = format!(
                "this {kind} is not judged: it has no `apiVersion`, and kubectl refuses it; add \
                                   `apiVersion: {group}{slash}{version}`"
            );
            Some(("kind", message))
        }
        (Some(api_version), None) => {
            kinds.find(|known| known.group() == group_of(api_version))?;
            let message =
                "this object is not judged: it has no `kind`, and kubectl refuses it; add the kind that was meant";
            Some(("apiVersion", message.to_owned()))
        }
        _ => None,
    }
}

/// The view that each file's objects are judged with.
pub(super) struct Views(BTreeMap<PathBuf, Arc<View>>);

impl Views {
    pub(super) fn of(&self, manifest: &Manifest) -> Arc<View> {
        self.0.get(&manifest.file).cloned().unwrap_or_default()
    }
}

fn folder(file: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).to_owned()
}

/// `below` with these objects over it; several different objects of one name hide each other.
fn layered(below: &View, manifests: &[&Manifest], namespace: &str) -> View {
    let mut layer: BTreeMap<(ViewKind, String, String), Option<Arc<Value>>> = BTreeMap::new();
    for manifest in manifests {
        let object = manifest.object_ref(namespace);
        let group = group_of(&object.api_version);
        let Some(kind) = ViewKind::find(group, &object.kind) else {
            continue;
        };
        let row = Arc::new(manifest.value.clone());
        layer
            .entry((kind, object.namespace.unwrap_or_default(), object.name))
            .and_modify(|known| {
                if known.as_ref().is_some_and(|known| differs(known, &row)) {
                    *known = None;
                }
            })
            .or_insert(Some(Arc::clone(&row)));
    }
    let mut view = below.clone();
    for ((kind, namespace, name), row) in layer {
        match row {
            Some(row) => view.insert(kind, &namespace, &name, row),
            None => view.insert_ambiguous(kind, &namespace, &name),
        }
    }
    view
}

/// Whether two manifests of one name say different things, metadata aside.
fn differs(a: &Value, b: &Value) -> bool {
    let without_metadata = |value: &Value| {
        let mut map = value.as_object().cloned().unwrap_or_default();
        map.remove("metadata");
        map
    };
    without_metadata(a) != without_metadata(b)
}

impl Manifest {
    /// Names the object; a namespaced one without a namespace is in `namespace`.
    pub fn object_ref(&self, namespace: &str) -> ObjectRef {
        let meta = Meta::of(&self.value);
        let (api_version, kind) = (text(&self.value, &["apiVersion"]), text(&self.value, &["kind"]));
        let group = group_of(api_version.unwrap_or_default());
        let kind = kind.unwrap_or_default();
        let cluster_scoped = self.kind.is_some_and(ObjectKind::is_cluster_scoped)
            || ViewKind::find(group, kind).is_some_and(|kind| !kind.is_namespaced());
        let namespace = if meta.namespace().is_empty() {
            namespace
        } else {
            meta.namespace()
        };
        let generated = || text(&self.value, &["metadata", "generateName"]).unwrap_or_default();
        ObjectRef {
            api_version: api_version.unwrap_or_default().to_owned(),
            kind: kind.to_owned(),
            namespace: (!cluster_scoped).then(|| namespace.to_owned()),
            name: if meta.name().is_empty() {
                generated()
            } else {
                meta.name()
            }
            .to_owned(),
        }
    }
}
