//! `alert`: whether those who are to hear of something do.

use tieline_gateway::alerts::{self, Tried};
use tieline_transport::sftp::client::{Step as Stage, StepResult};

use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::station::{self, StationArgs};
use crate::text_or_json::TextOrJson;

/// Try out whether alerts arrive
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline alert test
  tieline alert test --partner prairie-power")]
pub(crate) struct AlertCommand {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    Test(TestArgs),
}

/// Send a test to whom [alerts] names, and say what happened, stage by stage
///
/// It goes at once, by webhook and by mail as far as they are named. Ends with 75 when a receiver does not
/// answer, and with 78 when something is not set up right.
#[derive(Debug, clap::Args)]
struct TestArgs {
    /// Whom this partner's profile names; the utility's when it names nobody, or none is given
    #[arg(long, value_name = "ID")]
    partner: Option<String>,

    /// How to write what came of it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,

    #[command(flatten)]
    station: StationArgs,
}

pub(crate) fn run(command: &AlertCommand, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let Step::Test(args) = &command.step;
    let settings = args.station.settings()?;
    let tried = station::run(async {
        let house = settings.house().await?;
        let partner = args.partner.as_deref();
        if let Some(id) = partner.filter(|id| house.book().find(id).is_none()) {
            let help = "tieline partner list shows them all".to_string();
            return Err(Failure::usage(format!("there is no partner `{id}`"), Some(help)).into());
        }
        Ok(alerts::test(&house, partner).await)
    })?;
    if tried.is_empty() {
        return Err(Failure {
            code: exit::CONFIGURATION,
            message: "nobody is told of anything".to_string(),
            help: Some("name email or webhook in [alerts] of utility.toml or partner.toml".into()),
        }
        .into());
    }
    match args.format.is_json() {
        true => {
            let all: Vec<serde_json::Value> = tried.iter().map(json).collect();
            writeln!(console.out, "{}", serde_json::to_string_pretty(&all)?)?;
        }
        false => tried.iter().try_for_each(|tried| write!(console.out, "{}", text(tried)))?,
    }
    Ok(tried.iter().map(code).max().unwrap_or(exit::ACCEPTED))
}

fn text(tried: &Tried) -> String {
    let way = tried.way.word();
    match &tried.stages {
        Ok(stages) => stages.iter().map(|stage| format!("{way} {stage}\n")).collect(),
        Err(why) => format!("{way} nobody was called: {why}\n"),
    }
}

fn json(tried: &Tried) -> serde_json::Value {
    let stages = tried.stages.as_ref().map(|stages| {
        let stage = |stage: &Stage| {
            let millis = u64::try_from(stage.took.as_millis()).unwrap_or(u64::MAX);
            match &stage.result {
                StepResult::Done(word) => serde_json::json!({
                    "stage": stage.name, "milliseconds": millis, "done": true, "words": word,
                }),
                StepResult::Failed { words, fix, .. } => serde_json::json!({
                    "stage": stage.name, "milliseconds": millis, "done": false, "words": words,
                    "fix": fix,
                }),
            }
        };
        stages.iter().map(stage).collect::<Vec<_>>()
    });
    match stages {
        Ok(stages) => serde_json::json!({
            "way": tried.way.word(), "sent": tried.is_sent(), "stages": stages,
        }),
        Err(why) => serde_json::json!({ "way": tried.way.word(), "sent": false, "why": why }),
    }
}

fn code(tried: &Tried) -> u8 {
    let last = tried.stages.as_ref().ok().and_then(|stages| stages.last());
    match last.map(|stage| &stage.result) {
        Some(StepResult::Done(_)) => exit::ACCEPTED,
        Some(StepResult::Failed { is_passing: true, .. }) => exit::TEMPORARY,
        _ => exit::CONFIGURATION,
    }
}
