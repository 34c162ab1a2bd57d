//! The command line: definitions and parsing only.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use stateward::compliance;
use stateward::profile::{COMPONENT_KEYS, not_an_address, parse_duration};
use stateward::report::comparison::{COMPARISON_FORMATS, ComparisonFormat};
use stateward::report::{self, FORMATS, Format};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Exit code of usage errors (contract: exit codes).
pub const USAGE: u8 = 64;

/// Categories of checks, as in the catalogue.
pub const CATEGORIES: [&str; 11] = [
    "multi-az",
    "encryption",
    "backup",
    "drift",
    "dr",
    "exposure",
    "observability",
    "scaling",
    "delivery",
    "iac",
    "cost",
];

/// Severities, gravest first.
pub const SEVERITIES: [&str; 4] = ["critical", "high", "medium", "low"];

/// Audits live AWS against Terraform state and ends in a GO or NO-GO that can be traced to evidence.
#[derive(Debug, Parser)]
#[command(name = "stateward", version, arg_required_else_help = true, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// How to talk.
    #[command(flatten)]
    pub talk: Talk,
}

const EXAMPLES: &str = "\
Examples:
  stateward demo
  stateward audit --state s3://acme-tfstate/prod/terraform.tfstate
  stateward drift --state 'states/*.tfstate' --unmanaged
  stateward audit --snapshot estate.stw --format json --output result.json

Exit codes: 0 GO or no drift, 1 the run could not start or write its result, 2 NO-GO or drift,
3 undetermined because something could not be read, 64 wrong usage.";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Audit a built-in recorded estate of three regions: no account, no network, no set-up
    Demo(Demo),
    /// Read live AWS and the Terraform states, compare, check, score and report
    Audit(Audit),
    /// Compare live AWS with the Terraform states, and nothing else
    Drift(Drift),
    /// Verify recovery: what would be lost, how long it would take to come back, and how that is known
    Recover(Recover),
    /// Record the live estate into one snapshot file
    Collect(Collect),
    /// Render a stored result again, in any format
    Report(Report),
    /// Tell what changed between two results
    Diff(Diff),
    /// Send operators what changed in a stored result
    Mail(Mail),
    /// List earlier runs: verdict, score and drift over time
    History(History),
    /// Run audits at their times, send their mail, and tell how they went
    Schedule(Schedule),
    /// Show the stored runs in a browser: verdict, findings, drift, recovery, and a run that is under way
    Serve(Serve),
    /// Look around in a folder of Terraform, and write a first profile
    Init(Init),
    /// Look at everything that a run depends on: profile, credentials, clock, endpoints, permissions, states, mail, history
    Doctor(Doctor),
    /// List the checks, or explain one
    Checks(Checks),
    /// Print the read-only IAM policy that the selected checks and types need
    Policy(Policy),
    /// Print a script that completes the command line in a shell
    Completions(Completions),
    /// Print the manual page, or write those of all commands
    Man(Man),
    /// Write the generated reference
    #[command(hide = true)]
    Generate(Generate),
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Messages")]
pub struct Talk {
    /// Print nothing on standard error but errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// When to colour; NO_COLOR is honoured in `auto`
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    /// Form of the log lines on standard error
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, value_name = "FORM")]
    pub log_format: LogFormat,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `stateward demo`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward demo --out /tmp/brief
  stateward demo --format sarif --output demo.sarif")]
pub struct Demo {
    /// Folder for the brief (HTML, Markdown, JSON); made if it is not there
    #[arg(long, value_name = "DIR", default_value = "stateward-demo")]
    pub out: PathBuf,
    /// What to write beside it.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `stateward audit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward audit --state terraform.tfstate
  stateward audit --state s3://acme-tfstate/prod/terraform.tfstate --category multi-az,encryption,backup
  stateward audit --state terraform.tfstate --framework cis-aws-4.0.1 --format html --output cis.html
  stateward audit --state a.tfstate --profile strict --profile ./team.toml \\
      --format table --format json --output result.json --format html --output brief.html
  stateward audit --profile strict --print-profile
  stateward audit --snapshot estate.stw --as-of 2026-03-01T00:00:00Z
  terraform show -json tfplan | stateward audit --plan -

Exit codes: 0 GO or GO WITH WAIVERS, 1 could not start or write, 2 NO-GO, 3 UNDETERMINED, 64 wrong usage.")]
pub struct Audit {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileArgs,
    /// Which states.
    #[command(flatten)]
    pub states: StateArgs,
    /// Judge what would exist after this plan, as `terraform show -json` prints it (`-` for standard input), and read
    /// nothing from AWS
    #[arg(long, value_name = "FILE", help_heading = "Terraform", conflicts_with_all = [
        "state", "snapshot", "region", "account", "endpoint_url", "concurrency", "rate", "timeout", "previous",
        "accept", "import_blocks", "store_file",
    ])]
    pub plan: Option<PathBuf>,
    /// Which checks.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Which estate.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Whether to ask who made the differences.
    #[command(flatten)]
    pub who: WhoArgs,
    /// Where the estate is read.
    #[command(flatten)]
    pub live: LiveArgs,
    /// Earlier results and acceptances.
    #[command(flatten)]
    pub history: HistoryArgs,
    /// Where the run is stored.
    #[command(flatten)]
    pub store: StoreArgs,
    /// What to write.
    #[command(flatten)]
    pub output: OutputArgs,
    /// When to exit with a code other than 0: `verdict`, `introduced` (2 when the plan of --plan introduces a failure),
    /// or `never` unless the run itself failed
    #[arg(long, value_enum, default_value_t = FailOn::Verdict, value_name = "WHAT")]
    pub fail_on: FailOn,
}

/// When an audit exits with a code other than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// By the verdict: NO-GO 2, UNDETERMINED 3.
    Verdict,
    /// By what a plan introduces: 2 when it is anything.
    Introduced,
    /// Only when the run itself failed.
    Never,
}

/// `stateward drift`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward drift --state terraform.tfstate
  stateward drift --state s3://acme-tfstate/prod/network.tfstate --state 'apps/*.tfstate' --unmanaged
  stateward drift --state terraform.tfstate --fail-on changed,missing --format json
  stateward drift --state terraform.tfstate --previous yesterday.json --accept accepted.toml
  stateward drift --state terraform.tfstate --import-blocks imports.tf

