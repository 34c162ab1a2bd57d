//! Who may look: which hosts a loopback listener answers for, the bearer token, and the session of a browser.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Letters that a token has at least: fewer can be guessed.
const LETTERS: usize = 16;
/// How long a browser stays signed in, in seconds.
pub const SESSION: i64 = 12 * 3_600;
/// The cookie of a session.
pub const COOKIE: &str = "stateward_session";

/// Whether a `Host` header names this machine itself. Another name on a loopback listener is that of a page that had its
/// name point here, to read what it may not.
pub fn is_local(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((name, port)) => (name, port),
            None => return false,
        },
        None => host.split_once(':').map_or((host, ""), |(name, _)| (name, &host[name.len()..])),
    };
    let port_fits =
        port.is_empty() || port.strip_prefix(':').is_some_and(|number| number.parse::<u16>().is_ok());
    let name_fits = name.eq_ignore_ascii_case("localhost")
        || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    port_fits && name_fits
}

/// Why a token is none, if so.
pub fn weakness(token: &str) -> Option<&'static str> {
    if token.len() < LETTERS {
        return Some(
            "it has fewer than 16 characters; take a long random one, like that of `openssl rand -hex 32`",
        );
    }
    let plain = token.bytes().all(|byte| byte.is_ascii_graphic());
    (!plain).then_some("it has characters that no header may have; take letters and digits")
}

/// The token of an `Authorization` header.
pub fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Knows the token, and the sessions that it opened.
#[derive(Clone)]
pub struct Keeper {
    /// Of the token and this start of the program: with either another, sessions are over.
    key: Vec<u8>,
    /// What the token looks like under the key.
    mark: Vec<u8>,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Keeper")
    }
}

impl Keeper {
    /// Of a token; the salt is another at each start.
    pub fn new(token: &str, salt: &str) -> Self {
        let key = sign(token.as_bytes(), salt);
        let mark = sign(&key, token);
        Self { key, mark }
    }

    /// Whether this is the token. It takes as long whatever it is: marks are compared, and not the tokens.
    pub fn admits(&self, given: &str) -> bool {
        fits(&self.key, given, &self.mark)
    }

    /// A session that holds until a moment in seconds. The token is not in it.
    pub fn session(&self, until: i64) -> String {
        let sign = sign(&self.key, &format!("session {until}"));
        format!("{until}.{}", sign.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    /// Whether a `Cookie` header holds a session of this keeper that is not over.
    pub fn knows(&self, cookies: &str, now: i64) -> bool {
        let named = cookies.split(';').filter_map(|one| one.trim().split_once('='));
        let mut sessions = named.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value);
        sessions.any(|session| self.is_session(session, now))
    }

    fn is_session(&self, session: &str, now: i64) -> bool {
        let Some((until, mark)) = session.split_once('.') else { return false };
        let Some(mark) = bytes(mark) else { return false };
        let known = fits(&self.key, &format!("session {until}"), &mark);
        known && until.parse::<i64>().is_ok_and(|until| now < until && until <= now + SESSION)
    }
}

fn mac(key: &[u8], text: &str) -> Option<Hmac<Sha256>> {
    // A key of any length will do (RFC 2104), so there always is one.
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text.as_bytes());
    Some(mac)
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    mac(key, text).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default()
}

/// In constant time.
fn fits(key: &[u8], text: &str, mark: &[u8]) -> bool {
    mac(key, text).is_some_and(|mac| mac.verify_slice(mark).is_ok())
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    if !hexadecimal.is_ascii() || !hexadecimal.len().is_multiple_of(2) {
        return None;
    }
    (0..hexadecimal.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "correct-horse-battery-staple";

    #[test]
    fn only_names_of_this_machine_are_local() {
        for host in
            ["localhost", "LocalHost:8600", "127.0.0.1", "127.0.0.1:1", "127.9.9.9:80", "[::1]", "[::1]:8600"]
        {
            assert!(is_local(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "localhost:8600.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1:80:80",
            "10.0.0.1",
            "[::1",
            "[::1]x",
            "::1",
            "0.0.0.0:8600",
            "localhost:99999",
            "localhost:",
        ] {
            assert!(!is_local(host), "{host}");
        }
    }

    #[test]
    fn a_token_is_long_and_plain() {
        assert!(weakness(TOKEN).is_none());
        assert!(weakness("short").is_some() && weakness("with spaces in a long text").is_some());
        assert!(weakness("with\nnewline-and-more").is_some());
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        assert_eq!((bearer("Basic abc"), bearer("abc")), (None, None));
    }

    #[test]
    fn a_keeper_admits_its_token_and_knows_its_sessions() {
        let keeper = Keeper::new(TOKEN, "one start");
        assert!(keeper.admits(TOKEN));
        for other in ["", "correct", "correct-horse-battery-stapl", "correct-horse-battery-staple "] {
            assert!(!keeper.admits(other), "{other:?}");
        }
        let session = keeper.session(1_000);
        assert!(!session.contains(TOKEN) && !format!("{keeper:?}").contains(TOKEN));
        let cookies = format!("other=1; {COOKIE}={session}");
        assert!(keeper.knows(&cookies, 999));
        assert!(!keeper.knows(&cookies, 1_000), "it is over");
        assert!(!keeper.knows(&cookies, 1_000 - SESSION - 1), "it lasts longer than any does");
        let longer = session.replacen("1000.", "2000.", 1);
        for forged in [&longer, "1000.", "1000.zz", "1000", "", "9223372036854775807.00", "1000.é0"] {
            assert!(!keeper.knows(&format!("{COOKIE}={forged}"), 999), "{forged}");
        }
        assert!(!Keeper::new(TOKEN, "another start").knows(&cookies, 999));
        assert!(!Keeper::new("another-token-of-somebody", "one start").knows(&cookies, 999));
    }
}
