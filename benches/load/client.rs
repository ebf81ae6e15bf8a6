//! A small HTTP/1.1 client with kept connections, so that the client costs little beside what it measures.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One exchange on a kept connection: the status and the body.
async fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> (u16, usize) {
    stream.write_all(request).await.unwrap();
    buffer.clear();
    let head_end = loop {
        let read = stream.read_buf(buffer).await.unwrap();
        assert!(read > 0, "the bridge closed the connection");
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
    let length: usize = length.expect("answers have a length");
    while buffer.len() < head_end + length {
        assert!(stream.read_buf(buffer).await.unwrap() > 0, "the bridge closed the connection");
    }
    (status, head_end)
}

fn post(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /v1/metrics HTTP/1.1\r\nhost: load\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// Posts `count` bodies, in turn, over so many connections; every answer must be 200.
pub async fn post_all(port: u16, bodies: &[Vec<u8>], count: usize, connections: usize) -> Duration {
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(bodies.iter().map(|body| post(body)).collect());
    let next = Arc::new(AtomicUsize::new(0));
    let started = Instant::now();
    let tasks = (0..connections).map(|_| {
        let (requests, next) = (requests.clone(), next.clone());
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            stream.set_nodelay(true).unwrap();
            let mut buffer = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return;
                }
                let (status, _) = exchange(&mut stream, &requests[number % requests.len()], &mut buffer).await;
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(&buffer));
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    started.elapsed()
}

fn get_request(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: load\r\n\r\n").into_bytes()
}

/// The body of one answer.
pub async fn get(port: u16, path: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut buffer = Vec::new();
    let (status, head_end) = exchange(&mut stream, &get_request(path), &mut buffer).await;
    assert_eq!(status, 200);
    buffer.split_off(head_end)
}

/// Milliseconds of every answer: so many clients at once, each asking so many times.
pub async fn get_all(port: u16, path: &str, clients: usize, each: usize) -> Vec<f64> {
    let request = Arc::new(get_request(path));
    let tasks = (0..clients).map(|_| {
        let request = request.clone();
        tokio::spawn(async move {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let mut buffer = Vec::new();
            let mut times_ms = Vec::with_capacity(each);
            for _ in 0..each {
                let asked = Instant::now();
                let (status, _) = exchange(&mut stream, &request, &mut buffer).await;
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(&buffer));
                times_ms.push(asked.elapsed().as_secs_f64() * 1000.0);
            }
            times_ms
        })
    });
    let mut all = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        all.extend(task.await.unwrap());
    }
    all
}

/// Waits until `/readyz` answers 200; the time since `started`.
pub async fn await_ready(port: u16, started: Instant) -> Duration {
    while started.elapsed() < Duration::from_secs(10) {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await {
            let mut buffer = Vec::new();
            let (status, _) = exchange(&mut stream, &get_request("/readyz"), &mut buffer).await;
            if status == 200 {
                return started.elapsed();
            }
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("the bridge was not ready in 10 s");
}
