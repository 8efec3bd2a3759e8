//! What is to be done next about a self-managed certificate: a function of what was seen and of the time.
//!
//! A CA is replaced in two steps, so that no API server ever meets a certificate of a CA that it does not trust yet:
//!
//! ```text
//! CA due -----> AddAuthority    the new CA joins the bundle; the old certificate is served on
//!               trust           the bundle is brought into the webhook configurations
//! settled ----> SignLeaf        both configurations have held the bundle long enough for every API server to know
//! old CA over > DropExpired     nothing that is valid was signed by it
//! ```

use std::time::{Duration, SystemTime};

use super::contents::{Contents, Material};

/// How long CAs and certificates live. Each is replaced when two thirds of its life are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Of a CA.
    pub authority: Duration,
    /// Of a serving certificate.
    pub certificate: Duration,
}

/// API servers see a change of a webhook configuration within a second or so, each through a watch of its own; this
/// leaves time for one that is slow.
const SETTLE: Duration = Duration::from_secs(300);

impl Lifetimes {
    /// How long the configurations must have held a new CA before it signs: at most a tenth of the shorter life.
    pub fn settle(&self) -> Duration {
        SETTLE.min(self.authority.min(self.certificate) / 10)
    }
}

/// What a webhook configuration's `caBundle` is, compared with the Secret's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// The configuration was not read yet.
    Unseen,
    /// There is no such configuration, so nobody connects because of it.
    Absent,
    /// An entry has another bundle, or none.
    Wrong,
    /// Every entry has the bundle, and has had it since then as far as is known here.
    Right(SystemTime),
}

/// A change of the Secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// Fill it: nothing is there.
    Make,
    /// Put a new CA before the old one.
    AddAuthority,
    /// Make a certificate that the newest CA signs.
    SignLeaf,
    /// Leave out the CAs that have expired.
    DropExpired,
}

/// Decides what is to be done about the Secret now. What cannot be used is left alone: somebody put it there.
///
/// `names` are those that the certificate must have, `trust` is how far each webhook configuration is.
pub(super) fn change(
    contents: &Contents,
    trust: &[Trust],
    names: &[String],
    now: SystemTime,
    lifetimes: &Lifetimes,
) -> Option<Change> {
    let held = match contents {
        Contents::Empty => return Some(Change::Make),
        Contents::Unusable(_) => return None,
        Contents::Held(material) => material,
    };
    if held.newest().life.renewal() <= now {
        return Some(Change::AddAuthority);
    }
    let is_of_newest = held.signer() == held.newest();
    let is_wanted = !is_of_newest || held.leaf().life.renewal() <= now || !has_names(held, names);
    // A certificate that is over is trusted by nobody, so there is nothing to be careful of.
    if is_wanted && (is_of_newest || is_over(held, now) || has_settled(trust, now, lifetimes)) {
        return Some(Change::SignLeaf);
    }
    let is_left_over = held.authorities().iter().any(|ca| !held.is_needed(ca, now));
    is_left_over.then_some(Change::DropExpired)
}

/// The names for a new certificate: those that are wanted here, and those of the certificate before it while it is
/// not due. So replicas that want different names, as in an upgrade, do not replace each other's for ever.
pub(super) fn new_names(held: &Material, wanted: &[String], now: SystemTime) -> Vec<String> {
    let mut names = wanted.to_vec();
    if now < held.leaf().life.renewal() {
        let others = held.leaf().names.iter().filter(|name| !wanted.contains(name));
        names.extend(others.cloned());
    }
    names
}

fn has_names(held: &Material, wanted: &[String]) -> bool {
    wanted.iter().all(|name| held.leaf().names.contains(name))
}

/// Whether clients refuse the certificate because of the time: its own life or its CA's is over.
fn is_over(held: &Material, now: SystemTime) -> bool {
    held.leaf().life.is_over(now) || held.signer().life.is_over(now)
}

