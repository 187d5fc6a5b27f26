//! What a return type says.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{
    GenericArgument, PathArguments, PathSegment, ReturnType, Type, TypeImplTrait, TypeNever,
    TypeParamBound, TypePath,
};

use crate::model::{CratePath, Spelling};

/// The type that a body returns; `otherwise` where none is written.
pub(crate) fn output(declared: &ReturnType, otherwise: Spelling) -> Spelling {
    match declared {
        ReturnType::Default => otherwise,
        ReturnType::Type(_, ty) => spelling(ty),
    }
}

/// A type as the body can spell it.
pub(crate) fn spelling(ty: &Type) -> Spelling {
    if is_nameable(ty) {
        Spelling::Declared(Box::new(ty.clone()))
    } else {
        Spelling::Unnameable
    }
}

/// Whether a type can be spelled inside the body: `impl Trait` and `_` cannot, and an error is said once.
pub(crate) fn is_nameable(ty: &Type) -> bool {
    struct Search(bool);
    impl<'ast> Visit<'ast> for Search {
        fn visit_type(&mut self, ty: &'ast Type) {
            self.0 &= !matches!(ty, Type::ImplTrait(_) | Type::Infer(_) | Type::Verbatim(_));
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
    let name = ours(output, crate_path).filter(|name| name.ident == "Future")?;
    let PathArguments::AngleBracketed(arguments) = &name.arguments else {
        return None;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(ty)) if arguments.args.len() == 1 => Some((&name.ident, ty)),
        _ => None,
    }
}

/// The word of `-> Generator<...>` or `-> impl Iterator<Item = T>`, and the `T`, where a generator is meant.
pub(crate) fn iterator<'a>(
    output: &'a ReturnType,
    crate_path: &CratePath,
) -> Option<(&'a Ident, Option<&'a Type>)> {
    if let Some(name) = ours(output, crate_path)
        && (name.ident == "Generator" || name.ident == "AsyncGenerator")
    {
        return Some((&name.ident, None));
    }
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    let Type::ImplTrait(TypeImplTrait { bounds, .. }) = &**ty else {
        return None;
    };
    let mut names = bounds.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last(),
        _ => None,
    });
    let is_iterator = |name: &&PathSegment| name.ident == "Iterator" || name.ident == "Stream";
    let name = names.find(is_iterator)?;
    Some((&name.ident, item(&name.arguments)))
}

/// The last name of a path that is a name of the runtime's, or can be.
fn ours<'a>(output: &'a ReturnType, crate_path: &CratePath) -> Option<&'a PathSegment> {
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
    let name = names.next()?;
    let is_ours = names.next().is_none_or(|place| {
        place.ident == "co" || place.ident == "coroutine_core" || crate_path.ends_in(&place.ident)
    });
    is_ours.then_some(name)
}

/// The `T` of `<Item = T>`.
fn item(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assoc) if assoc.ident == "Item" => Some(&assoc.ty),
        _ => None,
    })
}
