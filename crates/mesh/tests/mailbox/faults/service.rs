//! A service in the test's own process that does what it is told to, one answer at a time, and checks
//! every signature as the real one does: each nonce once, the time within two hours.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use mesh::{MailboxId, Secret, Settings, authorization};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// An answer, written to the line as it is.
#[derive(Debug, Clone)]
pub struct Answer {
    pub bytes: Vec<u8>,
    /// Nothing is sent, and the line is cut.
    pub is_silent: bool,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET /MB/inbox`, below `/messageexchange`.
    pub what: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

#[derive(Default)]
struct State {
    /// What is answered to a request, in turn; the last answer stays.
    answers: HashMap<String, VecDeque<Answer>>,
    asked: Vec<Asked>,
    nonces: HashSet<String>,
    /// Signatures that the real service would not have taken.
    refused: Vec<String>,
}

#[derive(Clone)]
pub struct Service {
    state: Arc<Mutex<State>>,
    port: u16,
    pub folder: Arc<TempDir>,
}

/// An answer with a length.
pub fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut bytes = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    let mut bytes = (bytes + "\r\n").into_bytes();
    bytes.extend_from_slice(body);
    Answer {
        bytes,
        is_silent: false,
    }
}

/// The same, cut off after some bytes of its body.
pub fn cut(answer: &Answer, after: usize) -> Answer {
    let head = answer
        .bytes
        .windows(4)
        .position(|four| four == b"\r\n\r\n")
        .unwrap();
    Answer {
        bytes: answer.bytes[..head + 4 + after].to_vec(),
        is_silent: false,
    }
}

/// The request is read, and the line cut without an answer.
pub fn silence() -> Answer {
    Answer {
        bytes: Vec::new(),
        is_silent: true,
    }
}

impl Service {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "password\n").unwrap();
        std::fs::write(folder.path().join("shared-key"), "TestKey").unwrap();
        let service = Self {
            state: Arc::default(),
            port: listener.local_addr().unwrap().port(),
            folder: Arc::new(folder),
        };
        service.on("POST /MB", &[answer(200, &[], b"")]);
        let serving = service.clone();
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                let serving = serving.clone();
                tokio::spawn(async move { serving.serve(line).await });
            }
        });
        service
    }

    /// What is answered to a request, in turn; the last answer stays.
    pub fn on(&self, what: &str, answers: &[Answer]) {
        let mut state = self.state.lock().unwrap();
        state
            .answers
            .insert(what.to_owned(), answers.iter().cloned().collect());
    }

    /// An inbox with these messages.
    pub fn inbox(&self, ids: &[&str]) {
        let body = serde_json::json!({ "messages": ids, "links": {} }).to_string();
        self.on("GET /MB/inbox", &[answer(200, &[], body.as_bytes())]);
        for id in ids {
            let what = format!("PUT /MB/inbox/{id}/status/acknowledged");
            self.on(&what, &[answer(200, &[], b"")]);
        }
    }

    pub fn asked(&self, what: &str) -> Vec<Asked> {
        let state = self.state.lock().unwrap();
        let asked = state.asked.iter().filter(|asked| asked.what == what);
        asked.cloned().collect()
    }

    pub fn acknowledged(&self, id: &str) -> usize {
        self.asked(&format!("PUT /MB/inbox/{id}/status/acknowledged"))
            .len()
    }

    /// The signatures that the real service would not have taken.
    pub fn refused(&self) -> Vec<String> {
        self.state.lock().unwrap().refused.clone()
    }

    pub fn settings(&self, more: &str) -> Settings {
        let text = format!(
            "url = \"http://127.0.0.1:{}/messageexchange/\"\nmailbox = \"mb\"\n\
             password-file = \"password\"\nshared-key-file = \"shared-key\"\n\
             poll-seconds = 0.02\nfirst-wait-seconds = 0.01\ntimeout-seconds = 2.0\n{more}\n\
             [[routes]]\nworkflow = \"W\"\nfrom = \"HOME\"\n\
             organisation = \"VM001\"\nsource = \"home\"\n",
            self.port
        );
        let mut settings: Settings = toml::from_str(&text).unwrap();
        for file in settings.files_mut() {
            *file = self.folder.path().join(&*file);
        }
        settings
    }

    async fn serve(&self, mut line: TcpStream) {
        while let Some(asked) = read(&mut line).await {
            let answer = {
                let mut state = self.state.lock().unwrap();
                if let Err(why) = state.check(&asked) {
                    state.refused.push(why);
                }
                state.asked.push(asked.clone());
                let path = asked.what.split('?').next().unwrap().to_owned();
                let known = state.answers.contains_key(&asked.what);
                let answers = state
                    .answers
                    .get_mut(if known { &asked.what } else { &path });
                match answers {
                    Some(answers) if answers.len() > 1 => answers.pop_front().unwrap(),
                    Some(answers) => answers[0].clone(),
                    None => answer(404, &[], b""),
                }
            };
            if answer.is_silent {
                return;
            }
            let sent = line.write_all(&answer.bytes).await;
            let is_whole = declared(&answer.bytes);
            if sent.is_err() || !is_whole {
                return;
            }
        }
    }
}

/// Whether an answer has all the bytes that it says.
fn declared(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, _)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse::<usize>().unwrap())
    });
    length.is_some_and(|length| bytes.len() == head.len() + 4 + length)
}

impl State {
    /// Checks a signature as the real service does.
    fn check(&mut self, asked: &Asked) -> Result<(), String> {
        let value = asked.headers.get("authorization").ok_or("not signed")?;
        let parts: Vec<&str> = value
            .strip_prefix("NHSMESH ")
            .ok_or("another scheme")?
            .split(':')
            .collect();
        let [mailbox, nonce, count, time, _] = parts[..] else {
            return Err("not five parts".to_owned());
        };
        if !self.nonces.insert(nonce.to_owned()) {
            return Err(format!("a nonce was used twice: {}", asked.what));
        }
        let at = jiff::civil::DateTime::strptime("%Y%m%d%H%M", time)
            .map_err(|error| error.to_string())?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .unwrap()
            .timestamp();
        let off = jiff::Timestamp::now().duration_since(at);
        if off.as_secs().abs() > 2 * 60 * 60 {
            return Err("a time that is too far off".to_owned());
        }
        let right = authorization(
            &MailboxId::new(mailbox).unwrap(),
            &Secret::new("password"),
            &Secret::new("TestKey"),
            nonce.parse().unwrap(),
            count.parse().unwrap(),
            at,
        );
        if mailbox == "MB" && right == *value {
            Ok(())
        } else {
            Err("another hash".to_owned())
        }
    }
}

async fn read(line: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match line.read(&mut buffer).await {
            Ok(count) if count > 0 => bytes.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let first: Vec<&str> = lines.next().unwrap().split(' ').collect();
    let headers: HashMap<String, String> = lines
        .map(|line| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        })
        .collect();
    let length = headers
        .get("content-length")
        .map_or(0, |length| length.parse().unwrap());
    let mut body = bytes[end + 4..].to_vec();
    while body.len() < length {
        match line.read(&mut buffer).await {
            Ok(count) if count > 0 => body.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
    let path = first[1].strip_prefix("/messageexchange").unwrap();
    Some(Asked {
        what: format!("{} {path}", first[0]),
        headers,
        body,
    })
}
