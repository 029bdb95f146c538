//! Running other programs: their output is shown as it comes and kept for reading afterwards.

use std::{
    io::{BufRead, BufReader, Read, Write},
    process::{Command, Stdio},
    sync::Mutex,
    thread,
};

use anyhow::{Context, Result};

/// The most that is kept of one program's output; what is older is dropped first. Closing lines stand at the end.
const KEPT_LINES_MAX: usize = 20_000;

/// How a program ended and what it printed.
pub struct Finished {
    /// Whether its exit status was 0.
    pub success: bool,
    /// Its exit status; nothing where a signal ended it.
    pub code: Option<i32>,
    /// Its lines, both streams in the order in which they came, without terminal colours.
    pub lines: Vec<String>,
}

/// Runs a program to its end, showing each line of its two streams as it comes.
pub fn run(command: &mut Command) -> Result<Finished> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("{name} cannot be started"))?;
    let kept = Mutex::new(std::collections::VecDeque::new());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    thread::scope(|scope| {
        if let Some(stream) = out {
            scope.spawn(|| follow(stream, &mut std::io::stdout(), &kept));
        }
        if let Some(stream) = err {
            scope.spawn(|| follow(stream, &mut std::io::stderr(), &kept));
        }
    });
    let status = child
        .wait()
        .with_context(|| format!("{name} cannot be waited for"))?;
    let lines = kept
        .into_inner()
        .unwrap_or_else(|poison| poison.into_inner());
    Ok(Finished {
        success: status.success(),
        code: status.code(),
        lines: lines.into(),
    })
}

/// Copies lines to the terminal and into the shared list until the stream ends. Bytes that are no text are replaced;
/// an unreadable stream or closed terminal ends the copying, never the program.
fn follow(
    stream: impl Read,
    terminal: &mut impl Write,
    kept: &Mutex<std::collections::VecDeque<String>>,
) {
    let mut reader = BufReader::new(stream);
    let mut bytes = Vec::new();
    while reader
        .read_until(b'\n', &mut bytes)
        .is_ok_and(|read| read > 0)
    {
        // A closed terminal (`./test | head`) must not stop the run.
        let _ = terminal.write_all(&bytes);
        let line = String::from_utf8_lossy(&bytes);
        let mut kept = kept.lock().unwrap_or_else(|poison| poison.into_inner());
        if kept.len() == KEPT_LINES_MAX {
            kept.pop_front();
        }
        kept.push_back(without_colours(line.trim_end()));
        bytes.clear();
    }
}

/// Removes terminal control sequences (`ESC [ ... letter`).
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            plain.push(c);
        } else if chars.next() == Some('[') {
            for c in chars.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keeps_both_streams_and_the_status() {
        let done = run(Command::new("sh").args(["-c", "echo out; echo err >&2; exit 3"])).unwrap();
        let mut lines = done.lines.clone();
        lines.sort();
        assert_eq!(lines, ["err", "out"]);
        assert!(!done.success);
        assert!(run(&mut Command::new("true")).unwrap().success);
    }

    #[test]
    fn colours_are_removed() {
        assert_eq!(without_colours("\u{1b}[32;1mok\u{1b}[0m 3"), "ok 3");
        assert_eq!(without_colours("plain"), "plain");
    }
}
