//! AS2 over real HTTP on loopback ports: our server, our client, and others that do worse.

mod answers;
mod house;
mod http;
mod kept;
mod matrix;
mod openssl;
mod pyas2;
mod room;
mod security;
mod server;
mod shown;
mod stages;