Exit codes: 0 no drift, 1 could not start or write, 2 drift, 3 no drift found yet something could not be read,
64 wrong usage.")]
pub struct Drift {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileArgs,
    /// Which states.
    #[command(flatten)]
    pub states: StateArgs,
    /// A plan of the same configuration, as `terraform show -json` prints it: what it leaves alone although the
    /// configuration sets it is ignored by configuration
    #[arg(long, value_name = "FILE", help_heading = "Terraform")]
    pub plan: Option<PathBuf>,
    /// Only these services, by IAM prefix
    #[arg(long, value_name = "SERVICE", value_delimiter = ',')]
    pub service: Vec<String>,
    /// Also list live objects that no state holds
    #[arg(long)]
    pub unmanaged: bool,
    /// Which estate.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Whether to ask who made the differences.
    #[command(flatten)]
    pub who: WhoArgs,
    /// Where the estate is read.
    #[command(flatten)]
    pub live: LiveArgs,
    /// Earlier results and acceptances.
    #[command(flatten)]
    pub history: HistoryArgs,
    /// Where the run is stored.
    #[command(flatten)]
    pub store: StoreArgs,
    /// What to write.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Draft an acceptance file from the drift that is found, for a person to complete
    #[arg(long, value_name = "FILE")]
    pub write_ignore: Option<PathBuf>,
    /// Classes that make the exit code 2: `drift` for all but ghosts, or some, or `never`
    #[arg(long, value_enum, value_delimiter = ',', default_value = "drift", value_name = "CLASS")]
    pub fail_on: Vec<DriftFailOn>,
}

/// Which drift makes the exit code 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DriftFailOn {
    /// Any.
    Drift,
    /// Changed objects.
    Changed,
    /// Missing objects.
    Missing,
    /// Unmanaged objects.
    Unmanaged,
    /// Objects that several states claim.
    Conflict,
    /// Entries outside the audited accounts and regions.
    Ghost,
    /// None: 0 unless the run itself failed.
    Never,
}

/// `stateward recover`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward recover --state terraform.tfstate
  stateward recover --snapshot estate.stw --profile dr-verification
  stateward recover --snapshot estate.stw --format table --format json --output recovery.json
  stateward recover --snapshot estate.stw --explain aws_db_instance.orders

Exit codes: 0 GO, 1 could not start or write, 2 NO-GO, 3 UNDETERMINED, 64 wrong usage.")]
pub struct Recover {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileArgs,
    /// Which states.
    #[command(flatten)]
    pub states: StateArgs,
    /// Which estate.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Where the estate is read.
    #[command(flatten)]
    pub live: LiveArgs,
    /// Where the run is stored.
    #[command(flatten)]
    pub store: StoreArgs,
    /// What to write.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Unfold the arithmetic of this resource instead, by id or Terraform address
    #[arg(long, value_name = "RESOURCE", conflicts_with_all = ["format", "output"])]
    pub explain: Option<String>,
    /// The JSON result of an earlier verification, the last that passed for instance: what became worse is said
    #[arg(long, value_name = "FILE")]
    pub previous: Option<PathBuf>,
    /// When to exit with a code other than 0: by the `verdict`, or `never` unless the run itself failed
    #[arg(long, value_enum, default_value_t = RecoverFailOn::Verdict, value_name = "WHAT")]
    pub fail_on: RecoverFailOn,
}

/// When a verification of recovery exits with a code other than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RecoverFailOn {
    /// By the verdict: NO-GO 2, UNDETERMINED 3.
    Verdict,
    /// Only when the run itself failed.
    Never,
}

/// `stateward collect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward collect --out estate.stw
  stateward collect --out estate.stw --state terraform.tfstate --region us-west-2,eu-west-1")]
pub struct Collect {
    /// The snapshot file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileArgs,
    /// Which states.
    #[command(flatten)]
    pub states: StateArgs,
    /// Which checks.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Regions to read, instead of those of the profile
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    pub region: Vec<String>,
    /// The moment that ages are counted from, RFC 3339 (default: now)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub as_of: Option<OffsetDateTime>,
    /// Whether to ask who made the differences.
    #[command(flatten)]
    pub who: WhoArgs,
    /// Where the estate is read.
    #[command(flatten)]
    pub live: LiveArgs,
}

/// `stateward report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward report result.json --format html --output brief.html
  stateward report result.json --framework soc2 --format csv --output soc2.csv
  stateward report - --format markdown < result.json")]
