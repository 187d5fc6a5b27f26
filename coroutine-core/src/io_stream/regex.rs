//! Reading up to a match of a regular expression.

use std::future::Future as StdFuture;
use std::rc::Rc;

use ::regex::bytes::Regex;

use super::goal::Goal;
use super::{IoStream, StreamError, reader};

/// Bytes up to a match and with it, so many at most.
struct Match {
    regex: Regex,
    limit: usize,
    /// How many bytes have been searched in vain.
    searched: usize,
}

impl Goal for Match {
    fn find(&mut self, bytes: &[u8]) -> Option<usize> {
        let allowed = &bytes[..bytes.len().min(self.limit)];
        if allowed.len() == self.searched && self.searched > 0 {
            return None;
        }
        self.searched = allowed.len();
        self.regex.find(allowed).map(|found| found.end())
    }

    fn limit(&self) -> usize {
        self.limit
    }

    /// A search begins anew each time, so while there are more bytes to be had the next one waits until there are twice as many.
    fn is_due(&self, count: usize) -> bool {
        count / 2 >= self.searched
    }
}

impl IoStream {
    /// Reads up to the first match of `regex`, and gives it together with what came before. Tornado's `read_until_regex`. Needs the feature `regex`.
    ///
    /// What has arrived is searched from its beginning each time the peer pauses, so keep `max_bytes` small where a peer may send byte by byte. A match that
    /// could go on counts as it is: `\d+` matches the first digits that arrive.
    ///
    /// ```
    /// use coroutine_core::{self as co, IoLoop, IoStream, net::UnixStream};
    /// use regex::bytes::Regex;
    ///
    /// #[co::coroutine]
    /// fn head(stream: IoStream) -> Result<Vec<u8>, co::StreamError> {
    ///     let end = Regex::new(r"\r?\n\r?\n").expect("it is well-formed");
    ///     yield_!(stream.read_until_regex(&end, 1000))
    /// }
    ///
    /// let (client, server) = UnixStream::pair()?;
    /// let client = IoStream::new(client);
    /// drop(client.write("GET /\n\nbody"));
    /// let head = IoLoop::current().run_sync(|| head(IoStream::new(server)))??;
    /// assert_eq!(head, b"GET /\n\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`read_until`](Self::read_until).
    pub fn read_until_regex(
        &self,
        regex: &Regex,
        max_bytes: usize,
    ) -> impl StdFuture<Output = Result<Vec<u8>, StreamError>> + use<> {
        let goal = Match {
            regex: regex.clone(),
            limit: max_bytes,
            searched: 0,
        };
        reader::read(Rc::clone(&self.shared), goal)
    }
}
