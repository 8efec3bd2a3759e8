//! `volguard certs`.

use super::certificate::SecretName;
use super::{EXIT_FINDINGS, judging::Output};
use crate::cluster::watch::connect;
use crate::tls::rotate::{KINDS, Names, Objects};
use crate::tls::{self, Certificate, Contents};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

#[derive(Debug, Subcommand)]
pub(super) enum CertsCommand {
    /// Show a certificate: of a Secret, of a file, or as it is served. The exit status is 1 if something is wrong with
    /// it.
    Show(ShowArgs),
}

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    source: Source,
    /// Name of the webhook configurations that are to trust the certificate; they are looked at with --secret,
    /// --kubeconfig or --context.
    #[arg(long, env = "VOLGUARD_WEBHOOK_CONFIGURATION", default_value = "volguard")]
    webhook_configuration: String,
    /// The kubeconfig of the cluster; without it the Pod's own service account, else the usual kubeconfig.
    #[arg(long, env = "VOLGUARD_KUBECONFIG")]
    kubeconfig: Option<PathBuf>,
    /// The context of the kubeconfig.
    #[arg(long, env = "VOLGUARD_CONTEXT")]
    context: Option<String>,
    /// How to write it.
    #[arg(long, short, env = "VOLGUARD_OUTPUT", default_value = "text")]
    output: Output,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Source {
    /// NAMESPACE/NAME of a Secret, as in `volguard serve --tls-secret`.
    #[arg(long)]
    secret: Option<SecretName>,
    /// A file with a certificate chain, PEM.
    #[arg(long)]
    tls_cert: Option<PathBuf>,
    /// HOST:PORT of a server, for example a volguard's.
    address: Option<String>,
}

