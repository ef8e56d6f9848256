//! AS2 over real HTTP on loopback ports: our server, our client, and others that do worse.

mod answers;
mod house;
mod kept;
mod http;
mod matrix;
mod openssl;
mod pyas2;
mod security;
mod server;
mod stages;
