//! The dashboard as a browser asks for it.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;
use crate::model::fixture::documented;
use crate::pull::route::Publicity;
use crate::pull::tests::{endpoint, shared};
use crate::pull::{PullState, Shared, router};

const PAGE: &[u8] = b"<html><base href=\"./\" data-otel-bridge /><script src=\"./theme.js\"></script></html>";
const SCRIPT: &[u8] = &[b'a'; 4096];

/// A small dashboard.
pub(crate) fn dashboard() -> Dashboard {
    Dashboard::of(&[
        ("index.html", PAGE),
        ("assets/index-Bp0GQa0k.js", SCRIPT),
        ("assets/inter-Dx4kXJAl.woff2", SCRIPT),
        ("theme.js", b"let theme;"),
        ("icon.svg", b"<svg/>"),
    ])
}

struct Seen {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Seen {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

async fn ask_of(router: Router, method: Method, path: &str, headers: &[(&str, &str)]) -> Seen {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (head, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Seen { status: head.status, headers: head.headers, body }
}

fn with_base(base: &str) -> Router {
    let endpoint = PullEndpoint { base: base.to_owned(), ..endpoint() };
    router(PullState::showing(shared(endpoint), documented()))
}

async fn ask(path: &str, headers: &[(&str, &str)]) -> Seen {
    ask_of(with_base("/metrics"), Method::GET, path, headers).await
}

/// The page stands at both roots and at every screen's address, says where it stands, and may load its own files only.
#[tokio::test]
async fn every_address_of_the_page() {
    let screens =
        ["", "pools", "pools/68f1382b77219acc", "pools/a/b%2Fc", "workers?w=1", "components", "breakers", "alerts"];
    let screens = screens.into_iter().chain(["traces", "exporters", "settings", "about"]);
    for screen in screens {
        for root in ["/ui/", "/metrics/"] {
            let path = format!("{root}{screen}");
            let page = ask(&path, &[("accept", "text/html")]).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert_eq!(page.header(header::CONTENT_TYPE), "text/html; charset=utf-8");
            let base = format!("<base href=\"{root}\" data-otel-bridge=\"/\" />");
            assert!(page.text().contains(&base), "{path}: {}", page.text());
            assert_eq!(page.header(header::CACHE_CONTROL), "no-cache");
            assert_eq!(page.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            let policy = page.header(header::CONTENT_SECURITY_POLICY);
            assert!(policy.starts_with("default-src 'self'; img-src 'self' data:;"), "{policy}");
            assert!(policy.contains("base-uri 'self'") && !policy.contains("unsafe"), "{policy}");
        }
    }
    for path in ["/ui/nothing", "/ui/index.html", "/ui/workers/1", "/metrics/nothing", "/ui/assets/nothing.js", "/ui//"]
    {
        let seen = ask(path, &[("accept", "text/html")]).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(seen.header(header::CONTENT_TYPE), "application/problem+json", "{path}");
    }
}

/// Files whose names hold a hash are kept for ever, others are asked for again and answered by 304 while they are the same.
#[tokio::test]
async fn caching() {
    for (path, kind, caching) in [
        ("/ui/assets/index-Bp0GQa0k.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/metrics/assets/inter-Dx4kXJAl.woff2", "font/woff2", "public, max-age=31536000, immutable"),
        ("/ui/theme.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/ui/icon.svg", "image/svg+xml", "no-cache"),
        ("/ui/", "text/html; charset=utf-8", "no-cache"),
    ] {
        let first = ask(path, &[]).await;
        assert_eq!((first.status, first.header(header::CONTENT_TYPE)), (StatusCode::OK, kind), "{path}");
        assert_eq!(first.header(header::CACHE_CONTROL), caching, "{path}");
        let tag = first.header(header::ETAG).to_owned();
        assert!(tag.starts_with('"') && tag.ends_with('"'), "{path}: {tag}");
        for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            let again = ask(path, &[("if-none-match", &known)]).await;
            assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0), "{path} {known}");
            assert_eq!(again.header(header::ETAG), tag);
            assert_eq!(again.header(header::CACHE_CONTROL), caching);
        }
        assert_eq!(ask(path, &[("if-none-match", "\"other\"")]).await.status, StatusCode::OK);
    }
    let tags = [ask("/ui/", &[]).await, ask("/metrics/", &[]).await];
    assert_ne!(tags[0].header(header::ETAG), tags[1].header(header::ETAG), "another base is another page");
}

/// gzip where it is taken and pays: another form, with a tag of its own, that unpacks to the same.
#[tokio::test]
async fn compression() {
    let path = "/ui/assets/index-Bp0GQa0k.js";
    let plain = ask(path, &[]).await;
    for accept in ["gzip", "br, gzip;q=0.5"] {
        let packed = ask(path, &[("accept-encoding", accept)]).await;
        assert_eq!(packed.header(header::CONTENT_ENCODING), "gzip");
        assert_eq!(packed.header(header::VARY), "Accept-Encoding");
        assert_ne!(packed.header(header::ETAG), plain.header(header::ETAG));
        let mut unpacked = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut unpacked).unwrap();
        assert!(unpacked == SCRIPT && packed.body.len() < SCRIPT.len() / 10);
    }
    let large_font = "/ui/assets/inter-Dx4kXJAl.woff2";
    for (path, accept) in [(path, "gzip;q=0"), (path, "identity"), (large_font, "gzip"), ("/ui/theme.js", "gzip")] {
        let seen = ask(path, &[("accept-encoding", accept)]).await;
        assert_eq!((seen.status, seen.header(header::CONTENT_ENCODING)), (StatusCode::OK, ""), "{path} {accept}");
    }
}

