//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::Arg;

use crate::failure::Failure;
use crate::help;

/// What is to be done.
pub(crate) enum Command {
    /// Help, or the version.
    Print(String),
    Run(Request),
}

pub(crate) struct Request {
    pub(crate) action: Action,
    /// Which coroutines are meant.
    pub(crate) path: Option<String>,
    pub(crate) json: bool,
    pub(crate) cargo: CargoOptions,
}

pub(crate) enum Action {
    Expand,
    Sites,
    Graph(Picture),
}

#[derive(Default)]
pub(crate) struct Picture {
    pub(crate) format: Option<Format>,
    pub(crate) output: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Svg,
    Dot,
    Mermaid,
}

/// What is handed on to cargo, and what of it this command has to know.
#[derive(Default)]
pub(crate) struct CargoOptions {
    pub(crate) all: Vec<OsString>,
    pub(crate) packages: Vec<String>,
    pub(crate) excluded: Vec<String>,
    pub(crate) is_workspace: bool,
    pub(crate) manifest: Option<PathBuf>,
    pub(crate) target_dir: Option<PathBuf>,
}

const FLAGS: [&str; 13] = [
    "lib",
    "bins",
    "examples",
    "tests",
    "benches",
    "all-targets",
    "all-features",
    "no-default-features",
    "release",
    "locked",
    "offline",
    "frozen",
    "quiet",
];

const VALUES: [&str; 8] = [
    "bin", "example", "test", "bench", "features", "profile", "target", "jobs",
];

/// Reads the command line; cargo calls `cargo-coroutine coroutine ...`.
pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, Failure> {
    let mut arguments = arguments.skip(1).peekable();
    let _by_cargo = arguments.next_if(|first| first == "coroutine");
    let mut parser = lexopt::Parser::from_args(arguments);
    let action = match parser.next().map_err(wrong)? {
        Some(Arg::Value(command)) if command == "expand" => Action::Expand,
        Some(Arg::Value(command)) if command == "sites" => Action::Sites,
        Some(Arg::Value(command)) if command == "graph" => Action::Graph(Picture::default()),
        Some(Arg::Value(command)) => {
            let command = command.to_string_lossy();
            return Err(Failure::usage(format!(
                "there is no command `{command}`; there are `expand`, `sites` and `graph`"
            )));
        }
        Some(Arg::Short('V') | Arg::Long("version")) => {
            return Ok(Command::Print(help::VERSION.to_owned()));
        }
        Some(Arg::Short('h') | Arg::Long("help")) | None => {
            return Ok(Command::Print(help::COMMANDS.to_owned()));
        }
        Some(other) => return Err(wrong(other.unexpected())),
    };
    let request = Request {
        action,
        path: None,
        json: false,
        cargo: CargoOptions::default(),
    };
    request.parse(parser)
}

#[allow(clippy::needless_pass_by_value)]
fn wrong(error: lexopt::Error) -> Failure {
    Failure::usage(format!("{error}; `cargo coroutine --help` tells more"))
}

impl Request {
    fn parse(mut self, mut parser: lexopt::Parser) -> Result<Command, Failure> {
        while let Some(argument) = next(&mut parser, &mut self.cargo.all)? {
            match argument {
                Arg::Short('h') | Arg::Long("help") => return Ok(Command::Print(self.help())),
                Arg::Long("json") => self.json = true,
                Arg::Value(path) if self.path.is_none() => {
                    self.path = Some(path.to_string_lossy().into_owned());
                }
                Arg::Long("format") => {
                    let name = parser.value().map_err(wrong)?;
                    let format = Format::named(&name.to_string_lossy())?;
                    self.picture("--format")?.format = Some(format);
                }
                Arg::Short('o') | Arg::Long("output") => {
                    let output = PathBuf::from(parser.value().map_err(wrong)?);
                    self.picture("--output")?.output = Some(output);
                }
                other => {
                    let other = Owned::of(other).map_err(wrong)?;
                    self.cargo.option(other, &mut parser)?;
                }
            }
        }
        Ok(Command::Run(self))
    }

    fn help(&self) -> String {
        match self.action {
            Action::Expand => help::expand(),
            Action::Sites => help::sites(),
            Action::Graph(_) => help::graph(),
        }
    }

    fn picture(&mut self, option: &str) -> Result<&mut Picture, Failure> {
        match &mut self.action {
            Action::Graph(picture) => Ok(picture),
            Action::Expand | Action::Sites => Err(Failure::usage(format!(
                "`{option}` is an option of `cargo coroutine graph`"
            ))),
        }
    }
}

/// The next argument; what stands behind `--` goes to cargo.
fn next<'a>(
    parser: &'a mut lexopt::Parser,
    cargo: &mut Vec<OsString>,
) -> Result<Option<Arg<'a>>, Failure> {
    if let Some(raw) = parser.try_raw_args()
        && raw.peek().is_some_and(|next| next == "--")
    {
        cargo.extend(raw.skip(1));
        return Ok(None);
    }
    parser.next().map_err(wrong)
}

/// An option's name, apart from the parser.
enum Owned {
    Short(char),
    Long(String),
}

impl Owned {
    fn of(argument: Arg<'_>) -> Result<Self, lexopt::Error> {
        match argument {
            Arg::Short(letter) => Ok(Self::Short(letter)),
            Arg::Long(name) => Ok(Self::Long(name.to_owned())),
            Arg::Value(_) => Err(argument.unexpected()),
        }
    }

    /// The long name of a short option.
    fn name(self) -> Result<String, lexopt::Error> {
        let name = match self {
            Self::Long(name) => return Ok(name),
            Self::Short('p') => "package",
            Self::Short('F') => "features",
            Self::Short('r') => "release",
            Self::Short('j') => "jobs",
            Self::Short('q') => "quiet",
            Self::Short(letter) => return Err(Arg::Short(letter).unexpected()),
        };
        Ok(name.to_owned())
    }
}

impl CargoOptions {
    fn option(&mut self, option: Owned, parser: &mut lexopt::Parser) -> Result<(), Failure> {
        let name = option.name().map_err(wrong)?;
        let dashed = OsString::from(format!("--{name}"));
        if FLAGS.contains(&name.as_str()) {
            self.all.push(dashed);
            return Ok(());
        }
        if name == "workspace" {
            self.is_workspace = true;
            self.all.push(dashed);
            return Ok(());
        }
        let is_known =
            ["package", "exclude", "manifest-path", "target-dir"].contains(&name.as_str());
        if !is_known && !VALUES.contains(&name.as_str()) {
            return Err(wrong(Arg::Long(&name).unexpected()));
        }
        let value = parser.value().map_err(wrong)?;
        match name.as_str() {
            "package" => self.packages.push(value.to_string_lossy().into_owned()),
            "exclude" => self.excluded.push(value.to_string_lossy().into_owned()),
            "manifest-path" => self.manifest = Some(PathBuf::from(&value)),
            "target-dir" => self.target_dir = Some(PathBuf::from(&value)),
            _ => {}
        }
        self.all.extend([dashed, value]);
        Ok(())
    }
}

impl Format {
    fn named(name: &str) -> Result<Self, Failure> {
        match name {
            "svg" => Ok(Self::Svg),
            "dot" => Ok(Self::Dot),
            "mermaid" => Ok(Self::Mermaid),
            other => Err(Failure::usage(format!(
                "there is no format `{other}`; there are `svg`, `dot` and `mermaid`"
            ))),
        }
    }
}
