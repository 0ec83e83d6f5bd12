//! Flags and commands of the contract; the doc comments are the help texts.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// One stack.yaml becomes a running serverless shop on AWS, and goes away again.
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
    /// The stack's description
    #[arg(
        short = 'f',
        long = "file",
        global = true,
        default_value = "stack.yaml",
        value_name = "FILE"
    )]
    pub file: PathBuf,
    /// Environment; each is fully separate from the others. A branch does as well: what cannot be
    /// part of a name is replaced
    #[arg(long, global = true, default_value = "dev", value_name = "NAME")]
    pub env: String,
    /// AWS region, instead of stack.yaml's
    #[arg(long, global = true)]
    pub region: Option<String>,
    /// AWS profile
    #[arg(long, global = true)]
    pub profile: Option<String>,
    /// Act on the local twin, and start it if it is not up
    #[arg(long, global = true, env = "SHOPSTACK_LOCAL", value_parser = clap::builder::FalseyValueParser::new())]
    pub local: bool,
    /// Machine-readable output on stdout
    #[arg(long, global = true)]
    pub json: bool,
    /// When to colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
    /// Say more; twice says everything
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
    /// Whether to colour a stream that is a terminal or not. `NO_COLOR` and a terminal without
    /// colours count unless `always` asks for them.
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
    /// Can this account take this stack; read-only
    Doctor,
    /// Print the JSON Schema of stack.yaml
    Schema(Schema),
    /// Build and check the Lambda zips
    Build,
    /// Wanted against live, read-only
    Diff(Diff),
    /// Make it so
    Up(Up),
    /// Take it away
    Down(Down),
    /// End-to-end test of what is deployed
    Smoke(Smoke),
    /// URLs, names and ids
    Outputs,
    /// What may do what, for auditors
    PolicyReport(PolicyReport),
    /// The environments that exist in this account and region
    Envs,
    /// Delete the environments whose time is up
    Sweep(Sweep),
    /// A picture of the stack
    Graph(Graph),
    /// The stack for other tools: as a Terraform plan, for checkov and the like
    Export(Export),
    /// Who did what, when, from which commit
    History,
    /// Release a lock by force
    Unlock(Unlock),
    /// The local twin
    #[command(subcommand)]
    Local(Local),
    /// Shell completions
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
    /// That of plans instead, as `diff --json` prints and `diff --out` saves them
    #[arg(long)]
    pub plan: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Diff {
    /// Write the plan to a file as well
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Print Markdown, for a pull-request comment
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// Only what somebody else changed, or only what stack.yaml changed
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
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Do exactly what this saved plan says, or refuse
    #[arg(long, value_name = "FILE")]
    pub plan: Option<PathBuf>,
    /// Take over an existing resource that is not this stack's
    #[arg(long, value_name = "ADDRESS")]
    pub adopt: Vec<String>,
    /// When to return: once AWS has accepted everything, or once it is served
    #[arg(long, value_enum, default_value_t = Wait::Deployed)]
    pub wait: Wait,
    /// Leave out the smoke test
    #[arg(long)]
    pub no_smoke: bool,
    /// Time to live (90m, 4h, 2d), counted from this run, instead of stack.yaml's: `sweep` deletes
    /// the environment after it, its tables are not protected, and it has no firewall of its own
    #[arg(long, value_name = "DURATION", value_parser = super::time::life, allow_hyphen_values = true)]
    pub ttl: Option<std::time::Duration>,
    /// How long to wait for somebody else's run
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = super::time::duration)]
    pub lock_timeout: std::time::Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Wait {
    Accepted,
    Deployed,
}

#[derive(Clone, Debug, Args)]
pub struct Down {
    /// Name of the stack; without it, the one of stack.yaml
    #[arg(long)]
    pub stack: Option<String>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// With --yes: delete tables that hold data
    #[arg(long)]
    pub destroy_data: bool,
    /// Do not wait for CloudFront: `sweep`, or `down` again, takes away the rest later
    #[arg(long)]
    pub no_wait: bool,
    /// How long to wait for somebody else's run
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = super::time::duration)]
    pub lock_timeout: std::time::Duration,
}

#[derive(Clone, Copy, Debug, Args)]
pub struct Sweep {
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Only say what would be deleted
    #[arg(long)]
    pub dry_run: bool,
    /// Delete as well what all environments shared, where none is left and nothing else uses it
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
    /// List the access gained and lost since an older report (JSON)
    #[arg(long, value_name = "FILE")]
    pub since: Option<PathBuf>,
    /// Prove on the local twin, in an environment of its own, that every grant is needed and every
    /// other call refused
    #[arg(long)]
    pub prove: bool,
    /// Print the IAM policies that `diff`, `up` and `down` need; --env may end in `*`
    #[arg(long, conflicts_with_all = ["format", "since", "prove"])]
    pub deployer: bool,
    /// With --deployer: also a trust policy for GitHub's jobs on pull requests, or on a branch
    #[arg(long, value_name = "OWNER/NAME[:BRANCH]", requires = "deployer")]
    #[arg(value_parser = repository)]
    pub oidc_repository: Option<String>,
}

/// `owner/name` or `owner/name:branch`, without a wildcard: it says who may deploy.
fn repository(text: &str) -> Result<String, String> {
    let (name, branch) = text.split_once(':').unwrap_or((text, "main"));
    let fits = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c))
    };
    let two = |(owner, name): (&str, &str)| fits(owner) && fits(name) && !name.contains('/');
    if name.split_once('/').is_some_and(two) && fits(branch) {
        return Ok(text.to_string());
    }
    Err("write it as OWNER/NAME or OWNER/NAME:BRANCH, without wildcards".into())
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
    /// Read AWS, and colour what `up` would change
    #[arg(long)]
    pub plan: bool,
}

#[derive(Clone, Debug, Args)]
pub struct Export {
    #[arg(long, value_enum, default_value_t = ExportFormat::TfplanJson)]
    pub format: ExportFormat,
    /// What AWS has instead of what stack.yaml wants
    #[arg(long)]
    pub live: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// As `terraform show -json` prints a plan
    TfplanJson,
    /// The checks of checkov that `exceptions` in stack.yaml accept, as --skip-check takes them
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
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Local {
    /// Start the twin; does nothing when it runs
    Up,
    /// Stop the twin and everything in it
    Down,
    /// Whether it runs, and where
    Status,
}
