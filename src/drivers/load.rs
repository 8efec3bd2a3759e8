//! StorageDriver files: what a user knows of drivers.

use super::schema::{Driver, Support};
use crate::resources::{self, Problem, ResourceErrors, ResourceKind, schema};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

const KIND: ResourceKind = ResourceKind {
    name: "StorageDriver",
    noun: "driver",
    empty_spec: "; it needs at least the `name` that classes have as provisioner",
};

/// Reads the StorageDrivers in `paths`, for [`Drivers::with`](super::Drivers::with). What a path may be,
/// [`resources::read`] says. Fails with everything that is wrong in the files, each with its place; a driver that two
/// objects describe is wrong too.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Driver>, ResourceErrors> {
    let mut described = BTreeMap::new();
    resources::read(KIND.noun, &[KIND], paths, |_, name, spec| {
        let driver = judge(spec)?;
        if let Some(first) = described.insert(driver.name.clone(), name.to_owned()) {
            return Err(vec![described_twice(&first, &driver.name)]);
        }
        Ok(driver)
    })
}

/// Two objects cannot describe one driver: the StorageDriver `first` does already.
pub fn described_twice(first: &str, driver: &str) -> Problem {
    let message = format!("the StorageDriver {first} describes `{driver}` already; make one of both");
    Problem::new("/spec/name", message)
}

/// What a user knows of a driver, or all that is wrong with the `spec`, with pointers that begin with `/spec`.
pub fn judge(spec: &Value) -> Result<Driver, Vec<Problem>> {
    let driver: Driver = schema::decode(spec, "/spec")?;
    let mut problems = sizes(&driver);
    problems.extend(contradictions(&driver));
    if driver.name.is_empty() {
        problems.push(Problem::new(
            "/spec/name",
            "must be the provisioner of classes, but is empty",
        ));
    }
    if problems.is_empty() { Ok(driver) } else { Err(problems) }
}

/// What says the opposite of something else, or nothing at all.
fn contradictions(driver: &Driver) -> Vec<Problem> {
    let cases = driver.sizes.iter().flat_map(|facts| &facts.cases).enumerate();
    let crossed = cases.filter_map(|(index, case)| {
        let (min, max) = (case.min.as_ref()?, case.max.as_ref()?);
        (min.bytes? > max.bytes?).then(|| {
            let message = format!("is more than max: {} to {} is no range", min.text, max.text);
            Problem::new(format!("/spec/sizes/cases/{index}/min"), message)
        })
    });
    let ignored = driver
        .sizes
        .iter()
        .filter(|facts| facts.ignored && !facts.cases.is_empty());
    let ignored = ignored.map(|_| {
        let message = "contradicts `cases`: a driver that ignores sizes has no bounds; remove one of them";
        Problem::new("/spec/sizes/ignored", message)
    });
    let modes = driver.access_modes.iter().flat_map(|facts| &facts.cases).enumerate();
    let modes = modes.map(|(index, case)| (format!("/spec/accessModes/cases/{index}"), case.support, case.stage));
    let volumes = driver.volume_modes.iter().flat_map(|facts| &facts.cases).enumerate();
    let volumes = volumes.map(|(index, case)| (format!("/spec/volumeModes/cases/{index}"), case.support, case.stage));
    let unnoticed = modes.chain(volumes).filter_map(|(pointer, support, stage)| {
        let message = "is refused at no `stage` (create, attach, stage), so that nobody would notice; say at which";
        (support == Support::Refused && stage.is_none()).then(|| Problem::new(pointer, message))
    });
    crossed.chain(ignored).chain(unnoticed).collect()
}

