//! The server. How a request travels: `http_server` -> `connection` -> `service` -> `routes` -> `endpoint` -> the user's handler, which
//! writes into the `reply` of its `exchange`; the service sends that when the handler has ended.

mod access_log;
mod activity;
mod application;
mod chunk;
mod connection;
mod connections;
mod departure;
mod endpoint;
mod exchange;
mod http_server;
mod reply;
mod request;
mod request_handler;
mod respond;
mod routes;
mod service;
mod settings;

pub use application::Application;
pub use chunk::IntoChunk;
pub use endpoint::HandlerResult;
pub use http_server::HttpServer;
pub use request::HttpServerRequest;
pub use request_handler::RequestHandler;
