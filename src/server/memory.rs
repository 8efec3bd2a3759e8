//! The bytes of reviews that may be in memory at once.

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

/// What may still come into memory. Bodies take their share as they arrive, so that one that is announced and not sent
/// holds nothing.
pub(super) struct Memory {
    bytes: Semaphore,
    /// The right to wait while holding a share already.
    turn: Semaphore,
}

/// What one body holds; given back when it is dropped.
pub(super) struct Share<'m> {
    memory: &'m Memory,
    held: Option<SemaphorePermit<'m>>,
}

/// There is no memory left for a body.
#[derive(Debug)]
pub(super) struct Full;

impl Memory {
    pub(super) fn new(bytes: usize) -> Self {
        Self {
            bytes: Semaphore::new(bytes.min(Semaphore::MAX_PERMITS)),
            turn: Semaphore::new(1),
        }
    }

    /// A share of nothing yet.
    pub(super) fn share(&self) -> Share<'_> {
        Share {
            memory: self,
            held: None,
        }
    }
}

impl<'m> Share<'m> {
    /// Takes so many bytes more, and waits for them until `end` where they are not there at once.
    ///
    /// Bodies that hold a part and wait for the rest could wait for each other for ever. One at a time may; it goes on
    /// when any other body is answered or given up. A body that holds nothing yet, as a small one that arrives in one
    /// piece, is in nobody's way and may always wait.
    pub(super) async fn grow(&mut self, bytes: usize, end: Instant) -> Result<(), Full> {
        let count = u32::try_from(bytes).map_err(|_| Full)?;
        let more = match self.memory.bytes.try_acquire_many(count) {
            Ok(more) => more,
            Err(_) => self.wait(count, end).await?,
        };
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        Ok(())
    }

    /// Gives all of it back.
    pub(super) fn release(&mut self) {
        self.held = None;
    }

    async fn wait(&self, count: u32, end: Instant) -> Result<SemaphorePermit<'m>, Full> {
        let _turn = match self.held {
            Some(_) => Some(self.memory.turn.try_acquire().map_err(|_| Full)?),
            None => None,
        };
        match timeout_at(end, self.memory.bytes.acquire_many(count)).await {
            Ok(Ok(more)) => Ok(more),
            // The semaphore is never closed, so what is left is that the time has passed.
            Ok(Err(_)) | Err(_) => Err(Full),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use std::time::Duration;

    #[tokio::test]
    async fn one_body_may_wait_for_its_rest_and_goes_on_when_another_is_done() {
        let memory = Memory::new(100);
        let end = Instant::now() + Duration::from_secs(60);
        let (mut one, mut two, mut three) = (memory.share(), memory.share(), memory.share());
        one.grow(40, end).await.unwrap();
        two.grow(40, end).await.unwrap();
        three.grow(20, end).await.unwrap();
        {
            let mut rest = Box::pin(one.grow(10, end));
            assert!((&mut rest).now_or_never().is_none(), "there is nothing left");
            assert!(
                two.grow(10, end).await.is_err(),
                "two that wait could wait for each other"
            );
            drop(three);
            rest.await.unwrap();
        }
        two.grow(10, end).await.unwrap();
        assert_eq!(memory.bytes.available_permits(), 0);
        drop((one, two));
        assert_eq!(memory.bytes.available_permits(), 100);
    }

    #[tokio::test]
    async fn bodies_that_hold_nothing_wait_for_those_that_do() {
        let memory = Memory::new(10);
        let end = Instant::now() + Duration::from_secs(60);
        let (mut full, mut one, mut two) = (memory.share(), memory.share(), memory.share());
        full.grow(10, end).await.unwrap();
        let (mut first, mut second) = (Box::pin(one.grow(2, end)), Box::pin(two.grow(2, end)));
        assert!((&mut first).now_or_never().is_none());
        assert!((&mut second).now_or_never().is_none());
        full.release();
        first.await.unwrap();
        second.await.unwrap();
    }
}