pub struct Report {
    /// A result in JSON; `-` is standard input
    #[arg(value_name = "RESULT")]
    pub result: PathBuf,
    /// Also tell by control of these compliance frameworks what the checks found
    #[arg(long, value_name = "FRAMEWORK", value_delimiter = ',', value_parser = compliance::KEYS)]
    pub framework: Vec<String>,
    /// What to write.
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `stateward diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward diff yesterday.json today.json
  stateward diff before.json after.json --format markdown --output change.md
  stateward diff main.json branch.json --fail-on regression
  stateward diff --history runs.db latest~1 latest

Exit codes: 0 whatever changed, 1 a result that cannot be read; with `--fail-on regression` 2 when something got worse
and 3 when the later result knows less, 64 wrong usage.")]
pub struct Diff {
    /// The earlier result in JSON (`-` is standard input), or with --history a run
    #[arg(value_name = "OLD")]
    pub old: PathBuf,
    /// The later result in JSON (`-` is standard input), or with --history a run
    #[arg(value_name = "NEW")]
    pub new: PathBuf,
    /// Take runs from this history: by id, the beginning of one, `latest` or `latest~N`. What is no run of it is a file
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// table (default), json or markdown
    #[arg(long, value_name = "FORMAT", value_parser = comparison_format, default_value = "table")]
    pub format: &'static ComparisonFormat,
    /// The file to write; without one it goes to standard output
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// When to exit with a code other than 0: `regression` (2 when a finding regressed, a new one fails, drift is new or
    /// returned, or the verdict fell; 3 when evidence was lost), or `never`
    #[arg(long, value_enum, default_value_t = DiffFailOn::Never, value_name = "WHAT")]
    pub fail_on: DiffFailOn,
}

/// When a comparison exits with a code other than 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DiffFailOn {
    /// When something got worse, or could no longer be seen.
    Regression,
    /// Only when a result cannot be read.
    Never,
}

/// `stateward mail`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward mail result.json --profile team.toml --dry-run letters
  stateward mail result.json --profile team.toml --spool /var/spool/stateward
  stateward mail latest --profile team.toml --history runs.db
  stateward mail latest --profile team.toml --history runs.db --to me@example.com --always
  stateward mail --flush --profile team.toml --history runs.db

Recipients, rules and relay are in the profile: docs/mail.md.

Exit codes: 0 everything that was due was sent, or there was nothing to send; 1 the result cannot be read, or a message
waits or was given up; 64 wrong usage.")]
pub struct Mail {
    /// The result in JSON (`-` is standard input), or with a history a run
    #[arg(value_name = "RESULT", required_unless_present_any = ["flush", "due"])]
    pub result: Option<PathBuf>,
    /// A built-in profile or a TOML file over `default`; repeatable, later ones win
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Vec<String>,
    /// Take the run from this history, and keep the receipts in it (also `history.file` of the profile)
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// Write the messages to this folder as `.eml`, and send nothing
    #[arg(long, value_name = "DIR", conflicts_with = "flush")]
    pub dry_run: Option<PathBuf>,
    /// The folder of messages that wait (also `mail.spool` of the profile); else it lies beside the history
    #[arg(long, value_name = "DIR")]
    pub spool: Option<PathBuf>,
    /// Send to this address, unfiltered, in the place of the recipients of the profile
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub to: Option<String>,
    /// Send what stands even where nothing changed
    #[arg(long)]
    pub always: bool,
    /// Try everything that waits now, also what is to wait longer
    #[arg(long)]
    pub flush: bool,
    /// Try what waits and is due by now; it needs no RESULT
    #[arg(long, conflicts_with_all = ["flush", "dry_run"])]
    pub due: bool,
}

/// `stateward history`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward history --history runs.db
  stateward history --history runs.db --of drift --limit 5 --format json
  stateward history show latest --history runs.db --format html --output brief.html
  stateward history verify --history runs.db
  stateward history export --parquet lake --history runs.db

A run is named by its id, by the first letters of it (at least four), by `latest`, or by `latest~N` for the Nth finished
run before.

Exit codes: 0 fine, 1 a history that cannot be used or a run that is not there, 64 wrong usage.")]
#[command(args_conflicts_with_subcommands = false)]
pub struct History {
    /// What to do but list.
    #[command(subcommand)]
    pub action: Option<HistoryAction>,
    /// The history (also `history.file` of the profile)
    #[arg(long = "history", id = "history_file", value_name = "FILE", global = true)]
    pub file: Option<PathBuf>,
    /// A built-in profile or a TOML file that tells where the history is; repeatable
    #[arg(long, value_name = "NAME|FILE", global = true)]
    pub profile: Vec<String>,
    /// Only runs of this command: audit, drift or recover
    #[arg(long, value_name = "COMMAND", value_parser = ["audit", "drift", "recover"])]
    pub of: Option<String>,
    /// At most so many runs, the latest first
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub limit: u32,
    /// The form: table or json
    #[arg(long = "format", id = "list_format", value_enum, default_value_t = ListFormat::Table)]
    pub format: ListFormat,
}

/// `stateward schedule`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward schedule --profile team.toml
  stateward schedule --profile team.toml --check
  stateward schedule --profile team.toml --once nightly
  stateward schedule --history runs.db --cron @daily --time-zone Europe/Berlin \\
      -- audit --state s3://acme-tfstate/prod/terraform.tfstate

Jobs, time zone and address are in the profile: docs/scheduling.md. SIGTERM and SIGINT end it in order, SIGHUP reads the
profile again.

Exit codes: 0 told to stop, or --check is done; 1 could not start; 130, 143 told to stop twice; 64 wrong usage; with --once
those of the job, and 1 when mail waits or could not be made.")]
#[cfg_attr(
    not(feature = "service"),
    allow(dead_code, reason = "a build without the scheduler reads none of it")
)]
pub struct Schedule {
    /// A built-in profile or a TOML file over `default`; repeatable, later ones win
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Vec<String>,
    /// The history in which runs are stored, and what became of the jobs (also `history.file` of the profile)
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// One job in the place of those of the profile: when it runs, in five fields like '0 6 * * *'. Its command stands
    /// behind `--`
    #[arg(long, value_name = "EXPRESSION", requires = "run", value_parser = cron)]
    pub cron: Option<String>,
    /// The time zone of the expressions, by its IANA name, in the place of that of the profile
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub time_zone: Option<String>,
    /// Mail the results of the job of --cron
    #[arg(long, requires = "cron")]
    pub mail: bool,
    /// Address and port of health and metrics, in the place of those of the profile
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = listen)]
    pub listen: Option<String>,
    /// Print the next five times of each job, and stop
    #[arg(long, conflicts_with = "once")]
    pub check: bool,
    /// Run this job now, and exit with its code
    #[arg(long, value_name = "JOB")]
    pub once: Option<String>,
    /// The job's command and its options
    #[arg(last = true, value_name = "COMMAND", requires = "cron")]
    pub run: Vec<String>,
}

/// What `stateward history` does but list.
#[derive(Debug, Subcommand)]
pub enum HistoryAction {
    /// Render the result of a stored run, in any format
    #[command(after_help = "\
Examples:
  stateward history show latest --history runs.db --format html --output brief.html
  stateward history show latest~1 --history runs.db")]
    Show {
        /// The run: an id, the beginning of one, `latest` or `latest~N`
        #[arg(value_name = "RUN")]
        run: String,
        /// What to write.
        #[command(flatten)]
        output: OutputArgs,
    },
    /// Check every page of the history, and every index against its table
    #[command(after_help = "\
Examples:
  stateward history verify --history runs.db")]
    Verify,
    /// Write runs, components, findings and drift as Parquet files, for any query engine
    #[command(after_help = "\
Examples:
  stateward history export --parquet lake --history runs.db
  stateward history export --parquet lake --history runs.db --since 2026-01-01T00:00:00Z

The columns are those of docs/history.md. A file takes its name when it is whole; one that is there is replaced.

Exit codes: 0 written, 1 a history or a folder that cannot be used, 64 wrong usage.")]
    Export {
        /// The folder for runs.parquet, components.parquet, findings.parquet and drift.parquet; made if it is not there
        #[arg(long, value_name = "DIR")]
        parquet: PathBuf,
        /// Only runs that began then or later, RFC 3339, and what they found
        #[arg(long, value_name = "TIME", value_parser = moment)]
        since: Option<OffsetDateTime>,
    },
}

/// `stateward init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward init
  stateward init envs/prod --output prod.toml
  stateward init --dry-run --offline

It reads the backend, workspaces, providers and, where it is a file, the state; then the region of the environment and the
name of the repository. Where credentials are at hand it asks STS whose they are. It prints the command to run next.

Exit codes: 0 written, 1 a configuration that cannot be read or a file that is there already, 64 wrong usage.")]
pub struct Init {
    /// The folder of the Terraform configuration, or one above several
    #[arg(value_name = "DIR", default_value = ".")]
    pub folder: PathBuf,
    /// The profile to write
    #[arg(long, value_name = "FILE", default_value = "stateward.toml")]
    pub output: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
    /// Print the profile, and write nothing
    #[arg(long, conflicts_with = "force")]
    pub dry_run: bool,
    /// Do not ask STS
    #[arg(long)]
    pub offline: bool,
}

/// `stateward doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward doctor
  stateward doctor --profile ./stateward.toml --state s3://acme-tfstate/prod/terraform.tfstate
  stateward doctor --profile ./stateward.toml --offline --format json

It makes no call that an audit does not make as well, sends no message, and leaves nothing written.

Exit codes: 0 nothing failed, 2 something failed or gave no answer, 64 wrong usage. A warning and what nobody looked at
change neither.")]
pub struct Doctor {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileArgs,
    /// Which states.
    #[command(flatten)]
    pub states: StateArgs,
    /// Which checks.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Regions to look at, instead of those of the profile
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    pub region: Vec<String>,
    /// Where the estate is read.
    #[command(flatten)]
    pub live: LiveArgs,
    /// The history to look at (also `history.file` of the profile)
    #[command(flatten)]
    pub store: StoreArgs,
    /// Leave AWS out
    #[arg(long)]
    pub offline: bool,
    /// The form: table or json
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub format: ListFormat,
}

/// `stateward serve`.
#[derive(Debug, Args)]
#[cfg_attr(
    not(feature = "service"),
    allow(dead_code, reason = "a build without the dashboard only takes them")
)]
#[command(after_help = "\
Examples:
  stateward serve --history runs.db
  stateward serve --profile team.toml --listen 127.0.0.1:9000
  stateward serve --history runs.db --listen 0.0.0.0:8600 --token-variable DASHBOARD_TOKEN \\
      --tls-cert board.pem --tls-key board.key
  stateward serve --history runs.db --listen 0.0.0.0:8600 --tls-cert board.pem --tls-key board.key --client-ca team.pem