/// What is shown, and its JSON.
#[derive(Debug, Serialize)]
struct Shown {
    version: u32,
    source: String,
    /// The server's own first.
    chain: Vec<Described>,
    /// The CAs that clients are to trust, newest first; only a Secret holds them.
    authorities: Vec<Described>,
    webhooks: Vec<Webhook>,
    problems: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Described {
    subject: String,
    issuer: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    names: Vec<String>,
    not_before: String,
    not_after: String,
    #[serde(skip)]
    until: SystemTime,
}

#[derive(Debug, Serialize)]
struct Webhook {
    configuration: String,
    name: String,
    trusts: bool,
}

pub(super) fn run(command: &CertsCommand) -> anyhow::Result<ExitCode> {
    let CertsCommand::Show(args) = command;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let shown = runtime.block_on(show(args))?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.output {
        Output::Text => write_text(&shown, &mut out)?,
        Output::Json => {
            serde_json::to_writer_pretty(&mut out, &shown)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(if shown.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(EXIT_FINDINGS)
    })
}

async fn show(args: &ShowArgs) -> anyhow::Result<Shown> {
    let mut problems = Vec::new();
    let (mut chain, mut authorities) = (Vec::new(), Vec::new());
    let objects = objects(args).await?;
    let source = match (&args.source, &objects) {
        (Source { secret: Some(_), .. }, Some(objects)) => {
            let name = objects.secret_name();
            match objects
                .contents()
                .await?
                .with_context(|| format!("there is no {name}"))?
            {
                Contents::Empty => problems.push("it is empty".to_owned()),
                Contents::Unusable(problem) => problems.push(problem),
                Contents::Held(material) => {
                    chain.push(material.leaf().clone());
                    authorities = material.authorities().to_vec();
                }
            }
            name
        }
        (
            Source {
                tls_cert: Some(path), ..
            },
            _,
        ) => {
            let name = path.display().to_string();
            let pem = std::fs::read(path).with_context(|| format!("cannot read {name}"))?;
            chain = Certificate::from_pem(&pem, &name)?;
            name
        }
        (source, _) => {
            let address = source.address.clone().unwrap_or_default();
            chain = tls::served_at(&address).await?;
            address
        }
    };
    let now = SystemTime::now();
    for certificate in chain.iter().chain(&authorities) {
        problems.extend(untimely(certificate, now));
    }
    problems.extend(chain.windows(2).filter_map(unsigned));
    let webhooks = match (&objects, chain.is_empty()) {
        (Some(objects), false) => webhooks(objects, &chain, now).await?,
        _ => Vec::new(),
    };
    if objects.is_some() && webhooks.is_empty() && !chain.is_empty() {
        let name = &args.webhook_configuration;
        problems.push(format!(
            "no webhook configuration is named {name}, so the API server asks nobody; install it again, or name it with \
             --webhook-configuration"
        ));
    }
    let doubtful = webhooks.iter().filter(|webhook| !webhook.trusts);
    problems.extend(doubtful.map(|webhook| format!("{} of {} does not trust it", webhook.name, webhook.configuration)));
    Ok(Shown {
        version: 1,
        source,
        chain: chain.iter().map(describe).collect(),
        authorities: authorities.iter().map(describe).collect(),
        webhooks,
        problems,
    })
}

/// The cluster's objects, if the cluster is to be asked.
async fn objects(args: &ShowArgs) -> anyhow::Result<Option<Objects>> {
    if args.source.secret.is_none() && args.kubeconfig.is_none() && args.context.is_none() {
        return Ok(None);
    }
    let client = connect(args.kubeconfig.as_deref(), args.context.as_deref()).await?;
    let secret = args.source.secret.clone();
    let names = Names {
        namespace: secret.as_ref().map_or(String::new(), |secret| secret.namespace.clone()),
        secret: secret.map_or(String::new(), |secret| secret.name),
        configuration: args.webhook_configuration.clone(),
    };
    Ok(Some(Objects::new(&client, names)))
}

async fn webhooks(objects: &Objects, chain: &[Certificate], now: SystemTime) -> anyhow::Result<Vec<Webhook>> {
    let mut webhooks = Vec::new();
    for kind in 0..KINDS.len() {
        for (name, bundle) in objects.bundles(kind).await?.unwrap_or_default() {
            let authorities = Certificate::from_pem(&bundle, "caBundle").unwrap_or_default();
            let trusted: Vec<_> = authorities.into_iter().filter(|ca| !ca.life.is_over(now)).collect();
            webhooks.push(Webhook {
                configuration: objects.configuration_name(kind),
                name,
                trusts: tls::leads_to(chain, &trusted),
            });
        }
    }
    Ok(webhooks)
}

fn untimely(certificate: &Certificate, now: SystemTime) -> Option<String> {
    let subject = &certificate.subject;
    match certificate.life {
        life if life.is_over(now) => Some(format!("{subject} has expired")),
        life if now < life.from => Some(format!("{subject} is not valid yet")),
        _ => None,
    }
}

fn unsigned(pair: &[Certificate]) -> Option<String> {
    let [certificate, next] = pair else {
        return None;
    };
    let problem = || {
        format!(
            "{} is not signed by {}, which follows it",
            certificate.subject, next.subject
        )
    };
    (!certificate.is_signed_by(next)).then(problem)
}

fn describe(certificate: &Certificate) -> Described {
    let text = |time| jiff::Timestamp::try_from(time).map_or_else(|_| "?".to_owned(), |time| time.to_string());
    Described {
        subject: certificate.subject.clone(),
        issuer: certificate.issuer.clone(),
        names: certificate.names.iter().cloned().collect(),
        not_before: text(certificate.life.from),
        not_after: text(certificate.life.until),
        until: certificate.life.until,
    }
}

fn write_text(shown: &Shown, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "{}", shown.source)?;
    let chain = shown.chain.iter().map(|described| ("certificate", described));
    let authorities = shown.authorities.iter().map(|described| ("CA", described));
    for (role, described) in chain.chain(authorities) {
        writeln!(out, "\n{role} {}", described.subject)?;
        if !described.names.is_empty() {
            writeln!(out, "  for   {}", described.names.join(", "))?;
        }
        writeln!(out, "  by    {}", described.issuer)?;
        writeln!(out, "  from  {}", described.not_before)?;
        writeln!(out, "  until {}{}", described.not_after, left(described.until))?;
    }
    if !shown.webhooks.is_empty() {
        writeln!(out)?;
    }
    for Webhook {
        configuration,
        name,
        trusts,
    } in &shown.webhooks
    {
        let verb = if *trusts { "trusts" } else { "does not trust" };
        writeln!(out, "{configuration}: {name} {verb} it")?;
    }
    if !shown.problems.is_empty() {
        writeln!(out)?;
    }
    for problem in &shown.problems {
        writeln!(out, "problem: {problem}")?;
    }
    Ok(())
}

/// How much of a life is left, in words; nothing once it is over.
fn left(until: SystemTime) -> String {
    const DAY: u64 = 24 * 3600;
    match until.duration_since(SystemTime::now()).as_ref().map(Duration::as_secs) {
        Ok(seconds) if seconds >= 2 * DAY => format!(", {} days left", seconds / DAY),
        Ok(seconds) if seconds >= 2 * 3600 => format!(", {} hours left", seconds / 3600),
        Ok(seconds) => format!(", {} minutes left", seconds / 60),
        Err(_) => String::new(),
    }
}
