//! What a request asks to see.

use std::fmt::{self, Display};

use crate::HttpServerRequest;

/// What is to be shown. As text, it is the query of a link to that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    /// A part of names, files or operands.
    pub(super) filter: String,
    pub(super) order: Order,
    /// Whether those that are alike are shown one by one.
    pub(super) each: bool,
    /// Whose parts are shown, and nobody else's.
    pub(super) from: Option<u64>,
    /// The shape of those that are shown.
    pub(super) like: Option<u64>,
    /// Counted from zero.
    pub(super) page: usize,
    /// Which coroutine is shown in detail.
    pub(super) of: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    /// Below those that wait for them.
    #[default]
    Tree,
    /// Those first that have been suspended for the longest time.
    Longest,
    /// Those first that are largest.
    Largest,
}

impl Order {
    pub(super) const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Tree, "tree", "as a tree"),
        (Self::Longest, "longest", "longest first"),
        (Self::Largest, "largest", "largest first"),
    ];

    fn read(text: &str) -> Self {
        let found = Self::ALL.iter().find(|(_, name, _)| *name == text);
        found.map_or(Self::Tree, |&(order, ..)| order)
    }
}

impl Query {
    /// What cannot be understood is as good as not said.
    pub(super) fn read(request: &HttpServerRequest) -> Self {
        let mut query = Self::default();
        for (name, value) in url::form_urlencoded::parse(request.query().unwrap_or("").as_bytes()) {
            match &*name {
                "filter" => query.filter = value.trim().to_owned(),
                "order" => query.order = Order::read(&value),
                "each" => query.each = value == "1",
                "from" => query.from = value.parse().ok(),
                "like" => query.like = value.parse().ok(),
                "page" => query.page = value.parse().unwrap_or(0),
                "of" => query.of = value.parse().ok(),
                _ => {}
            }
        }
        query
    }

    /// The same, with a coroutine in detail.
    pub(super) fn of(&self, id: u64) -> Self {
        let of = Some(id);
        Self { of, ..self.clone() }
    }

    /// The same, with nobody in detail.
    pub(super) fn of_nobody(&self) -> Self {
        let of = None;
        Self { of, ..self.clone() }
    }

    /// Whatever is below a coroutine.
    pub(super) fn from(&self, id: u64) -> Self {
        Self {
            from: Some(id),
            page: 0,
            like: None,
            ..self.clone()
        }
    }

    /// All siblings that look like this.
    pub(super) fn like(&self, shape: u64) -> Self {
        Self {
            like: Some(shape),
            page: 0,
            ..self.clone()
        }
    }

    pub(super) fn page(&self, page: usize) -> Self {
        Self {
            page,
            ..self.clone()
        }
    }

    /// The whole tree.
    pub(super) fn whole(&self) -> Self {
        Self {
            from: None,
            like: None,
            page: 0,
            ..self.clone()
        }
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        if !self.filter.is_empty() {
            text.append_pair("filter", &self.filter);
        }
        if let Some((_, name, _)) = Order::ALL
            .iter()
            .skip(1)
            .find(|(order, ..)| *order == self.order)
        {
            text.append_pair("order", name);
        }
        if self.each {
            text.append_pair("each", "1");
        }
        for (name, id) in [("from", self.from), ("like", self.like), ("of", self.of)] {
            if let Some(id) = id {
                text.append_pair(name, &id.to_string());
            }
        }
        if self.page > 0 {
            text.append_pair("page", &self.page.to_string());
        }
        write!(f, "?{}", text.finish())
    }
}
