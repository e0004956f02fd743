//! Against a service that misbehaves in ways the sandbox cannot.

mod any_parts;
mod asking;
mod parts;
mod sending;
mod service;
