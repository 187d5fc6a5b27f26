//! The paths of coroutines. A macro does not know in which module it is; the file and what stands around a coroutine there tell it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use proc_macro2::{LineColumn, Span};
use quote::ToTokens;
use serde_json::Value;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Block, File, ImplItemFn, ItemFn, ItemImpl, ItemMod, ItemTrait, Signature, TraitItemFn, Type,
};

/// The source files of a crate.
pub(crate) struct Sources {
    /// Where the paths that rustc names begin.
    working_dir: PathBuf,
    /// The file that the crate begins with.
    root: PathBuf,
    files: BTreeMap<PathBuf, Option<File>>,
}

impl Sources {
    pub(crate) fn of(about: &Value) -> Self {
        let path = |key: &str| PathBuf::from(about[key].as_str().unwrap_or_default());
        Self {
            root: path("working_dir").join(path("root")),
            working_dir: path("working_dir"),
            files: BTreeMap::new(),
        }
    }

    /// A file as rustc names it, with the whole path.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        plain(&self.working_dir.join(name))
    }

    /// The names around a place, from the crate's root inwards.
    pub(crate) fn path(&mut self, file: &Path, line: u32, column: u32) -> Vec<String> {
        let mut path = self.modules(file);
        let parsed = self.files.entry(file.to_owned()).or_insert_with(|| {
            let source = fs::read_to_string(file).ok()?;
            syn::parse_file(&source).ok()
        });
        if let Some(parsed) = parsed {
            let to_usize = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
            let mut search = Search {
                place: LineColumn {
                    line: to_usize(line),
                    column: to_usize(column).saturating_sub(1),
                },
                path: Vec::new(),
            };
            search.visit_file(parsed);
            path.append(&mut search.path);
        }
        path
    }

    /// `src/web/client.rs` -> `web`, `client`; nothing for a file that is not below the crate's root.
    fn modules(&self, file: &Path) -> Vec<String> {
        let root = plain(&self.root);
        let below = root
            .parent()
            .and_then(|folder| file.strip_prefix(folder).ok());
        let Some(below) = below.filter(|_| file != root) else {
            return Vec::new();
        };
        let below = below.with_extension("");
        let mut names: Vec<_> = below
            .components()
            .map(|name| name.as_os_str().to_string_lossy().into_owned())
            .collect();
        names.pop_if(|last| last == "mod");
        names
    }
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            component => plain.push(component),
        }
    }
    plain
}

struct Search {
    place: LineColumn,
    path: Vec<String>,
}

impl Search {
    fn is_in(&self, span: Span) -> bool {
        span.start() <= self.place && self.place < span.end()
    }

    /// A function's own name is no part of what is around it.
    fn function(&mut self, sig: &Signature, block: Option<&Block>) {
        if let Some(block) = block
            && self.is_in(block.span())
        {
            self.path.push(sig.ident.to_string());
            self.visit_block(block);
        }
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        if self.is_in(item.span()) {
            self.path.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        if self.is_in(item.span()) {
            self.path.push(type_name(&item.self_ty));
            visit::visit_item_impl(self, item);
        }
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        if self.is_in(item.span()) {
            self.path.push(item.ident.to_string());
            visit::visit_item_trait(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.function(&item.sig, Some(&item.block));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.function(&item.sig, Some(&item.block));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.function(&item.sig, item.default.as_ref());
    }
}

/// `Client` of `Client<T>` and of `web::Client`.
fn type_name(ty: &Type) -> String {
    match ty {
        Type::Path(ty) => match ty.path.segments.last() {
            Some(last) => last.ident.to_string(),
            None => ty.to_token_stream().to_string(),
        },
        Type::Reference(ty) => type_name(&ty.elem),
        Type::Group(ty) => type_name(&ty.elem),
        ty => ty.to_token_stream().to_string().replace(' ', ""),
    }
}
