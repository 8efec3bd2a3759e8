//! The sample of `make run`: the server starts with it, denies the one review and patches the other.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Ends with the test, whatever way the test ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn post(address: &str, ca: &Path, path: &str, body: &[u8]) -> Value {
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
    let mut server = Server(
        Command::new(env!("CARGO_BIN_EXE_volguard"))
            .args([
                "serve",
                "--standalone",
                "--listen",
                "127.0.0.1:0",
                "--admin-listen",
                "127.0.0.1:0",
            ])
            .arg("--ca-out")
            .arg(&ca)
            .arg("--policy")
            .arg(sample.join("policy.yaml"))
            .arg("--objects")
            .arg(sample.join("objects.yaml"))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(server.0.stderr.take().unwrap()).lines();
    let address = lines
        .find_map(|line| {
            let line = line.unwrap();
            let (address, _) = line.strip_prefix("volguard listening on https://")?.split_once(' ')?;
            Some(address.to_owned())
        })
        .expect("the server did not start");

    let read = |name: &str| std::fs::read(sample.join(name)).unwrap();
    let denied = post(&address, &ca, "/validate", &read("denied.json")).await;
    assert_eq!(
        (&denied["allowed"], &denied["status"]["code"]),
        (&false.into(), &403.into())
    );
    let patched = post(&address, &ca, "/mutate", &read("patched.json")).await;
    assert_eq!(
        (&patched["allowed"], &patched["patchType"]),
        (&true.into(), &"JSONPatch".into())
    );
}