/// `/metrics` is never a page, with and without Prometheus; other bases lead to their page, as `/ui` does.
#[tokio::test]
async fn addresses_without_their_slash() {
    let html = [("accept", "text/html")];
    assert!(ask("/metrics", &html).await.header(header::CONTENT_TYPE).starts_with("text/plain"));
    let without = PullEndpoint { prometheus: None, ..endpoint() };
    let without = router(PullState::showing(shared(without), documented()));
    assert_eq!(ask_of(without, Method::GET, "/metrics", &html).await.status, StatusCode::NOT_FOUND);
    let moved = ask("/ui?range=5m", &html).await;
    assert_eq!((moved.status, moved.header(header::LOCATION)), (StatusCode::TEMPORARY_REDIRECT, "/ui/?range=5m"));
    let moved = ask_of(with_base("/ops/pools"), Method::GET, "/ops/pools", &html).await;
    assert_eq!(moved.header(header::LOCATION), "/ops/pools/");
    let page = ask_of(with_base("/ops/pools"), Method::GET, "/ops/pools/pools/x", &html).await;
    assert!(page.text().contains("<base href=\"/ops/pools/\""), "{}", page.text());
}

/// Behind a proxy that strips a prefix, and inside a router that nests this one, addresses hold what stands before; what is no
/// plain path is not believed.
#[tokio::test]
async fn prefixes() {
    let html = ("accept", "text/html");
    let page = ask("/ui/pools", &[html, ("x-forwarded-prefix", "/observe/")]).await;
    assert!(page.text().contains("<base href=\"/observe/ui/\" data-otel-bridge=\"/observe/\""), "{}", page.text());
    assert_eq!(page.header(header::VARY), "X-Forwarded-Prefix");
    let sent = ask("/", &[html, ("x-forwarded-prefix", "/observe")]).await;
    assert_eq!(sent.header(header::LOCATION), "/observe/ui/");
    assert!(sent.header(header::VARY).contains("X-Forwarded-Prefix"));
    for evil in ["//evil.example", "https://evil.example", "/\"><script>alert(1)</script>", "/a/../..", "\\evil"] {
        let page = ask("/ui/", &[html, ("x-forwarded-prefix", evil)]).await;
        assert!(page.text().contains("<base href=\"/ui/\" data-otel-bridge=\"/\""), "{evil}: {}", page.text());
        assert_eq!(ask("/", &[html, ("x-forwarded-prefix", evil)]).await.header(header::LOCATION), "/ui/", "{evil}");
    }
    let nested = || Router::new().nest("/a/b", with_base("/metrics"));
    for root in ["ui", "metrics"] {
        let page = ask_of(nested(), Method::GET, &format!("/a/b/{root}/workers"), &[html]).await;
        let base = format!("<base href=\"/a/b/{root}/\" data-otel-bridge=\"/a/b/\"");
        assert!(page.text().contains(&base), "{}", page.text());
    }
    let sent = ask_of(nested(), Method::GET, "/a/b", &[html, ("x-forwarded-prefix", "/x")]).await;
    assert_eq!(sent.header(header::LOCATION), "/x/a/b/ui/");
    let file = ask_of(nested(), Method::GET, "/a/b/ui/icon.svg", &[]).await;
    assert_eq!((file.status, file.text()), (StatusCode::OK, "<svg/>"));
}

