//! Runs the tests of one binary on one control plane.

use std::process::ExitCode;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use libtest_mimic::{Arguments, Failed, Trial};

use super::Cx;
use super::control_plane::{ControlPlane, Extras};

/// A test: it panics when what it tests is not so.
pub(crate) type Test = fn(&Cx<'_>);

/// Names tests by their paths: `tests![claims::growth_is_refused, claims::shrinking_is_refused]`.
#[macro_export]
macro_rules! tests {
    ($($test:path),* $(,)?) => { vec![$((stringify!($test), $test as $crate::support::runner::Test)),*] };
}

#[derive(Default)]
struct Shared {
    /// Started by the first test that runs: a filter that leaves none, or `--list`, starts nothing.
    plane: OnceLock<Result<ControlPlane, String>>,
    turns: Turns,
}

/// Runs the tests with libtest's arguments and report, then stops the control plane.
///
/// Those in `together` may run at the same time; each in `alone` runs while no other does, so that it may change what
/// the whole cluster shares: the default class, webhooks for everybody's objects.
pub(crate) fn run(together: Vec<(&'static str, Test)>, alone: Vec<(&'static str, Test)>) -> ExitCode {
    let shared = Arc::new(Shared::default());
    let trial = |(name, test): (&'static str, Test), is_alone: bool| {
        let shared = Arc::clone(&shared);
        Trial::test(name, move || shared.perform(test, is_alone))
    };
    let mut trials: Vec<Trial> = together.into_iter().map(|entry| trial(entry, false)).collect();
    trials.extend(alone.into_iter().map(|entry| trial(entry, true)));

    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    if let Some(Ok(plane)) = shared.plane.get() {
        if conclusion.has_failed() {
            eprint!("{}", plane.logs());
        }
        plane.stop();
    }
    conclusion.exit_code()
}

impl Shared {
    fn perform(&self, test: Test, is_alone: bool) -> Result<(), Failed> {
        let plane = self.plane.get_or_init(|| {
            let plane = ControlPlane::start(&Extras::default());
            if let Ok(plane) = &plane {
                eprintln!("control plane ready in {:.1} s", plane.start.as_secs_f64());
            }
            plane
        });
        let plane = plane
            .as_ref()
            .map_err(|problem| format!("the control plane did not start: {problem}"))?;
        self.turns.take(is_alone, || {
            test(&Cx::new(plane)?);
            Ok(())
        })
    }
}

/// Whose turn it is on what tests share: several tests' together, or one's alone.
#[derive(Default)]
pub(crate) struct Turns(RwLock<()>);

impl Turns {
    /// Performs a test when it is its turn.
    pub(crate) fn take<T>(&self, is_alone: bool, test: impl FnOnce() -> T) -> T {
        // A test that panicked leaves nothing in the lock that could be wrong.
        if is_alone {
            let _turn = self.0.write().unwrap_or_else(PoisonError::into_inner);
            test()
        } else {
            let _turn = self.0.read().unwrap_or_else(PoisonError::into_inner);
            test()
        }
    }
}
