//! Flags and commands of the contract; the doc comments are the help texts.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Deploy a serverless shop to AWS from one stack.yaml, and remove it again.
#[derive(Debug, Parser)]
#[command(name = "shopstack", version, about, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Clone, Debug, Args)]
pub struct Global {
    /// Path of stack.yaml
    #[arg(
        short = 'f',
        long = "file",
        global = true,
        default_value = "stack.yaml",
        value_name = "FILE"
    )]
    pub file: PathBuf,
    /// Environment, separate from all others. Branch names work: characters that a name cannot
    /// have are replaced
    #[arg(long, global = true, default_value = "dev", value_name = "NAME")]
    pub env: String,
    /// AWS region (default: the one in stack.yaml)
    #[arg(long, global = true)]
    pub region: Option<String>,
    /// AWS profile
    #[arg(long, global = true)]
    pub profile: Option<String>,
    /// Use the local twin instead of AWS; starts it if it is not running
    #[arg(long, global = true, env = "SHOPSTACK_LOCAL",
        value_parser = clap::builder::FalseyValueParser::new())]
    pub local: bool,
    /// Machine-readable output on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// More output; -vv for everything
    #[arg(short = 'v', global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// True if a stream gets colour. `NO_COLOR` and terminals without colour count unless `always`
    /// asks for it.
    pub fn allows(self, terminal: bool) -> bool {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let plain = set("NO_COLOR").is_some() || set("TERM").is_some_and(|term| term == "dumb");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => terminal && !plain,
        }
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check stack.yaml; needs no network and no credentials
    Validate(Validate),
    /// Check that this account can hold this stack (read-only)
    Doctor,
    /// Print the JSON Schema of stack.yaml
    Schema(Schema),
    /// Build the Lambda functions and check their zip files
    Build,
    /// Show what `up` would change (read-only)
    Diff(Diff),
    /// Create or update the stack to match stack.yaml
    Up(Up),
    /// Delete the environment and everything in it
    Down(Down),
    /// Test the deployed stack end to end
    Smoke(Smoke),
    /// Show the URLs, names and IDs of the deployed stack
    Outputs,
    /// Report who may do what, with evidence for auditors (read-only)
    PolicyReport(PolicyReport),
    /// List the environments in this account and region
    Envs,
    /// Delete expired environments
    Sweep(Sweep),
    /// Draw the stack as a diagram
    Graph(Graph),
    /// Export the stack for other tools, such as checkov or OPA
    Export(Export),
    /// List past runs: who, when, from which commit
    History,
    /// Release a lock by force
    Unlock(Unlock),
    /// Start, stop or inspect the local twin
    #[command(subcommand)]
    Local(Local),
    /// Print shell completions
    Completions { shell: clap_complete::Shell },
}

impl Command {
    /// As it is typed.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Validate(_) => "validate",
            Self::Doctor => "doctor",
            Self::Schema(_) => "schema",
            Self::Build => "build",
            Self::Diff(_) => "diff",
            Self::Up(_) => "up",
            Self::Down(_) => "down",
            Self::Smoke(_) => "smoke",
            Self::Outputs => "outputs",
            Self::PolicyReport(_) => "policy-report",
            Self::Envs => "envs",
            Self::Sweep(_) => "sweep",
            Self::Export(_) => "export",
            Self::Graph(_) => "graph",
            Self::History => "history",
            Self::Unlock(_) => "unlock",
            Self::Local(_) => "local",
            Self::Completions { .. } => "completions",
        }
    }

    /// True where `--json` prints one object a line while the command runs.
    pub fn is_a_stream(&self) -> bool {
        matches!(self, Self::Up(_) | Self::Down(_) | Self::Smoke(_) | Self::Sweep(_))
    }
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Validate {
    /// Print what the environment has, overlays and defaults included, and where each value stands
    #[arg(long)]
    pub resolved: bool,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Schema {
    /// Print the schema of plans instead: what `diff --json` prints and `diff --out` saves
    #[arg(long)]
    pub plan: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Diff {
    /// Also write the plan to a file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print Markdown, for a pull-request comment
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// Show only drift, or only the changes of stack.yaml
    #[arg(long, value_enum)]
    pub only: Option<Only>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    Drift,
    Change,
}

#[derive(Clone, Debug, Args)]
pub struct Up {
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Apply exactly this saved plan; fails if it no longer matches
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Take over an existing resource that does not belong to this stack
    #[arg(long, value_name = "ADDRESS")]
    pub adopt: Vec<String>,
    /// Return once AWS has accepted all changes, or once they are served
    #[arg(long, value_enum, default_value_t = Wait::Deployed)]
    pub wait: Wait,
    /// Skip the smoke test
    #[arg(long)]
    pub no_smoke: bool,
    /// Time to live (90m, 4h, 2d), counted from this run, instead of stack.yaml's: `sweep` deletes
    /// the environment after it, its tables are not protected, and it has no firewall of its own
    #[arg(long, value_name = "DURATION", value_parser = super::time::life,
        allow_hyphen_values = true)]
    pub ttl: Option<std::time::Duration>,
    /// How long to wait for the lock while another run holds it
    #[arg(long, value_name = "DURATION", default_value = "2m",
        value_parser = super::time::duration)]
    pub lock_timeout: std::time::Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wait {
    Accepted,
    Deployed,
}

