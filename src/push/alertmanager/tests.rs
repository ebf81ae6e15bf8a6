use std::sync::{Mutex, PoisonError};

use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use serde_json::Value;
use tokio::net::TcpListener;

use super::*;
use crate::config::alerts::{Condition, Rule, Subject};
use crate::model::alert::Level;
use crate::model::component::ComponentState;
use crate::record::{Component, Recorder};
use crate::state::StoreOptions;

/// An Alertmanager that remembers what it was told, and answers what it is ordered to.
#[derive(Default)]
struct Fake {
    status: Mutex<Option<StatusCode>>,
    told: Mutex<Vec<Value>>,
}

impl Fake {
    async fn start(self: &Arc<Self>, tasks: &Tasks) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (fake, own) = (self.clone(), tasks.clone());
        tasks.spawn(async move {
            loop {
                let stream = tokio::select! {
                    () = own.cancelled() => return,
                    accepted = listener.accept() => accepted.unwrap().0,
                };
                let (fake, token) = (fake.clone(), own.token());
                own.spawn(async move {
                    let serve = service_fn(move |request| answer(fake.clone(), request));
                    let builder = Builder::new(TokioExecutor::new());
                    tokio::select! {
                        _ = builder.serve_connection(TokioIo::new(stream), serve) => {}
                        () = token.cancelled() => {}
                    }
                });
            }
        });
        format!("http://{address}/prefix/")
    }

    fn order(&self, status: Option<StatusCode>) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }

    /// What it was told since the last look.
    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut *self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn answer(fake: Arc<Fake>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
    assert_eq!((request.method(), request.uri().path()), (&Method::POST, "/prefix/api/v2/alerts"));
    assert_eq!(request.headers()[CONTENT_TYPE], "application/json");
    let body = request.into_body().collect().await?.to_bytes();
    let status = *fake.status.lock().unwrap_or_else(PoisonError::into_inner);
    let mut response = Response::new(Full::from("no room"));
    if let Some(status) = status {
        *response.status_mut() = status;
        return Ok(response);
    }
    let alerts: Vec<Value> = serde_json::from_slice(&body).unwrap();
    fake.told.lock().unwrap_or_else(PoisonError::into_inner).extend(alerts);
    Ok(response)
}

struct Bench {
    clock: Clock,
    store: Arc<Store>,
    cart: Component,
    fake: Arc<Fake>,
    alertmanager: Alertmanager,
    tasks: Tasks,
}

impl Bench {
    /// A store whose component `cart` may fail, and an Alertmanager beside it.
    async fn new() -> Self {
        let clock = Clock::manual(1_700_000_000_000);
        let mut options = StoreOptions::of_service("shop", clock.clone());
        options.state.snapshot_interval = Duration::ZERO;
        options.rules = vec![Rule {
            name: "cart-busy".to_owned(),
            on: Subject::Component,
            field: "items_processed".to_owned(),
            condition: Condition::Above(5.0),
            hold: Duration::ZERO,
            clear: Duration::from_secs(5),
            level: Level::Info,
            message: "{name} is at {value}".to_owned(),
            recommendation: Some("Rest".to_owned()),
        }];
        let store = Store::new(options);
        let cart = Recorder::new(&store, clock.clone()).unwrap().component("cart").register().unwrap();
        let (fake, tasks) = (Arc::new(Fake::default()), Tasks::new());
        let url = fake.start(&tasks).await;
        let generator = Some("http://127.0.0.1:9000/alerts".to_owned());
        let alertmanager = Alertmanager::try_new(&url, generator, &store, clock.clone()).unwrap();
        Self { clock, store, cart, fake, alertmanager, tasks }
    }

    /// Time passes, and the alerts are looked at.
    async fn pass(&mut self, seconds: u64) -> Duration {
        self.clock.advance(Duration::from_secs(seconds));
        self.alertmanager.look(&self.store.snapshot()).await
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.tasks.cancel();
    }
}

fn named<'a>(told: &'a [Value], name: &str) -> Option<&'a Value> {
    told.iter().find(|one| one["labels"]["alertname"] == name)
}