fn has_settled(trust: &[Trust], now: SystemTime, lifetimes: &Lifetimes) -> bool {
    trust.iter().all(|trust| match trust {
        Trust::Absent => true,
        Trust::Right(since) => now.duration_since(*since).is_ok_and(|time| time >= lifetimes.settle()),
        Trust::Unseen | Trust::Wrong => false,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);
    const MINUTE: Duration = Duration::from_secs(60);
    /// With these a certificate is due after 60 days, a CA after 243.
    const LIFETIMES: Lifetimes = Lifetimes {
        authority: Duration::from_secs(365 * 24 * 3600),
        certificate: Duration::from_secs(90 * 24 * 3600),
    };

    fn start() -> SystemTime {
        SystemTime::UNIX_EPOCH + 20_000 * DAY
    }

    fn day(day: u32) -> SystemTime {
        start() + day * DAY
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn service() -> Vec<String> {
        names(&["volguard.storage.svc"])
    }

    fn fresh() -> Material {
        Material::make(&service(), &LIFETIMES, start()).unwrap()
    }

    /// A CA that is due on day 244, and a certificate that was renewed on day 200.
    fn renewed() -> Material {
        fresh().with_new_leaf(&service(), &LIFETIMES, day(200)).unwrap()
    }

    /// The new CA has joined, and the certificate is still of the old one.
    fn joined() -> Material {
        renewed().with_new_authority(&LIFETIMES, day(244)).unwrap()
    }

    /// The new CA has signed, and the old one is still in the bundle.
    fn switched() -> Material {
        joined().with_new_leaf(&service(), &LIFETIMES, day(245)).unwrap()
    }

    fn decide(material: &Material, trust: [Trust; 2], now: SystemTime) -> Option<Change> {
        let contents = Contents::Held(Box::new(material.clone()));
        change(&contents, &trust, &service(), now, &LIFETIMES)
    }

    /// What it is, when, how far the webhook configurations are, and what is to be done.
    type Row = (&'static str, SystemTime, [Trust; 2], Option<Change>);

    fn check(material: &Material, rows: &[Row]) {
        for (what, now, trust, expected) in rows {
            assert_eq!(decide(material, *trust, *now), *expected, "{what}");
        }
    }

    const LONG_AGO: Trust = Trust::Right(SystemTime::UNIX_EPOCH);

    #[test]
    fn a_certificate_is_renewed_when_two_thirds_are_over() {
        check(
            &fresh(),
            &[
                ("made just now", start(), [LONG_AGO; 2], None),
                ("trusted by nobody yet", start(), [Trust::Wrong; 2], None),
                ("before two thirds", day(59), [LONG_AGO; 2], None),
                ("after two thirds", day(60), [LONG_AGO; 2], Some(Change::SignLeaf)),
                (
                    "the CA is the same",
                    day(60),
                    [Trust::Wrong, Trust::Unseen],
                    Some(Change::SignLeaf),
                ),
                ("expired long ago", day(200), [LONG_AGO; 2], Some(Change::SignLeaf)),
            ],
        );
    }

    #[test]
    fn a_new_ca_joins_when_two_thirds_are_over() {
        check(
            &renewed(),
            &[
                ("before two thirds", day(243), [LONG_AGO; 2], None),
                ("after two thirds", day(244), [LONG_AGO; 2], Some(Change::AddAuthority)),
                ("expired", day(400), [Trust::Wrong; 2], Some(Change::AddAuthority)),
            ],
        );
    }

    #[test]
    fn a_new_ca_signs_when_both_configurations_have_held_it_for_a_while() {
        use Trust::{Absent, Right, Unseen, Wrong};
        let (now, sign) = (day(245), Some(Change::SignLeaf));
        check(
            &joined(),
            &[
                ("not brought anywhere", now, [Wrong; 2], None),
                ("brought to one", now, [Wrong, LONG_AGO], None),
                ("one not looked at", now, [LONG_AGO, Unseen], None),
                ("brought just now", now + 4 * MINUTE, [LONG_AGO, Right(now)], None),
                ("settled", now + 5 * MINUTE, [LONG_AGO, Right(now)], sign),
                ("there is but one", now, [Absent, LONG_AGO], sign),
                ("nobody connects", now, [Absent; 2], sign),
                ("the clock was set back", now, [LONG_AGO, Right(day(246))], None),
                ("due, but not trusted", day(261), [Wrong; 2], None),
                ("nothing left to lose", day(291), [Wrong; 2], sign),
            ],
        );
        check(
            &switched(),
            &[
                ("the old CA is valid", day(300), [LONG_AGO; 2], None),
                ("the certificate is due first", day(366), [LONG_AGO; 2], sign),
            ],
        );
    }

    #[test]
    fn an_expired_ca_leaves_the_bundle_and_the_signing_one_stays() {
        let late = switched().with_new_leaf(&service(), &LIFETIMES, day(360)).unwrap();
        assert_eq!(decide(&late, [Trust::Wrong; 2], day(364)), None);
        assert_eq!(decide(&late, [Trust::Wrong; 2], day(366)), Some(Change::DropExpired));
        let alone = late.without_expired(day(366)).unwrap();
        assert_eq!(alone.authorities(), &late.authorities()[..1]);
        assert_eq!(decide(&alone, [Trust::Wrong; 2], day(366)), None);

        let expired = renewed().with_new_authority(&LIFETIMES, day(400)).unwrap();
        assert_eq!(expired.authorities().len(), 2, "the served certificate is of it");
    }

    #[test]
    fn an_empty_secret_is_filled_and_an_unusable_one_left_alone() {
        let decide = |contents| change(&contents, &[Trust::Absent; 2], &service(), start(), &LIFETIMES);
        assert_eq!(decide(Contents::Empty), Some(Change::Make));
        assert_eq!(decide(Contents::Unusable("tls.crt: junk".to_owned())), None);
    }

    #[test]
    fn other_names_need_another_certificate_and_replicas_that_differ_agree() {
        let material = fresh();
        let (old, new) = (service(), names(&["127.0.0.1", "volguard.storage.svc"]));
        let decide = |material: &Material, names: &[String]| {
            let contents = Contents::Held(Box::new(material.clone()));
            change(&contents, &[Trust::Absent; 2], names, day(1), &LIFETIMES)
        };
        assert_eq!(decide(&material, &old), None);
        assert_eq!(decide(&material, &new), Some(Change::SignLeaf));

        let other = names(&["guard.storage.svc"]);
        let both = new_names(&material, &other, day(1));
        let material = material.with_new_leaf(&both, &LIFETIMES, day(1)).unwrap();
        assert_eq!(decide(&material, &old), None);
        assert_eq!(decide(&material, &other), None);
        assert_eq!(new_names(&material, &other, day(70)), other);
    }

    #[test]
    fn a_certificate_ends_with_its_ca_and_short_lives_settle_soon() {
        let late = fresh().with_new_leaf(&service(), &LIFETIMES, day(300)).unwrap();
        assert_eq!(late.leaf().life.until, late.authorities()[0].life.until);
        assert_eq!(LIFETIMES.settle(), 5 * MINUTE);
        let short = Lifetimes {
            authority: Duration::from_secs(30),
            certificate: Duration::from_secs(15),
        };
        assert_eq!(short.settle(), Duration::from_millis(1500));
    }
}
