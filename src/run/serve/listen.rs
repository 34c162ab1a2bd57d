//! Connections: so many at once, each for so long, and no request larger than one needs to be.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{Instant, Sleep};
use tokio_rustls::TlsAcceptor;

/// Connections at once; further ones wait to be let in.
const CONNECTIONS: usize = 256;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a request may take to arrive whole, an answer to be taken, and a connection to wait for its next request. What
/// trickles in does not make it longer, and while an answer is being made nobody is late.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of a request with all its headers.
const REQUEST: usize = 64 * 1024;

/// Where connections come in.
pub struct Door {
    incoming: mpsc::Receiver<(Guarded, SocketAddr)>,
    address: SocketAddr,
}

impl Door {
    /// Lets connections in, encrypted where there is a certificate.
    ///
    /// # Errors
    /// A listener without an address.
    pub fn open(listener: TcpListener, tls: Option<TlsAcceptor>) -> Result<Self> {
        Self::with_patience(listener, tls, PATIENCE)
    }

    fn with_patience(listener: TcpListener, tls: Option<TlsAcceptor>, patience: Duration) -> Result<Self> {
        let address = listener.local_addr()?;
        let (sender, incoming) = mpsc::channel(16);
        tokio::spawn(let_in(listener, tls, patience, sender));
        Ok(Self { incoming, address })
    }
}

impl Listener for Door {
    type Io = Guarded;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guarded, SocketAddr) {
        match self.incoming.recv().await {
            Some(connection) => connection,
            // Whoever let them in has ended with the program.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> Result<SocketAddr> {
        Ok(self.address)
    }
}

async fn let_in(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    patience: Duration,
    sender: mpsc::Sender<(Guarded, SocketAddr)>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    while let Ok(place) = places.clone().acquire_owned().await {
        let (stream, peer) = tokio::select! {
            () = sender.closed() => return,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                // Out of handles, most likely: the next one may be better off.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let (tls, sender) = (tls.clone(), sender.clone());
        tokio::spawn(async move {
            if let Some(io) = opened(stream, tls).await {
                let _ = sender.send((Guarded::new(io, patience, place), peer)).await;
            }
        });
    }
}

async fn opened(stream: TcpStream, tls: Option<TlsAcceptor>) -> Option<Box<dyn Io>> {
    // Without it a page waits for an acknowledgement; it is as correct.
    let _ = stream.set_nodelay(true);
    match tls {
        None => Some(Box::new(stream)),
        Some(tls) => {
            let encrypted = tokio::time::timeout(HANDSHAKE, tls.accept(stream)).await.ok()?.ok()?;
            Some(Box::new(encrypted))
        }
    }
}

/// A connection, encrypted or not.
pub trait Io: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

/// The answers of a connection: how many were begun, and how many are made.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    begun: Arc<AtomicUsize>,
    made: Arc<AtomicUsize>,
}

impl Answers {
    /// Says that an answer is being made, until what is given back is dropped.
    pub fn begin(&self) -> Making {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Making(self.made.clone())
    }

    fn made(&self) -> usize {
        self.made.load(Ordering::SeqCst)
    }

    fn is_under_way(&self) -> bool {
        self.begun.load(Ordering::SeqCst) > self.made()
    }
}

impl Connected<IncomingStream<'_, Door>> for Answers {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().answers.clone()
    }
}

/// An answer that is being made.
#[derive(Debug)]
pub struct Making(Arc<AtomicUsize>);

impl Drop for Making {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A connection that ends when its time is over or its request too long.
pub struct Guarded {
    io: Box<dyn Io>,
    patience: Duration,
    until: Pin<Box<Sleep>>,
    /// Bytes read since something was written.
    read: usize,
    answers: Answers,
    /// Answers that were made when it was looked at last.
    made: usize,
    _place: OwnedSemaphorePermit,
}

impl Guarded {
    fn new(io: Box<dyn Io>, patience: Duration, place: OwnedSemaphorePermit) -> Self {
        let until = Box::pin(tokio::time::sleep(patience));
        Self { io, patience, until, read: 0, answers: Answers::default(), made: 0, _place: place }
    }

    fn begin_anew(&mut self) {
        self.until.as_mut().reset(Instant::now() + self.patience);
    }

