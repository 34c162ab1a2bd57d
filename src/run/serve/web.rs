//! Requests and answers: who may ask, what for, and with which headers it goes out.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{
    ALLOW, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, HOST, LOCATION,
    ORIGIN, REFERRER_POLICY, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use serde_json::json;
use stateward::dashboard::access::{self, Keeper, bearer, is_local};
use stateward::dashboard::query::Form;
use stateward::dashboard::{self, POLICY, Refusal, Route};
use tokio::sync::watch;

use super::archive::{Archive, has_ended};
use super::listen::Answers;
use crate::run::now;

/// Letters of an address.
const ADDRESS: usize = 8_192;
/// Bytes of a form.
const FORM: usize = 4_096;
/// How long somebody with a wrong token waits.
const PENALTY: Duration = Duration::from_millis(500);
/// How often a run that is followed is looked at.
const STEP: Duration = Duration::from_secs(1);
/// How often something is sent to whoever follows, so that the connection is known to be there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(10);
/// Followers at once.
const FOLLOWERS: usize = 64;

const READ: &str = "GET, HEAD";

/// What all requests share.
pub struct Web {
    /// The history.
    pub archive: Arc<Archive>,
    /// Who knows the token; none where none is asked for.
    pub keeper: Option<Keeper>,
    /// Whether only this machine can ask.
    pub local: bool,
    /// Whether connections are encrypted.
    pub encrypted: bool,
    /// Whether it is over.
    pub stopped: watch::Receiver<bool>,
    /// How many follow a run.
    pub followers: Arc<AtomicUsize>,
}

/// Answers a request.
pub async fn handle(
    State(web): State<Arc<Web>>,
    ConnectInfo(answers): ConnectInfo<Answers>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    // Only what has arrived whole is being answered; until then the time of the connection runs.
    let form = to_bytes(body, FORM).await.map_err(|_| Refusal::TooLarge);
    let _making = answers.begin();
    let signed_in = web.has_session(&parts);
    let answer = match web.answer(&parts, form, signed_in).await {
        Ok(answer) => answer,
        Err(refusal) => web.refuse(&refusal, signed_in),
    };
    guarded(answer)
}

