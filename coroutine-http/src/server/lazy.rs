//! What is read out of a request when somebody asks for it, and kept.

use std::cell::{Cell, OnceCell, RefCell};

use cookie::Cookie;

use super::login::User;
use super::multipart::{Form, MultipartError};
use super::xsrf::Token;

/// Costs a request that nobody asks for its cookies, its form or a token one word.
#[derive(Default)]
pub(super) struct Lazy(OnceCell<Box<Read>>);

#[derive(Default)]
pub(super) struct Read {
    pub(super) form: OnceCell<Result<Form, MultipartError>>,
    /// Whether the form is none, and somebody was told that it is empty.
    pub(super) hushed: Cell<bool>,
    pub(super) cookies: OnceCell<Vec<Cookie<'static>>>,
    /// The token that shows where a request comes from, and whether no cookie had it.
    pub(super) xsrf: OnceCell<(Token, bool)>,
    /// Who has sent the request, once somebody has asked or said that. Borrowed for the length of a look.
    pub(super) user: RefCell<Option<Option<User>>>,
}

impl Lazy {
    pub(super) fn get(&self) -> &Read {
        self.0.get_or_init(Box::default)
    }

    /// What was read already.
    pub(super) fn peek(&self) -> Option<&Read> {
        self.0.get().map(|read| &**read)
    }
}
