//! The way from the API server to pods.
//!
//! Nothing routes a pod's address on this machine. kube-apiserver sends what it has for Services and pods through the proxy
//! that its egress selector names (`proxyProtocol: HTTPConnect` over a socket), and that proxy is here: it connects a pod's
//! address to the loopback port where the pod's process listens.
//! <https://kubernetes.io/docs/tasks/extend-kubernetes/setup-konnectivity/>

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::runtime::Runtime;

/// The longest head of a CONNECT request that is read.
const HEAD_LIMIT: usize = 4096;

/// Where a pod's address and port lead.
type Routes = Arc<Mutex<BTreeMap<SocketAddr, SocketAddr>>>;

/// The proxy. It ends on drop.
pub(crate) struct Network {
    routes: Routes,
    socket: PathBuf,
    _runtime: Runtime,
}

impl Network {
    /// Listens on a socket in `folder`.
    pub(crate) fn start(folder: &Path) -> Result<Self, String> {
        let socket = folder.join("egress.sock");
        let problem = |error: std::io::Error| format!("{}: {error}", socket.display());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(problem)?;
        let routes = Routes::default();
        let listener = {
            let _runtime = runtime.enter();
            UnixListener::bind(&socket).map_err(problem)?
        };
        let known = Arc::clone(&routes);
        runtime.spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let known = Arc::clone(&known);
                // A connection that cannot be made is closed, as one to a pod that is gone.
                tokio::spawn(async move { forward(client, &known).await });
            }
        });
        Ok(Self {
            routes,
            socket,
            _runtime: runtime,
        })
    }

    /// What kube-apiserver's flag `--egress-selector-config-file` wants to read.
    pub(crate) fn egress_configuration(&self) -> String {
        json!({
            "apiVersion": "apiserver.k8s.io/v1beta1",
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [{"name": "cluster", "connection": {
                "proxyProtocol": "HTTPConnect",
                "transport": {"uds": {"udsName": self.socket}},
            }}],
        })
        .to_string()
    }

    /// Makes `from` lead to `to`.
    pub(crate) fn lead(&self, from: SocketAddr, to: SocketAddr) -> Route {
        locked(&self.routes).insert(from, to);
        Route {
            from,
            routes: Arc::clone(&self.routes),
        }
    }
}

/// A way to a pod. It leads nowhere once this is dropped.
#[must_use]
pub(crate) struct Route {
    from: SocketAddr,
    routes: Routes,
}

impl Drop for Route {
    fn drop(&mut self) {
        locked(&self.routes).remove(&self.from);
    }
}

fn locked(routes: &Routes) -> MutexGuard<'_, BTreeMap<SocketAddr, SocketAddr>> {
    routes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one CONNECT request and carries the bytes.
async fn forward(mut client: UnixStream, routes: &Routes) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == HEAD_LIMIT {
            return Ok(());
        }
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let wanted = head
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|address| address.parse::<SocketAddr>().ok());
    // What is on loopback is reached as it is: webhooks that are registered by address.
    let target = wanted.and_then(|address| {
        let known = locked(routes).get(&address).copied();
        known.or(address.ip().is_loopback().then_some(address))
    });
    match target {
        Some(target) => {
            let mut target = TcpStream::connect(target).await?;
            client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
            copy_bidirectional(&mut client, &mut target).await?;
        }
        None => client.write_all(b"HTTP/1.1 502 No such pod\r\n\r\n").await?,
    }
    Ok(())
}
