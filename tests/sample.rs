//! The sample of `make run`: the server starts with it, denies the one review and patches the other.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use serde_json::Value;
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use support::volguard::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

async fn post(address: SocketAddr, ca: &Path, path: &str, body: &[u8]) -> Value {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(volguard::tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str::<Value>(body).unwrap()["response"].clone()
}

#[tokio::test]
async fn the_sample_denies_and_patches() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/sample");
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let given: [OsString; 7] = [
        "--standalone".into(),
        "--ca-out".into(),
        ca.clone().into(),
        "--policy".into(),
        sample.join("policy.yaml").into(),
        "--objects".into(),
        sample.join("objects.yaml").into(),
    ];
    let server = Server::start("volguard", folder.path(), &given).unwrap();

    let read = |name: &str| std::fs::read(sample.join(name)).unwrap();
    let denied = post(server.address, &ca, "/validate", &read("denied.json")).await;
    assert_eq!(
        (&denied["allowed"], &denied["status"]["code"]),
        (&false.into(), &403.into())
    );
    let patched = post(server.address, &ca, "/mutate", &read("patched.json")).await;
    assert_eq!(
        (&patched["allowed"], &patched["patchType"]),
        (&true.into(), &"JSONPatch".into())
    );
}
