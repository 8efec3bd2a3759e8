//! Where a scenario plays: a namespace and a folder of its own in the three-zone cluster, and a shell.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::control_plane::token;
use crate::support::kubectl::Outcome;
use crate::support::{PATIENCE, wait_for};
use crate::zones::ThreeZones;

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(120);

/// So many refusals in a row mean that every replica refuses.
const REFUSALS: usize = 5;

/// Whether all plays are to end at their next command.
static BROKEN_OFF: AtomicBool = AtomicBool::new(false);

/// What the audience has seen of files: once is enough.
static SHOWN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Ends all plays at their next command.
pub(crate) fn break_off() {
    BROKEN_OFF.store(true, Ordering::SeqCst);
}

/// Who hears what happens on the stage.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// A test: nobody, unless it fails.
    Nobody,
    /// A person at a terminal.
    Terminal,
}

/// The stage of one half of a scenario.
///
/// Commands are lines for a shell that finds kubectl, helm and volguard, and whose kubectl is in the scenario's namespace. In
/// manifests and commands `$NS` stands for the namespace, and for the first part of the names of cluster-scoped objects;
/// `$AUDIT_LOG` is the file of the API server's audit log.
pub(crate) struct Stage<'a> {
    pub(crate) zones: &'a ThreeZones,
    namespace: String,
    audience: Audience,
    folder: TempDir,
    afterwards: RefCell<Vec<String>>,
}

impl<'a> Stage<'a> {
    /// Makes the namespace and waits for its ServiceAccount.
    pub(crate) fn new(zones: &'a ThreeZones, namespace: &str, audience: Audience) -> Result<Self, String> {
        let api = zones.plane.api();
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        match api.create("/api/v1/namespaces", &object) {
            Err(refusal) if refusal.code != 409 => return Err(refusal.message),
            _ => {}
        }
        let account = format!("/api/v1/namespaces/{namespace}/serviceaccounts/default");
        wait_for("the namespace's ServiceAccount", PATIENCE, || api.get(&account))?;

        let folder = TempDir::with_prefix("volguard-stage-").map_err(|error| error.to_string())?;
        let mut kubeconfig: Value =
            serde_json::from_str(&zones.plane.kubeconfig(&token("admin"))).map_err(|error| error.to_string())?;
        kubeconfig["contexts"][0]["context"]["namespace"] = json!(namespace);
        fs::write(folder.path().join("kubeconfig"), kubeconfig.to_string()).map_err(|error| error.to_string())?;
        Ok(Self {
            zones,
            namespace: namespace.to_owned(),
            audience,
            folder,
            afterwards: RefCell::default(),
        })
    }

    /// Tells the audience what is about to happen.
    pub(crate) fn say(&self, words: &str) {
        if self.audience == Audience::Terminal {
            println!("\n# {}", words.replace('\n', "\n# "));
        }
    }

    /// Writes a file into the scenario's folder.
    pub(crate) fn file(&self, name: &str, text: &str) {
        if self.audience == Audience::Terminal {
            let mut shown = SHOWN.lock().unwrap_or_else(PoisonError::into_inner);
            if shown.insert(text.to_owned()) {
                println!("\n$ cat {name}\n{}", self.fill(text.trim()));
            } else {
                println!("\n# {name} is as it was above.");
            }
        }
        let text = self.fill(text.trim_start());
        fs::write(self.folder.path().join(name), text).expect("the scenario's folder can be written");
    }

    /// Runs a command, whatever comes of it.
    pub(crate) fn run(&self, line: &str) -> Outcome {
        let outcome = self.quietly(line);
        self.show(line, &outcome);
        outcome
    }

    /// Runs a command that must succeed; all that it printed.
    pub(crate) fn must(&self, line: &str) -> String {
        let outcome = self.run(line);
        assert!(outcome.success, "{line}: {}{}", outcome.stdout, outcome.stderr);
        outcome.stdout + &outcome.stderr
    }

    /// Runs a command that must fail with these words; all its complaint.
    pub(crate) fn fails(&self, line: &str, words: &str) -> String {
        let outcome = self.run(line);
        assert!(!outcome.success, "{line} did not fail: {}", outcome.stdout);
        assert!(outcome.stderr.contains(words), "{line}: {}", outcome.stderr);
        outcome.stderr
    }

