//! The certificate that volguard keeps in a Secret.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls_pki_types::{ServerName, UnixTime};
use serde_json::{Value, json};
use volguard::tls::{Certificate, provider, served_at};

use crate::manifests::{BLOCK_CLASS, ENFORCE, SHARED_CLAIM_ON_DISKS, claim_on_disks};
use crate::support::forwarder::Forwarder;
use crate::support::load::Load;
use crate::support::volguard::{Launch, Volguard};
use crate::support::webhooks::{Installed, Webhooks};
use crate::support::{Cx, wait, wait_for};

/// As a chart ships it.
const EMPTY_SECRET: &str = "
apiVersion: v1
kind: Secret
metadata: {name: certificate}
";

/// How many clients send requests at once while certificates are replaced.
const CLIENTS: usize = 4;

const COLLECTIONS: [&str; 2] = ["mutatingwebhookconfigurations", "validatingwebhookconfigurations"];
const EXPIRY: &str = "volguard_certificate_expiry_timestamp_seconds";
const FAILING: &str = "volguard_certificate_reload_failing";

fn launch<'a>(cx: &'a Cx<'a>) -> Launch<'a> {
    Launch::self_managed(cx, &cx.plane.admin_kubeconfig()).policy(ENFORCE)
}

/// Webhooks at this address that trust nobody yet.
fn install(cx: &Cx<'_>, address: SocketAddr) -> Installed {
    Webhooks::new(address, "").install(cx)
}

fn secret_path(cx: &Cx<'_>) -> String {
    cx.fill("/api/v1/namespaces/$NS/secrets/certificate")
}

/// The value of one of the Secret's keys; empty if it is not there.
fn secret_value(cx: &Cx<'_>, key: &str) -> Vec<u8> {
    let secret = cx.api().get(&secret_path(cx)).unwrap_or_default();
    STANDARD
        .decode(secret["data"][key].as_str().unwrap_or_default())
        .unwrap()
}

fn certificates(pem: &[u8]) -> Vec<Certificate> {
    Certificate::from_pem(pem, "PEM").unwrap()
}

fn configuration_path(cx: &Cx<'_>, collection: &str) -> String {
    cx.fill(&format!(
        "/apis/admissionregistration.k8s.io/v1/{collection}/volguard-$NS"
    ))
}