/// An alert is told once when it goes off, again after a minute, and once when it has ended; then it is forgotten.
#[tokio::test]
async fn an_alert_from_beginning_to_end() {
    let mut bench = Bench::new().await;
    bench.pass(1).await;
    assert_eq!(bench.fake.take(), Vec::<Value>::new(), "nothing is wrong");
    bench.cart.set_state(ComponentState::Failed);
    bench.pass(1).await;
    let told = bench.fake.take();
    let alert = named(&told, "component_unhealthy").unwrap();
    assert_eq!(
        alert["labels"],
        serde_json::json!({
            "alertname": "component_unhealthy", "severity": "critical", "condition": "component_unhealthy",
            "source": "otel-bridge", "component": "cart", "job": "shop", "instance": alert["labels"]["instance"],
        })
    );
    assert_eq!(alert["annotations"]["summary"], "Component cart is unhealthy");
    assert!(alert["annotations"]["description"].as_str().unwrap().contains("cart"));
    assert_eq!(alert["generatorURL"], "http://127.0.0.1:9000/alerts");
    assert_eq!(
        (&alert["startsAt"], &alert["endsAt"]),
        (&"2023-11-14T22:13:22.000Z".into(), &"2023-11-14T22:17:22.000Z".into())
    );

    bench.pass(30).await;
    assert!(named(&bench.fake.take(), "component_unhealthy").is_none(), "it was told");
    bench.pass(30).await;
    assert!(named(&bench.fake.take(), "component_unhealthy").is_some(), "a minute has passed");

    bench.cart.set_state(ComponentState::Running);
    bench.pass(1).await;
    bench.pass(6).await;
    let told = bench.fake.take();
    let end = named(&told, "component_unhealthy").unwrap();
    assert!(end["endsAt"].as_str().unwrap() < "2023-11-14T22:14:31", "{end}");
    bench.pass(120).await;
    assert!(named(&bench.fake.take(), "component_unhealthy").is_none());
    let active = bench.store.snapshot().alerts.active.len();
    assert_eq!(bench.alertmanager.told.len(), active, "what ended is forgotten");
}

/// What was refused is told again after a pause that grows, and shows as a part that fails until it is taken.
#[tokio::test]
async fn what_was_refused_is_told_again() {
    let mut bench = Bench::new().await;
    bench.cart.processed(9);
    bench.fake.order(Some(StatusCode::SERVICE_UNAVAILABLE));
    let first = bench.pass(1).await;
    let second = bench.pass(1).await;
    assert!(first >= Duration::from_millis(500) && second >= Duration::from_secs(1), "{first:?} {second:?}");
    let errors = bench.store.snapshot().errors.clone();
    let error = errors.iter().find(|one| &*one.part == "alertmanager").unwrap();
    assert!(error.message.contains("503") && error.message.contains("no room"), "{error:?}");

    bench.fake.order(None);
    assert_eq!(bench.pass(1).await, Duration::ZERO);
    let told = bench.fake.take();
    let busy = named(&told, "cart-busy").unwrap();
    assert_eq!((&busy["labels"]["severity"], &busy["annotations"]["description"]), (&"info".into(), &"Rest".into()));
    bench.clock.advance(Duration::from_secs(1));
    assert!(bench.store.snapshot().errors.iter().all(|one| &*one.part != "alertmanager"));
}

/// Nobody who listens is a failure with its cause, and costs nobody else anything.
#[tokio::test]
async fn nobody_listens() {
    let mut bench = Bench::new().await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = format!("http://{closed}");
    bench.alertmanager = Alertmanager::try_new(&url, None, &bench.store, bench.clock.clone()).unwrap();
    bench.cart.processed(9);
    bench.pass(1).await;
    let errors = bench.store.snapshot().errors.clone();
    assert!(errors[0].message.contains("refused"), "{errors:?}");
    assert!(Alertmanager::try_new("no url", None, &bench.store, bench.clock.clone()).is_err());
}
