//! `scan`: lists of a live cluster -> the same evaluation -> a report.

mod criteria;

use crate::admission::{Standing, judge_standing};
use crate::cluster::api::{Listed, list};
use crate::cluster::trim::trim;
use crate::cluster::view::{Lookup, View, ViewKind};
use crate::drivers::Drivers;
use crate::engine::{Author, Door, Operation, Rule, operations};
use crate::model::object::text;
use crate::model::{Meta, ObjectKind};
use crate::policy::{Criteria, PolicySet};
use crate::report::{ObjectRef, Report, ReportedError, ReportedException, ReportedFinding, ReportedSkip};
use crate::resources::schema::{did_you_mean, similar};
pub use criteria::criteria;
use jiff::Timestamp;
use kube::Client;
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where a scan looks.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The one namespace whose objects are judged; without it, those of all namespaces and the cluster's own.
    pub namespace: Option<&'a str>,
    /// Where volguard itself runs, which is left alone.
    pub own_namespace: &'a str,
}

/// Judges the objects of a cluster, in one namespace (then without cluster-scoped objects) or in all.
///
/// Two passes: first what rules look up, trimmed, then what they judge, page by page, so that memory holds rows and one page.
/// A kind that the API server refuses to list is an error of `report`, and Unknown to the rules; a namespace that does not
/// exist is one too. Fails when the API server cannot be asked at all.
pub async fn scan(
    client: &Client,
    criteria: &Criteria,
    scope: Scope<'_>,
    report: &mut Report,
) -> Result<(), kube::Error> {
    let Criteria { policies, drivers } = criteria;
    let judging = |rule: &&Rule| rule.judges(Operation::Scan, Door::Cluster);
    let rules: Vec<&'static Rule> = policies.rules().filter(judging).collect();

    let needs = rules.iter().flat_map(|rule| rule.needs.iter().copied());
    let needs = needs.chain([ViewKind::Namespace]);
    let cluster = Cluster {
        view: view(client, needs, report).await?,
        policies,
        drivers,
        own_namespace: scope.own_namespace,
        now: Timestamp::now(),
    };
    if let Some(error) = scope.namespace.and_then(|name| no_such_namespace(name, &cluster.view)) {
        report.errors.push(error);
        return Ok(());
    }
    for kind in ObjectKind::ALL {
        let everywhere = scope.namespace.is_none();
        if !rules.iter().any(|rule| rule.check.reads(kind)) || (kind.is_cluster_scoped() && !everywhere) {
            continue;
        }
        let judge = |value: Value| judge(kind, &value, &cluster, report);
        if let Err(error) = list(client, kind.group(), kind.as_str(), scope.namespace, judge).await {
            report.errors.push(refused(kind.as_str(), error)?);
        }
    }
    Ok(())
}

/// That a namespace is known not to exist: a list of its objects is empty, which looks like a cluster without faults.
fn no_such_namespace(name: &str, view: &View) -> Option<ReportedError> {
    if view.get(ViewKind::Namespace, "", name) != Lookup::Absent {
        return None;
    }
    let names = view.rows_with_prefix(ViewKind::Namespace, "", "").map(|(name, _)| name);
    let hint = did_you_mean(similar(name, names));
    Some(ReportedError {
        place: None,
        message: format!("there is no namespace {name}{hint}"),
    })
}

/// The objects of these kinds, trimmed. A kind that the API server refuses to list is an error of the report.
pub async fn view(
    client: &Client,
    kinds: impl Iterator<Item = ViewKind>,
    report: &mut Report,
) -> Result<View, kube::Error> {
    let mut view = View::default();
    for kind in kinds.collect::<BTreeSet<_>>() {
        let insert = |value: Value| {
            let meta = Meta::of(&value);
            if let Some(row) = trim(kind, &value) {
                view.insert(kind, meta.namespace(), meta.name(), Arc::new(row));
            }
        };
        match list(client, kind.group(), kind.as_str(), None, insert).await {
            // Where there is no such kind there are no such objects.
            Ok(Listed::All | Listed::NoSuchKind) => view.set_complete(kind, true),
            Err(error) => report.errors.push(refused(kind.as_str(), error)?),
        }
    }
    Ok(view)
}

/// What every object is judged by.
struct Cluster<'a> {
    view: View,
    policies: &'a PolicySet,
    drivers: &'a Drivers,
    own_namespace: &'a str,
    now: Timestamp,
}

fn judge(kind: ObjectKind, value: &Value, cluster: &Cluster<'_>, report: &mut Report) {
    let meta = Meta::of(value);
    let standing = Standing {
        kind,
        value,
        author: Author::of_live(meta, None),
        namespace: meta.namespace(),
        door: Door::Cluster,
        view: &cluster.view,
        now: cluster.now,
    };
    let Some(judgement) = judge_standing(&standing, cluster.policies, cluster.drivers, cluster.own_namespace) else {
        return;
    };
    report.objects += 1;
    let object = ObjectRef {
        api_version: text(value, &["apiVersion"]).unwrap_or_default().to_owned(),
        kind: kind.as_str().to_owned(),
        namespace: Some(meta.namespace().to_owned()).filter(|namespace| !namespace.is_empty()),
        name: meta.name().to_owned(),
    };
    let findings = judgement.judged.into_iter();
    report.findings.extend(findings.map(|judged| ReportedFinding {
        fix: operations(value, &judged.finding.fix),
        object: object.clone(),
        place: None,
        judged,
    }));
    let excepted = judgement.excepted.into_iter();
    report.excepted.extend(excepted.map(|excepted| ReportedException {
        excepted,
        object: object.clone(),
        place: None,
    }));
    let skipped = judgement.skipped.into_iter();
    report.skipped.extend(skipped.map(|skip| ReportedSkip {
        skip,
        object: object.clone(),
    }));
}

/// What the API server says of a kind that it does not list; any other failure goes on being one.
fn refused(kind: &str, error: kube::Error) -> Result<ReportedError, kube::Error> {
    match error {
        kube::Error::Api(status) => Ok(ReportedError {
            place: None,
            message: format!(
                "cannot list {kind} objects, so what needs them is skipped: {}",
                status.message
            ),
        }),
        other => Err(other),
    }
}
