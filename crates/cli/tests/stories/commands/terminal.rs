//! Typing commands.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Person, conclave};

/// Types commands, and remembers which.
#[derive(Default)]
pub struct Terminal {
    pub used: RefCell<BTreeSet<String>>,
}

impl Terminal {
    /// Runs a command that succeeds; gives what it prints.
    pub fn run(&self, person: &Person, args: &[&str]) -> Value {
        let (code, output, words) = self.output(&person.profile, args);
        assert_eq!(code, Some(0), "{args:?}: {words}");
        let mut lines = output.lines().map(|line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{args:?}: {error}: {line}"))
        });
        let value = lines
            .next()
            .unwrap_or_else(|| panic!("{args:?} prints nothing"));
        assert_eq!(lines.next(), None, "{args:?} prints one document");
        value
    }

    /// Runs a command that fails in a certain way; gives its words.
    pub fn fail(&self, person: &Person, args: &[&str], expected: i32) -> String {
        let (code, output, words) = self.output(&person.profile, args);
        assert_eq!(code, Some(expected), "{args:?}: {words}");
        assert_eq!(output, "", "{args:?}");
        assert!(!words.is_empty(), "{args:?}");
        words
    }

    pub fn output(&self, profile: &Path, args: &[&str]) -> (Option<i32>, String, String) {
        self.used.borrow_mut().insert(args[0].to_owned());
        self.used
            .borrow_mut()
            .insert(args[..2.min(args.len())].join(" "));
        let mut command = conclave();
        command
            .args(["--json", "--profile-dir"])
            .arg(profile)
            .args(args);
        let output = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    }
}

/// The commands that a help text lists, save `help` itself.
pub fn commands(args: &[&str]) -> Vec<String> {
    let output = conclave().args(args).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let block = help.split("Commands:\n").nth(1).unwrap_or_default();
    let lines = block.lines().take_while(|line| !line.is_empty());
    let names = lines.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}
