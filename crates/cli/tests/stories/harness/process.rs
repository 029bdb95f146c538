//! A process of ours: its output is read all the time, and it ends with the test.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};

use serde_json::Value;

use super::{DEADLINE, eventually};
use crate::api::Api;

/// The program, with nothing of this process's environment.
pub fn conclave() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_conclave"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// The variable that names a crash point.
pub const CRASH_AT: &str = "CONCLAVE_CRASH_AT";

/// A running program.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    log: PathBuf,
}

impl Process {
    /// Starts a node on a profile; nothing if it ends before it is ready, as only a crash point makes it do.
    pub fn node(profile: &Path, args: &[String], env: &[(&str, &str)]) -> Option<(Self, Api)> {
        let mut command = conclave();
        command
            .args(["--json", "--no-open", "--port", "0", "--profile-dir"])
            .arg(profile)
            .args(args)
            .envs(env.iter().copied());
        let mut process = Self::spawn(command, &profile.with_extension("log"));
        let Some(line) = process.line() else {
            let is_meant = env.iter().any(|(name, _)| *name == CRASH_AT);
            assert!(is_meant, "it does not start: {}", process.said());
            assert!(!process.wait().success());
            return None;
        };
        assert!(line.contains("#code="), "{line}");
        let session = fs::read(profile.join("session.json")).unwrap();
        let session: Value = serde_json::from_slice(&session).unwrap();
        let api = Api::new(
            &super::text(&session, "url"),
            &super::text(&session, "token"),
        );
        Some((process, api))
    }

    /// Starts a program; what it complains of goes to a file.
    pub fn spawn(mut command: Command, log: &Path) -> Self {
        let errors: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(log)
            .unwrap();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            lines,
            log: log.to_owned(),
        }
    }

    /// The next line that it prints; nothing if it ends instead.
    pub fn line(&self) -> Option<String> {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("it prints nothing: {}", self.said()),
        }
    }

    /// The next line, if there is one by now.
    pub fn line_if_any(&self) -> Option<String> {
        self.lines.try_recv().ok()
    }

    /// Sends SIGKILL and waits until the process is gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends SIGTERM and waits until the process has ended.
    pub fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(asked.success());
        self.wait()
    }

    /// Whether the process has ended.
    pub fn ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for the process to end.
    pub fn wait(&mut self) -> ExitStatus {
        eventually("the process ends", || self.child.try_wait().unwrap())
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// All that it, and those before it on the same log, wrote to standard error.
    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}:\n{}", self.log.display(), self.said());
        }
    }
}
