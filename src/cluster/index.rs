//! Rows by what they hold, for rules that would otherwise read every row for every object of a scan.

use super::view::ViewKind;
use crate::model::{ObjectKind, Volume, Workload};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// The rows of one kind by their keys.
pub(super) type Index = HashMap<String, Vec<Arc<Value>>>;

/// An index of these rows, each with its namespace.
pub(super) fn of<'r>(kind: ViewKind, rows: impl Iterator<Item = (&'r str, &'r Arc<Value>)>) -> Index {
    let mut index = Index::new();
    for (namespace, row) in rows {
        for key in keys(kind, namespace, row) {
            index.entry(key).or_default().push(Arc::clone(row));
        }
    }
    index
}

fn keys(kind: ViewKind, namespace: &str, row: &Value) -> Vec<String> {
    match kind {
        ViewKind::PersistentVolume => Volume::new(row).csi_source().into_iter().collect(),
        ViewKind::Pod => {
            let claims = Workload::new(ObjectKind::Pod, row).used_claims();
            claims.iter().map(|claim| claim_key(namespace, claim)).collect()
        }
        _ => Vec::new(),
    }
}

/// The key of the pods that use a claim.
pub fn claim_key(namespace: &str, claim: &str) -> String {
    format!("{namespace}/{claim}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::view::View;
    use serde_json::json;

    #[test]
    fn pods_are_found_by_the_claims_that_they_use() {
        let pod = |name: &str| {
            Arc::new(json!({"metadata": {"name": name}, "spec": {"volumes": [
                {"name": "data", "persistentVolumeClaim": {"claimName": "files"}},
                {"name": "tmp", "ephemeral": {"volumeClaimTemplate": {"spec": {}}}}]}}))
        };
        let using = |view: &View, namespace: &str, claim: &str| {
            view.rows_by(ViewKind::Pod, &claim_key(namespace, claim)).count()
        };
        let mut view = View::default();
        view.insert(ViewKind::Pod, "shop", "web", pod("web"));
        assert_eq!((using(&view, "shop", "files"), using(&view, "shop", "web-tmp")), (1, 1));
        assert_eq!((using(&view, "bank", "files"), using(&view, "shop", "tmp")), (0, 0));
        // An index does not outlive the rows that it was made of.
        let before = view.clone();
        view.insert(ViewKind::Pod, "shop", "api", pod("api"));
        assert_eq!((using(&view, "shop", "files"), using(&before, "shop", "files")), (2, 1));
        view.remove(ViewKind::Pod, "shop", "web");
        view.remove(ViewKind::Pod, "shop", "api");
        assert_eq!(using(&view, "shop", "files"), 0);
    }
}
