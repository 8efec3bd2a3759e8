//! `make demo`: the cluster, and its story at a terminal. `make demo-down` ends both.
//!
//! One process, the keeper, holds the cluster and tells the story into a file; it stays when the story is over. The process
//! that `make demo` starts only reads that file aloud. All that the keeper starts is in its process group.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use tokio::signal::unix::{SignalKind, signal};

use crate::scenarios::{ALL, Scenario};
use crate::stage::{Audience, Stage};
use crate::support::control_plane::token;
use crate::support::wait_for;
use crate::zones::ThreeZones;
use crate::{audit, installation, stage};

/// How long the story may take until the keeper is given up.
const STORY_LIMIT: Duration = Duration::from_secs(900);

/// How long the keeper may take to show that it is there.
const START_LIMIT: Duration = Duration::from_secs(10);

/// How long the keeper may take to end everything.
const END_LIMIT: Duration = Duration::from_secs(60);

/// What a run of the demo leaves in target/demo while it lasts.
struct Files {
    folder: PathBuf,
}

impl Files {
    fn new() -> Self {
        let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
        Self {
            folder: tmp.parent().unwrap_or(tmp).join("demo"),
        }
    }

    /// The keeper's process id; the keeper holds a lock on it as long as it lives.
    fn pid(&self) -> PathBuf {
        self.folder.join("pid")
    }

    /// What the keeper tells.
    fn story(&self) -> PathBuf {
        self.folder.join("story.txt")
    }

    /// There once the story is over: `told`, or what went wrong.
    fn end(&self) -> PathBuf {
        self.folder.join("end")
    }

    /// A kubeconfig of the cluster's administrator.
    fn kubeconfig(&self) -> PathBuf {
        self.folder.join("kubeconfig")
    }

    /// The keeper, if one is running.
    fn keeper(&self) -> Option<String> {
        let mut file = File::open(self.pid()).ok()?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid).ok()?;
                Some(pid).filter(|pid| !pid.is_empty())
            }
            _ => None,
        }
    }

    /// Makes this process the keeper, as long as the file is open.
    fn become_keeper(&self) -> io::Result<File> {
        let mut file = File::create(self.pid())?;
        // Who looks whether there is a keeper holds it for a moment.
        file.lock()?;
        write!(file, "{}", process::id())?;
        Ok(file)
    }
}

/// Sends a signal to the processes of a group; whether there are any.
fn signal_group(pid: &str, signal: &str) -> bool {
    let kill = Command::new("kill")
        .args([signal, "--", &format!("-{pid}")])
        .stderr(Stdio::null())
        .status();
    kill.is_ok_and(|status| status.success())
}

