//! The server beside the API server: its start, its end, its absence.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;

use serde_json::Value;

use crate::manifests::{BLOCK_CLASS, ENFORCE, SHARED_CLAIM_ON_DISKS, claim_on_disks};
use crate::support::forwarder::Forwarder;
use crate::support::load::Load;
use crate::support::volguard::Launch;
use crate::support::webhooks::Webhooks;
use crate::support::{Cx, wait};

/// A way to the API server that leads nowhere yet, its kubeconfig, and the address of the API server itself.
fn cut_off(cx: &Cx<'_>) -> (Forwarder, PathBuf, SocketAddr) {
    let text = std::fs::read_to_string(cx.plane.admin_kubeconfig()).unwrap();
    let mut kubeconfig: Value = serde_json::from_str(&text).unwrap();
    let server = &mut kubeconfig["clusters"][0]["cluster"]["server"];
    let address: SocketAddr = server.as_str().unwrap().trim_start_matches("https://").parse().unwrap();
    let forwarder = Forwarder::start(Vec::new()).unwrap();
    *server = format!("https://{}", forwarder.address()).into();
    let kubeconfig = cx.file("forwarded.kubeconfig", &kubeconfig.to_string());
    (forwarder, kubeconfig, address)
}

pub(crate) fn each_outage_of_the_api_server_is_said_and_so_is_its_end(cx: &Cx<'_>) {
    let (forwarder, kubeconfig, address) = cut_off(cx);
    forwarder.set_targets(vec![address]);
    let volguard = Launch::connected(cx, &kubeconfig).policy(ENFORCE).serve();
    volguard.wait_ready();
    let says = |words: &str, times: usize| {
        wait(words, || (volguard.log().matches(words).count() >= times).then_some(()));
    };
    for outage in 1..=2 {
        forwarder.set_targets(Vec::new());
        forwarder.disconnect();
        says("cannot watch StorageClass objects", outage);
        forwarder.set_targets(vec![address]);
        // A watch that goes on where it was cut has nothing to say until something happens.
        cx.accepts(&BLOCK_CLASS.replace("$NS-gp3", &format!("$NS-{outage}")));
        says("StorageClass objects can be read again", outage);
    }
}

pub(crate) fn readiness_waits_for_the_caches(cx: &Cx<'_>) {
    let (forwarder, kubeconfig, address) = cut_off(cx);
    let synced = "volguard_cache_synced{kind=\"StorageClass\"}";
    let volguard = Launch::connected(cx, &kubeconfig).policy(ENFORCE).serve();
    let (status, reason) = volguard.admin_get("/readyz");
    assert_eq!(status, 503);
    assert!(reason.contains("the caches are not synced yet"), "{reason}");
    assert_eq!(volguard.admin_get("/livez").0, 200);
    assert_ne!(volguard.metric(synced), Some(1.0));

    forwarder.set_targets(vec![address]);
    volguard.wait_ready();
    wait("the metric of the cache", || {
        volguard.metric(synced).filter(|value| *value > 0.5)
    });
}

pub(crate) fn no_request_fails_while_a_replica_ends(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    let start = || {
        let volguard = cx.connected().policy(ENFORCE).arg("--shutdown-delay").arg("1s").serve();
        volguard.wait_ready();
        volguard
    };
    let (first, second) = (start(), start());
    let service = Forwarder::start(vec![first.address]).unwrap();
    let _installed = Webhooks::new(service.address(), &first.ca).install(cx);

    let claim = claim_on_disks(cx);
    let load = Load::of_claims(cx.api(), &cx.namespace, &claim);
    let reviewed = "volguard_admission_requests_total\
        {decision=\"allow\",endpoint=\"validate\",kind=\"PersistentVolumeClaim\",operation=\"CREATE\"}";
    thread::scope(|scope| {
        let clients = load.start(scope, 1);
        load.goes_on("requests that the first replica judges");
        // What a Service does: the endpoint is taken out when it is no longer ready; open connections stay.
        service.set_targets(vec![first.address, second.address]);
        first.terminate();
        wait("the first replica to be unready", || {
            (first.admin_get("/readyz").0 != 200).then_some(())
        });
        service.set_targets(vec![second.address]);
        wait("the end of the first replica", || {
            (load.has_failed() || first.admin_get("/livez").0 == 0).then_some(())
        });
        load.goes_on("requests that the second replica judges");
        load.stop("while a replica ends", clients);
    });
    assert!(second.metric(reviewed).is_some_and(|count| count >= 20.0));
}

pub(crate) fn without_a_server_the_failure_policy_decides(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    let volguard = cx.connected().policy(ENFORCE).serve();
    volguard.wait_ready();
    let (closed, open) = (
        volguard.registration(),
        volguard.registration().failure_policy("Ignore"),
    );
    let installed = closed.install(cx);
    assert!(cx.rejects(SHARED_CLAIM_ON_DISKS).contains("[unsupported-access-mode]"));
    let (status, _) = volguard.stop();
    assert!(status.success(), "{status}");
    let refusal = cx.rejects(SHARED_CLAIM_ON_DISKS);
    assert!(
        refusal.contains("failed calling webhook \"mutate.volguard.dev\""),
        "{refusal}"
    );
    drop(installed);

    let _installed = open.install(cx);
    cx.accepts(SHARED_CLAIM_ON_DISKS);
}
