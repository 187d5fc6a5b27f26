//! The arguments of the attributes.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Error, Lit, LitStr, Path, Result, Token, Type};

use crate::check;
use crate::crate_path;
use crate::errors::Errors;
use crate::expand;
use crate::model::{CratePath, Flavour, Options};

/// A test that says nothing else has five seconds.
const DEFAULT_TIMEOUT_MILLIS: u64 = 5_000;

/// `key` or `key = value`, not yet understood.
pub(crate) struct Argument {
    pub(crate) key: Ident,
    pub(crate) value: Option<TokenStream>,
}

impl Parse for Argument {
    fn parse(input: ParseStream) -> Result<Self> {
        let key = input.call(Ident::parse_any)?;
        let value = match input.parse::<Option<Token![=]>>()? {
            Some(_) => Some(value(input)?),
            None => None,
        };
        Ok(Argument { key, value })
    }
}

/// Reads a value up to its comma; a type may have commas of its own.
fn value(input: ParseStream) -> Result<TokenStream> {
    let ahead = input.fork();
    match ahead.parse::<Type>() {
        Ok(ty) if ahead.is_empty() || ahead.peek(Token![,]) => {
            input.advance_to(&ahead);
            Ok(ty.into_token_stream())
        }
        _ => until_comma(input),
    }
}

fn until_comma(input: ParseStream) -> Result<TokenStream> {
    let mut value = TokenStream::new();
    while !input.is_empty() && !input.peek(Token![,]) {
        value.extend([input.parse::<TokenTree>()?]);
    }
    Ok(value)
}

/// Reads the arguments; where one is wrong its default stands in, so that the rest can still be checked.
pub(crate) fn options(flavour: Flavour, tokens: TokenStream, errors: &mut Errors) -> Options {
    let mut reader = Reader {
        flavour,
        seen: Vec::new(),
        errors,
        options: Options::default(),
    };
    match Punctuated::<Argument, Token![,]>::parse_terminated.parse2(tokens) {
        Ok(arguments) => arguments
            .into_iter()
            .for_each(|argument| reader.argument(argument)),
        Err(error) => reader
            .errors
            .push(check::unreadable_arguments(flavour, error.span())),
    }
    let mut options = reader.options;
    if flavour == Flavour::Generator && options.yields.is_none() {
        // What is wrong with the arguments is as a rule why it is missing.
        let error = errors.take().unwrap_or_else(check::yield_type_missing);
        options.yields = Some(erroneous(error));
    }
    options
}

impl Default for Options {
    fn default() -> Self {
        Options {
            crate_path: crate_path::find(crate_path::CORE),
            lazy: None,
            name: None,
            yields: None,
            resumes: None,
            timeout_millis: DEFAULT_TIMEOUT_MILLIS,
            virtual_clock: false,
        }
    }
}

struct Reader<'a> {
    flavour: Flavour,
    seen: Vec<String>,
    errors: &'a mut Errors,
    options: Options,
}

impl Reader<'_> {
    fn argument(&mut self, argument: Argument) {
        let key = argument.key.to_string();
        if self.seen.contains(&key) {
            return self.errors.push(check::duplicate_argument(&argument.key));
        }
        if let Err(error) = self.understand(&key, argument) {
            self.errors.push(error);
        }
        self.seen.push(key);
    }

    fn understand(&mut self, key: &str, argument: Argument) -> Result<()> {
        match (self.flavour, key) {
            (_, "crate") => self.options.crate_path = path(argument)?,
            (Flavour::Coroutine, "lazy") => self.options.lazy = Some(word(argument)?),
            (Flavour::Generator, "yield") => self.options.yields = Some(ty(&argument)),
            (Flavour::Generator, "resume") => {
                self.options.resumes = Some((argument.key.clone(), ty(&argument)));
            }
            (Flavour::Coroutine | Flavour::Generator, "name") => {
                let name = string(argument)?;
                if self.flavour == Flavour::Generator && expand::has_arguments(&name) {
                    return Err(check::arguments_in_name(&name));
                }
                self.options.name = Some(name);
            }
            (Flavour::Test, "timeout") => self.options.timeout_millis = millis(argument)?,
            (Flavour::Test, "virtual_clock") => {
                word(argument)?;
                self.options.virtual_clock = true;
            }
            _ => return Err(check::unknown_argument(self.flavour, &argument.key)),
        }
        Ok(())
    }
}

/// `lazy`
fn word(argument: Argument) -> Result<Ident> {
    match argument.value {
        None => Ok(argument.key),
        Some(_) => Err(check::value_not_wanted(&argument.key)),
    }
}

/// `crate = some::path`
fn path(argument: Argument) -> Result<CratePath> {
    let value = argument.value.unwrap_or_default();
    let path = Path::parse_mod_style.parse2(value.clone());
    path.map(CratePath::new)
        .map_err(|_| check::path_wanted(&argument.key, &value))
}

/// `name = "..."`
fn string(argument: Argument) -> Result<LitStr> {
    let value = argument.value.unwrap_or_default();
    match syn::parse2::<LitStr>(value.clone()) {
        Ok(name) if !name.value().is_empty() => Ok(name),
        _ => Err(check::name_wanted(&argument.key, &value)),
    }
}

/// `yield = Type` and `resume = Type`
fn ty(argument: &Argument) -> Type {
    let value = argument.value.clone().unwrap_or_default();
    syn::parse2(value.clone())
        .unwrap_or_else(|_| erroneous(check::type_wanted(&argument.key, &value)))
}

/// A type that is an error. To rustc the array is a type it knows nothing of, so it complains of nothing that depends on
/// it; it would take the bare error for `()`.
fn erroneous(error: Error) -> Type {
    let error = error.into_compile_error();
    Type::Verbatim(quote!([(); #error]))
}

/// `timeout = 5` and `timeout = 0.5`, in seconds
fn millis(argument: Argument) -> Result<u64> {
    let value = argument.value.unwrap_or_default();
    let seconds = match syn::parse2::<Lit>(value.clone()) {
        Ok(Lit::Int(int)) if int.suffix().is_empty() => int.base10_parse::<f64>().ok(),
        Ok(Lit::Float(float)) if float.suffix().is_empty() => float.base10_parse::<f64>().ok(),
        _ => None,
    };
    let millis = seconds.map(|seconds| (seconds * 1_000.0).round());
    match millis {
        // Exact up to 2^53, and 2^53 milliseconds are 285,000 years.
        Some(millis) if (1.0..=9_007_199_254_740_992.0).contains(&millis) => Ok(millis as u64),
        _ => Err(check::seconds_wanted(&argument.key, &value)),
    }
}
