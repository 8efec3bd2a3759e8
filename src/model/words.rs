//! Words for messages.

/// Names for a sentence, in the given order: the first `most` of them, and how many there are beside them
/// (`a, b, c and 4 more`).
pub fn listed<'a>(names: impl IntoIterator<Item = &'a str>, most: usize) -> String {
    let mut names = names.into_iter();
    let first: Vec<&str> = names.by_ref().take(most).collect();
    match names.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// A text that somebody wrote, for a message: its beginning, where it is long.
pub fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// A remedy, after the reason for what it mends where one is known: a clause that reads well after "because".
pub fn with_reason(because: Option<&str>, remedy: &str) -> String {
    match because {
        Some(because) => format!("The reason: {because}. {remedy}"),
        None => remedy.to_owned(),
    }
}

/// An error with the causes that its own text leaves out.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    for cause in std::iter::successors(error.source(), |cause| cause.source()) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    enum Failure {
        #[error("cannot list claims")]
        List(#[source] Box<Failure>),
        #[error("no connection: {0}")]
        Connection(#[source] std::io::Error),
    }

    #[test]
    fn every_cause_is_named_once() {
        let connection = Failure::Connection(std::io::Error::other("certificate unknown"));
        let list = Failure::List(Box::new(connection));
        assert_eq!(
            with_causes(&list),
            "cannot list claims: no connection: certificate unknown"
        );
    }

    #[test]
    fn a_long_list_is_counted() {
        assert_eq!(listed([], 3), "");
        assert_eq!(listed(["a", "b", "c"], 3), "a, b, c");
        assert_eq!(listed(["a", "b", "c", "d", "e"], 3), "a, b, c and 2 more");
    }
}
