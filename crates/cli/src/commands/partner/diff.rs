//! `partner diff`: what differs between tests and production with a partner.

use tieline_partner::profile::{Identity, Profile, Usage};

use super::{DirectoryArg, find};
use crate::console::Console;
use crate::exit;

/// Show what differs between tests and production with a partner
///
/// Ends with 1 when something differs, as `diff` does.
#[derive(Debug, clap::Args)]
pub(crate) struct DiffArgs {
    /// The partner
    #[arg(value_name = "ID")]
    id: String,

    /// One side
    #[arg(value_enum, value_name = "FROM", default_value = "test")]
    from: Side,

    /// The other side
    #[arg(value_enum, value_name = "TO", default_value = "live")]
    to: Side,

    #[command(flatten)]
    directory: DirectoryArg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Side {
    /// Tests
    Test,
    /// Production
    Live,
}

impl Side {
    fn usage(self) -> Usage {
        match self {
            Side::Test => Usage::Test,
            Side::Live => Usage::Production,
        }
    }
}

pub(super) fn run(args: &DiffArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let book = args.directory.book()?;
    let profile = find(&book, &args.id)?.profile();
    let ours = book.utility().map(|utility| &utility.x12);
    let (from, to) = (facts(profile, ours, args.from), facts(profile, ours, args.to));
    let mut differences = 0;
    for ((what, from), (_, to)) in from.iter().zip(&to).filter(|(from, to)| from != to) {
        differences += 1;
        writeln!(console.out, "{what:12} {from}  ->  {to}")?;
    }
    if differences == 0 {
        console.say("nothing differs");
        return Ok(exit::ACCEPTED);
    }
    Ok(exit::FINDINGS)
}

/// What an interchange of this kind of traffic says of the two sides.
fn facts(profile: &Profile, ours: Option<&Identity>, side: Side) -> Vec<(&'static str, String)> {
    let shown = |identity: &Identity| {
        let id = identity.id_for(side.usage());
        format!("{} {}", id.qualifier, id.id)
    };
    let own = &profile.envelope.our_isa;
    let own = own.iter().find(|id| id.usage == Some(side.usage())).or(own.first());
    let ours = match own {
        Some(id) => format!("{} {}", id.qualifier, id.id),
        None => ours.map_or_else(|| "-".to_string(), shown),
    };
    let isa15 = if side == Side::Test { "T" } else { "P" };
    let kept = match side {
        Side::Test => profile.retention.tests,
        Side::Live => profile.retention.messages,
    };
    vec![
        ("their ISA", shown(&profile.x12)),
        ("our ISA", ours),
        ("ISA15", isa15.to_string()),
        ("kept", format!("{kept} days")),
    ]
}
