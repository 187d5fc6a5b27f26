//! What both sides may set.

use std::time::Duration;

use tungstenite::protocol::WebSocketConfig;

/// Tornado's `websocket_max_message_size`.
pub(super) const MAX_MESSAGE_SIZE: usize = 10 * 1024 * 1024;

/// tungstenite fills its buffer from memory, so it need not be large.
const BUFFER: usize = 4 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) ping_interval: Option<Duration>,
    /// As the interval, if there is none.
    pub(super) ping_timeout: Option<Duration>,
    /// In bytes.
    pub(super) max_message_size: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ping_interval: None,
            ping_timeout: None,
            max_message_size: MAX_MESSAGE_SIZE,
        }
    }
}

impl Options {
    pub(super) fn config(&self) -> WebSocketConfig {
        let limit = Some(self.max_message_size);
        WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_message_size(limit)
            .max_frame_size(limit)
    }
}
