//! Real connections to a server that echoes, as both pools of connections make them.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A server that echoes; it ends when this goes.
pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Echo {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                connections.spawn(async move {
                    let (mut from, mut to) = stream.split();
                    drop(tokio::io::copy(&mut from, &mut to).await);
                });
            }
        });
        Self { address, _serving: serving }
    }
}

/// Sends a word and reads it back.
pub(crate) async fn echo(stream: &mut TcpStream, word: &str) -> io::Result<String> {
    stream.write_all(word.as_bytes()).await?;
    let mut answer = vec![0; word.len()];
    stream.read_exact(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Makes connections for either pool.
#[derive(Clone, Debug)]
pub(crate) struct Connector(pub(crate) SocketAddr);

impl deadpool::managed::Manager for Connector {
    type Type = TcpStream;
    type Error = io::Error;

    async fn create(&self) -> io::Result<TcpStream> {
        TcpStream::connect(self.0).await
    }

    async fn recycle(
        &self,
        stream: &mut TcpStream,
        _metrics: &deadpool::managed::Metrics,
    ) -> deadpool::managed::RecycleResult<io::Error> {
        Ok(echo(stream, "still there?").await.map(drop)?)
    }
}

impl bb8::ManageConnection for Connector {
    type Connection = TcpStream;
    type Error = io::Error;

    async fn connect(&self) -> io::Result<TcpStream> {
        TcpStream::connect(self.0).await
    }

    async fn is_valid(&self, stream: &mut TcpStream) -> io::Result<()> {
        echo(stream, "still there?").await.map(drop)
    }

    fn has_broken(&self, _stream: &mut TcpStream) -> bool {
        false
    }
}
