//! Connections: so many at once, each for so long, and no request larger than one needs to be.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
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
/// trickles in does not make it longer.
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
        let address = listener.local_addr()?;
        let (sender, incoming) = mpsc::channel(16);
        tokio::spawn(let_in(listener, tls, sender));
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
                let _ = sender.send((Guarded::new(io, place), peer)).await;
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

/// A connection that ends when its time is over or its request too long.
pub struct Guarded {
    io: Box<dyn Io>,
    until: Pin<Box<Sleep>>,
    /// Bytes read since something was written.
    read: usize,
    _place: OwnedSemaphorePermit,
}

impl Guarded {
    fn new(io: Box<dyn Io>, place: OwnedSemaphorePermit) -> Self {
        Self { io, until: Box::pin(tokio::time::sleep(PATIENCE)), read: 0, _place: place }
    }

    fn in_time<T>(&mut self, context: &mut Context<'_>, polled: Poll<Result<T>>) -> Poll<Result<T>> {
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
        self.read += buffer.filled().len() - before;
        if self.read > REQUEST {
            return Poll::Ready(Err(Error::new(ErrorKind::InvalidData, "the request is too long")));
        }
        self.in_time(context, polled)
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        let polled = Pin::new(&mut self.io).poll_write(context, bytes);
        if matches!(polled, Poll::Ready(Ok(written)) if written > 0) {
            self.read = 0;
            self.until.as_mut().reset(Instant::now() + PATIENCE);
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
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn guarded() -> (Guarded, tokio::io::DuplexStream) {
        let (here, there) = tokio::io::duplex(256 * 1024);
        let place = Arc::new(Semaphore::new(1)).acquire_owned().await.unwrap();
        (Guarded::new(Box::new(here), place), there)
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
            guarded.until.as_mut().reset(Instant::now() + Duration::from_millis(80));
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
}