/// The headers of every answer.
fn guarded(mut answer: Response) -> Response {
    let headers = answer.headers_mut();
    let all: [(HeaderName, &'static str); 7] = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // Without any referrer browsers send the forms of these pages with an origin of `null`.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in all {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

fn header<'p>(parts: &'p Parts, name: &HeaderName) -> Option<&'p str> {
    parts.headers.get(name).and_then(|value| value.to_str().ok())
}

impl Web {
    async fn answer(
        &self,
        parts: &Parts,
        form: Result<Bytes, Refusal>,
        signed_in: bool,
    ) -> Result<Response, Refusal> {
        self.for_this_host(parts)?;
        not_from_afar(parts)?;
        if parts.uri.to_string().len() > ADDRESS {
            return Err(Refusal::TooLarge);
        }
        let route = dashboard::route(parts.uri.path(), parts.uri.query().unwrap_or_default())?;
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        match route {
            Route::SignIn if parts.method == Method::POST => {
                from_here(parts)?;
                return self.sign_in(&form?).await;
            }
            Route::SignOut if parts.method == Method::POST => {
                from_here(parts)?;
                return Ok(self.signed_out());
            }
            Route::SignOut => return Err(Refusal::Method("POST")),
            Route::SignIn if !reads => return Err(Refusal::Method("GET, HEAD, POST")),
            Route::SignIn => {
                return match self.keeper.is_some() && !self.admits(parts, signed_in).await {
                    true => Ok(self.page(StatusCode::OK, &Refusal::Stranger, false)),
                    false => Ok(to("/")),
                };
            }
            _ if !reads => return Err(Refusal::Method(READ)),
            // The form that takes the token is to look like the rest.
            Route::Style | Route::Icon => {}
            _ if self.admits(parts, signed_in).await => {}
            _ => return Err(Refusal::Stranger),
        }
        if let Route::Events(run) = &route {
            return self.events(run).await;
        }
        let archive = self.archive.clone();
        let answer = tokio::task::spawn_blocking(move || archive.page(&route, signed_in)).await;
        let answer = answer.map_err(|error| {
            tracing::error!("a page could not be made: {error}");
            Refusal::Broken
        })??;
        Ok(([(CONTENT_TYPE, answer.media)], answer.body).into_response())
    }

    /// A page of somebody else can have its own name point to this machine, and then ask like one of this dashboard's. Its
    /// requests bear that name.
    fn for_this_host(&self, parts: &Parts) -> Result<(), Refusal> {
        if !self.local {
            return Ok(());
        }
        let named = header(parts, &HOST).is_some_and(is_local);
        let asked = parts.uri.authority().is_none_or(|authority| is_local(authority.as_str()));
        let once = parts.headers.get_all(HOST).iter().count() == 1;
        if named && asked && once { Ok(()) } else { Err(Refusal::Misdirected) }
    }

    fn has_session(&self, parts: &Parts) -> bool {
        let Some(keeper) = &self.keeper else { return false };
        header(parts, &COOKIE).is_some_and(|cookies| keeper.knows(cookies, now().unix_timestamp()))
    }

    async fn admits(&self, parts: &Parts, signed_in: bool) -> bool {
        let Some(keeper) = &self.keeper else { return true };
        if signed_in {
            return true;
        }
        match header(parts, &AUTHORIZATION).and_then(bearer) {
            None => false,
            Some(token) if keeper.admits(token) => true,
            Some(_) => {
                tokio::time::sleep(PENALTY).await;
                false
            }
        }
    }

    async fn sign_in(&self, form: &[u8]) -> Result<Response, Refusal> {
        let Some(keeper) = &self.keeper else { return Ok(to("/")) };
        let text = std::str::from_utf8(form).map_err(|_| Refusal::Bad("the form is no text".to_owned()))?;
        let form = Form::read(text)?;
        if !form.one("token")?.is_some_and(|token| keeper.admits(token)) {
            tokio::time::sleep(PENALTY).await;
            return Err(Refusal::WrongToken);
        }
        let session = keeper.session(now().unix_timestamp() + access::SESSION);
        Ok(self.with_cookie(&session, access::SESSION))
    }

    fn signed_out(&self) -> Response {
        self.with_cookie("", 0)
    }

    fn with_cookie(&self, session: &str, age: i64) -> Response {
        let secure = if self.encrypted { "; Secure" } else { "" };
        let name = access::COOKIE;
        let cookie = format!("{name}={session}; Path=/; Max-Age={age}; HttpOnly; SameSite=Strict{secure}");
        let mut answer = to("/");
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            answer.headers_mut().insert(SET_COOKIE, value);
        }
        answer
    }

    fn page(&self, status: StatusCode, refusal: &Refusal, signed_in: bool) -> Response {
        let page = self.archive.refusal(refusal, signed_in);
        (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
    }

    fn refuse(&self, refusal: &Refusal, signed_in: bool) -> Response {
        let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut answer = self.page(status, refusal, signed_in);
        let (name, value) = match refusal {
            Refusal::Method(allowed) => (ALLOW, *allowed),
            Refusal::Stranger | Refusal::WrongToken => (WWW_AUTHENTICATE, "Bearer realm=\"stateward\""),
            Refusal::TooMany | Refusal::Unusable(_) => (RETRY_AFTER, "5"),
            _ => return answer,
        };
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
        answer
    }

    /// How far a run has come, as events until it ends.
    async fn events(&self, run: &str) -> Result<Response, Refusal> {
        let place = Place::of(&self.followers).ok_or(Refusal::TooMany)?;
        let archive = self.archive.clone();
        let id = run.to_owned();
        // What is no run is told as such, and not followed.
        let found = tokio::task::spawn_blocking(move || archive.progress(&id)).await;
        let (row, _) = found.map_err(|_| Refusal::Broken)??;
        let follower = Follower {
            archive: self.archive.clone(),
            run: row.id,
            stopped: self.stopped.clone(),
            told: String::new(),
            is_first: true,
            is_over: false,
            _place: place,
        };
        let alive = KeepAlive::new().interval(SIGN_OF_LIFE);
        Ok(Sse::new(follow(follower)).keep_alive(alive).into_response())
    }
}

/// One of the places of those who follow; it is free again when it is dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn of(all: &Arc<AtomicUsize>) -> Option<Self> {
        if all.fetch_add(1, Ordering::SeqCst) >= FOLLOWERS {
            all.fetch_sub(1, Ordering::SeqCst);
            return None;
        }
        Some(Self(all.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

struct Follower {
    archive: Arc<Archive>,
    run: String,
    stopped: watch::Receiver<bool>,
    /// What was told last.
    told: String,
    is_first: bool,
    is_over: bool,
    _place: Place,
}

fn follow(follower: Follower) -> impl Stream<Item = Result<Event, Infallible>> {
    futures::stream::unfold(follower, |mut follower| async move {
        if follower.is_over {
            return None;
        }
        loop {
            if !std::mem::take(&mut follower.is_first) {
                tokio::select! {
                    () = tokio::time::sleep(STEP) => {}
                    _ = follower.stopped.wait_for(|stopped| *stopped) => return None,
                }
            }
            let (archive, id) = (follower.archive.clone(), follower.run.clone());
            let found = tokio::task::spawn_blocking(move || archive.progress(&id)).await.ok()?;
            // A history that cannot be read for a moment, or a run that was forgotten: whoever follows asks again.
            let (run, progress) = found.ok()?;
            let now = now();
            if has_ended(&run, now) {
                follower.is_over = true;
                let outcome = dashboard::outcome(&run, now);
                let said = match outcome {
                    "finished" => "It has finished.",
                    "failed" => "It failed.",
                    _ => "It was interrupted.",
                };
                let data = json!({ "outcome": outcome, "said": said }).to_string();
                return Some((Ok(Event::default().event("end").data(data)), follower));
            }
            let data = dashboard::progress(&run, progress.as_ref(), now).to_string();
            if data != follower.told {
                follower.told.clone_from(&data);
                return Some((Ok(Event::default().event("progress").data(data)), follower));
            }
        }
    })
}

fn fetched<'p>(parts: &'p Parts, what: &'static str) -> Option<&'p str> {
    header(parts, &HeaderName::from_static(what))
}

/// Pages of somebody else may lead here, and may not have the browser ask behind its user's back: an image or a frame of
/// theirs would make work.
fn not_from_afar(parts: &Parts) -> Result<(), Refusal> {
    let is_ours = fetched(parts, "sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let leads_here = fetched(parts, "sec-fetch-mode") == Some("navigate")
        && fetched(parts, "sec-fetch-dest").is_none_or(|to| to == "document");
    if is_ours || leads_here { Ok(()) } else { Err(Refusal::Foreign) }
}

/// Whether a form was sent from a page of this dashboard.
fn from_here(parts: &Parts) -> Result<(), Refusal> {
    let site = fetched(parts, "sec-fetch-site");
    let host = header(parts, &HOST).unwrap_or_default();
    let fits = match header(parts, &ORIGIN) {
        None => site.is_none_or(|site| matches!(site, "same-origin" | "none")),
        // A browser that keeps the origin to itself; only it can say where the form was.
        Some("null") => site == Some("same-origin"),
        Some(origin) => {
            let of = origin.split_once("://").map_or("", |(_, of)| of);
            of.eq_ignore_ascii_case(host) && site.is_none_or(|site| matches!(site, "same-origin" | "none"))
        }
    };
    if fits { Ok(()) } else { Err(Refusal::Foreign) }
}

fn to(path: &'static str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, path)]).into_response()
}
