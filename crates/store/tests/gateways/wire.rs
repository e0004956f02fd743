//! A wire to PostgreSQL that can be cut at a commit.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Where the wire is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The COMMIT goes through; its answer does not.
    AfterCommit,
    /// The COMMIT does not go through.
    BeforeCommit,
    /// The COMMIT goes through, its answer does not, and nothing goes through from then on.
    ForGood,
    /// The COMMIT does not go through, nor anything from then on, and nobody says so.
    Silently,
}

#[derive(Default)]
struct State {
    cut: Option<Cut>,
    dead: bool,
    silent: bool,
    cuts: usize,
}

/// A wire: what connects to its port is connected to PostgreSQL.
pub struct Wire {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Wire {
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let own = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.lock().unwrap().dead {
                    continue;
                }
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
                carry(client, server, &shared);
            }
        });
        Self { port: own, state }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Cuts the wire at the next commit.
    pub fn cut(&self, cut: Cut) {
        self.state.lock().unwrap().cut = Some(cut);
    }

    pub fn cuts(&self) -> usize {
        self.state.lock().unwrap().cuts
    }

    pub fn mend(&self) {
        let mut state = self.state.lock().unwrap();
        (state.dead, state.silent) = (false, false);
    }
}

fn carry(client: TcpStream, server: TcpStream, state: &Arc<Mutex<State>>) {
    let (mut from_server, mut to_client) =
        (server.try_clone().unwrap(), client.try_clone().unwrap());
    // What the server answers after a commit that is cut does not arrive.
    let silent = Arc::new(Mutex::new(false));
    let hush = Arc::clone(&silent);
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut buffer) {
            let hushed = hush.lock().unwrap();
            if *hushed || to_client.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
    let (mut from_client, mut to_server) = (client, server);
    let state = Arc::clone(state);
    std::thread::spawn(move || {
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = from_client.read(&mut buffer) {
            if state.lock().unwrap().dead {
                break;
            }
            if state.lock().unwrap().silent {
                continue;
            }
            let sent = &buffer[..count];
            // A simple query: 'Q', its length, "COMMIT", an end.
            let commits = sent.starts_with(b"Q") && sent.get(5..11) == Some(b"COMMIT");
            let cut = if commits { take(&state) } else { None };
            match cut {
                Some(Cut::BeforeCommit) => break,
                Some(Cut::Silently) => {}
                Some(Cut::AfterCommit | Cut::ForGood) => {
                    *silent.lock().unwrap() = true;
                    let _ = to_server.write_all(sent);
                    // The server has the whole of it before the end of the wire is seen.
                    std::thread::sleep(std::time::Duration::from_millis(100));
                    break;
                }
                None => {
                    if to_server.write_all(sent).is_err() {
                        break;
                    }
                }
            }
        }
        let _ = to_server.shutdown(Shutdown::Both);
        let _ = from_client.shutdown(Shutdown::Both);
    });
}

fn take(state: &Mutex<State>) -> Option<Cut> {
    let mut state = state.lock().unwrap();
    let cut = state.cut.take();
    if cut.is_some() {
        state.cuts += 1;
    }
    state.dead |= cut == Some(Cut::ForGood);
    state.silent |= cut == Some(Cut::Silently);
    cut
}
