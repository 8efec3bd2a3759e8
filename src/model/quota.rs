//! What the keys of a ResourceQuota limit, where they are about claims.
//! <https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-for-storage>

/// Stands between the name of a class and what is limited.
const OF_CLASS: &str = ".storageclass.storage.k8s.io/";

/// What of the claims is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// Their number.
    Claims,
    /// The sum of the sizes that they ask for, in bytes.
    Sizes,
}

/// A key of `spec.hard` that limits claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimQuota<'a> {
    /// The class whose claims are limited; `None` for all claims.
    pub class: Option<&'a str>,
    /// What of them.
    pub limited: Limited,
}

impl<'a> ClaimQuota<'a> {
    /// Reads a key; `None` where it limits something else.
    pub fn parse(key: &'a str) -> Option<Self> {
        let (class, what) = match key.split_once(OF_CLASS) {
            Some((class, what)) => (Some(class), what),
            None => (None, key),
        };
        let limited = match what {
            "requests.storage" => Limited::Sizes,
            "persistentvolumeclaims" => Limited::Claims,
            "count/persistentvolumeclaims" if class.is_none() => Limited::Claims,
            _ => return None,
        };
        Some(Self { class, limited })
    }
}

#[cfg(test)]
mod tests {
    use super::{ClaimQuota, Limited};

    #[test]
    fn keys_about_claims_are_read_and_others_are_not() {
        for (key, expected) in [
            ("requests.storage", Some((None, Limited::Sizes))),
            ("persistentvolumeclaims", Some((None, Limited::Claims))),
            ("count/persistentvolumeclaims", Some((None, Limited::Claims))),
            (
                "gp3.storageclass.storage.k8s.io/requests.storage",
                Some((Some("gp3"), Limited::Sizes)),
            ),
            (
                "gp3.storageclass.storage.k8s.io/persistentvolumeclaims",
                Some((Some("gp3"), Limited::Claims)),
            ),
            ("gp3.storageclass.storage.k8s.io/limits.storage", None),
            ("requests.cpu", None),
        ] {
            let read = ClaimQuota::parse(key).map(|quota| (quota.class, quota.limited));
            assert_eq!(read, expected, "{key}");
        }
    }
}