Nothing can be changed through it. On loopback it is open to whoever is on this machine; anywhere else it asks for a token
or for a certificate.

Exit codes: 0 it was stopped, 1 a history that cannot be used or an address that cannot be had, 64 wrong usage.")]
pub struct Serve {
    /// The history (also `history.file` of the profile)
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
    /// A built-in profile or a TOML file that tells where the history is; repeatable
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Vec<String>,
    /// Address and port; with port 0 a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8600")]
    pub listen: SocketAddr,
    /// The variable of the environment with the token that is asked for
    #[arg(long, value_name = "NAME", value_parser = variable)]
    pub token_variable: Option<String>,
    /// The certificate in PEM, with those that lead to its authority
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// Its private key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// The authority in PEM whose certificates clients have to show
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub client_ca: Option<PathBuf>,
}

/// `stateward checks`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward checks
  stateward checks STO-18
  stateward checks --framework cis-aws-4.0.1 --severity critical,high
  stateward checks --category encryption --format json
  stateward checks --checks policies ACME-01
  stateward checks test policies

Exit codes: 0 fine, 1 a custom check that cannot be used, 2 a case of `checks test` does not hold, 64 wrong usage.")]
#[command(args_conflicts_with_subcommands = true)]
pub struct Checks {
    /// What to do but list.
    #[command(subcommand)]
    pub action: Option<ChecksAction>,
    /// Explain this check, by id or alias
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// Only these categories
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',', value_parser = CATEGORIES)]
    pub category: Vec<String>,
    /// Only these components
    #[arg(long, value_name = "COMPONENT", value_delimiter = ',', value_parser = COMPONENT_KEYS)]
    pub component: Vec<String>,
    /// Only these severities
    #[arg(long, value_name = "SEVERITY", value_delimiter = ',', value_parser = SEVERITIES)]
    pub severity: Vec<String>,
    /// Only checks that support a control of these compliance frameworks
    #[arg(long, value_name = "FRAMEWORK", value_delimiter = ',', value_parser = compliance::KEYS)]
    pub framework: Vec<String>,
    /// Only checks that read these services, by IAM prefix
    #[arg(long, value_name = "SERVICE", value_delimiter = ',')]
    pub service: Vec<String>,
    /// The form: table or json
    #[arg(long, value_enum, default_value_t = ListFormat::Table)]
    pub format: ListFormat,
    /// A folder of custom checks, which are policies in Rego; repeatable
    #[arg(long, value_name = "DIR")]
    pub checks: Vec<PathBuf>,
}

/// What `stateward checks` does but list.
#[derive(Debug, Subcommand)]
pub enum ChecksAction {
    /// Run the cases beside the custom checks of a folder
    #[command(after_help = "\
Examples:
  stateward checks test policies

Exit codes: 0 every case holds, 1 a check that cannot be used, 2 a case does not hold, 64 wrong usage.")]
    Test {
        /// The folder with policies (*.rego) and their cases (*.cases.yaml)
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },
}

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people.
    Table,
    /// For programs.
    Json,
}

