#![deny(warnings)]

use std::pin::pin;
use std::rc::Rc;

use coroutine_core::{self as co, GeneratorState};

struct Shelf {
    titles: Vec<String>,
}

impl Shelf {
    #[co::generator(yield = &str)]
    fn titles(&self) {
        for title in &self.titles {
            yield_!(title);
        }
    }

    #[co::generator(yield = &'a mut String)]
    fn titles_mut<'a>(&'a mut self, _first: usize) {
        for title in &mut self.titles {
            yield_!(title);
        }
    }

    #[co::generator(yield = Self)]
    fn split(self) {
        for title in self.titles {
            yield_!(Self {
                titles: vec![title]
            });
        }
    }

    #[co::generator(yield = usize)]
    pub fn lengths(self: Rc<Self>) {
        for title in pin!(self.titles()) {
            yield_!(title.len());
        }
    }
}

trait Source {
    type Item;

    #[co::generator(yield = Self::Item, resume = usize)]
    fn items(&self, first: usize) -> usize;

    #[co::generator(yield = u8)]
    fn bytes(&self) {
        yield_!(7);
    }
}

impl Source for Shelf {
    type Item = String;

    #[co::generator(yield = String, resume = usize)]
    fn items(&self, mut index: usize) -> usize {
        while let Some(title) = self.titles.get(index) {
            index = yield_!(title.clone());
        }
        index
    }
}

pub(crate) fn main() {
    let titles = vec!["first".to_owned(), "second".to_owned()];
    let mut shelf = Shelf { titles };
    pin!(shelf.titles_mut(0)).for_each(|title| title.push('!'));
    assert_eq!(
        pin!(shelf.titles()).collect::<Vec<_>>(),
        ["first!", "second!"]
    );
    {
        let items = pin!(shelf.items(1));
        let (mut items, first) = items.start();
        assert_eq!(first, GeneratorState::Yielded("second!".to_owned()));
        assert_eq!(items.send(9), Ok(GeneratorState::Returned(9)));
    }
    assert_eq!(pin!(shelf.bytes()).next(), Some(7));
    let shelf = Rc::new(pin!(shelf.split()).next().unwrap());
    assert_eq!(pin!(shelf.lengths()).collect::<Vec<_>>(), [6]);
}
