//! The whole way: the chart into an empty cluster, its replicas, a policy with kubectl, a restart of every replica, and out
//! again. There is no kubelet, so that the test starts the container's command itself.

use std::net::SocketAddr;
use std::thread;
use std::time::Instant;

use serde_json::json;

use crate::chart::{MUTATING, NAMESPACE, Release, VALIDATING};
use crate::manifests::{BLOCK_CLASS, SHARED_CLAIM_ON_DISKS, claim_on_disks};
use crate::support::forwarder::Forwarder;
use crate::support::load::Load;
use crate::support::volguard::{Launch, Volguard};
use crate::support::{Cx, wait};

/// What the README applies.
const POLICY: &str = include_str!("../../deploy/sample/policy.yaml");

/// How many clients send requests at once while replicas are restarted.
const CLIENTS: usize = 8;

/// Starts what a pod of the Deployment would run, with the rights of its ServiceAccount.
fn start_pod(release: &Release<'_>, account: &std::path::Path) -> Volguard {
    let deployment = format!("/apis/apps/v1/namespaces/{NAMESPACE}/deployments/volguard");
    let deployment = release.cx.api().get(&deployment).unwrap();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    Launch::of_container(release.cx, account, container).serve()
}

/// Puts the address of a loopback service in the place of the chart's Service; what volguard keeps there is left alone.
fn lead_to(cx: &Cx<'_>, address: SocketAddr) {
    for (path, endpoint) in [(MUTATING, "mutate"), (VALIDATING, "validate")] {
        let webhooks = cx.api().get(path).unwrap()["webhooks"].clone();
        let mut webhooks = webhooks.as_array().unwrap().clone();
        for webhook in &mut webhooks {
            let bundle = webhook["clientConfig"]["caBundle"].clone();
            let mut client = json!({"url": format!("https://{address}/{endpoint}")});
            if !bundle.is_null() {
                client["caBundle"] = bundle;
            }
            webhook["clientConfig"] = client;
        }
        cx.api().patch(path, &json!({"webhooks": webhooks})).unwrap();
    }
}

fn is_refused(cx: &Cx<'_>) -> Option<String> {
    let claim = cx.fill(SHARED_CLAIM_ON_DISKS);
    let outcome = cx
        .kubectl()
        .run_with(&["create", "--dry-run=server", "-f", "-"], &claim);
    (!outcome.success && outcome.stderr.contains("[unsupported-access-mode]")).then_some(outcome.stderr)
}

pub(crate) fn from_an_empty_cluster_to_a_refusal_a_rolling_restart_and_back(cx: &Cx<'_>) {
    let begin = Instant::now();
    let values = ["--set", "validation.failurePolicy=Fail"];
    let release = Release::install(cx, &values);
    let account = release.account();
    let replicas = [start_pod(&release, &account), start_pod(&release, &account)];
    let service = Forwarder::start(replicas.iter().map(|replica| replica.address).collect()).unwrap();
    lead_to(cx, service.address());
    replicas.iter().for_each(Volguard::wait_ready);

    let policy = release.kubectl().apply(POLICY);
    assert!(policy.success, "{}", policy.stderr);
    cx.accepts(BLOCK_CLASS);
    wait("the first refusal", || is_refused(cx));
    eprintln!(
        "from helm install to the first refusal: {:.1} s",
        begin.elapsed().as_secs_f64()
    );
    let table = release.kubectl().must(&["get", "storagepolicies"]);
    assert!(table.contains("sample"), "{table}");

    let replicas = rolling_restart(&release, &account, &service, replicas);
    wait("a refusal by a new replica", || is_refused(cx));
    let reviewed = "volguard_admission_duration_seconds_count{endpoint=\"validate\"}";
    let reviews = replicas.iter().filter_map(|replica| replica.metric(reviewed));
    assert!(reviews.sum::<f64>() > 0.0, "the new replicas were asked");

    release.uninstall();
    let left: Vec<_> = release.objects().into_iter().collect();
    // The kinds stay, and with them the policies, unless somebody removes them.
    let is_kind = |object: &&String| object.starts_with("CustomResourceDefinition/");
    assert!(left.iter().all(|object| is_kind(&object)), "{left:?}");
    wait("the API server to ask nobody", || {
        let claim = cx.fill(SHARED_CLAIM_ON_DISKS);
        let outcome = cx
            .kubectl()
            .run_with(&["create", "--dry-run=server", "-f", "-"], &claim);
        outcome.success.then_some(())
    });
    release.kubectl().must(&["delete", "storagepolicies", "sample"]);
}

/// Replaces one replica after the other, as a Deployment does, under as many requests as clients can send.
fn rolling_restart(
    release: &Release<'_>,
    account: &std::path::Path,
    service: &Forwarder,
    replicas: [Volguard; 2],
) -> Vec<Volguard> {
    let cx = release.cx;
    let claim = claim_on_disks(cx);
    let load = Load::of_claims(cx.api(), &cx.namespace, &claim);
    thread::scope(|scope| {
        let clients = load.start(scope, CLIENTS);
        let mut running: Vec<Volguard> = replicas.into_iter().collect();
        for _ in 0..2 {
            let more = start_pod(release, account);
            more.wait_ready();
            running.push(more);
            service.set_targets(running.iter().map(|replica| replica.address).collect());
            let old = running.remove(0);
            old.terminate();
            wait("the old replica to be unready", || {
                (old.admin_get("/readyz").0 != 200).then_some(())
            });
            // A Service learns a moment later that an endpoint is gone; open connections stay.
            service.set_targets(running.iter().map(|replica| replica.address).collect());
            wait("the old replica to end", || {
                (load.has_failed() || old.admin_get("/livez").0 == 0).then_some(())
            });
        }
        let sent = load.stop("a rolling restart of two replicas", clients);
        assert!(sent > 100, "{sent} requests");
        running
    })
}
