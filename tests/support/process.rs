//! Child processes that end with the tests, whatever way the tests end.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::wait_for;

/// How many lines of a log are shown when something failed.
const TAIL: usize = 40;

/// Kills the process `$0` when standard input closes.
const WATCHDOG: &str = r#"trap '' HUP INT TERM; read -r _; kill -KILL "$0""#;

/// A child process whose output goes to a file. It is killed on drop.
///
/// Statics are not dropped and a killed test process drops nothing, so a watchdog stands beside each child:
/// a shell that reads from a pipe whose other end only this process holds, and kills the child when the pipe closes. It
/// outlives the signals that a terminal or `timeout` sends to all of them: kube-apiserver waits for an etcd that they end.
pub(crate) struct Process {
    name: String,
    child: Child,
    watchdog: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; both its outputs go to `folder/name.log`.
    pub(crate) fn spawn(name: &str, mut command: Command, folder: &Path) -> Result<Self, String> {
        let log = folder.join(format!("{name}.log"));
        let problem = |error: std::io::Error| format!("{name} cannot be started: {error}");
        let output = File::create(&log).map_err(problem)?;
        let errors = output.try_clone().map_err(problem)?;
        let mut child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(problem)?;
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG, &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match watchdog {
            Ok(watchdog) => Ok(Self {
                name: name.to_owned(),
                child,
                watchdog,
                log,
            }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(problem(error))
            }
        }
    }

    /// The process's name in messages.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The status of a process that has ended.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// All that the process has printed until now.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&self.log_after(0)).into_owned()
    }

    /// What the process has printed after its first `start` bytes.
    pub(crate) fn log_after(&self, start: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        // The file was made before the process; what can be read of it is shown.
        let _ = File::open(&self.log).and_then(|mut log| {
            log.seek(SeekFrom::Start(start))?;
            log.read_to_end(&mut bytes)
        });
        bytes
    }

    /// The last lines that the process printed, under a heading. Left out is what Kubernetes' components log as
    /// information and warning (`I1123 10:18:49 …`): hundreds of lines, most of them in every healthy start.
    pub(crate) fn log_tail(&self) -> String {
        let log = self.log();
        let is_routine =
            |line: &str| line.starts_with(['I', 'W']) && line[1..].starts_with(|c: char| c.is_ascii_digit());
        let lines: Vec<&str> = log.lines().filter(|line| !is_routine(line)).collect();
        let tail = &lines[lines.len().saturating_sub(TAIL)..];
        format!("--- last lines of {} ---\n{}\n", self.name, tail.join("\n"))
    }

    /// Asks the process to end (SIGTERM).
    pub(crate) fn terminate(&self) {
        let _ = Command::new("kill").args(["-TERM", &self.id().to_string()]).status();
    }

    /// Waits until the process has ended by itself.
    pub(crate) fn wait(&mut self, limit: Duration) -> Result<ExitStatus, String> {
        let what = format!("the end of {}", self.name);
        wait_for(&what, limit, || self.ended())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The watchdog first: once the child is reaped, its id may be another process's.
        for process in [&mut self.watchdog, &mut self.child] {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
