//! What is asked of every driver, and by topic or family at least the fact of each driver that is easiest to get wrong.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::too_many_lines)]

use super::*;
use crate::model::access::AccessMode::{self, ReadOnlyMany, ReadWriteMany, ReadWriteOnce, ReadWriteOncePod};
use crate::model::access::VolumeMode::{self, Block, Filesystem};
use serde_json::{Map, Value};

mod answers;
mod arrays;
mod cloud;
mod data;
mod names;
mod parameters;
mod self_hosted;

fn class(pairs: &[(&str, &str)]) -> Map<String, Value> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Value::from(*value)))
        .collect()
}

fn support(
    provisioner: &str,
    pairs: &[(&str, &str)],
    mode: AccessMode,
    volume_mode: VolumeMode,
    restores: bool,
) -> Support {
    let drivers = Drivers::builtin();
    let map = class(pairs);
    let parameters = Parameters::new(Some(&map));
    let driver = drivers.find(provisioner).expect(provisioner).driver;
    let fact = driver.access_mode(&Ask {
        mode,
        volume_mode,
        parameters: &parameters,
        restores,
    });
    if fact.value == Support::Refused {
        assert!(
            fact.is_confirmed() && fact.because.is_some() && !fact.source.is_empty(),
            "{provisioner}: {fact:?}"
        );
    }
    fact.value
}

fn find(provisioner: &str) -> Driver {
    let drivers = Drivers::builtin();
    drivers.find(provisioner).expect(provisioner).driver.clone()
}

fn faults(provisioner: &str, pairs: &[(&str, &str)]) -> Vec<ParameterFault> {
    let map = class(pairs);
    Drivers::builtin()
        .find(provisioner)
        .expect(provisioner)
        .judge_parameters(&Parameters::new(Some(&map)))
}

/// The only fault of a class.
fn fault(provisioner: &str, pairs: &[(&str, &str)]) -> ParameterFault {
    let mut all = faults(provisioner, pairs);
    assert_eq!(all.len(), 1, "{provisioner} {pairs:?}: {all:#?}");
    all.remove(0)
}