/// A build without the files: the routes are unknown paths, and nobody is sent there.
#[tokio::test]
async fn without_files() {
    let shared = || Shared { dashboard: Dashboard::of(&[]), ..shared(endpoint()) };
    for path in ["/ui", "/ui/", "/ui/pools", "/metrics/", "/metrics/workers", "/ui/assets/x.js"] {
        let seen = ask_of(router(PullState::showing(shared(), documented())), Method::GET, path, &[]).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(seen.header(header::CONTENT_TYPE), "application/problem+json");
    }
}

/// What the build embeds can be served: the page says once where its base goes, and all that it names is there.
#[test]
fn the_built_dashboard_is_whole() {
    let built = Dashboard::built();
    let Some(index) = built.file(INDEX) else { return };
    let text = std::str::from_utf8(&index.body).unwrap();
    assert_eq!(text.matches(BASE).count(), 1, "{text}");
    let named = text.split('"').filter_map(|part| part.strip_prefix("./")).filter(|name| !name.is_empty());
    for name in named {
        assert!(built.file(name).is_some(), "{name}");
    }
    assert!(built.0.iter().all(|file| file.content_type() != "application/octet-stream"));
}

/// With credentials the page and the way in are for everybody, and nothing else is, whatever the base.
#[test]
fn what_is_public() {
    let judge = |base: &str, path: &str, accept: &str| {
        let shared = shared(PullEndpoint { base: base.to_owned(), ..endpoint() });
        let request = Request::builder().uri(path).header("accept", accept).body(()).unwrap();
        Publicity::of(&shared).admits(&request.into_parts().0)
    };
    for path in ["/ui", "/ui/", "/ui/pools/a/b", "/ui/assets/x.js", "/metrics/", "/metrics/workers", "/ui/icon.svg"] {
        assert!(judge("/metrics", path, "*/*"), "{path}");
    }
    for path in
        ["/", "/metrics", "/metrics/json", "/health", "/api/v1/pools", "/metrics/api/metrics/", "/metrics/api/sse"]
    {
        assert!(!judge("/metrics", path, "*/*"), "{path}");
    }
    for path in
        ["/openapi.json", "/api/v1/workers/x", "/ui/../health", "//ui/", "/nothing", "/UI/", "/ui/%2e%2e/health"]
    {
        assert!(!judge("/metrics", path, "text/html"), "{path}");
    }
    assert!(judge("/metrics", "/", "text/html"));
    // Bases that a program may choose, though a file may not.
    for (base, path) in [("/ui/pools", "/ui/pools/api/metrics/stats"), ("/api/v1", "/api/v1/workers"), ("", "/alerts")]
    {
        assert!(!judge(base, path, "*/*"), "{base} {path}");
    }
}
