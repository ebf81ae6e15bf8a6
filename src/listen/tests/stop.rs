//! Stopping and aging.

use super::*;

/// A stop closes the socket at once, lets a running request end, and closes resting connections.
#[tokio::test]
async fn a_stop_drains() {
    let bench = Bench::new(&config(), quick());
    let (mut busy, mut resting) = (bench.connect().await, bench.connect().await);
    busy.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    resting.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(resting.read(&mut [0; 4096]).await.unwrap() > 0);
    tokio::time::sleep(Duration::from_millis(50)).await;
    bench.tasks.cancel();
    assert_eq!(until_closed(&mut resting).await, "");
    assert!(until_closed(&mut busy).await.ends_with("late"));
    bench.tasks.join().await;
    assert!(TcpStream::connect(bench.served.address).await.is_err());
}

/// What does not end within the drain time is cut.
#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let bench = Bench::new(&config(), Timings { write: Duration::from_mins(1), ..quick() });
    let mut stream = bench.connect().await;
    stream.write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
    bench.tasks.cancel();
    assert!(tokio::time::timeout(Duration::from_secs(3), bench.tasks.join()).await.is_ok());
}

/// G15: an old connection is asked to go, between requests.
#[tokio::test]
async fn an_old_connection_goes() {
    let timings = Timings { age_max: Duration::from_millis(100), ..Timings::default() };
    let bench = Bench::new(&config(), timings);
    let mut stream = bench.connect().await;
    stream.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let answer = until_closed(&mut stream).await;
    assert!(answer.ends_with("late") && answer.contains("connection: close\r\n"), "{answer}");
}

/// HTTP/2 is told by GOAWAY.
#[tokio::test]
async fn an_old_http2_connection_goes() {
    let timings = Timings { age_max: Duration::from_millis(100), ..Timings::default() };
    let bench = Bench::new(&config(), timings);
    let io = hyper_util::rt::TokioIo::new(bench.connect().await);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await.unwrap();
    let request = Request::get("http://a/wait").body(http_body_util::Empty::<Bytes>::new()).unwrap();
    let answer = async {
        let response = sender.send_request(request).await.unwrap();
        http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes()
    };
    let connection = tokio::time::timeout(Duration::from_secs(5), connection);
    let (answer, ended) = tokio::join!(answer, connection);
    assert_eq!(&answer[..], b"late");
    assert!(ended.unwrap().is_ok());
}
