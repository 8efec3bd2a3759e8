//! Names in warnings: what a generated name takes up, what comes of the fault must not lose.

/// Names up to this length stay as they are.
const LONGEST: usize = 24;
/// Characters that a shortened name keeps of its beginning and of its end, where an ordinal stands.
const KEPT: (usize, usize) = (14, 9);
/// Lengths of the parts of a UUID, which hyphens set apart.
const UUID: [usize; 5] = [8, 4, 4, 4, 12];
const UUID_LENGTH: usize = 36;

/// The message with its names shortened, if it is longer than `room` characters: first UUIDs in names to their first part,
/// and if that is not enough, whatever long names are left.
pub(super) fn shortened(message: &str, room: usize) -> String {
    let mut text = message.to_owned();
    for shorten in [without_uuid, without_middle] {
        if text.chars().count() > room {
            text = each_name(&text, shorten);
        }
    }
    text
}

/// The text with its names changed, where `change` has something to change. A name is what Kubernetes lets names be made of.
fn each_name(text: &str, change: fn(&str) -> Option<String>) -> String {
    let of_names = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let pieces = text.split_inclusive(|c| !of_names(c)).map(|piece| {
        let name = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        change(name).map_or_else(|| piece.to_owned(), |changed| changed + &piece[name.len()..])
    });
    pieces.collect()
}

/// `pvc-fb3b1c52…` for `pvc-fb3b1c52-0d5e-4c1b-a1b2-0123456789ab`.
fn without_uuid(name: &str) -> Option<String> {
    let start = name.as_bytes().windows(UUID_LENGTH).position(is_uuid)?;
    let (before, after) = (name.get(..start + UUID[0])?, name.get(start + UUID_LENGTH..)?);
    Some(format!("{before}…{after}"))
}

fn is_uuid(text: &[u8]) -> bool {
    let parts = text.split(|byte| *byte == b'-');
    parts.clone().map(<[u8]>::len).eq(UUID) && parts.flatten().all(u8::is_ascii_hexdigit)
}

/// `reports-for-th…archive-0` for `reports-for-the-western-archive-0`. Only names of objects have hyphens: fields, kinds and
/// the names of drivers stay.
fn without_middle(name: &str) -> Option<String> {
    if name.len() <= LONGEST || !name.contains('-') {
        return None;
    }
    let (start, end) = (name.get(..KEPT.0)?, name.get(name.len() - KEPT.1..)?);
    Some(format!("{start}…{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "fb3b1c52-0d5e-4c1b-a1b2-0123456789ab";

    #[test]
    fn generated_names_go_first_and_only_as_far_as_is_needed() {
        let long = "reports-for-the-western-archive-0";
        for (message, room, expected) in [
            ("volume pvc-UUID is lost".to_owned(), 55, "volume pvc-UUID is lost"),
            ("volume pvc-UUID is lost".to_owned(), 54, "volume pvc-fb3b1c52… is lost"),
            (
                format!("claim a/{long}: UUID, gone"),
                60,
                "claim a/LONG: fb3b1c52…, gone",
            ),
            (
                format!("claim a/{long}: UUID, gone"),
                40,
                "claim a/reports-for-th…archive-0: fb3b1c52…, gone",
            ),
            ("`restore-UUID-data`.".to_owned(), 1, "`restore-fb3b1c52…-data`."),
            (
                "fb3b1c52-0d5e-4c1b-a1b2-0123456789zz".to_owned(),
                1,
                "fb3b1c52-0d5e-…3456789zz",
            ),
            (
                "topologySpreadConstraints of filestore.csi.storage.gke.io".to_owned(),
                1,
                "the same",
            ),
            (
                "é… 日本語日本語日本語日本語日本語日本語日本語日本語日本語".to_owned(),
                1,
                "the same",
            ),
            (String::new(), 0, ""),
        ] {
            let message = message.replace("UUID", UUID);
            let expected = expected.replace("UUID", UUID).replace("LONG", long);
            let expected = if expected == "the same" { &message } else { &expected };
            assert_eq!(shortened(&message, room), *expected, "{message} in {room}");
        }
    }
}