    /// Runs a command that volguard must refuse by this rule; why.
    pub(crate) fn refused(&self, line: &str, rule: &str) -> String {
        self.fails(line, &format!("[{rule}]"))
    }

    /// Writes a manifest to `name` and applies it, which must succeed; all that kubectl printed, warnings too.
    pub(crate) fn applied(&self, name: &str, manifest: &str) -> String {
        self.file(name, manifest);
        self.must(&format!("kubectl apply -f {name}"))
    }

    /// Writes a manifest to `name` and applies it, which volguard must refuse by this rule; why.
    pub(crate) fn not_applied(&self, name: &str, manifest: &str, rule: &str) -> String {
        self.file(name, manifest);
        self.refused(&format!("kubectl apply -f {name}"), rule)
    }

    /// As [`Self::not_applied`], where the rule looks at objects that a review does not wait for. Each replica of volguard hears
    /// of those by itself, so the manifest is tried until it is refused again and again.
    pub(crate) fn not_applied_once_heard(&self, name: &str, manifest: &str, rule: &str) -> String {
        self.file(name, manifest);
        self.say("Each replica of volguard hears of what is new by itself, within moments.");
        let trial = format!("kubectl apply --dry-run=server -f {name}");
        let mut in_a_row = 0;
        let heard = wait_for(&format!("{REFUSALS} refusals of `{trial}` in a row"), PATIENCE, || {
            let outcome = self.quietly(&trial);
            let is_refused = !outcome.success && outcome.stderr.contains(&format!("[{rule}]"));
            in_a_row = if is_refused { in_a_row + 1 } else { 0 };
            (in_a_row == REFUSALS).then_some(())
        });
        heard.unwrap_or_else(|problem| panic!("{problem}"));
        self.refused(&format!("kubectl apply -f {name}"), rule)
    }

    /// Runs a command again and again until its output has all these parts; only the last time is shown. The output.
    pub(crate) fn until(&self, line: &str, parts: &[&str]) -> String {
        self.until_so(line, &format!("{parts:?}"), |output| {
            parts.iter().all(|part| output.contains(part))
        })
    }

    /// Runs a command again and again until its output is as wanted, in words for the one who waits in vain.
    pub(crate) fn until_so(&self, line: &str, wanted: &str, is_so: impl Fn(&str) -> bool) -> String {
        let mut last = String::new();
        let seen = wait_for(&format!("{wanted} in the output of `{line}`"), PATIENCE, || {
            let outcome = self.quietly(line);
            last = format!("{}{}", outcome.stdout, outcome.stderr);
            (outcome.success && is_so(&last)).then_some(outcome)
        });
        let outcome = seen.unwrap_or_else(|problem| panic!("{problem}, which was at last:\n{last}"));
        self.show(line, &outcome);
        last
    }

    /// Has a command run when the play is over, however it ends, to put back what all scenarios share. It is not shown.
    pub(crate) fn afterwards(&self, line: &str) {
        self.afterwards.borrow_mut().push(line.to_owned());
    }

    /// Waits until pods are ready: `app`, or `--selector app=db`.
    pub(crate) fn pod_runs(&self, pod: &str) {
        self.until(&format!("kubectl get pods {pod} -o wide"), &["Running"]);
        self.must(&format!("kubectl wait --for=condition=Ready pod {pod} --timeout=60s"));
    }

    /// Waits until an event of the pod says these words while it is not running.
    pub(crate) fn pod_hangs(&self, pod: &str, why: &str) {
        self.until(&format!("kubectl events --for pod/{pod}"), &[why]);
        let pods = self.must(&format!("kubectl get pod {pod}"));
        assert!(!pods.contains("Running"), "{pods}");
    }

    /// A field of an object, which is not shown.
    pub(crate) fn field(&self, object: &str, jsonpath: &str) -> String {
        let line = format!("kubectl get {object} -o 'jsonpath={jsonpath}'");
        let outcome = self.quietly(&line);
        assert!(outcome.success, "{line}: {}", outcome.stderr);
        outcome.stdout
    }