/// `stateward completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward completions bash > ~/.local/share/bash-completion/completions/stateward
  stateward completions zsh > ~/.zfunc/_stateward
  stateward completions fish > ~/.config/fish/completions/stateward.fish")]
pub struct Completions {
    /// The shell
    pub shell: Shell,
}

/// `stateward man`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward man | man -l -
  stateward man history | man -l -
  stateward man --out ~/.local/share/man/man1

Exit codes: 0 printed or written, 1 a folder that cannot be written to, 64 wrong usage.")]
pub struct Man {
    /// The command; without one, the page of the whole
    #[arg(value_name = "COMMAND", conflicts_with = "out", value_parser = page_of)]
    pub of: Option<String>,
    /// Write the pages of all commands into this folder, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `stateward policy`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  stateward policy > stateward-read-only.json
  stateward policy --category multi-az,encryption,backup")]
pub struct Policy {
    /// Which profile.
    #[command(flatten)]
    pub profile: ProfileArgs,
    /// Which states.
    #[command(flatten)]
    pub states: StateArgs,
    /// Which checks.
    #[command(flatten)]
    pub select: SelectArgs,
    /// Whether to ask who made the differences.
    #[command(flatten)]
    pub who: WhoArgs,
}

/// `stateward generate`.
#[derive(Debug, Args)]
pub struct Generate {
    /// What to write; everything when absent
    #[arg(value_enum)]
    pub what: Option<Artifact>,
    /// Write nothing, and fail when a file is not as it would be written
    #[arg(long)]
    pub check: bool,
}

/// A generated part of the reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Artifact {
    /// docs/result.schema.json and docs/comparison.schema.json
    Schema,
    /// The overview of the check pages.
    Checks,
    /// The IAM policy of everything.
    Policy,
}

/// Profiles.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Profile")]
pub struct ProfileArgs {
    /// A built-in profile or a TOML file over `default`; repeatable, later ones win
    #[arg(long, value_name = "NAME|FILE")]
    pub profile: Vec<String>,
    /// Print the effective profile with the origin of each key, and stop
    #[arg(long)]
    pub print_profile: bool,
    /// A folder of custom checks, which are policies in Rego, beside those of the profile; repeatable
    #[arg(long, value_name = "DIR")]
    pub checks: Vec<PathBuf>,
}

/// States.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Terraform")]
pub struct StateArgs {
    /// A state: a path, a quoted glob, `-` for standard input, or an address like s3://bucket/key, https://…,
    /// tfc://org/workspace, gs://… or azurerm://…; repeatable
    #[arg(long, value_name = "URI")]
    pub state: Vec<String>,
    /// A header for states at http(s)://, its value out of an environment variable; repeatable
    #[arg(long, value_name = "NAME=VARIABLE", value_parser = state_header)]
    pub state_header: Vec<StateHeader>,
    /// A folder of Terraform configuration, whose ignore_changes is honoured and whose lines results point to; without
    /// --state, its backend tells where the state is; repeatable
    #[arg(long, value_name = "DIR")]
    pub from: Vec<PathBuf>,
    /// The variable with the passphrase of states that OpenTofu encrypted; repeatable
    #[arg(long, value_name = "VARIABLE")]
    pub state_passphrase_env: Vec<String>,
    /// The variable with the key, in hexadecimal, of states that OpenTofu encrypted; repeatable
    #[arg(long, value_name = "VARIABLE")]
    pub state_key_env: Vec<String>,
    /// The file with such a key; repeatable
    #[arg(long, value_name = "FILE")]
    pub state_key_file: Vec<PathBuf>,
}

/// A header and where its value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateHeader {
    /// The header's name.
    pub name: String,
    /// The variable of the environment that holds its value.
    pub variable: String,
}

/// Selection: only the calls that the selected checks and types need are made.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectArgs {
    /// Only these services, by IAM prefix: ec2, s3, rds, …
    #[arg(long, value_name = "SERVICE", value_delimiter = ',')]
    pub service: Vec<String>,
    /// Only these checks, by id or alias
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub check: Vec<String>,
    /// Only checks of these categories
    #[arg(long, value_name = "CATEGORY", value_delimiter = ',', value_parser = CATEGORIES)]
    pub category: Vec<String>,
    /// Only checks of these components
    #[arg(long, value_name = "COMPONENT", value_delimiter = ',', value_parser = COMPONENT_KEYS)]
    pub component: Vec<String>,
    /// Only checks that support a control of these compliance frameworks; the report then tells by control what they
    /// found
    #[arg(long, value_name = "FRAMEWORK", value_delimiter = ',', value_parser = compliance::KEYS)]
    pub framework: Vec<String>,
}

/// The estate.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Estate")]
pub struct SourceArgs {
    /// Regions to read, instead of those of the profile (us-west-2, us-east-1, eu-west-1)
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    pub region: Vec<String>,
    /// Read this recorded estate instead of live AWS
    #[arg(long, value_name = "FILE", conflicts_with_all = ["account", "endpoint_url", "concurrency", "rate"])]
    pub snapshot: Option<PathBuf>,
    /// The moment that ages are counted from, RFC 3339 (default: now, or the time of the snapshot)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub as_of: Option<OffsetDateTime>,
}

/// Live AWS. Credentials come from the SDK's own chain.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Live AWS")]
pub struct LiveArgs {
    /// An account to read through a role; repeatable
    #[arg(long, value_name = "ID=ROLE_ARN", value_parser = account)]
    pub account: Vec<AccountRole>,
    /// Send every call to this endpoint (also AWS_ENDPOINT_URL)
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    pub endpoint_url: Option<String>,
    /// Requests in flight together, over all regions
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub concurrency: Option<u32>,
    /// Requests per second of a service; repeatable
    #[arg(long, value_name = "SERVICE=N", value_parser = rate)]
    pub rate: Vec<Rate>,
    /// Deadline of the whole collection, like 90s or 15m; what is not read by then is unknown
    #[arg(long, value_name = "DURATION", value_parser = span)]
    pub timeout: Option<Duration>,
}

