//! `export`: usage and bills out of the gateway's store, for a partner or for ourselves.

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::{env, process};

use anyhow::Context;
use tieline_gateway::House;
use tieline_gateway::extract::{Asked, ExtractError, Grain, What, extract};
use tieline_gateway::formed::{self, FormWriter, Table};
use tieline_model::identifier::AccountNumber;
use tieline_model::record::Record;
use tieline_model::time::Date;
use tieline_partner::profile::FileFormat;

use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::output::{write_file, write_out};
use crate::station::{self, StationArgs, refused};

/// Write usage or bills of some accounts and days out of the store
///
/// With --for it is what this partner may see: whatever customers have not authorized refuses all of it,
/// and the reason is told. Intervals are cut to the days, and summed exactly where longer ones are asked
/// for. What the format has no place for is named and refused, unless --allow-loss says that it may be
/// left out. There is all of it or nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline export --accounts 0004217790 --from 2026-04-01 --to 2026-04-30 --format espi -o april.xml
  tieline export --accounts 0004217790,0004217791 --from 2026-04-01 --to 2026-04-30 --interval 1h \\
      --format csv --for prairie-power --allow-loss")]
pub(crate) struct ExportArgs {
    /// About these accounts
    #[arg(long, value_name = "NUMBER", required = true, value_delimiter = ',')]
    #[arg(value_parser = account)]
    accounts: Vec<AccountNumber>,

    /// The first day
    #[arg(long, value_name = "DATE")]
    from: Date,

    /// The last day
    #[arg(long, value_name = "DATE")]
    to: Date,

    /// How long intervals are to be: as-metered, 5m, 15m, 30m, 1h or 1d
    #[arg(long, value_name = "LENGTH", default_value = "as-metered", value_parser = grain)]
    interval: Grain,

    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Form,

    /// Bills and not usage
    #[arg(long)]
    bills: bool,

    /// The partner who is to get it; ourselves when not given
    #[arg(long = "for", value_name = "PARTNER")]
    partner: Option<String>,

    /// The file to write; standard output when not given
    #[arg(short, long, value_name = "OUT", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Leave out what the format has no place for
    #[arg(long)]
    allow_loss: bool,

    #[command(flatten)]
    station: StationArgs,
}

/// What can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Form {
    /// Green Button: ESPI in an Atom feed
    Espi,
    /// A table, as `docs/formats-csv.md` describes it
    Csv,
    /// Our bulk XML, as `docs/formats-xml.md` describes it
    Xml,
    /// Our own model, as `docs/model.schema.json` describes it
    Json,
    /// A workbook for Excel
    Xlsx,
}

impl Form {
    fn format(self) -> FileFormat {
        match self {
            Form::Espi => FileFormat::Espi,
            Form::Csv => FileFormat::Csv,
            Form::Xml => FileFormat::Xml,
            Form::Json => FileFormat::Json,
            Form::Xlsx => FileFormat::Xlsx,
        }
    }
}

fn account(text: &str) -> Result<AccountNumber, String> {
    AccountNumber::new(text).map_err(|error| error.to_string())
}

fn grain(text: &str) -> Result<Grain, String> {
    Ok(match text {
        "as-metered" => Grain::AsMetered,
        "5m" => Grain::Seconds(300),
        "15m" => Grain::Seconds(900),
        "30m" => Grain::Seconds(1_800),
        "1h" => Grain::Seconds(3_600),
        "1d" => Grain::Day,
        _ => return Err("there are as-metered, 5m, 15m, 30m, 1h and 1d".to_string()),
    })
}

pub(crate) fn run(args: &ExportArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = args.station.settings()?;
    station::run(async {
        let house = settings.house_there().await?;
        let mut records = gather(&house, args, console).await?;
        let write = |out: &mut dyn Write| write(&house, args, &mut records, out);
        let left_out = match &args.output {
            Some(path) => write_file(path, write),
            None => write_out(console.out, write),
        }?;
        if let Some(left_out) = left_out {
            console.say(format_args!("left out: {left_out}"));
        }
        Ok(exit::ACCEPTED)
    })
}

