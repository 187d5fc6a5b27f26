//! The HTTP client and server.

mod bad_input;
mod blocking;
mod bodies;
mod connections;
mod fetching;
mod handlers;
mod redirects;
mod routes;
mod support;
