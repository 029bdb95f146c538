//! Arguments of the audit log.

use clap::Args;

/// Which lines of the audit log.
#[derive(Args, Debug)]
pub struct AuditArgs {
    pub server: String,
    /// What did not survive a merge, and why, instead of the log
    #[arg(long, conflicts_with_all = ["actor", "target", "action", "since", "until", "effective", "void", "before"])]
    pub lost: bool,
    /// With --lost: say that you have seen your own
    #[arg(long, requires = "lost")]
    pub seen: bool,
    /// Lines, over as many pages as it takes
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// Only this kind, such as member_ban
    #[arg(long)]
    pub action: Option<String>,
    /// Only what this member did
    #[arg(long, value_name = "MEMBER")]
    pub actor: Option<String>,
    /// Only what is about this member, role or channel; or a whole id of anything
    #[arg(long, value_name = "NAME")]
    pub target: Option<String>,
    /// From this day on (2026-01-31) or for so long (90m, 12h, 7d)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// Before this day or this long ago
    #[arg(long, value_name = "WHEN")]
    pub until: Option<String>,
    /// Only what counts
    #[arg(long)]
    pub effective: bool,
    /// Only what does not count
    #[arg(long, conflicts_with = "effective")]
    pub void: bool,
    /// Older than this line
    #[arg(long, value_name = "EVENT")]
    pub before: Option<String>,
}
