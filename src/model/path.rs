//! Where in an object something stands.

use std::borrow::Cow;
use std::fmt;

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A key of a mapping. Most keys are names in the API and cost nothing to copy; paths are made for every field that is
    /// looked at, and read for the few that offend.
    Key(Cow<'static, str>),
    /// An index of a list.
    Index(usize),
}

/// The path of a field. It prints in the API's style (`spec.accessModes[0]`) and as an RFC 6901 pointer
/// (`/spec/accessModes/0`).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath(Vec<Step>);

impl FieldPath {
    /// The path of nested keys below the object itself: `FieldPath::of(&["spec", "replicas"])`.
    pub fn of(keys: &[&'static str]) -> Self {
        Self::default().keys(keys)
    }

    /// This path and one key more.
    #[must_use]
    pub fn key(&self, key: &'static str) -> Self {
        self.with(Step::Key(Cow::Borrowed(key)))
    }

    /// This path and the key of a map more, whose keys are no names in the API: parameters, labels.
    #[must_use]
    pub fn entry(&self, key: &str) -> Self {
        self.with(Step::Key(Cow::Owned(key.to_owned())))
    }

    /// This path and several keys more.
    #[must_use]
    pub fn keys(&self, keys: &[&'static str]) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + keys.len());
        steps.extend_from_slice(&self.0);
        steps.extend(keys.iter().map(|key| Step::Key(Cow::Borrowed(key))));
        Self(steps)
    }

    /// This path and one index more.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    fn with(&self, step: Step) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        Self(steps)
    }

    /// The steps from the object to the field.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Whether both fields stand in the same mapping or list, or `other` somewhere below it.
    pub fn is_beside(&self, other: &Self) -> bool {
        let parent = self.0.split_last().map_or(&[][..], |(_, parent)| parent);
        other.0.starts_with(parent)
    }

    /// The path as an RFC 6901 pointer.
    pub fn pointer(&self) -> String {
        use fmt::Write as _;
        let mut pointer = String::new();
        for step in &self.0 {
            // Writing to a String cannot fail.
            let _ = match step {
                Step::Key(key) => write!(pointer, "/{}", key.replace('~', "~0").replace('/', "~1")),
                Step::Index(index) => write!(pointer, "/{index}"),
            };
        }
        pointer
    }

    /// The path with every index 0: the same for all paths that name the same field when indices of lists are left aside.
    #[must_use]
    pub fn field(&self) -> Self {
        let steps = self.0.iter().map(|step| match step {
            Step::Index(_) => Step::Index(0),
            Step::Key(key) => Step::Key(key.clone()),
        });
        Self(steps.collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Key(key) if key.contains(['.', '/', '[']) => write!(f, "[{key}]")?,
                Step::Key(key) if position == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_both_ways() {
        let path = FieldPath::of(&["parameters"]).key("csi.storage.k8s.io/fstype");
        assert_eq!(path.to_string(), "parameters[csi.storage.k8s.io/fstype]");
        assert_eq!(path.pointer(), "/parameters/csi.storage.k8s.io~1fstype");
        let path = FieldPath::of(&["spec", "accessModes"]).index(0);
        assert_eq!(path.to_string(), "spec.accessModes[0]");
        assert_eq!(path.pointer(), "/spec/accessModes/0");
    }

    #[test]
    fn the_field_is_the_same_whatever_the_indices() {
        let modes = FieldPath::of(&["spec", "accessModes"]);
        assert_eq!(modes.index(3).field(), modes.index(1).field());
        assert_ne!(modes.index(3).field(), modes.field());
        assert_ne!(modes.index(3).field(), modes.key("0").field());
    }
}
