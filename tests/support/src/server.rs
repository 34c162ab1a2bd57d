//! A listener on a free port of this machine with a runtime and threads of its own, gone when it is dropped.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use crate::http::{Request, Response, read_request, response_bytes};

/// What becomes of a request.
pub(crate) enum Reply {
    /// Answer it; the connection stays open.
    Answer(Response),
    /// Announce the whole body, send half of it, close.
    Half(Response),
    /// Never answer, and keep the connection open.
    Never,
    /// Close without an answer.
    Reset,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    /// Listens on `port` of 127.0.0.1 (0: a free one) and gives every request to `serve`.
    pub(crate) fn start<F, S>(port: u16, serve: S) -> std::io::Result<Self>
    where
        S: Fn(Request) -> F + Send + Sync + 'static,
        F: Future<Output = Reply> + Send,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        // Bound without waiting, so that it starts inside the runtime of an asynchronous test as well.
        let listener = std::net::TcpListener::bind(("127.0.0.1", port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let serve = Arc::new(serve);
        runtime.spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => {
                        let serve = serve.clone();
                        tokio::spawn(async move { converse(stream, &*serve).await });
                    }
                    // Out of file descriptors for a moment: the connections that end will free some.
                    Err(_) => tokio::time::sleep(std::time::Duration::from_millis(10)).await,
                }
            }
        });
        Ok(Self { address, runtime: Some(runtime) })
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Hanging requests must not keep the test from ending.
            runtime.shutdown_background();
        }
    }
}

/// Serves one connection until it ends. What the other side breaks is the other side's matter.
async fn converse<F, S>(stream: TcpStream, serve: &S)
where
    S: Fn(Request) -> F,
    F: Future<Output = Reply>,
{
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    while let Ok(Some(request)) = read_request(&mut stream).await {
        let head_only = request.method == "HEAD";
        let close = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let reply = serve(request).await;
        match reply {
            Reply::Answer(response) => {
                let bytes = response_bytes(&response, response.body.len(), head_only, close);
                if stream.write_all(&bytes).await.is_err() || close {
                    break;
                }
            }
            Reply::Half(mut response) => {
                let whole = response.body.len().max(2);
                response.body.truncate(whole / 2);
                let _ = stream.write_all(&response_bytes(&response, whole, head_only, true)).await;
                break;
            }
            Reply::Never => {
                // Until the other side gives up; what it sends meanwhile is not read as a request.
                let mut ignored = [0; 256];
                while matches!(stream.read(&mut ignored).await, Ok(1..)) {}
                return;
            }
            Reply::Reset => {
                // Without lingering, closing sends a reset instead of an orderly end.
                let _ = stream.get_ref().set_zero_linger();
                return;
            }
        }
    }
    let _ = stream.shutdown().await;
}
