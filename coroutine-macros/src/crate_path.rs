//! The name under which the user's crate knows the runtime.

use std::path::PathBuf;

use proc_macro2::{Ident, Span};
use syn::{Path, parse_quote};

use crate::model::CratePath;

/// The runtime's package.
pub(crate) const CORE: &str = "coroutine-core";

/// `::coroutine_core`, or the name that the user's Cargo.toml gives it; so for other packages.
pub(crate) fn find(package: &str) -> CratePath {
    let renamed = manifest().and_then(|manifest| renamed_dependency(&manifest, package));
    let name = renamed.unwrap_or_else(|| package.replace('-', "_"));
    let ident = Ident::new(&name, Span::mixed_site());
    let path: Path = parse_quote!(::#ident);
    CratePath::new(path)
}

fn manifest() -> Option<String> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR")?;
    std::fs::read_to_string(PathBuf::from(folder).join("Cargo.toml")).ok()
}

/// Looks for `package = "coroutine-core"` in its three forms, line by line:
///
/// ```toml
/// co = { version = "1", package = "coroutine-core" }
/// co.package = "coroutine-core"
/// [dependencies.co]
/// package = "coroutine-core"
/// ```
///
/// A rename that only the workspace's root tells is not found: `crate = path` is for that.
pub(crate) fn renamed_dependency(manifest: &str, package: &str) -> Option<String> {
    let mut table = "";
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            table = header.split(']').next().unwrap_or_default();
        } else if names_package(line, package) {
            let key = line.split('=').next().unwrap_or_default().trim();
            let name = match key.strip_suffix("package").map(str::trim_end) {
                Some("") => table.rsplit('.').next().unwrap_or_default(),
                Some(dotted) => dotted.trim_end_matches('.'),
                None => key,
            };
            return identifier(name);
        }
    }
    None
}

/// Whether a line has `package = "coroutine-core"` outside a comment.
fn names_package(line: &str, package: &str) -> bool {
    let code: String = line
        .split('#')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    ["\"", "'"].iter().any(|quote| {
        let needle = format!("package={quote}{package}{quote}");
        code.match_indices(&needle)
            .any(|(at, _)| at == 0 || code[..at].ends_with(['{', ',', '.']))
    })
}

/// `my-co` as `my_co`, if that is a name.
fn identifier(key: &str) -> Option<String> {
    let name = key.trim().trim_matches(['"', '\'']).replace('-', "_");
    syn::parse_str::<Ident>(&name)
        .ok()
        .map(|ident| ident.to_string())
}