    fn in_time<T>(&mut self, context: &mut Context<'_>, polled: Poll<Result<T>>) -> Poll<Result<T>> {
        let made = self.answers.made();
        if made != self.made {
            self.made = made;
            self.begin_anew();
        }
        if polled.is_ready() || self.until.as_mut().poll(context).is_pending() {
            return polled;
        }
        Poll::Ready(Err(Error::new(ErrorKind::TimedOut, "the connection took too long")))
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.io).poll_read(context, buffer);
        let number = buffer.filled().len() - before;
        // A request begins: the time that the connection waited for it is not its own.
        if number > 0 && self.read == 0 {
            self.begin_anew();
        }
        self.read += number;
        if self.read > REQUEST {
            return Poll::Ready(Err(Error::new(ErrorKind::InvalidData, "the request is too long")));
        }
        // Whoever makes the answer looks whether the peer is still there. It is not the peer who is waited for.
        if self.answers.is_under_way() {
            return polled;
        }
        self.in_time(context, polled)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(context, bytes);
        if matches!(polled, Poll::Ready(Ok(written)) if written > 0) {
            self.read = 0;
            self.begin_anew();
        }
        self.in_time(context, polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let polled = Pin::new(&mut self.io).poll_flush(context);
        self.in_time(context, polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        let polled = Pin::new(&mut self.io).poll_shutdown(context);
        self.in_time(context, polled)
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::ConnectInfo;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn guarded() -> (Guarded, tokio::io::DuplexStream) {
        let (here, there) = tokio::io::duplex(256 * 1024);
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        (Guarded::new(Box::new(here), PATIENCE, place), there)
    }

    fn run(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
    }

    #[test]
    fn a_request_that_is_too_long_ends_its_connection() {
        run(async {
            let (mut guarded, mut peer) = guarded().await;
            peer.write_all(&vec![b'x'; REQUEST]).await.unwrap();
            let mut read = vec![0; REQUEST];
            guarded.read_exact(&mut read).await.unwrap();
            peer.write_all(b"y").await.unwrap();
            assert_eq!(guarded.read_u8().await.unwrap_err().kind(), ErrorKind::InvalidData);
        });
    }

    #[test]
    fn an_answer_lets_the_next_request_begin_anew() {
        run(async {
            let (mut guarded, mut peer) = guarded().await;
            for _ in 0..3 {
                peer.write_all(&vec![b'x'; REQUEST / 2 + 1]).await.unwrap();
                let mut read = vec![0; REQUEST / 2 + 1];
                guarded.read_exact(&mut read).await.unwrap();
                guarded.write_all(b"answer").await.unwrap();
            }
        });
    }

    #[test]
    fn what_trickles_in_is_not_waited_for_longer() {
        run(async {
            let (mut guarded, mut peer) = guarded().await;
            guarded.patience = Duration::from_millis(80);
            let trickle = tokio::spawn(async move {
                while peer.write_all(b"x").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            });
            let mut read = Vec::new();
            let ended = tokio::time::timeout(Duration::from_secs(10), guarded.read_to_end(&mut read)).await;
            assert_eq!(ended.unwrap().unwrap_err().kind(), ErrorKind::TimedOut);
            trickle.abort();
        });
    }

    #[test]
    fn a_request_has_its_own_time_however_late_it_begins() {
        run(async {
            let (mut guarded, mut peer) = guarded().await;
            guarded.write_all(b"answer").await.unwrap();
            guarded.until.as_mut().reset(Instant::now() + Duration::from_millis(80));
            peer.write_all(b"x").await.unwrap();
            guarded.read_u8().await.unwrap();
            tokio::time::sleep(Duration::from_millis(120)).await;
            let late = tokio::time::timeout(Duration::from_millis(120), guarded.read_u8()).await;
            assert!(late.is_err(), "the rest of the request is still waited for: {late:?}");
        });
    }

    #[test]
    fn nobody_is_late_while_an_answer_is_made() {
        run(async {
            let (mut guarded, mut peer) = guarded().await;
            guarded.patience = Duration::from_millis(80);
            peer.write_all(b"x").await.unwrap();
            guarded.read_u8().await.unwrap();
            let making = guarded.answers.begin();
            let read = tokio::time::timeout(Duration::from_millis(240), guarded.read_u8()).await;
            assert!(read.is_err(), "{read:?}");
            drop(making);
            guarded.write_all(b"answer").await.unwrap();
            let ended = tokio::time::timeout(Duration::from_secs(10), guarded.read_u8()).await;
            assert_eq!(ended.unwrap().unwrap_err().kind(), ErrorKind::TimedOut, "then its time runs again");
        });
    }

    /// A connection that waited for almost as long as it may, and a page that takes longer than what is left and than all of it.
    #[test]
    fn a_slow_page_is_answered_on_a_connection_that_was_kept() {
        const SHORT: Duration = Duration::from_millis(600);
        async fn slow(ConnectInfo(answers): ConnectInfo<Answers>) -> &'static str {
            let _making = answers.begin();
            tokio::time::sleep(SHORT * 2).await;
            "made"
        }
        run(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let door = Door::with_patience(listener, None, SHORT).unwrap();
            let router = Router::new().fallback(slow).into_make_service_with_connect_info::<Answers>();
            let served = tokio::spawn(axum::serve(door, router).into_future());
            let mut stream = TcpStream::connect(address).await.unwrap();
            for _ in 0..2 {
                stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
                let mut answer = String::new();
                while !answer.ends_with("made") {
                    let mut part = [0; 1024];
                    let number = stream.read(&mut part).await.unwrap();
                    assert_ne!(number, 0, "the connection ended in the middle: {answer:?}");
                    answer.push_str(&String::from_utf8_lossy(&part[..number]));
                }
                tokio::time::sleep(SHORT / 2).await;
            }
            served.abort();
        });
    }
}
