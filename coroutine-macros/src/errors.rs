//! Errors are collected, so that one compile reports them all.

use proc_macro2::TokenStream;
use syn::Error;

/// The errors of one macro call, which are reported together.
#[derive(Default)]
pub(crate) struct Errors {
    combined: Option<Error>,
}

impl Errors {
    pub(crate) fn push(&mut self, error: Error) {
        match &mut self.combined {
            Some(combined) => combined.combine(error),
            None => self.combined = Some(error),
        }
    }

    /// Takes what there is so far out, to be reported somewhere else.
    pub(crate) fn take(&mut self) -> Option<Error> {
        self.combined.take()
    }

    pub(crate) fn into_result(self) -> syn::Result<()> {
        self.combined.map_or(Ok(()), Err)
    }

    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.combined
            .map(Error::into_compile_error)
            .unwrap_or_default()
    }
}