/// The bundles of every entry of both configurations.
fn bundles(cx: &Cx<'_>) -> Vec<Vec<u8>> {
    let bundles_of = |collection| {
        let configuration = cx.api().get(&configuration_path(cx, collection)).unwrap();
        let webhooks = configuration["webhooks"].as_array().unwrap().clone();
        let bundle = |webhook: &Value| {
            webhook["clientConfig"]["caBundle"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        webhooks
            .iter()
            .map(|webhook| STANDARD.decode(bundle(webhook)).unwrap())
            .collect::<Vec<_>>()
    };
    COLLECTIONS.into_iter().flat_map(bundles_of).collect()
}

fn wait_trusted(cx: &Cx<'_>) {
    wait("the Secret's CAs in every webhook", || {
        let bundle = secret_value(cx, "ca.crt");
        bundles(cx).iter().all(|found| *found == bundle).then_some(())
    });
}

/// The certificate that is served at this address.
fn served(address: SocketAddr) -> Certificate {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime
        .block_on(served_at(&address.to_string()))
        .unwrap()
        .swap_remove(0)
}

/// Whether a client that trusts this bundle accepts the certificate for 127.0.0.1 now.
fn is_trusted(certificate: &Certificate, bundle: &[u8]) -> bool {
    let mut roots = RootCertStore::empty();
    for authority in certificates(bundle) {
        roots.add(authority.der().clone()).unwrap();
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider())
        .build()
        .unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    verifier
        .verify_server_cert(certificate.der(), &[], &name, &[], UnixTime::now())
        .is_ok()
}

fn assert_guarded(cx: &Cx<'_>) {
    let refusal = cx.rejects(SHARED_CLAIM_ON_DISKS);
    assert!(refusal.contains("[unsupported-access-mode]"), "{refusal}");
}

fn occurrences(volguard: &Volguard, text: &str) -> usize {
    volguard.log().matches(text).count()
}

pub(crate) fn replicas_that_start_together_serve_one_certificate(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    cx.accepts(EMPTY_SECRET);
    let replicas = thread::scope(|scope| {
        let start = || scope.spawn(|| launch(cx).serve());
        [start(), start()].map(|replica| replica.join().unwrap())
    });
    for replica in &replicas {
        replica.wait_ready();
    }
    let leaf = certificates(&secret_value(cx, "tls.crt")).swap_remove(0);
    let authorities = certificates(&secret_value(cx, "ca.crt"));
    assert_eq!(authorities.len(), 1);
    assert!(leaf.is_signed_by(&authorities[0]));
    for replica in &replicas {
        assert_eq!(served(replica.address), leaf);
        let expiry = leaf
            .life
            .until
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        assert_eq!(replica.metric(EXPIRY), Some(expiry));
        assert_eq!(replica.metric(FAILING), Some(0.0));
    }

    // Configurations that come later are picked up.
    let service = Forwarder::start(replicas.iter().map(|replica| replica.address).collect()).unwrap();
    let _installed = install(cx, service.address());
    wait_trusted(cx);
    wait("the API server to trust the certificate", || {
        cx.apply(SHARED_CLAIM_ON_DISKS)
            .stderr
            .contains("[unsupported-access-mode]")
            .then_some(())
    });

    // One that starts where there is no Secret at all makes it.
    drop(replicas);
    cx.api().delete(&secret_path(cx)).unwrap();
    let later = launch(cx).serve();
    later.wait_ready();
    wait_trusted(cx);
    assert_eq!(served(later.address), certificates(&secret_value(cx, "tls.crt"))[0]);
    assert_ne!(served(later.address), leaf);
}

pub(crate) fn no_request_fails_while_the_ca_is_replaced(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    cx.accepts(EMPTY_SECRET);
    let start = || {
        let short = launch(cx)
            .arg("--ca-lifetime")
            .arg("40s")
            .arg("--certificate-lifetime")
            .arg("20s");
        let replica = short.serve();
        replica.wait_ready();
        replica
    };
    let replicas = [start(), start()];
    let service = Forwarder::start(replicas.iter().map(|replica| replica.address).collect()).unwrap();
    let _installed = install(cx, service.address());
    let path = cx.fill("/api/v1/namespaces/$NS/persistentvolumeclaims?dryRun=All");
    let claim = claim_on_disks(cx);
    wait("the API server to trust the certificate", || {
        cx.api().create(&path, &claim).ok()
    });

    let first = certificates(&secret_value(cx, "ca.crt")).swap_remove(0);
    let (load, done) = (Load::of_claims(cx.api(), &cx.namespace, &claim), AtomicBool::new(false));
    let leaves = thread::scope(|scope| {
        let clients = load.start(scope, CLIENTS);
        // The API server keeps connections for long; these are those of one that connects anew each time.
        let connections = scope.spawn(|| {
            let mut leaves = BTreeSet::new();
            while !done.load(Ordering::SeqCst) {
                for bundle in bundles(cx) {
                    for replica in &replicas {
                        let leaf = served(replica.address);
                        if !is_trusted(&leaf, &bundle) {
                            return Err(format!(
                                "a certificate of {} is not trusted by\n{}",
                                leaf.issuer,
                                String::from_utf8_lossy(&bundle)
                            ));
                        }
                        leaves.insert(leaf.der().to_vec());
                    }
                }
            }
            Ok(leaves)
        });
        let replaced = wait_for("the first CA to be gone", Duration::from_secs(100), || {
            let failed = load.has_failed() || connections.is_finished();
            let authorities = certificates(&secret_value(cx, "ca.crt"));
            (failed || !authorities.contains(&first)).then_some(())
        });
        done.store(true, Ordering::SeqCst);
        assert!(load.stop("a rotation of CA and certificate", clients) > 100);
        let leaves = connections
            .join()
            .unwrap()
            .unwrap_or_else(|problem| panic!("{problem}"));
        replaced.unwrap();
        leaves
    });
    // That of the first CA, one of the same CA that took its place, and one of the next CA at least.
    assert!(leaves.len() >= 3, "{} certificates were served", leaves.len());
    for replica in &replicas {
        assert!(!served(replica.address).is_signed_by(&first));
        assert_eq!(replica.metric(FAILING), Some(0.0));
    }
}

pub(crate) fn a_bundle_that_is_taken_away_is_put_back_and_nothing_else_changed(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    cx.accepts(EMPTY_SECRET);
    let volguard = launch(cx).serve();
    volguard.wait_ready();
    let _installed = install(cx, volguard.address);
    wait_trusted(cx);

    for collection in COLLECTIONS {
        let path = configuration_path(cx, collection);
        let change = || {
            let mut configuration = cx.api().get(&path)?;
            for webhook in configuration["webhooks"].as_array_mut()? {
                webhook["clientConfig"]["caBundle"] = json!("");
                webhook["timeoutSeconds"] = json!(7);
            }
            let path = format!("{path}?fieldManager=upgrade");
            cx.api().request(Method::PUT, &path, Some(&configuration)).ok()
        };
        wait("the upgrade", change);
    }
    wait_trusted(cx);
    for collection in COLLECTIONS {
        let configuration = cx.api().get(&configuration_path(cx, collection)).unwrap();
        for webhook in configuration["webhooks"].as_array().unwrap() {
            assert_eq!(webhook["timeoutSeconds"], 7);
        }
        let managers = configuration["metadata"]["managedFields"].as_array().unwrap();
        let ours = managers.iter().find(|entry| entry["manager"] == "volguard").unwrap();
        let webhooks = ours["fieldsV1"]["f:webhooks"].as_object().unwrap();
        assert_eq!(webhooks.len(), 2);
        for fields in webhooks.values() {
            assert_eq!(*fields, json!({"f:clientConfig": {"f:caBundle": {}}}));
        }
        assert_eq!(ours["fieldsV1"].as_object().unwrap().len(), 1);
    }
    wait("the API server to trust the certificate again", || {
        cx.apply(SHARED_CLAIM_ON_DISKS)
            .stderr
            .contains("[unsupported-access-mode]")
            .then_some(())
    });
}

pub(crate) fn a_broken_secret_changes_nothing_but_readiness_and_an_emptied_one_is_filled(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    cx.accepts(EMPTY_SECRET);
    let volguard = launch(cx).guard();
    wait_trusted(cx);
    let (leaf, expiry) = (served(volguard.address), volguard.metric(EXPIRY));

    let junk = STANDARD.encode("junk");
    cx.api()
        .patch(&secret_path(cx), &json!({"data": {"tls.crt": junk}}))
        .unwrap();
    wait("the metric of the failing renewal", || {
        volguard.metric(FAILING).filter(|failing| *failing > 0.5)
    });
    let (status, reasons) = volguard.admin_get("/readyz");
    assert_eq!(status, 503);
    assert!(
        reasons.contains("certificate-renewal: ") && reasons.contains("tls.crt: holds no certificate"),
        "{reasons}"
    );
    assert_eq!(volguard.admin_get("/readyz?exclude=certificate-renewal").0, 200);
    assert_eq!(served(volguard.address), leaf);
    assert_eq!(volguard.metric(EXPIRY), expiry);
    // It goes on to look after the webhooks.
    cx.api()
        .patch(&secret_path(cx), &json!({"metadata": {"labels": {"touched": "yes"}}}))
        .unwrap();
    let path = configuration_path(cx, COLLECTIONS[0]);
    wait("a bundle taken away", || {
        let mut configuration = cx.api().get(&path)?;
        configuration["webhooks"][0]["clientConfig"]["caBundle"] = json!("");
        cx.api().request(Method::PUT, &path, Some(&configuration)).ok()
    });
    wait_trusted(cx);
    assert_eq!(secret_value(cx, "tls.crt"), b"junk");
    assert_eq!(
        occurrences(&volguard, "tls.crt: holds no certificate"),
        1,
        "{}",
        volguard.log()
    );
    wait("the API server to trust the certificate again", || {
        cx.apply(SHARED_CLAIM_ON_DISKS)
            .stderr
            .contains("[unsupported-access-mode]")
            .then_some(())
    });

    // Emptied while it is in use: clients that trust the old CA go on to be served.
    let old = certificates(&secret_value(cx, "ca.crt")).swap_remove(0);
    cx.api().patch(&secret_path(cx), &json!({"data": null})).unwrap();
    wait("a new CA beside the old one", || {
        let bundle = secret_value(cx, "ca.crt");
        (!bundle.is_empty() && certificates(&bundle).len() == 2).then_some(())
    });
    volguard.wait_ready();
    assert_eq!(served(volguard.address), leaf);
    assert!(certificates(&secret_value(cx, "ca.crt")).contains(&old));
    wait_trusted(cx);
    assert_guarded(cx);
}

pub(crate) fn what_is_not_permitted_is_said_and_done_once_it_is(cx: &Cx<'_>) {
    cx.accepts(BLOCK_CLASS);
    cx.accepts(EMPTY_SECRET);
    cx.kubectl().must(&["create", "serviceaccount", "volguard"]);
    cx.accepts(&permissions("get, list, watch", "get, list, watch"));
    let kubeconfig = cx.service_account("volguard");
    let volguard = Launch::self_managed(cx, &kubeconfig).policy(ENFORCE).serve();
    let reason = cx.fill("may not update Secret $NS/certificate");
    wait("the reason", || {
        volguard.admin_get("/readyz").1.contains(&reason).then_some(())
    });
    let (status, reasons) = volguard.admin_get("/readyz");
    assert_eq!(status, 503);
    assert!(reasons.contains("certificate: there is none yet"), "{reasons}");
    assert_eq!(volguard.metric(FAILING), Some(1.0));
    assert_eq!(volguard.admin_get("/livez").0, 200);

    cx.accepts(&permissions("get, list, watch, update", "get, list, watch"));
    volguard.wait_ready();
    let leaf = served(volguard.address);
    let _installed = install(cx, volguard.address);
    let refused = |collection: &str| {
        let kind = if collection == COLLECTIONS[0] {
            "Mutating"
        } else {
            "Validating"
        };
        cx.fill(&format!("may not update {kind}WebhookConfiguration volguard-$NS"))
    };
    wait("the reasons", || {
        let (_, reasons) = volguard.admin_get("/readyz");
        COLLECTIONS
            .iter()
            .all(|collection| reasons.contains(&refused(collection)))
            .then_some(())
    });
    assert_eq!(served(volguard.address), leaf);

    cx.accepts(&permissions("get, list, watch, update", "get, list, watch, update"));
    wait_trusted(cx);
    volguard.wait_ready();
    assert_eq!(volguard.metric(FAILING), Some(0.0));
    for reason in [reason, refused(COLLECTIONS[0]), refused(COLLECTIONS[1])] {
        let said = format!("the certificate cannot be kept up problem=\"{reason}");
        assert_eq!(occurrences(&volguard, &said), 1, "{said}\n{}", volguard.log());
    }
}

/// What the ServiceAccount `volguard` may do with the Secret and the webhook configurations, by name.
fn permissions(secret: &str, configurations: &str) -> String {
    format!(
        "
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{name: certificate}}
rules:
  - {{apiGroups: [''], resources: [secrets], resourceNames: [certificate], verbs: [{secret}]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{name: certificate}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: certificate}}
subjects: [{{kind: ServiceAccount, name: volguard, namespace: $NS}}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {{name: $NS-certificate}}
rules:
  - apiGroups: [admissionregistration.k8s.io]
    resources: [mutatingwebhookconfigurations, validatingwebhookconfigurations]
    resourceNames: [volguard-$NS]
    verbs: [{configurations}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {{name: $NS-certificate}}
roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: $NS-certificate}}
subjects: [{{kind: ServiceAccount, name: volguard, namespace: $NS}}]
"
    )
}

/// Runs `volguard certs show`; exit status, JSON, standard error.
fn show(cx: &Cx<'_>, arguments: &[&str]) -> (Option<i32>, Value, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_volguard"))
        .args(["certs", "show", "--output", "json"])
        .arg("--webhook-configuration")
        .arg(cx.fill("volguard-$NS"))
        .arg("--kubeconfig")
        .arg(cx.admin_kubeconfig())
        .args(arguments)
        .output()
        .expect("volguard runs");
    let shown = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (
        output.status.code(),
        shown,
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

pub(crate) fn a_certificate_is_shown_with_those_who_trust_it(cx: &Cx<'_>) {
    let secret = cx.fill("$NS/certificate");
    let (status, _, errors) = show(cx, &["--secret", &secret]);
    assert_eq!(status, Some(2));
    assert!(errors.contains(&format!("there is no Secret {secret}")), "{errors}");

    cx.accepts(EMPTY_SECRET);
    let volguard = launch(cx).guard();
    wait_trusted(cx);
    let (status, shown, errors) = show(cx, &["--secret", &secret]);
    assert_eq!(status, Some(0), "{shown:#}{errors}");
    assert_eq!(shown["chain"][0]["names"], json!(["127.0.0.1"]));
    assert_eq!(shown["chain"][0]["issuer"], shown["authorities"][0]["subject"]);
    let webhooks = shown["webhooks"].as_array().unwrap();
    assert_eq!(webhooks.len(), 4);
    assert!(webhooks.iter().all(|webhook| webhook["trusts"] == true), "{shown:#}");
    let (status, by_address, errors) = show(cx, &[&volguard.address.to_string()]);
    assert_eq!(status, Some(0), "{errors}");
    assert_eq!(
        (&by_address["chain"], &by_address["webhooks"]),
        (&shown["chain"], &shown["webhooks"])
    );

    let stranger = cx.standalone().serve();
    let (status, shown, _) = show(cx, &[&stranger.address.to_string()]);
    assert_eq!(status, Some(1));
    assert_eq!(shown["webhooks"][0]["trusts"], false);
    assert!(
        shown["problems"][0].as_str().unwrap().contains("does not trust it"),
        "{shown:#}"
    );

    let junk = STANDARD.encode("junk");
    cx.api()
        .patch(&secret_path(cx), &json!({"data": {"tls.key": junk}}))
        .unwrap();
    let (status, shown, _) = show(cx, &["--secret", &secret]);
    assert_eq!(status, Some(1));
    let problem = shown["problems"][0].as_str().unwrap();
    assert!(problem.starts_with("tls.key: holds no private key"), "{problem}");
}
