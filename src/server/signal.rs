//! The signals that end the server.

use tokio::signal::unix::{SignalKind, signal};

/// A future that completes on the first SIGTERM or SIGINT from now on. Fails if the system refuses to have them handled.
pub fn shutdown_signal() -> std::io::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