/// Starts a keeper and reads its story aloud: of the scenarios of these names, or of all.
pub(crate) fn up(names: &[String]) -> ExitCode {
    let told = chosen(names).and_then(|_| start_keeper(names));
    match told.and_then(|files| read_aloud(&files)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

/// The scenarios of these names, or all.
fn chosen(names: &[String]) -> Result<Vec<&'static Scenario>, String> {
    if names.is_empty() {
        return Ok(ALL.iter().collect());
    }
    let of_name = |name: &String| {
        let known = || ALL.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join(", ");
        let found = ALL.iter().find(|scenario| scenario.name == name);
        found.ok_or_else(|| format!("there is no scenario {name}; there are {}", known()))
    };
    names.iter().map(of_name).collect()
}

fn start_keeper(names: &[String]) -> Result<Files, String> {
    let files = Files::new();
    if let Some(pid) = files.keeper() {
        return Err(format!(
            "a demo is running already (process {pid}): end it with `make demo-down`"
        ));
    }
    let problem = |error: io::Error| format!("the demo cannot be started: {error}");
    let _ = fs::remove_dir_all(&files.folder);
    fs::create_dir_all(&files.folder).map_err(problem)?;
    let story = File::create(files.story()).map_err(problem)?;
    let mut keeper = Command::new(env::current_exe().map_err(problem)?)
        .arg("--keep")
        .args(names)
        .stdin(Stdio::null())
        .stdout(story.try_clone().map_err(problem)?)
        .stderr(story)
        // A group of its own, which Ctrl-C at the terminal does not reach.
        .process_group(0)
        .spawn()
        .map_err(problem)?;
    wait_for("the demo to begin", START_LIMIT, || {
        let ended = keeper.try_wait().ok().flatten();
        (files.keeper().is_some() || ended.is_some()).then_some(())
    })?;
    Ok(files)
}

/// Prints what the keeper tells until the story is over.
fn read_aloud(files: &Files) -> Result<(), String> {
    let problem = |error: io::Error| format!("the story cannot be read: {error}");
    let mut story = File::open(files.story()).map_err(problem)?;
    let begin = Instant::now();
    loop {
        // Looked at before the story is read, so that its last words are not missed.
        let end = fs::read_to_string(files.end()).ok();
        let mut text = Vec::new();
        story.read_to_end(&mut text).map_err(problem)?;
        io::stdout().write_all(&text).map_err(problem)?;
        match end.as_deref() {
            Some("told") => return Ok(()),
            Some(problem) => return Err(problem.to_owned()),
            None if files.keeper().is_none() => return Err("the demo has ended by itself".to_owned()),
            None if begin.elapsed() > STORY_LIMIT => return Err("the story does not come to its end".to_owned()),
            None => thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// Holds the cluster and tells the story, until SIGTERM; a story that is not over then breaks off.
pub(crate) fn keep(names: Vec<String>) -> ExitCode {
    let files = Files::new();
    let _lock = match files.become_keeper() {
        Ok(file) => file,
        Err(problem) => {
            eprintln!("{}: {problem}", files.pid().display());
            return ExitCode::FAILURE;
        }
    };
    let terminated = terminated(files.pid());
    let told = thread::spawn(move || tell(&names)).join();
    let (end, zones) = match told {
        Ok(Ok(zones)) => ("told".to_owned(), Some(zones)),
        Ok(Err(problem)) => (problem, None),
        Err(_) => ("the story broke off: its last lines say why".to_owned(), None),
    };
    let _ = fs::write(files.end(), end);
    if zones.is_some() {
        let _ = terminated.join();
    }
    ExitCode::SUCCESS
}

/// A thread that ends when the process is asked to, or when its file is removed.
fn terminated(pid: PathBuf) -> thread::JoinHandle<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let mut signal = {
        let _runtime = runtime.enter();
        signal(SignalKind::terminate()).expect("SIGTERM can be waited for")
    };
    thread::spawn(move || {
        // Whoever removes the demo's files wants it gone too.
        runtime.block_on(async {
            let mut looks = tokio::time::interval(Duration::from_secs(1));
            while pid.exists() {
                tokio::select! {
                    _ = signal.recv() => break,
                    _ = looks.tick() => {}
                }
            }
        });
        stage::break_off();
    })
}

/// The story; the cluster that it leaves.
fn tell(names: &[String]) -> Result<ThreeZones, String> {
    let begin = Instant::now();
    let scenarios = chosen(names)?;
    let files = Files::new();
    let zones = ThreeZones::start()?;
    let kubeconfig = zones.plane.kubeconfig(&token("admin"));
    fs::write(files.kubeconfig(), kubeconfig).map_err(|error| error.to_string())?;

    heading("A cluster of three zones, without volguard");
    let stage = Stage::new(&zones, "default", Audience::Terminal)?;
    stage.must("kubectl get nodes --label-columns topology.kubernetes.io/zone");
    stage.must("kubectl get csidrivers");
    stage.say(
        "Each failure plays in a namespace of its own, which is kubectl's default there.\n\
         What is in the cloud is read in the cloud's own list.",
    );
    for scenario in &scenarios {
        introduce(scenario);
        println!("  Without volguard: {}.", scenario.without.outcome);
        let stage = Stage::new(&zones, scenario.name, Audience::Terminal)?;
        (scenario.without.play)(&stage);
    }

    heading("volguard is installed, and its policy is in mode Audit");
    installation::install(&Stage::new(&zones, installation::NAMESPACE, Audience::Terminal)?);
    audit::play(&Stage::new(&zones, audit::NAMESPACE, Audience::Terminal)?);

    heading("The same failures again, with volguard");
    for scenario in &scenarios {
        introduce(scenario);
        println!("  With volguard: {}.", scenario.with.outcome);
        let stage = Stage::new(&zones, &scenario.guarded(), Audience::Terminal)?;
        (scenario.with.play)(&stage);
    }

    heading("The end");
    println!(
        "{} failures, each without volguard and with it, in {:.0} seconds.\n\n\
         The cluster is still there:\n  export KUBECONFIG={}\n  export PATH={}\n  export AUDIT_LOG={}\n  kubectl get storagepolicies\n\n\
         `make demo-down` ends it.",
        scenarios.len(),
        begin.elapsed().as_secs_f64(),
        files.kubeconfig().display(),
        zones.search_path(),
        zones.audit_log().display(),
    );
    drop(stage);
    Ok(zones)
}

fn heading(words: &str) {
    println!("\n\n==== {words} ====");
}

fn introduce(scenario: &Scenario) {
    println!("\n\n---- {} ----", scenario.title);
}

/// Ends the keeper and everything that it started.
pub(crate) fn down() -> ExitCode {
    let files = Files::new();
    let Some(pid) = files.keeper() else {
        let _ = fs::remove_dir_all(&files.folder);
        println!("no demo is running");
        return ExitCode::SUCCESS;
    };
    let _ = Command::new("kill").args(["-TERM", &pid]).status();
    let over = wait_for("the demo to end", END_LIMIT, || {
        (files.keeper().is_none() && !signal_group(&pid, "-0")).then_some(())
    });
    if let Err(problem) = over {
        eprintln!("{problem}: its processes are killed");
        signal_group(&pid, "-KILL");
        return ExitCode::FAILURE;
    }
    let _ = fs::remove_dir_all(&files.folder);
    println!("the demo has ended, and nothing of it is left running");
    ExitCode::SUCCESS
}
