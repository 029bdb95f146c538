//! Where profiles lie on this machine.

use std::env;
use std::path::PathBuf;

use clap::Args;

use crate::error::CliError;

/// Which profile a command is about.
#[derive(Args, Clone, Debug)]
pub struct ProfileArgs {
    /// Name of the profile: each is another person on this machine
    #[arg(long, global = true, default_value = "default", value_name = "NAME")]
    pub profile: String,
    /// Directory of the profile, instead of the one that belongs to its name
    #[arg(long, global = true, value_name = "DIR")]
    pub profile_dir: Option<PathBuf>,
}

impl ProfileArgs {
    /// The profile's directory.
    ///
    /// # Errors
    /// [`CliError::Usage`] for a name that is no name, or where the system knows no home.
    pub fn dir(&self) -> Result<PathBuf, CliError> {
        if let Some(dir) = &self.profile_dir {
            return Ok(dir.clone());
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if self.profile.is_empty() || self.profile.len() > 64 || !self.profile.chars().all(is_name)
        {
            return Err(CliError::Usage(
                "a profile's name is 1 to 64 letters, digits, - and _".into(),
            ));
        }
        let var = |name: &str| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let data = var("XDG_DATA_HOME").filter(|dir| dir.is_absolute());
        let data = data.or_else(|| var("HOME").map(|home| home.join(".local/share")));
        let data = data.ok_or_else(|| {
            CliError::Usage("HOME is not set: name a directory with --profile-dir".into())
        })?;
        Ok(data.join("conclave").join(&self.profile))
    }

    /// The arguments that name the profile again, for advice.
    pub fn arguments(&self) -> String {
        match &self.profile_dir {
            Some(dir) => format!(" --profile-dir {}", dir.display()),
            None if self.profile == "default" => String::new(),
            None => format!(" --profile {}", self.profile),
        }
    }
}
