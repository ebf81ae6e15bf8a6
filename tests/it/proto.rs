//! The generated code in `src/proto` is what `proto/` says. `OTEL_BRIDGE_REGENERATE=1 cargo test --test it proto` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};

use prost_reflect::prost::Message as _;
use prost_reflect::prost_types::FileDescriptorSet;

const BRIDGE: &str = "otel_bridge/v1/bridge.proto";
const OTLP: [&str; 3] = [
    "opentelemetry/proto/collector/logs/v1/logs_service.proto",
    "opentelemetry/proto/collector/metrics/v1/metrics_service.proto",
    "opentelemetry/proto/collector/trace/v1/trace_service.proto",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file and what it imports; comments are kept for the bridge's own alone, where `grpcurl describe` shows them.
fn descriptors() -> FileDescriptorSet {
    let mut compiler = protox::Compiler::new([root().join("proto")]).unwrap();
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files([BRIDGE].into_iter().chain(OTLP)).unwrap();
    let mut set = compiler.file_descriptor_set();
    for file in &mut set.file {
        if file.name() != BRIDGE {
            file.source_code_info = None;
        } else if let Some(info) = &mut file.source_code_info {
            info.location.retain(|location| location.leading_comments.is_some());
        }
    }
    set
}

/// The server: its answers are bytes that were encoded once for everybody.
fn server() -> tonic_build::manual::Service {
    let method = |name: &str, route: &str| {
        tonic_build::manual::Method::builder()
            .name(name)
            .route_name(route)
            .output_type("crate::pull::grpc::Encoded")
            .codec_path("tonic_prost::ProstCodec")
    };
    let snapshot = method("get_snapshot", "GetSnapshot").input_type("super::GetSnapshotRequest");
    let snapshot = snapshot.comment("Everything in scope at one moment.").build();
    let watch = method("watch", "Watch").input_type("super::WatchRequest").server_streaming();
    let watch = watch.comment("First a snapshot, then what changes.").build();
    let service = tonic_build::manual::Service::builder().name("Bridge").package("otel_bridge.v1");
    service.comment("The bridge's view, read only.").method(snapshot).method(watch).build()
}

fn generate(folder: &Path) {
    let mut bridge = descriptors();
    bridge.file.retain(|file| file.name() == BRIDGE);
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .btree_map(".")
        .out_dir(folder)
        .compile_fds(bridge)
        .unwrap();
    tonic_build::manual::Builder::new().build_client(false).out_dir(folder).compile(&[server()]);
    fs::write(folder.join("descriptors.bin"), descriptors().encode_to_vec()).unwrap();
}

/// What is committed is what the compiler makes of `proto/` today.
#[test]
fn generated_code_is_current() {
    let fresh = tempfile::tempdir().unwrap();
    generate(fresh.path());
    let committed = root().join("src/proto");
    let mut names: Vec<PathBuf> = fs::read_dir(fresh.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    assert_eq!(names.len(), 3, "{names:?}");
    for path in names {
        let target = committed.join(path.file_name().unwrap());
        let made = fs::read(&path).unwrap();
        if std::env::var_os("OTEL_BRIDGE_REGENERATE").is_some() {
            fs::write(&target, &made).unwrap();
        }
        let is_current = fs::read(&target).is_ok_and(|held| held == made);
        assert!(is_current, "{} is old: OTEL_BRIDGE_REGENERATE=1 cargo test --test it proto", target.display());
    }
}