/// Bounds that are no quantities.
fn sizes(driver: &Driver) -> Vec<Problem> {
    let cases = driver.sizes.iter().flat_map(|facts| &facts.cases);
    let bounds = cases.enumerate().flat_map(|(index, case)| {
        [("min", &case.min), ("max", &case.max)].map(|(key, bound)| (format!("/spec/sizes/cases/{index}/{key}"), bound))
    });
    let wrong = bounds.filter_map(|(pointer, bound)| {
        let bound = bound.as_ref().filter(|bound| bound.bytes.is_none())?;
        let bound = schema::shown(&Value::from(bound.text.as_str()));
        Some(Problem::new(
            pointer,
            format!("must be a quantity such as `100Gi`, but is {bound}"),
        ))
    });
    wrong.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HEAD: &str = "apiVersion: volguard.dev/v1alpha1\nkind: StorageDriver\nmetadata: {name: own}\n";

    /// What is said about a file of this text: `line:column: message`.
    fn said(text: &str) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("d.yaml");
        std::fs::write(&file, text).unwrap();
        let prefix = format!("{}:", file.display());
        let errors = match read(&[file]) {
            Ok(_) => return Vec::new(),
            Err(errors) => errors.to_string(),
        };
        errors
            .lines()
            .map(|line| line.replace(&prefix, "").trim_start().to_owned())
            .collect()
    }

    #[test]
    fn says_where_a_driver_is_wrong_and_what_would_be_right() {
        for (spec, expected) in [
            ("spec: {name: a.example.com}", vec![]),
            ("spec: {}", vec!["4:7: field `name` is missing"]),
            (
                "spec: {name: \"\"}",
                vec!["4:14: must be the provisioner of classes, but is empty"],
            ),
            (
                "spec:\n  name: a.example.com\n  acessModes: {}\n",
                vec!["6:3: unknown field `acessModes`; did you mean `accessModes`?"],
            ),
            (
                "spec:\n  name: a.example.com\n  topology: {confidence: sure, source: x, scope: Zonal}\n",
                vec![
                    "6:26: must be one of confirmed, likely, unknown, but is `sure`",
                    "6:50: must be one of zonal, node, regional, global, unknown, but is `Zonal`; did you mean `zonal`?",
                ],
            ),
            (
                "spec:\n  name: a.example.com\n  parameters:\n    confidence: likely\n    source: x\n    \
                 unknownKeys: refused\n    keyCase: sensitive\n    list:\n      - {name: type, check: {oneof: {values: [a]}}}\n      \
                 - {name: size, check: {integer: {mini: 1}}}\n",
                vec![
                    "12:30: unknown field `oneof`; did you mean `oneOf`?",
                    "13:40: unknown field `mini`; did you mean `min`?",
                ],
            ),
            (
                "spec:\n  name: a.example.com\n  parameters:\n    confidence: likely\n    source: x\n    \
                 unknownKeys: refused\n    keyCase: sensitive\n    list:\n      \
                 - {name: a, check: {length: {max: 1}, json: {}}}\n      - {name: b, check: boolean}\n",
                vec![
                    "12:26: must have exactly one of oneOf, integer, quantity, boolean, startsWith, list, powerOfTwo, octal, \
                     json, alphanumeric, length, but has 2",
                    "13:26: must be a mapping, but is `boolean`",
                ],
            ),
            (
                "spec:\n  name: a.example.com\n  sizes: {confidence: likely, source: x, cases: [{min: 10 GiB, max: 1Ti}]}\n",
                vec!["6:56: must be a quantity such as `100Gi`, but is `10 GiB`"],
            ),
            (
                "spec:\n  name: a.example.com\n  sizes: {confidence: likely, source: x, ignored: true, \
                 cases: [{min: 2Ti, max: 1Ti}]}\n",
                vec![
                    "6:51: contradicts `cases`: a driver that ignores sizes has no bounds; remove one of them",
                    "6:71: is more than max: 2Ti to 1Ti is no range",
                ],
            ),
        ] {
            assert_eq!(said(&format!("{HEAD}{spec}")), expected, "{spec}");
        }
    }

    #[test]
    fn two_objects_cannot_describe_one_driver() {
        let spec = "spec: {name: a.example.com}\n";
        let other = HEAD.replace("name: own", "name: other");
        assert_eq!(
            said(&format!("{HEAD}{spec}---\n{other}{spec}")),
            ["9:14: the StorageDriver own describes `a.example.com` already; make one of both"]
        );
        assert_eq!(
            said(&format!("{HEAD}{spec}---\n{other}spec: {{name: b.example.com}}\n")),
            Vec::<String>::new()
        );
    }

    #[test]
    fn only_drivers_belong_in_the_file() {
        let text = HEAD.replace("StorageDriver", "StorageDrivers");
        assert_eq!(
            said(&text),
            [
                "2:7: kind `StorageDrivers` (volguard.dev/v1alpha1) does not belong in a driver file, which holds \
              StorageDriver only; did you mean `StorageDriver`?"
            ]
        );
    }
}
