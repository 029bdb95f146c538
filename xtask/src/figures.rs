//! `cargo xtask figures NAME`: runs a named measurement and holds it against its goal.
//!
//! A measurement is a program in `rivals/src/bin`, so adding one is adding a file. It is built with optimisation in a
//! workspace of its own, because it may use other libraries for comparison, and prints one [`Figure`] as JSON a line.

mod figure;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::{
    figures::figure::Figure,
    project::{Project, has_extension},
};

/// The workspace of the measurements.
const MANIFEST: &str = "rivals/Cargo.toml";
/// Where each measurement is a file.
const PROGRAMS: &str = "rivals/src/bin";

/// What the caller of `figures` may choose.
#[derive(Args)]
pub struct Options {
    /// The measurement; without it, all are listed.
    name: Option<String>,
    /// Prints the figures as one JSON array instead of a table.
    #[arg(long)]
    json: bool,
}

/// Runs one measurement, or lists them; true when every goal is met.
pub fn run(project: &Project, options: &Options) -> Result<bool> {
    let programs = programs(project)?;
    let Some(name) = &options.name else {
        for (name, what) in &programs {
            println!("{name:<18} {what}");
        }
        println!("{} measurements", programs.len());
        return Ok(true);
    };
    if !programs.iter().any(|(known, _)| known == name) {
        bail!("there is no measurement {name:?}; without a name, all are listed");
    }
    let figures = measure(project, name)?;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&figures)?);
    } else {
        for figure in &figures {
            println!("{}", line(figure));
        }
    }
    Ok(figures.iter().all(|figure| figure.holds))
}

/// All measurements: name and first line of documentation.
fn programs(project: &Project) -> Result<Vec<(String, String)>> {
    let directory = project.path(PROGRAMS);
    if !directory.is_dir() {
        return Ok(Vec::new());
    }
    let mut programs = Vec::new();
    for entry in fs::read_dir(&directory).context(PROGRAMS)? {
        let path: PathBuf = entry?.path();
        let (true, Some(name)) = (
            has_extension(&path, "rs"),
            path.file_stem().and_then(|name| name.to_str()),
        ) else {
            continue;
        };
        let text = fs::read_to_string(&path)?;
        let what = text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("//!"));
        programs.push((name.to_owned(), what.unwrap_or_default().trim().to_owned()));
    }
    programs.sort();
    Ok(programs)
}

/// Builds and runs a measurement and reads what it prints.
fn measure(project: &Project, name: &str) -> Result<Vec<Figure>> {
    let output = Command::new("cargo")
        .current_dir(project.root())
        .args(["run", "--quiet", "--release", "--locked"])
        .args(["--manifest-path", MANIFEST, "--bin", name])
        .stderr(Stdio::inherit())
        .output()
        .context("cargo cannot be started")?;
    if !output.status.success() {
        bail!("{name} ended with {}", output.status);
    }
    read(&String::from_utf8_lossy(&output.stdout)).with_context(|| name.to_owned())
}

/// Reads one figure a line, and refuses a figure whose verdict does not follow from its numbers.
fn read(text: &str) -> Result<Vec<Figure>> {
    let mut figures = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let figure: Figure =
            serde_json::from_str(line).with_context(|| format!("not a figure: {line}"))?;
        if !figure.is_consistent() {
            bail!(
                "the verdict of {:?} does not follow from its numbers",
                figure.what
            );
        }
        figures.push(figure);
    }
    if figures.is_empty() {
        bail!("no figure was measured");
    }
    Ok(figures)
}

/// Writes a figure for people.
fn line(figure: &Figure) -> String {
    let Figure {
        what,
        value,
        unit,
        measures,
        n,
        samples,
        spread,
        ..
    } = figure;
    let mut text = format!(
        "{what}: {} ± {} {unit} ({measures}; n = {n}, {samples} samples)",
        short(*value),
        short(*spread)
    );
    if let (Some(rival), Some(other), Some(ratio)) =
        (&figure.rival, figure.rival_value, figure.ratio)
    {
        text += &format!("; {rival}: {} {unit}; ratio {ratio:.2}", short(other));
    }
    if let Some(goal) = figure.goal {
        let verdict = if figure.holds { "holds" } else { "MISSED" };
        text += &format!("; goal ≤ {goal}: {verdict}");
    }
    text
}

/// Writes a number with three digits that say something.
fn short(value: f64) -> String {
    let magnitude = match value.abs() {
        size if size > 0.0 => size.log10().floor() as i32,
        _ => 0,
    };
    let decimals = usize::try_from(2 - magnitude).unwrap_or(0);
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn figure() -> Figure {
        Figure {
            what: "seal".into(),
            value: 30.0,
            unit: "µs".into(),
            measures: "CPU time".into(),
            n: 1000,
            samples: 5,
            spread: 0.5,
            rival: Some("bare AEAD".into()),
            rival_value: Some(20.0),
            ratio: Some(1.5),
            goal: Some(1.5),
            holds: true,
        }
    }

    fn json(figure: &Figure) -> String {
        serde_json::to_string(figure).unwrap()
    }

    #[test]
    fn figures_are_read_line_by_line() {
        let two = format!("{}\n\n{}\n", json(&figure()), json(&figure()));
        assert_eq!(read(&two).unwrap(), [figure(), figure()]);
        assert!(read("").is_err());
        assert!(read("seal took 3 µs").is_err());
    }

    #[test]
    fn a_verdict_against_its_numbers_is_refused() {
        for change in [
            |figure: &mut Figure| figure.goal = Some(1.4),
            |figure: &mut Figure| figure.ratio = Some(1.2),
            |figure: &mut Figure| figure.holds = false,
            |figure: &mut Figure| figure.samples = 0,
        ] {
            let mut wrong = figure();
            change(&mut wrong);
            assert!(read(&json(&wrong)).is_err(), "{wrong:?}");
        }
        let mut missed = figure();
        missed.goal = Some(1.4);
        missed.holds = false;
        assert!(read(&json(&missed)).is_ok());
    }

    #[test]
    fn a_figure_reads_as_a_sentence() {
        assert_eq!(
            line(&figure()),
            "seal: 30.0 ± 0.500 µs (CPU time; n = 1000, 5 samples); bare AEAD: 20.0 µs; ratio 1.50; goal ≤ 1.5: holds"
        );
    }

    #[test]
    fn small_and_large_numbers_keep_three_digits() {
        for (value, text) in [
            (0.0, "0.00"),
            (0.000_512_3, "0.000512"),
            (3.0, "3.00"),
            (1234.5, "1234"),
        ] {
            assert_eq!(short(value), text);
        }
    }
}
