//! The view without a cluster: made of manifests.

use super::trim::trim;
use super::view::{View, ViewKind};
use crate::model::Meta;
use crate::model::object::{group_of, text};
use crate::yaml::{self, YamlError};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The longest file that is read, in bytes. All volumes of a cluster with tens of thousands of them fit.
const MAX_FILE: u64 = 256 * 1024 * 1024;

/// What the names of manifests in a folder end with.
const EXTENSIONS: [&str; 3] = ["yaml", "yml", "json"];

/// Why the files could not be made a view.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A folder or a file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file is longer than what is read.
    #[error("{} is longer than {} MiB; split it", path.display(), MAX_FILE / 1024 / 1024)]
    TooLong {
        /// The file.
        path: PathBuf,
    },
    /// A folder without manifests.
    #[error("{} has no file that ends with .yaml, .yml or .json", path.display())]
    NoManifests {
        /// The folder.
        path: PathBuf,
    },
    /// A document cannot be read.
    #[error("{}, {source}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Place and fault.
        source: YamlError,
    },
}

/// Makes a view of manifests or Lists, YAML or JSON, in files or folders.
///
/// For a kind of which at least one object is given, an object that is not given is Absent; of other kinds everything
/// is Unknown. Folders are walked; of them files that end with .yaml, .yml or .json are read, and what begins with a
/// dot is left out. Fails at the first path or document that cannot be read, and says where.
pub fn read(paths: &[PathBuf]) -> Result<View, FilesError> {
    let (mut view, mut given) = (View::default(), BTreeSet::new());
    for path in paths {
        for file in manifests(path)? {
            for object in yaml::values(&read_text(&file)?) {
                let object = object.map_err(|source| FilesError::Syntax {
                    path: file.clone(),
                    source,
                })?;
                insert_as(&mut view, object, "", "", &mut given);
            }
        }
    }
    for kind in given {
        view.set_complete(kind, true);
    }
    Ok(view)
}

/// Puts an object, or every object of a List, into the view. Objects of other kinds and those without a name are left
/// out; a namespaced object without a namespace is in `default`, as for kubectl. Where a different object of the name is
/// there already, look-ups of the name answer Unknown.
pub fn insert(view: &mut View, object: Value) {
    insert_as(view, object, "", "", &mut BTreeSet::new());
}

/// Inserts an object. Lists of one kind (`StorageClassList`) may leave the type of their items out. Its kind is given also
/// where no rule reads the object, and the view does not keep it: a pod without claims.
fn insert_as(view: &mut View, mut object: Value, group_version: &str, kind: &str, given: &mut BTreeSet<ViewKind>) {
    let items = object.get_mut("items").map(Value::take);
    let group_version = text(&object, &["apiVersion"]).unwrap_or(group_version);
    let kind = text(&object, &["kind"]).unwrap_or(kind);
    if let (Some(of), Some(items)) = (kind.strip_suffix("List"), items) {
        // Each item is dropped before the next is trimmed: what both need is in memory once only.
        if let Value::Array(items) = items {
            for item in items {
                insert_as(view, item, group_version, of, given);
            }
        }
        return;
    }
    let group = group_of(group_version);
    let meta = Meta::of(&object);
    let Some(kind) = ViewKind::find(group, kind) else {
        return;
    };
    if meta.name().is_empty() {
        return;
    }
    let namespace = match meta.namespace() {
        _ if !kind.is_namespaced() => "",
        "" => "default",
        namespace => namespace,
    };
    given.insert(kind);
    if let Some(row) = trim(kind, &object) {
        view.add(kind, namespace, meta.name(), Arc::new(row));
    }
}

/// The path itself when it is no folder, else the manifests in it, in the order of their names.
fn manifests(path: &Path) -> Result<Vec<PathBuf>, FilesError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    // Links are followed: in a mounted ConfigMap every file is a link into a folder whose name begins with two dots.
    let entries = walkdir::WalkDir::new(path)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !entry.file_name().as_encoded_bytes().starts_with(b"."));
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| FilesError::Read {
            path: error.path().unwrap_or(path).to_owned(),
            source: error.into(),
        })?;
        let extension = entry.path().extension().and_then(|extension| extension.to_str());
        if entry.file_type().is_file() && extension.is_some_and(|extension| EXTENSIONS.contains(&extension)) {
            files.push(entry.into_path());
        }
    }
    if files.is_empty() {
        return Err(FilesError::NoManifests { path: path.to_owned() });
    }
    Ok(files)
}

