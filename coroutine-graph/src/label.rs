//! The condition under which an edge is taken, while the flow is being built.

/// More alternatives than these are not told apart.
const MOST_ALTERNATIVES: usize = 8;
/// More than these are not shown.
const MOST_SHOWN: usize = 3;
/// Longer texts are cut; in characters.
const LONGEST: usize = 40;

/// One way out of a place where ways part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// Which place.
    pub(crate) branch: usize,
    /// Which way, and how many there are.
    pub(crate) arm: usize,
    pub(crate) arms: usize,
    /// Empty for the ordinary way, which needs no mention.
    pub(crate) text: String,
}

/// Alternatives, in each of which several conditions hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    alternatives: Vec<Vec<Condition>>,
}

impl Label {
    pub(crate) fn always() -> Self {
        Self {
            alternatives: vec![Vec::new()],
        }
    }

    pub(crate) fn when(condition: Condition) -> Self {
        Self {
            alternatives: vec![vec![condition]],
        }
    }

    /// First this, then that.
    pub(crate) fn and(&self, next: &Self) -> Self {
        let pairs = self.alternatives.iter().flat_map(|first| {
            next.alternatives
                .iter()
                .map(move |second| [first.as_slice(), second].concat())
        });
        Self {
            alternatives: pairs.take(MOST_ALTERNATIVES).collect(),
        }
        .reduced()
    }

    pub(crate) fn or(&self, other: &Self) -> Self {
        let all = self.alternatives.iter().chain(&other.alternatives);
        Self {
            alternatives: all.take(MOST_ALTERNATIVES).cloned().collect(),
        }
        .reduced()
    }

    /// Where all the ways out of a place are there, it does not matter which is taken.
    fn reduced(mut self) -> Self {
        let mut rest = Vec::new();
        for alternative in self.alternatives {
            if !rest.contains(&alternative) {
                rest.push(alternative);
            }
        }
        self.alternatives = rest;
        while let Some(common) = self.complete() {
            self.alternatives
                .retain(|alternative| !is_one_of(alternative, &common));
            self.alternatives
                .insert(0, common[..common.len() - 1].to_vec());
        }
        self
    }

    /// An alternative all of whose siblings are there.
    fn complete(&self) -> Option<Vec<Condition>> {
        let is_complete = |candidate: &&Vec<Condition>| {
            let siblings = self
                .alternatives
                .iter()
                .filter(|alternative| is_one_of(alternative, candidate));
            candidate
                .last()
                .is_some_and(|last| siblings.count() == last.arms)
        };
        self.alternatives.iter().find(is_complete).cloned()
    }

    pub(crate) fn text(&self) -> String {
        let spoken = self.alternatives.iter().map(|alternative| {
            let spoken = alternative
                .iter()
                .filter(|condition| !condition.text.is_empty());
            spoken.cloned().collect()
        });
        let spoken = Self {
            alternatives: spoken.collect(),
        };
        let mut texts = spoken
            .reduced()
            .alternatives
            .iter()
            .map(|conditions| conjunction(conditions))
            .collect::<Vec<_>>();
        texts.dedup();
        texts.sort_by_key(|text| text.starts_with("else"));
        if texts.iter().any(String::is_empty) {
            return String::new();
        }
        if texts.len() > MOST_SHOWN {
            texts.truncate(MOST_SHOWN);
            texts.push("…".to_owned());
        }
        cut(&texts.join(" or "))
    }
}

/// Whether two alternatives differ in no more than which way they take last.
fn is_one_of(alternative: &[Condition], other: &[Condition]) -> bool {
    match (alternative.split_last(), other.split_last()) {
        (Some((last, before)), Some((other_last, other_before))) => {
            last.branch == other_last.branch && before == other_before
        }
        _ => false,
    }
}

fn conjunction(conditions: &[Condition]) -> String {
    let texts = conditions.iter().map(|condition| condition.text.as_str());
    let mut texts: Vec<_> = texts.collect();
    texts.dedup();
    texts.join(", ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}
