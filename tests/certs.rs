//! `volguard certs`, and what is in `certs/`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use support::volguard::Server;
use support::wait;

/// Runs volguard; exit status, standard output, standard error.
fn volguard(arguments: &[&str]) -> (i32, String, String) {
    finish(Command::new(env!("CARGO_BIN_EXE_volguard")).args(arguments).env_clear())
}

fn finish(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// `certs/local.sh`, into this folder.
fn local(folder: &Path, names: &[&str]) {
    let mut script = Command::new("sh");
    script.arg(root().join("certs/local.sh")).arg(folder).args(names);
    let (status, _, errors) = finish(&mut script);
    assert_eq!(status, 0, "{errors}");
}

#[test]
fn local_certificates_are_served_and_shown() {
    let folder = tempfile::tempdir().unwrap();
    local(folder.path(), &["127.0.0.1", "guard.example.com"]);
    let file = folder.path().join("tls.crt").display().to_string();
    let (status, text, errors) = volguard(&["certs", "show", "--tls-cert", &file]);
    assert_eq!(status, 0, "{errors}");
    assert!(text.contains("\ncertificate CN=volguard\n"), "{text}");
    assert!(text.contains("  for   127.0.0.1, guard.example.com\n"), "{text}");
    assert!(text.contains("  by    CN=volguard local CA\n"), "{text}");
    assert!(text.contains(", 89 days left\n"), "{text}");

    let given = ["--standalone", "--tls-cert", "tls.crt", "--tls-key", "tls.key"].map(Into::into);
    let server = Server::start("volguard", folder.path(), &given).unwrap();
    let address = server.address.to_string();
    let show = |source: &[&str]| {
        let (status, json, errors) = volguard(&[&["certs", "show", "--output", "json"], source].concat());
        assert_eq!(status, 0, "{errors}");
        serde_json::from_str::<Value>(&json).unwrap()
    };
    let (by_address, by_file) = (show(&[&address]), show(&["--tls-cert", &file]));
    assert_eq!(by_address["source"], address);
    assert_eq!(
        (&by_file["version"], &by_file["problems"]),
        (&1.into(), &Value::Array(Vec::new()))
    );
    assert_eq!(by_address["chain"], by_file["chain"]);

    let authority = std::fs::read_to_string(folder.path().join("ca.crt")).unwrap();
    let chain = |first: &str, second: &str| {
        let path = folder.path().join("chain.crt");
        std::fs::write(&path, format!("{first}{second}")).unwrap();
        volguard(&["certs", "show", "--tls-cert", &path.display().to_string()])
    };
    let certificate = std::fs::read_to_string(&file).unwrap();
    assert_eq!(chain(&certificate, &authority).0, 0);
    let (status, text, _) = chain(&authority, &certificate);
    assert_eq!(status, 1);
    let problem = "problem: CN=volguard local CA is not signed by CN=volguard, which follows it\n";
    assert!(text.ends_with(problem), "{text}");

    drop(server);
    let (status, out, errors) = volguard(&["certs", "show", &address]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(
        errors.contains(&address) && errors.contains("no TLS handshake"),
        "{errors}"
    );
}

#[test]
fn an_expired_certificate_is_a_problem_and_no_certificate_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2001, 1, 1);
    params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    let expired = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    let (status, text, _) = volguard(&["certs", "show", "--tls-cert", &write("expired.crt", &expired.pem())]);
    assert_eq!(status, 1);
    assert!(text.contains("  until 2002-01-01T00:00:00Z\n"), "{text}");
    assert!(
        text.contains("\nproblem: ") && text.ends_with(" has expired\n"),
        "{text}"
    );

    let junk = write("junk.crt", "junk");
    let (status, _, errors) = volguard(&["certs", "show", "--tls-cert", &junk]);
    assert_eq!(status, 2);
    assert!(errors.contains("junk.crt: holds no certificate"), "{errors}");
}

