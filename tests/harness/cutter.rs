//! A network that cuts connections: a proxy on loopback which loses the answer after the request went
//! through, or the request in its middle.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What happens to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// After so many bytes of the request.
    Request(usize),
    /// When the answer has begun: nothing of it goes through.
    Answer,
    /// Never.
    None,
}

/// A running proxy; its thread ends with the process.
pub struct Cutter {
    /// Where it listens.
    pub port: u16,
    connections: Arc<AtomicUsize>,
}

impl Cutter {
    /// Stands before a port. The first connections suffer these cuts, in order; all further none.
    pub fn before(port: u16, cuts: Vec<Cut>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let here = listener.local_addr().expect("an address").port();
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let number = counted.fetch_add(1, Ordering::SeqCst);
                let cut = cuts.get(number).copied().unwrap_or(Cut::None);
                std::thread::spawn(move || carry(client, port, cut));
            }
        });
        Self {
            port: here,
            connections,
        }
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn carry(client: TcpStream, port: u16, cut: Cut) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
        return;
    };
    let (mut from_client, mut to_server) = (
        client.try_clone().expect("a handle"),
        server.try_clone().expect("a handle"),
    );
    let forth = std::thread::spawn(move || {
        let mut left = match cut {
            Cut::Request(bytes) => bytes,
            _ => usize::MAX,
        };
        let mut buffer = [0; 16 * 1024];
        while let Ok(read) = from_client.read(&mut buffer) {
            let sent = read.min(left);
            if read == 0 || to_server.write_all(&buffer[..sent]).is_err() {
                break;
            }
            left -= sent;
            if left == 0 {
                let _ = to_server.shutdown(Shutdown::Both);
                let _ = from_client.shutdown(Shutdown::Both);
                return;
            }
        }
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, client);
    let mut buffer = [0; 16 * 1024];
    while let Ok(read) = from_server.read(&mut buffer) {
        if read == 0 {
            break;
        }
        if cut == Cut::Answer {
            // The server has done its work; the client never hears.
            std::thread::sleep(Duration::from_millis(50));
            let _ = from_server.shutdown(Shutdown::Both);
            let _ = to_client.shutdown(Shutdown::Both);
            break;
        }
        if to_client.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to_client.shutdown(Shutdown::Both);
    let _ = from_server.shutdown(Shutdown::Both);
    let _ = forth.join();
}