/// Who made the differences.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Drift")]
pub struct WhoArgs {
    /// Ask CloudTrail who made the differences: two requests a second, so it takes its time
    #[arg(long)]
    pub who: bool,
}

/// Earlier results and acceptances.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Drift over time")]
pub struct HistoryArgs {
    /// A stored JSON result: tells what is new, continuing, returned and resolved since
    #[arg(long, value_name = "RESULT")]
    pub previous: Option<PathBuf>,
    /// A TOML file of accepted drift; repeatable
    #[arg(long, value_name = "FILE")]
    pub accept: Vec<PathBuf>,
    /// Write import blocks for everything unmanaged into this file
    #[arg(long, value_name = "FILE")]
    pub import_blocks: Option<PathBuf>,
}

/// The history.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "History")]
pub struct StoreArgs {
    /// Store the run in this history, which is made if it is not there, and hold it against the last good one of the same
    /// question (also `history.file` of the profile)
    #[arg(long = "history", id = "store_file", value_name = "FILE")]
    pub file: Option<PathBuf>,
}

/// Reports.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// table (default), json, jsonl, csv, markdown, html, sarif, junit, ocsf or github; repeatable
    #[arg(long, value_name = "FORMAT", value_parser = format)]
    format: Vec<&'static Format>,
    /// The file for the --format before it; without one the format goes to standard output
    #[arg(long, value_name = "FILE")]
    output: Vec<PathBuf>,
    /// The pairs, in the order of the command line.
    #[arg(skip)]
    pub reports: Vec<Output>,
}

/// One report to write: its format, and its file or standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The format.
    pub format: &'static Format,
    /// The file; none is standard output.
    pub file: Option<PathBuf>,
}

/// An account read through a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRole {
    /// The account id, 12 digits.
    pub id: String,
    /// The role to assume.
    pub role_arn: String,
}

/// The rate of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// The IAM prefix.
    pub service: String,
    /// Requests per second.
    pub per_second: u32,
}

/// Why parsing ended without a command: help, version, or a usage error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// What to print, without colour.
    pub text: String,
    /// The exit code: 0 for help and version (to standard output), 64 for usage errors (to standard error).
    pub code: u8,
}

/// Parses the arguments, the program's name first.
///
/// # Errors
/// [`Stop`] for help, version and usage errors.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Cli, Stop> {
    let matches = Cli::command().try_get_matches_from(arguments).map_err(|error| stop(&error))?;
    let mut cli = Cli::from_arg_matches(&matches).map_err(|error| stop(&error))?;
    let chosen = matches.subcommand().map_or(&matches, |(_, inner)| inner);
    // The options of an action are its own.
    let chosen = chosen.subcommand().map_or(chosen, |(_, inner)| inner);
    let output = match &mut cli.command {
        Command::Demo(demo) => Some(&mut demo.output),
        Command::Audit(audit) => Some(&mut audit.output),
        Command::Drift(drift) => Some(&mut drift.output),
        Command::Recover(recover) => Some(&mut recover.output),
        Command::Report(report) => Some(&mut report.output),
        Command::History(History { action: Some(HistoryAction::Show { output, .. }), .. }) => Some(output),
        _ => None,
    };
    if let Some(output) = output {
        output.reports =
            outputs(chosen).map_err(|text| Stop { text: format!("error: {text}\n"), code: USAGE })?;
    }
    if let Command::Recover(recover) = &cli.command
        && let Some(other) = recover.output.reports.iter().find(|it| !report::shows_recovery(it.format))
    {
        let text = format!(
            "error: `recover` writes {} in this version, and not `{}`\n",
            report::recovery_formats(),
            other.format.name
        );
        return Err(Stop { text, code: USAGE });
    }
    Ok(cli)
}

fn stop(error: &clap::Error) -> Stop {
    let code = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
        _ => USAGE,
    };
    Stop { text: error.render().to_string(), code }
}

/// Pairs each `--output` with the `--format` before it.
fn outputs(matches: &ArgMatches) -> Result<Vec<Output>, String> {
    enum Word {
        Format(&'static Format),
        File(PathBuf),
    }
    let mut words: Vec<(usize, Word)> = Vec::new();
    if let (Some(at), Some(formats)) =
        (matches.indices_of("format"), matches.get_many::<&'static Format>("format"))
    {
        words.extend(at.zip(formats.map(|format| Word::Format(format))));
    }
    if let (Some(at), Some(files)) = (matches.indices_of("output"), matches.get_many::<PathBuf>("output")) {
        words.extend(at.zip(files.map(|file| Word::File(file.clone()))));
    }
    words.sort_by_key(|(at, _)| *at);

    let mut reports: Vec<Output> = Vec::new();
    // Whether the last report still waits for its file.
    let mut open = false;
    for (_, word) in words {
        match word {
            Word::Format(format) => {
                reports.push(Output { format, file: None });
                open = true;
            }
            Word::File(file) => {
                let text = file.display();
                let last = reports.last_mut().filter(|_| open);
                let Some(last) = last else {
                    return Err(format!(
                        "`--output {text}` has no --format before it; write `--format html --output {text}`"
                    ));
                };
                // `-` is the usual name of standard output.
                last.file = (file.as_os_str() != "-").then(|| file.clone());
                open = false;
            }
        }
    }
    if reports.is_empty() {
        reports.push(Output { format: &FORMATS[0], file: None });
    }
    let mut to_stdout = reports.iter().filter(|report| report.file.is_none());
    if let (Some(one), Some(two)) = (to_stdout.next(), to_stdout.next()) {
        return Err(format!(
            "both `{}` and `{}` would go to standard output; give one of them a file with --output",
            one.format.name, two.format.name
        ));
    }
    for (at, report) in reports.iter().enumerate() {
        if let Some(file) = &report.file
            && reports[..at].iter().any(|other| other.file.as_ref() == Some(file))
        {
            return Err(format!("two reports would be written to {}", file.display()));
        }
    }
    Ok(reports)
}

fn format(text: &str) -> Result<&'static Format, String> {
    if let Some(format) = report::find(text) {
        return Ok(format);
    }
    let names = FORMATS.iter().map(|format| format.name).collect::<Vec<_>>().join(", ");
    Err(format!("there is no such format; this version writes {names}"))
}

fn comparison_format(text: &str) -> Result<&'static ComparisonFormat, String> {
    COMPARISON_FORMATS.iter().find(|format| format.name == text).ok_or_else(|| {
        let names: Vec<&str> = COMPARISON_FORMATS.iter().map(|format| format.name).collect();
        format!("there is no such format of a comparison; this version writes {}", names.join(", "))
    })
}

