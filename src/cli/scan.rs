//! `volguard scan`.

use super::judging::JudgingArgs;
use crate::cluster::watch::connect;
use crate::policy::PolicySet;
use crate::report::Report;
use crate::scan;
use anyhow::Context as _;
use clap::Args;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

#[derive(Debug, Args)]
pub(super) struct ScanArgs {
    #[command(flatten)]
    judging: JudgingArgs,
    /// The kubeconfig of the cluster; without it the Pod's own service account, else the usual kubeconfig.
    #[arg(long, env = "VOLGUARD_KUBECONFIG")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig.
    #[arg(long, env = "VOLGUARD_CONTEXT")]
    context: Option<String>,
    /// Judge the objects of this namespace only; without it, those of all namespaces and the cluster's own.
    #[arg(long, short, env = "VOLGUARD_SCAN_NAMESPACE")]
    namespace: Option<String>,
    /// volguard's own namespace, which is left alone; `serve` calls it --namespace.
    #[arg(long, env = "VOLGUARD_NAMESPACE", default_value = crate::policy::OWN_NAMESPACE)]
    volguard_namespace: String,
}

pub(super) fn run(args: &ScanArgs) -> anyhow::Result<ExitCode> {
    let files = args.judging.files()?;
    let drivers = args.judging.drivers.load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(async {
        let client = connect(args.kubeconfig.as_deref(), args.context.as_deref()).await?;
        let mut report = Report::default();
        let unreachable = "the API server cannot be asked";
        let assembly = scan::criteria(&client, files, drivers, &mut report).await;
        let assembly = assembly.context(unreachable)?;
        let mut criteria = Arc::unwrap_or_clone(assembly.criteria);
        if assembly.is_default {
            let policy = args.judging.default_policy();
            let profile = policy.profile.as_str();
            writeln!(
                std::io::stderr(),
                "volguard: the cluster has no policy in force; judging by profile {profile} in mode Enforce"
            )?;
            let exceptions = criteria.policies.exceptions().all().to_vec();
            criteria.policies = PolicySet::new(vec![policy]).with_exceptions(exceptions);
        }
        let scope = scan::Scope {
            namespace: args.namespace.as_deref(),
            own_namespace: &args.volguard_namespace,
        };
        let scanned = scan::scan(&client, &criteria, scope, &mut report).await;
        scanned.context(unreachable)?;
        anyhow::Ok(report)
    })?;
    args.judging.write(&report)
}
