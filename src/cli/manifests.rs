//! `volguard manifests`.

use crate::manifests::{self, FailurePolicy, Installation, Part, Scope};
use crate::policy::{PolicySet, read_objects};
use crate::rules;
use clap::Args;
use serde_json::Value;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, Args)]
pub(super) struct ManifestsArgs {
    /// The namespace that volguard runs in.
    #[arg(long, env = "VOLGUARD_NAMESPACE", default_value = crate::policy::OWN_NAMESPACE)]
    namespace: String,
    /// The image, from where it was pushed to.
    #[arg(long, env = "VOLGUARD_IMAGE", default_value = concat!("volguard:", env!("CARGO_PKG_VERSION")))]
    image: String,
    /// How many replicas run.
    #[arg(long, env = "VOLGUARD_REPLICAS", default_value_t = 2)]
    replicas: u32,
    /// What becomes of a create or update that nobody validates.
    #[arg(long, env = "VOLGUARD_FAILURE_POLICY", default_value = "ignore", ignore_case = true)]
    failure_policy: FailurePolicy,
    /// StoragePolicy files or folders to install; permissions and webhooks are narrowed to what their rules need. Without
    /// any, profile Recommended in mode Audit, with permissions and webhooks for every rule.
    #[arg(long, env = "VOLGUARD_POLICY", value_delimiter = ',')]
    policy: Vec<PathBuf>,
    /// Print these parts only.
    #[arg(long, env = "VOLGUARD_ONLY", value_delimiter = ',')]
    only: Vec<Part>,
}

pub(super) fn run(args: &ManifestsArgs) -> anyhow::Result<ExitCode> {
    let installation = installation(args)?;
    let wanted = |part: &Part| args.only.is_empty() || args.only.contains(part);
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for part in Part::ALL.into_iter().filter(wanted) {
        for object in manifests::objects(part, &installation) {
            write!(out, "---\n{}", serde_saphyr::to_string(&object)?)?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn installation(args: &ManifestsArgs) -> anyhow::Result<Installation> {
    let mut installation = Installation {
        namespace: args.namespace.clone(),
        image: args.image.clone(),
        replicas: args.replicas,
        failure_policy: args.failure_policy,
        ..Installation::default()
    };
    let mut policies = Vec::new();
    if !args.policy.is_empty() {
        let (files, objects) = read_objects(&args.policy, &rules::ALL)?;
        policies = objects;
        // Exceptions alone leave the policies to the cluster.
        if !files.policies.is_empty() {
            installation.scope = Scope::of(&PolicySet::from(files));
        }
    }
    for policy in policies {
        let text = |pointer| policy.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        // A policy and an exception may have one name.
        let file = format!("{}-{}.yaml", text("/kind").to_lowercase(), text("/metadata/name"));
        installation.policies.insert(file, serde_saphyr::to_string(&policy)?);
    }
    Ok(installation)
}