fn page_of(text: &str) -> Result<String, String> {
    let command = Cli::command();
    let names: Vec<&str> =
        command.get_subcommands().filter(|one| !one.is_hide_set()).map(clap::Command::get_name).collect();
    match names.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(format!("there is no such command; the pages are those of {}", names.join(", "))),
    }
}

fn moment(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "write an RFC 3339 time with its zone, like 2026-03-01T00:00:00Z".to_owned())
}

fn span(text: &str) -> Result<Duration, String> {
    let read = parse_duration(text).filter(|duration| !duration.is_zero());
    read.ok_or_else(|| "write a whole number above 0 and s, m, h or d, like 90s or 15m".to_owned())
}

fn address(text: &str) -> Result<String, String> {
    match not_an_address(text) {
        None => Ok(text.to_owned()),
        Some(why) => Err(format!("it {why}; write the address alone, like ops@example.com")),
    }
}

#[cfg(feature = "service")]
fn cron(text: &str) -> Result<String, String> {
    stateward::schedule::Expression::parse(text).map(|_| text.to_owned()).map_err(|bad| bad.to_string())
}

#[cfg(feature = "service")]
fn zone(name: &str) -> Result<String, String> {
    stateward::schedule::zone(name)
        .map(|_| name.to_owned())
        .map_err(|unknown| unknown.help.replace('\n', " "))
}