#[test]
fn a_mistake_on_the_command_line_says_what_to_write() {
    let rows: [(&[&str], &str); 6] = [
        (&["certs", "show"], "--secret <SECRET>|--tls-cert <TLS_CERT>|ADDRESS"),
        (&["certs", "show", "--secret", "volguard-tls"], "write NAMESPACE/NAME"),
        (
            &["certs", "show", "--secret", "a/b", "localhost:1"],
            "cannot be used with",
        ),
        (&["serve", "--tls-secret", "a/b", "--standalone"], "cannot be used with"),
        (
            &["serve", "--tls-secret", "a/b", "--ca-lifetime", "0s"],
            "write a time between 1s and 876000h",
        ),
        (
            &["serve", "--tls-secret", "a/b", "--tls-dns-name", "a b"],
            "neither a DNS name nor an IP address",
        ),
    ];
    for (arguments, expected) in rows {
        let (status, _, errors) = volguard(arguments);
        assert_eq!(status, 2, "{arguments:?}");
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
    }
}

#[test]
fn the_cert_manager_manifests_refer_to_each_other() {
    let text = std::fs::read_to_string(root().join("certs/cert-manager.yaml")).unwrap();
    let objects: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    let named = |kind: &str, name: &Value| {
        objects
            .iter()
            .find(|object| object["kind"] == kind && object["metadata"]["name"] == *name)
    };
    let serving = named("Certificate", &"volguard".into()).unwrap();
    let signer = named("Issuer", &serving["spec"]["issuerRef"]["name"]).unwrap();
    let authority = objects.iter().find(|object| object["spec"]["isCA"] == true).unwrap();
    assert_eq!(signer["spec"]["ca"]["secretName"], authority["spec"]["secretName"]);
    let root_issuer = named("Issuer", &authority["spec"]["issuerRef"]["name"]).unwrap();
    assert!(root_issuer["spec"]["selfSigned"].is_object());
    assert_eq!(
        serving["spec"]["dnsNames"],
        serde_json::json!(["volguard.volguard-system.svc"])
    );

    let readme = std::fs::read_to_string(root().join("certs/README.md")).unwrap();
    assert!(readme.contains("cert-manager.io/inject-ca-from: volguard-system/volguard\n"));
    let secret = serving["spec"]["secretName"].as_str().unwrap();
    assert!(readme.contains(&format!("secret: {{secretName: {secret}}}")));
}

/// Writes a pair that is valid within these times as `tls.crt` and `tls.key`.
fn write_pair(folder: &Path, life: Range<SystemTime>) {
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = life.start.into();
    params.not_after = life.end.into();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    std::fs::write(folder.join("tls.crt"), certificate.pem()).unwrap();
    std::fs::write(folder.join("tls.key"), key.serialize_pem()).unwrap();
}

const HOUR: Duration = Duration::from_secs(3600);

/// A server whose certificate lives so long.
fn serve(folder: &Path, life: Range<SystemTime>) -> Server {
    write_pair(folder, life);
    let given = ["--standalone", "--tls-cert", "tls.crt", "--tls-key", "tls.key"].map(Into::into);
    Server::start("volguard", folder, &given).unwrap()
}

#[test]
fn client_cas_that_cannot_be_used_are_said_and_those_before_stay_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    write_pair(folder.path(), now - HOUR..now + HOUR);
    let authorities = folder.path().join("clients.crt");
    std::fs::copy(folder.path().join("tls.crt"), &authorities).unwrap();
    let given = [
        "--standalone",
        "--tls-cert",
        "tls.crt",
        "--tls-key",
        "tls.key",
        "--client-ca",
        "clients.crt",
    ];
    let server = Server::start("volguard", folder.path(), &given.map(Into::into)).unwrap();
    server.wait_ready().unwrap();
    std::fs::write(&authorities, "junk").unwrap();
    wait("the server to say so", || {
        is_unready(&server, "certificate-renewal: clients.crt: holds no certificate").then_some(())
    });
    assert_eq!(server.admin_get("/readyz?exclude=certificate-renewal").0, 200);
}

fn is_unready(server: &Server, reason: &str) -> bool {
    let (status, text) = server.admin_get("/readyz");
    status == 503 && text.contains(reason)
}

#[test]
fn a_server_whose_certificate_expires_is_no_longer_ready() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let server = serve(folder.path(), now - HOUR..now + Duration::from_secs(12));
    wait("the server to be unready", || {
        is_unready(&server, "certificate: it has expired").then_some(())
    });
}

#[test]
fn a_server_is_ready_once_its_certificate_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemTime::now();
    let server = serve(folder.path(), now + HOUR..now + 2 * HOUR);
    assert!(
        is_unready(&server, "certificate: it is not valid before "),
        "{:?}",
        server.admin_get("/readyz")
    );
    write_pair(folder.path(), now - HOUR..now + HOUR);
    server.wait_ready().unwrap();
}