    /// The disk in the cloud behind a bound claim: its id.
    pub(crate) fn disk(&self, claim: &str) -> String {
        let volume = self.field(&format!("pvc {claim}"), "{.spec.volumeName}");
        self.field(&format!("pv {volume}"), "{.spec.csi.volumeHandle}")
    }

    /// The snapshot in the cloud behind a `VolumeSnapshot` that is ready: its id.
    pub(crate) fn cloud_snapshot(&self, name: &str) -> String {
        let content = self.field(
            &format!("volumesnapshot {name}"),
            "{.status.boundVolumeSnapshotContentName}",
        );
        self.field(&format!("volumesnapshotcontent {content}"), "{.status.snapshotHandle}")
    }

    /// What the cloud says of the disk or snapshot of this id: nothing when there is none.
    pub(crate) fn in_cloud(&self, id: &str) -> Option<Value> {
        let cloud = self.zones.cloud();
        let everything = ["volumes", "snapshots"].map(|kind| cloud[kind].as_array().cloned().unwrap_or_default());
        everything.into_iter().flatten().find(|thing| thing["id"] == id)
    }

    /// Waits until the cloud has none of these disks or snapshots any more, and says so.
    pub(crate) fn gone_from_cloud(&self, ids: &[String]) {
        let gone = || ids.iter().all(|id| self.in_cloud(id).is_none()).then_some(());
        wait_for(&format!("the cloud to lose {}", ids.join(", ")), PATIENCE, gone).expect("it is deleted");
        self.say(&format!("The cloud no longer has {}.", ids.join(" and ")));
    }

    /// The text with the namespace in place of `$NS`.
    pub(crate) fn fill(&self, text: &str) -> String {
        text.replace("$NS", &self.namespace)
    }

    /// The folder that commands are run in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn quietly(&self, line: &str) -> Outcome {
        assert!(!BROKEN_OFF.load(Ordering::SeqCst), "the demo is ended");
        self.shell(line).unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Has a shell run a command; the error says that it took too long.
    fn shell(&self, line: &str) -> Result<Outcome, String> {
        let mut outputs = [tempfile::tempfile(), tempfile::tempfile()].map(|file| file.expect("a file can be made"));
        let [stdout, stderr] = outputs
            .each_ref()
            .map(|file| file.try_clone().expect("a file can be shared"));
        let mut shell = Command::new("sh")
            .args(["-c", &self.fill(line)])
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", self.zones.search_path())
            .env("HOME", self.folder.path())
            .env("KUBECONFIG", self.folder.path().join("kubeconfig"))
            .env("AUDIT_LOG", self.zones.audit_log())
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            // What the shell starts ends with it.
            .process_group(0)
            .spawn()
            .expect("a shell starts");
        let status = wait_for(&format!("the end of `{line}`"), LIMIT, || {
            shell.try_wait().ok().flatten()
        });
        if status.is_err() {
            let _ = Command::new("kill")
                .args(["-KILL", "--", &format!("-{}", shell.id())])
                .status();
            let _ = shell.wait();
        }
        let [stdout, stderr] = outputs.each_mut().map(|file| {
            let mut text = Vec::new();
            let read = file.rewind().and_then(|()| file.read_to_end(&mut text));
            read.expect("the output of a command can be read");
            String::from_utf8_lossy(&text).into_owned()
        });
        let status = status.map_err(|problem| format!("{problem}: {stdout}{stderr}"))?;
        Ok(Outcome {
            success: status.success(),
            code: status.code().unwrap_or(-1),
            stdout,
            stderr,
        })
    }

    fn show(&self, line: &str, outcome: &Outcome) {
        if self.audience == Audience::Terminal {
            println!(
                "\n$ {}\n{}{}",
                self.fill(line),
                outcome.stderr,
                outcome.stdout.trim_end()
            );
        }
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        for line in self.afterwards.borrow().iter().rev() {
            // A panic in a drop ends everything.
            match self.shell(line) {
                Ok(outcome) if outcome.success => {}
                Ok(outcome) => eprintln!("{line}: {}", outcome.stderr),
                Err(problem) => eprintln!("{problem}"),
            }
        }
    }
}