// A build without the scheduler refuses the command itself.
#[cfg(not(feature = "service"))]
fn cron(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

#[cfg(not(feature = "service"))]
fn zone(name: &str) -> Result<String, String> {
    Ok(name.to_owned())
}

fn listen(text: &str) -> Result<String, String> {
    let read = text.parse::<std::net::SocketAddr>().map(|_| text.to_owned());
    read.map_err(|_| "write address and port, like 127.0.0.1:9464 or [::1]:9464".to_owned())
}

fn endpoint(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    match rest {
        Some(rest) if !rest.is_empty() => Ok(text.to_owned()),
        _ => Err("write a URL with http:// or https://, like http://127.0.0.1:5000".to_owned()),
    }
}

fn account(text: &str) -> Result<AccountRole, String> {
    let help = "write ID=ROLE_ARN, like 123456789012=arn:aws:iam::123456789012:role/auditor";
    let (id, role_arn) = text.split_once('=').ok_or(help)?;
    if id.len() != 12 || !id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{id}` is not an account id of 12 digits; {help}"));
    }
    let parts: Vec<&str> = role_arn.splitn(6, ':').collect();
    let ["arn", partition, "iam", "", owner, name] = parts.as_slice() else {
        return Err(format!("`{role_arn}` is not the ARN of a role; {help}"));
    };
    if !partition.starts_with("aws") || !name.starts_with("role/") {
        return Err(format!("`{role_arn}` is not the ARN of a role; {help}"));
    }
    if *owner != id {
        return Err(format!("the role belongs to account {owner}, not to {id}"));
    }
    Ok(AccountRole { id: id.to_owned(), role_arn: role_arn.to_owned() })
}

fn variable(text: &str) -> Result<String, String> {
    let fits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fits {
        Ok(text.to_owned())
    } else {
        Err("write the name of a variable, and not the token itself".to_owned())
    }
}

fn state_header(text: &str) -> Result<StateHeader, String> {
    let help =
        "write NAME=VARIABLE, like X-Token=MY_TOKEN: the value itself does not belong on a command line";
    let (name, variable) = text.split_once('=').ok_or(help)?;
    let fits = |text: &str, mark: u8| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == mark)
    };
    if !fits(name, b'-') || !fits(variable, b'_') {
        return Err(help.to_owned());
    }
    Ok(StateHeader { name: name.to_owned(), variable: variable.to_owned() })
}

fn rate(text: &str) -> Result<Rate, String> {
    let help = "write SERVICE=N with N from 1 to 1000 requests per second, like ec2=10";
    let (service, number) = text.split_once('=').ok_or(help)?;
    let per_second = number.parse().ok().filter(|rate| (1..=1_000).contains(rate)).ok_or(help)?;
    if service.is_empty() {
        return Err(help.to_owned());
    }
    Ok(Rate { service: service.to_owned(), per_second })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Result<Cli, Stop> {
        parse(std::iter::once("stateward").chain(line.split_whitespace()).map(OsString::from))
    }

    fn reports(line: &str) -> Vec<(&'static str, Option<String>)> {
        let Command::Audit(audit) = run(line).unwrap().command else { panic!("not an audit") };
        let file = |output: &Output| output.file.as_ref().map(|file| file.display().to_string());
        audit.output.reports.iter().map(|output| (output.format.name, file(output))).collect()
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn exactly_the_commands_of_this_version_exist() {
        let command = Cli::command();
        let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        assert_eq!(
            names,
            [
                "demo",
                "audit",
                "drift",
                "recover",
                "collect",
                "report",
                "diff",
                "mail",
                "history",
                "schedule",
                "serve",
                "init",
                "doctor",
                "checks",
                "policy",
                "completions",
                "man",
                "generate",
            ]
        );
    }

    #[test]
    fn formats_pair_with_the_file_after_them() {
        let file = |name: &str| Some(name.to_owned());
        assert_eq!(reports("audit"), [("table", None)]);
        assert_eq!(
            reports("audit --format json --output a.json --format html --output a.html"),
            [("json", file("a.json")), ("html", file("a.html"))]
        );
        assert_eq!(
            reports("audit --format table --format json --output a.json --format csv --output b.csv"),
            [("table", None), ("json", file("a.json")), ("csv", file("b.csv"))]
        );
        assert_eq!(
            reports("audit --format=html --output=a.html --format=json"),
            [("html", file("a.html")), ("json", None)]
        );
        assert_eq!(reports("audit --format json --output -"), [("json", None)]);
    }

    #[test]
    fn usage_errors_name_the_remedy_and_exit_with_64() {
        let cases = [
            ("", "Usage"),
            ("recovr", "recover"),
            ("recover --format csv", "table, json, markdown"),
            ("recover --explain x --format json", "cannot be used with"),
            ("recover --fail-on drift", "verdict"),
            ("audit --bogus", "--bogus"),
            ("audit --output a.html", "--format html --output a.html"),
            ("audit --format json --output a --output b", "has no --format before it"),
            ("audit --format json --format csv", "standard output"),
            ("audit --format json --output a --format csv --output a", "two reports"),
            ("audit --format sarf", "no such format"),
            ("audit --format xml", "table, json, jsonl, csv, markdown, html"),
            ("audit --category multiaz", "multi-az"),
            ("audit --component contaner", "container"),
            ("audit --as-of yesterday", "RFC 3339"),
            ("audit --timeout 0s", "15m"),
            ("audit --rate ec2", "ec2=10"),
            ("audit --state-header X-Token", "NAME=VARIABLE"),
            ("audit --state-header X-Token=glpat-1", "NAME=VARIABLE"),
            ("audit --rate ec2=0", "1 to 1000"),
            ("audit --concurrency 0", "1..=256"),
            ("audit --account 12=arn:aws:iam::12:role/x", "12 digits"),
            ("audit --account 123456789012=arn:aws:iam::123456789012:user/x", "ARN of a role"),
            ("audit --account 123456789012=arn:aws:iam::210987654321:role/x", "belongs to account"),
            ("audit --endpoint-url localhost:5000", "http://"),
            ("audit --snapshot a --endpoint-url http://x", "cannot be used with"),
            ("audit --plan p.json --state a", "cannot be used with"),
            ("audit --plan p.json --snapshot a", "cannot be used with"),
            ("audit --plan p.json --region eu-west-1", "cannot be used with"),
            ("audit --fail-on maybe", "verdict"),
            ("drift --fail-on changed,gone", "missing"),
            ("collect", "--out"),
            ("report", "RESULT"),
            ("diff a.json", "NEW"),
            ("diff a b --format html", "table, json, markdown"),
            ("diff a b --fail-on drift", "regression"),
            ("serve --listen 8600", "ADDRESS"),
            ("serve --tls-cert a.pem", "--tls-key"),
            ("serve --client-ca a.pem", "--tls-cert"),
            ("serve --token-variable s3cr=t", "the name of a variable"),
            ("mail", "RESULT"),
            ("mail a.json --dry-run x --flush", "cannot be used with"),
            ("mail a.json --to nobody", "like ops@example.com"),
            ("mail --due --flush", "cannot be used with"),
            ("schedule --cron @daily", "COMMAND"),
            ("schedule -- audit", "--cron"),
            ("schedule --listen 9464", "127.0.0.1:9464"),
            ("schedule --check --once nightly", "cannot be used with"),
        ];
        for (line, expected) in cases {
            let stop = run(line).unwrap_err();
            assert_eq!(stop.code, USAGE, "{line}");
            assert!(stop.text.contains(expected), "{line}: {}", stop.text);
        }
    }

    #[test]
    fn help_and_version_exit_with_0() {
        for line in ["--help", "--version", "audit --help", "checks -h"] {
            let stop = run(line).unwrap_err();
            assert_eq!(stop.code, 0, "{line}");
            assert!(stop.text.contains("stateward"), "{line}: {}", stop.text);
        }
    }

    #[test]
    fn every_visible_command_and_action_shows_an_example() {
        fn shows(command: &clap::Command, name: &str) {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.starts_with("Examples:\n") && help.contains(name), "{name}");
            for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
                shows(inner, &format!("{name} {}", inner.get_name()));
            }
        }
        shows(&Cli::command(), "stateward");
    }

    #[test]
    fn the_examples_of_the_help_parse() {
        let mut seen = 0;
        let root = Cli::command();
        let inner = root.get_subcommands().flat_map(clap::Command::get_subcommands);
        let helps =
            root.get_subcommands().chain([&root]).chain(inner).filter_map(clap::Command::get_after_help);
        for help in helps.map(ToString::to_string) {
            for line in
                help.replace("\\\n", " ").lines().filter_map(|line| line.trim().strip_prefix("stateward "))
            {
                let line = line.split(['<', '>', '|']).next().unwrap_or_default().replace('\'', "");
                run(&line).unwrap_or_else(|stop| panic!("{line}: {}", stop.text));
                seen += 1;
            }
        }
        assert!(seen > 15, "{seen} examples");
    }

    #[test]
    fn lists_split_at_commas_and_options_read_their_values() {
        let line = "audit --region us-west-2,eu-west-1 --category multi-az,backup --state a --state b --profile strict \
                    --account 123456789012=arn:aws:iam::123456789012:role/auditor --rate ec2=10 --rate s3=20 \
                    --timeout 15m --as-of 2026-03-01T00:00:00Z --fail-on never --quiet";
        let cli = run(line).unwrap();
        assert!(cli.talk.quiet);
        let Command::Audit(audit) = cli.command else { panic!("not an audit") };
        assert_eq!(audit.source.region, ["us-west-2", "eu-west-1"]);
        assert_eq!(audit.select.category, ["multi-az", "backup"]);
        assert_eq!(audit.states.state, ["a", "b"]);
        assert_eq!(audit.profile.profile, ["strict"]);
        assert_eq!(audit.live.account[0].role_arn, "arn:aws:iam::123456789012:role/auditor");
        assert_eq!(audit.live.rate[1], Rate { service: "s3".to_owned(), per_second: 20 });
        assert_eq!(audit.live.timeout, Some(Duration::from_secs(900)));
        assert_eq!(audit.source.as_of.map(OffsetDateTime::unix_timestamp), Some(1_772_323_200));
        assert_eq!(audit.fail_on, FailOn::Never);
    }
}