#[derive(Clone, Debug, Args)]
pub struct Down {
    /// Name of the stack (default: the one in stack.yaml)
    #[arg(long)]
    pub stack: Option<String>,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// With --yes: also delete tables that hold data
    #[arg(long)]
    pub destroy_data: bool,
    /// Do not wait for CloudFront; `sweep` or another `down` deletes the rest later
    #[arg(long)]
    pub no_wait: bool,
    /// How long to wait for the lock while another run holds it
    #[arg(long, value_name = "DURATION", default_value = "2m",
        value_parser = super::time::duration)]
    pub lock_timeout: std::time::Duration,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Sweep {
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Only show what would be deleted
    #[arg(long)]
    pub dry_run: bool,
    /// Also delete what all environments share, if no environment is left and nothing else uses it
    #[arg(long)]
    pub shared: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Smoke {
    /// Write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub struct PolicyReport {
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub format: ReportFormat,
    /// Write the report to a file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Compare with an older report (JSON): access gained and lost
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    /// Prove on the local twin, in an environment of its own, that every grant is needed and every
    /// other call refused
    #[arg(long)]
    pub prove: bool,
    /// Print the IAM policies that `diff`, `up`, `down` and `sweep --shared` need; --env may end in
    /// `*`
    #[arg(long, conflicts_with_all = ["format", "since", "prove"])]
    pub deployer: bool,
    /// With --deployer: also a trust policy for GitHub's jobs on pull requests, on a branch or in
    /// an environment (`OWNER/NAME:environment:production`); may be given several times
    #[arg(long, value_name = "OWNER/NAME[:BRANCH]", requires = "deployer")]
    #[arg(value_parser = repository)]
    pub oidc_repository: Vec<String>,
}

/// `owner/name`, `owner/name:branch` or `owner/name:environment:name`, without a wildcard: it says
/// who may deploy.
fn repository(text: &str) -> Result<String, String> {
    let (name, rest) = text.split_once(':').unwrap_or((text, "main"));
    let branch = rest.strip_prefix("environment:").unwrap_or(rest);
    let fits = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
    };
    let two = |(owner, name): (&str, &str)| fits(owner) && fits(name) && !name.contains('/');
    if name.split_once('/').is_some_and(two) && fits(branch) {
        return Ok(text.to_string());
    }
    Err("write it as OWNER/NAME, OWNER/NAME:BRANCH or OWNER/NAME:environment:NAME, without \
         wildcards"
        .into())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    Text,
    Json,
    Markdown,
    Html,
    Sarif,
    Csv,
}

#[derive(Clone, Debug, Args)]
pub struct Graph {
    #[arg(long, value_enum, default_value_t = GraphFormat::Mermaid)]
    pub format: GraphFormat,
    /// Read AWS and mark what `up` would change
    #[arg(long)]
    pub plan: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Export {
    #[arg(long, value_enum, default_value_t = ExportFormat::TfplanJson)]
    pub format: ExportFormat,
    /// Export what is deployed instead of what stack.yaml describes
    #[arg(long)]
    pub live: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// A Terraform plan, as `terraform show -json` prints it
    TfplanJson,
    /// The checkov checks that `exceptions` in stack.yaml accept, in the form of --skip-check
    CheckovSkips,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    Mermaid,
    Dot,
    Svg,
}

#[derive(Clone, Debug, Args)]
pub struct Unlock {
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Local {
    /// Start the twin, unless it is running
    Up,
    /// Stop the twin and everything in it
    Down,
    /// Show whether the twin is running, and where
    Status,
}
