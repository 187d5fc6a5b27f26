//! What a return type says.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{GenericArgument, PathArguments, ReturnType, Type, TypeNever, TypePath};

use crate::model::{CratePath, Output};

/// The type that a coroutine returns; `otherwise` where none is written.
pub(crate) fn output(declared: &ReturnType, otherwise: Output) -> Output {
    match declared {
        ReturnType::Default => otherwise,
        ReturnType::Type(_, ty) if is_nameable(ty) => Output::Declared(ty.clone()),
        ReturnType::Type(..) => Output::Unnameable,
    }
}

/// Whether a type can be spelled inside the body: `impl Trait` and `_` cannot.
pub(crate) fn is_nameable(ty: &Type) -> bool {
    struct Search(bool);
    impl<'ast> Visit<'ast> for Search {
        fn visit_type(&mut self, ty: &'ast Type) {
            self.0 &= !matches!(ty, Type::ImplTrait(_) | Type::Infer(_));
            visit::visit_type(self, ty);
        }
    }
    let mut search = Search(true);
    search.visit_type(ty);
    search.0
}

/// The `!` of `-> !`.
pub(crate) fn never(output: &ReturnType) -> Option<&TypeNever> {
    match output {
        ReturnType::Type(_, ty) => match &**ty {
            Type::Never(never) => Some(never),
            _ => None,
        },
        ReturnType::Default => None,
    }
}

/// The word and the `T` of `-> Future<T>`, where it is the runtime's: the standard library's takes no such argument.
pub(crate) fn future<'a>(
    output: &'a ReturnType,
    crate_path: &CratePath,
) -> Option<(&'a Ident, &'a Type)> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    let Type::Path(TypePath {
        qself: None, path, ..
    }) = &**ty
    else {
        return None;
    };
    let mut names = path.segments.iter().rev();
    let name = names.next().filter(|name| name.ident == "Future")?;
    let is_ours = names.next().is_none_or(|place| {
        place.ident == "co" || place.ident == "coroutine_core" || crate_path.ends_in(&place.ident)
    });
    let PathArguments::AngleBracketed(arguments) = &name.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) if is_ours && arguments.args.len() == 1 => {
            Some((&name.ident, ty))
        }
        _ => None,
    }
}