/// The documents that were asked for.
async fn gather(
    house: &House,
    args: &ExportArgs,
    console: &mut Console<'_>,
) -> anyhow::Result<Spool> {
    let asked = Asked {
        accounts: args.accounts.clone(),
        from: args.from,
        to: args.to,
        what: if args.bills { What::Bills } else { What::Usage },
        grain: args.interval,
        partner: args.partner.clone(),
    };
    let mut records = Spool::new().context("no room to put the documents together")?;
    let mut keep = |record: &Record| records.keep(record).map_err(|error| error.to_string());
    let counts = extract(house, &asked, &mut keep).await.map_err(not_done)?;
    let none = (1..).zip(&counts).filter(|(_, count)| **count == 0).map(|(place, _)| place);
    let none: Vec<String> = none.map(|place: usize| place.to_string()).collect();
    if none.len() == counts.len() {
        let message = "nothing was posted about these accounts and days";
        return Err(Failure { code: exit::FINDINGS, message: message.into(), help: None }.into());
    }
    if !none.is_empty() {
        let of = format!("account {} of the {}", none.join(", "), counts.len());
        console.say(format_args!("nothing was posted about {of} for these days"));
    }
    Ok(records)
}

/// Writes them; what was left out, in words.
fn write(
    house: &House,
    args: &ExportArgs,
    records: &mut Spool,
    out: &mut dyn Write,
) -> anyhow::Result<Option<String>> {
    let book = house.book();
    let theirs = args.partner.as_deref().and_then(|id| book.find(id));
    let options = theirs.map_or(book.options(), |partner| partner.options());
    let format = args.format.format();
    let table = records.table.unwrap_or(Table::Intervals);
    if format == FileFormat::Csv && records.is_mixed {
        let message = "there are intervals and readings, and a CSV file is one table";
        let help = "write json, xml or xlsx, or name fewer accounts".to_string();
        return Err(Failure::usage(message, Some(help)).into());
    }
    let wrong = |error: formed::FormError| match error {
        formed::FormError::Io(error) => anyhow::Error::from(error),
        error => Failure {
            code: exit::FINDINGS,
            message: format!("it cannot be written: {error}"),
            help: None,
        }
        .into(),
    };
    let now = crate::clock::instant();
    let mut writer = FormWriter::new(out, format, table, options, now).map_err(wrong)?;
    for record in records.read()? {
        writer.write(&record?).map_err(wrong)?;
    }
    let losses = writer.finish().map_err(wrong)?;
    if losses.is_empty() {
        return Ok(None);
    }
    let named = formed::named(&losses);
    if args.allow_loss {
        return Ok(Some(named));
    }
    let message = format!("the format has no place for {named}");
    let help = Some("--allow-loss leaves it out; json holds everything".to_string());
    Err(Failure { code: exit::FINDINGS, message, help }.into())
}

/// Documents on their way from the store to what is written, in a file without a name: there may be more
/// of them than memory holds, and nothing is written before all of them are known to be allowed.
struct Spool {
    file: BufWriter<File>,
    /// The table of the first one.
    table: Option<Table>,
    /// Whether another one has another.
    is_mixed: bool,
}

impl Spool {
    fn new() -> io::Result<Spool> {
        let name = format!("tieline-export-{}-{}", process::id(), crate::clock::instant());
        let path = env::temp_dir().join(name);
        let mut options = File::options();
        let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        fs::remove_file(&path)?;
        Ok(Spool { file: BufWriter::new(file), table: None, is_mixed: false })
    }

    fn keep(&mut self, record: &Record) -> io::Result<()> {
        let table = Table::of(record);
        self.is_mixed |= *self.table.get_or_insert(table) != table;
        serde_json::to_writer(&mut self.file, record)?;
        self.file.write_all(b"\n")
    }

    /// Those that were kept, in their order.
    fn read(&mut self) -> io::Result<impl Iterator<Item = serde_json::Result<Record>>> {
        self.file.flush()?;
        let file = self.file.get_mut();
        file.rewind()?;
        Ok(serde_json::Deserializer::from_reader(BufReader::new(file)).into_iter())
    }
}

fn not_done(error: ExtractError) -> Failure {
    match error {
        ExtractError::Store(error) => refused(&error),
        ExtractError::NoPartner(_) | ExtractError::NoDays => {
            Failure::usage(error.to_string(), None)
        }
        error => Failure { code: exit::FINDINGS, message: error.to_string(), help: None },
    }
}