fn read_text(path: &Path) -> Result<String, FilesError> {
    let failed = |source| FilesError::Read {
        path: path.to_owned(),
        source,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes))
        .map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(FilesError::TooLong { path: path.to_owned() });
    }
    String::from_utf8(bytes).map_err(|_| failed(io::Error::other("it is not text in UTF-8")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use crate::cluster::view::Lookup;
    use serde_json::json;
    use std::fs;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn view_of(files: &[(&str, &str)]) -> Result<View, String> {
        let folder = folder(files);
        read(&[folder.path().to_owned()]).map_err(|error| {
            error
                .to_string()
                .replace(&folder.path().display().to_string(), "FOLDER")
        })
    }

    const FAST: &str = "
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: disk.example.com
";

    #[test]
    fn of_a_given_kind_the_rest_is_absent_and_other_kinds_are_unknown() {
        let view = view_of(&[("deep/class.yml", FAST)]).unwrap();
        let fast = view.get(ViewKind::StorageClass, "", "fast").found().unwrap();
        assert_eq!(fast["provisioner"], "disk.example.com");
        assert_eq!(view.get(ViewKind::StorageClass, "", "slow"), Lookup::Absent);
        assert_eq!(view.get(ViewKind::CsiDriver, "", "disk.example.com"), Lookup::Unknown);
    }

    #[test]
    fn a_pod_that_no_rule_reads_is_given_too() {
        let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {volumes: []}}";
        let view = view_of(&[("pod.yaml", pod)]).unwrap();
        assert_eq!(view.count(ViewKind::Pod), 0);
        assert!(view.is_complete(ViewKind::Pod));
    }

    #[test]
    fn lists_are_unpacked_in_yaml_and_json() {
        let lists = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "a", "namespace": "prod"}},
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "prod"}},
            {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClassList", "items": [{"metadata": {"name": "raw"}}]},
        ]});
        let view = view_of(&[("list.json", &lists.to_string()), ("class.yaml", FAST)]).unwrap();
        assert!(view.get(ViewKind::PersistentVolumeClaim, "prod", "a").found().is_some());
        assert_eq!(view.count(ViewKind::PersistentVolumeClaim), 1);
        assert!(view.get(ViewKind::StorageClass, "", "raw").found().is_some());
        assert!(view.get(ViewKind::StorageClass, "", "fast").found().is_some());
    }

    #[test]
    fn the_same_object_twice_is_one_and_different_ones_are_unknown() {
        let view = view_of(&[("a.yaml", FAST), ("b.yaml", FAST)]).unwrap();
        assert!(view.get(ViewKind::StorageClass, "", "fast").found().is_some());

        let other = FAST.replace("disk.", "other.");
        let view = view_of(&[("a.yaml", FAST), ("b.yaml", &other), ("c.yaml", FAST)]).unwrap();
        assert_eq!(view.get(ViewKind::StorageClass, "", "fast"), Lookup::Unknown);
    }

    #[test]
    fn the_group_of_a_kind_counts_and_the_version_does_not() {
        let mut view = View::default();
        for (group_version, kind) in [
            ("serving.knative.dev/v1", "Service"),
            ("storage.k8s.io/v1beta1", "CSIDriver"),
        ] {
            insert(
                &mut view,
                json!({"apiVersion": group_version, "kind": kind, "metadata": {"name": "a"}}),
            );
        }
        assert_eq!(view.count(ViewKind::Service), 0);
        assert_eq!(view.count(ViewKind::CsiDriver), 1);
    }

    #[test]
    fn objects_without_a_namespace_are_in_the_default_one() {
        let mut view = View::default();
        insert(
            &mut view,
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}}),
        );
        insert(
            &mut view,
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a", "namespace": "stray"}}),
        );
        insert(
            &mut view,
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"generateName": "db-"}}),
        );
        assert!(view.get(ViewKind::Service, "default", "db").found().is_some());
        assert!(view.get(ViewKind::Node, "", "a").found().is_some());
        assert_eq!(view.count(ViewKind::Service), 1);
    }

    #[test]
    fn a_broken_document_is_named_with_file_and_line() {
        let error = view_of(&[("a.yaml", "kind: x\n---\nkind: [\n")]).unwrap_err();
        assert!(error.starts_with("FOLDER/a.yaml, line "), "{error}");
    }

    #[test]
    fn paths_that_give_nothing_are_errors() {
        let error = view_of(&[("readme.md", "text")]).unwrap_err();
        assert_eq!(error, "FOLDER has no file that ends with .yaml, .yml or .json");
        let error = read(&[PathBuf::from("missing.yaml")]).unwrap_err().to_string();
        assert!(error.starts_with("cannot read missing.yaml: "), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_mounted_config_map_is_read_once() {
        use std::os::unix::fs::symlink;
        let folder = folder(&[("..2026/class.yaml", FAST)]);
        symlink("..2026", folder.path().join("..data")).unwrap();
        symlink("..data/class.yaml", folder.path().join("class.yaml")).unwrap();
        let files = manifests(folder.path()).unwrap();
        assert_eq!(files, [folder.path().join("class.yaml")]);
    }
}
