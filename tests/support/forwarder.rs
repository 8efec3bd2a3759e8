//! A TCP forwarder on loopback: one address for several replicas, as a Service is in a cluster.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

/// Forwards connections to its targets in turn. The API server keeps a connection and sends many requests on it,
/// so it is connections that alternate; [`Forwarder::disconnect`] makes it open a new one.
pub(crate) struct Forwarder {
    address: SocketAddr,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

struct Shared {
    targets: Mutex<Vec<SocketAddr>>,
    next: AtomicUsize,
    stopped: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

impl Forwarder {
    /// Listens on a free port.
    pub(crate) fn start(targets: Vec<SocketAddr>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            targets: Mutex::new(targets),
            next: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            open: Mutex::new(Vec::new()),
        });
        let accepting = Arc::clone(&shared);
        let listener = thread::spawn(move || {
            for client in listener.incoming() {
                if accepting.stopped.load(Ordering::SeqCst) {
                    break;
                }
                if let Ok(client) = client {
                    // A client whose connection cannot be forwarded sees it closed, as behind a real load balancer.
                    let _ = accepting.forward(client);
                }
            }
        });
        Ok(Self {
            address,
            shared,
            listener: Some(listener),
        })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on new connections go to these; open ones stay, as when an endpoint is taken out of a Service.
    pub(crate) fn set_targets(&self, targets: Vec<SocketAddr>) {
        *lock(&self.shared.targets) = targets;
    }

    /// Closes all open connections.
    pub(crate) fn disconnect(&self) {
        for stream in lock(&self.shared.open).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        self.disconnect();
        // One last connection wakes the listener, which then sees that it is to stop.
        if TcpStream::connect(self.address).is_ok()
            && let Some(listener) = self.listener.take()
        {
            let _ = listener.join();
        }
    }
}

impl Shared {
    fn forward(&self, client: TcpStream) -> io::Result<()> {
        let target = self.connect()?;
        // Small writes wait for each other otherwise, 40 ms at a time.
        client.set_nodelay(true)?;
        target.set_nodelay(true)?;
        lock(&self.open).extend([client.try_clone()?, target.try_clone()?]);
        let (client_again, target_again) = (client.try_clone()?, target.try_clone()?);
        thread::spawn(move || copy(client, target));
        thread::spawn(move || copy(target_again, client_again));
        Ok(())
    }

    /// A connection to the next target that takes one.
    fn connect(&self) -> io::Result<TcpStream> {
        let targets = lock(&self.targets).clone();
        let first = self.next.fetch_add(1, Ordering::SeqCst);
        let mut outcome = Err(io::Error::other("no targets"));
        for turn in 0..targets.len() {
            outcome = TcpStream::connect(targets[(first + turn) % targets.len()]);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }
}

/// Copies one direction until its end, and passes the end on.
fn copy(mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length) = from.read(&mut buffer) {
        if length == 0 || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
