//! `stateward serve`: the dashboard over HTTP, read-only, on loopback unless somebody has to show who he is.

mod archive;
mod desk;
mod listen;
mod tls;
mod web;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use stateward::dashboard::access::{Keeper, weakness};
use stateward::profile::Profile;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::{Outside, cli, ledger};
use archive::Archive;
use web::Web;

/// How long requests that are under way may take when the dashboard is stopped.
const FAREWELL: Duration = Duration::from_secs(5);
/// Pages that are made at the same time.
const THREADS: usize = 16;
/// How often a new run is looked for, so that its pages are there before they are asked for.
const LOOK: Duration = Duration::from_secs(5);

/// Serves the dashboard until it is told to stop; the exit code.
///
/// # Errors
/// A history that cannot be used, an address that cannot be had, or one that nobody guards.
pub fn serve(args: &cli::Serve, outside: &Outside) -> anyhow::Result<u8> {
    let profile = Profile::load(&args.profile, |path| std::fs::read_to_string(path))?;
    let Some(path) = ledger::file(args.history.as_deref(), &profile) else {
        bail!("there is no history named: write --history FILE, or name a profile that has `history.file`");
    };
    let keeper = keeper(args, outside)?;
    let tls = tls::acceptor(args)?;
    guarded(args, keeper.is_some())?;
    let archive = Arc::new(Archive::open(&path)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(THREADS)
        .enable_all()
        .build()?;
    runtime.block_on(serve_all(args, archive, keeper, tls, outside))?;
    // Pages that nobody waits for any more are not waited for either.
    runtime.shutdown_background();
    Ok(0)
}

/// The keeper of the token, where there is one.
fn keeper(args: &cli::Serve, outside: &Outside) -> anyhow::Result<Option<Keeper>> {
    let Some(name) = &args.token_variable else { return Ok(None) };
    let token = (outside.variable)(name).with_context(|| {
        format!("the variable {name} is not set\n  remedy: put the token of the dashboard into it: `openssl rand -hex 32`")
    })?;
    if let Some(why) = weakness(&token) {
        bail!("the token in {name} will not do: {why}");
    }
    Ok(Some(Keeper::new(&token, &outside.run_id)))
}

/// Whoever reaches the address has to show who he is, unless it is this machine.
fn guarded(args: &cli::Serve, has_token: bool) -> anyhow::Result<()> {
    if args.listen.ip().is_loopback() || has_token || args.client_ca.is_some() {
        return Ok(());
    }
    bail!(
        "{} can be reached from other machines, and nothing guards it\n  remedy: name a token with --token-variable, \
         take certificates of clients with --client-ca, or listen on 127.0.0.1",
        args.listen
    )
}

async fn serve_all(
    args: &cli::Serve,
    archive: Arc<Archive>,
    keeper: Option<Keeper>,
    tls: Option<TlsAcceptor>,
    outside: &Outside,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(args.listen).await.with_context(|| {
        format!(
            "{}: the dashboard cannot listen there\n  remedy: take another address with --listen",
            args.listen
        )
    })?;
    let address = listener.local_addr()?;
    tell(address, tls.is_some(), keeper.is_some(), outside);
    let (stop, stopped) = watch::channel(false);
    let web = Arc::new(Web {
        archive: archive.clone(),
        keeper,
        local: address.ip().is_loopback(),
        encrypted: tls.is_some(),
        stopped: stopped.clone(),
        followers: Arc::default(),
    });
    let looking = tokio::spawn(look(archive));
    let router = Router::new().fallback(web::handle).with_state(web);
    let router = router.into_make_service_with_connect_info::<listen::Answers>();
    let door = listen::Door::open(listener, tls)?;
    let mut ended = stopped;
    let served = axum::serve(door, router).with_graceful_shutdown(async move {
        let _ = ended.wait_for(|stopped| *stopped).await;
    });
    let served = tokio::spawn(served.into_future());
    told_to_stop().await;
    // Nobody listens to the answer where everything has ended already.
    let _ = stop.send(true);
    let _ = tokio::time::timeout(FAREWELL, served).await;
    looking.abort();
    Ok(())
}

fn tell(address: SocketAddr, encrypted: bool, has_token: bool, outside: &Outside) {
    let scheme = if encrypted { "https" } else { "http" };
    outside.say(&format!("The dashboard is at {scheme}://{address}/ until it is stopped (Ctrl+C)."));
    if !encrypted && has_token && !address.ip().is_loopback() {
        outside.say(
            "Token and pages travel in clear: give it a certificate with --tls-cert and --tls-key, or put it behind a proxy \
             that encrypts.",
        );
    }
}

/// Reads the latest runs before somebody asks for them.
async fn look(archive: Arc<Archive>) {
    loop {
        let archive = archive.clone();
        // What cannot be read now is told to whoever asks for it.
        let _ = tokio::task::spawn_blocking(move || archive.warm()).await;
        tokio::time::sleep(LOOK).await;
    }
}

#[cfg(unix)]
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
async fn told_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}
