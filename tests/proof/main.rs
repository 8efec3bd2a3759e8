//! The proof: failures of storage in a cluster of three zones, each without volguard and with it.
//!
//! `cargo test --test proof` plays every scenario both ways, and between the two what mode Audit shows of them; `make demo`
//! tells all of it at a terminal.

#![allow(clippy::expect_used, clippy::unwrap_used)]
// The demo speaks to a terminal.
#![allow(clippy::print_stdout)]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod demo;
mod guide;
mod installation;
mod page;
mod scenarios;
mod sections;
mod stage;
mod zones;

use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};

use scenarios::{ALL, Scenario};
use stage::{Audience, Stage};
use support::runner::Turns;
use zones::ThreeZones;

/// Scenarios wait most of the time; so many of them run at once.
const AT_ONCE: usize = 6;

fn main() -> ExitCode {
    let names: Vec<String> = env::args().skip(2).collect();
    match env::args().nth(1).as_deref() {
        Some("--demo") => demo::up(&names),
        Some("--keep") => demo::keep(names),
        Some("--demo-down") => demo::down(),
        _ => test(),
    }
}

fn test() -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads = arguments.test_threads.or(Some(AT_ONCE));
    let proof = Arc::new(Proof::default());
    let conclusions = [
        libtest_mimic::run(&arguments, page_trials()),
        libtest_mimic::run(&arguments, proof.trials("without", Proof::without)),
        libtest_mimic::run(&arguments, proof.trials("audited", Proof::audited)),
        libtest_mimic::run(&arguments, vec![proof.audit_trial()]),
        libtest_mimic::run(&arguments, proof.trials("with", Proof::with)),
        libtest_mimic::run(&arguments, vec![guide_trial()]),
    ];
    if conclusions.iter().any(Conclusion::has_failed) {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

/// Tests of the page about the proof, without a cluster.
fn page_trials() -> Vec<Trial> {
    let trial = |name: &str, test: fn()| {
        Trial::test(format!("page::{name}"), move || {
            test();
            Ok(())
        })
    };
    vec![
        trial("is_up_to_date", page::is_up_to_date),
        trial("leaves_nothing_out", page::leaves_nothing_out),
        trial("follows_the_reference_document", page::follows_the_reference_document),
    ]
}

/// A test of the guide, on a cluster of its own.
fn guide_trial() -> Trial {
    Trial::test("guide::is_as_it_happens", || {
        guide::is_as_it_happens().map_err(Failed::from)
    })
}

/// The cluster that all scenarios share, without volguard first.
#[derive(Default)]
struct Proof {
    /// Started by the first scenario that plays: a filter that leaves none, or `--list`, starts nothing.
    zones: OnceLock<Result<ThreeZones, String>>,
    /// volguard is installed by the first play that needs it, with its policy in mode Audit.
    installed: OnceLock<Result<(), String>>,
    /// The policy is enforced by the first scenario that plays with volguard.
    enforced: OnceLock<Result<(), String>>,
    turns: Turns,
}

impl Proof {
    /// A test for one half of each scenario.
    fn trials(self: &Arc<Self>, half: &str, play: fn(&Self, &Scenario) -> Result<(), String>) -> Vec<Trial> {
        let trial = |scenario: &'static Scenario| {
            let proof = Arc::clone(self);
            Trial::test(format!("{half}::{}", scenario.name), move || {
                let outcome = proof.turns.take(scenario.alone, || play(&proof, scenario));
                outcome.map_err(Failed::from)
            })
        };
        ALL.iter().map(trial).collect()
    }

    fn without(&self, scenario: &Scenario) -> Result<(), String> {
        let stage = Stage::new(self.zones()?, scenario.name, Audience::Nobody)?;
        (scenario.without.play)(&stage);
        Ok(())
    }

    /// In mode Audit everything happens as it does without volguard, and what the rules find is shown.
    fn audited(&self, scenario: &Scenario) -> Result<(), String> {
        let stage = Stage::new(self.guarded_zones()?, &scenario.audited(), Audience::Nobody)?;
        (scenario.without.play)(&stage);
        audit::names(&stage, scenario.rules);
        Ok(())
    }

    fn with(&self, scenario: &Scenario) -> Result<(), String> {
        let zones = self.guarded_zones()?;
        let enforced = self
            .enforced
            .get_or_init(|| once(zones, "the policy was not enforced", installation::enforce));
        enforced.clone()?;
        let stage = Stage::new(zones, &scenario.guarded(), Audience::Nobody)?;
        (scenario.with.play)(&stage);
        Ok(())
    }

    /// A test of what volguard shows before it enforces anything, and of the step to that.
    fn audit_trial(self: &Arc<Self>) -> Trial {
        let proof = Arc::clone(self);
        Trial::test("audit::all_is_shown_and_then_enforced", move || {
            let stage = Stage::new(proof.guarded_zones()?, audit::NAMESPACE, Audience::Nobody)?;
            audit::play(&stage);
            Ok(())
        })
    }

    /// The cluster with volguard installed.
    fn guarded_zones(&self) -> Result<&ThreeZones, String> {
        let zones = self.zones()?;
        let installed = self
            .installed
            .get_or_init(|| once(zones, "volguard was not installed", installation::install));
        installed.clone().map(|()| zones)
    }

    fn zones(&self) -> Result<&ThreeZones, String> {
        let zones = self.zones.get_or_init(|| {
            let zones = ThreeZones::start();
            if let Ok(zones) = &zones {
                eprintln!("three zones ready in {:.1} s", zones.start.as_secs_f64());
            }
            zones
        });
        zones
            .as_ref()
            .map_err(|problem| format!("the cluster did not start: {problem}"))
    }
}

/// What all that come later rely on. A step that goes wrong is not tried again: its message is the first failure's.
fn once(zones: &ThreeZones, failure: &str, step: fn(&Stage<'_>)) -> Result<(), String> {
    let stage = Stage::new(zones, installation::NAMESPACE, Audience::Nobody)?;
    panic::catch_unwind(AssertUnwindSafe(|| step(&stage)))
        .map_err(|_| format!("{failure}: see the first test that needed it"))
}
