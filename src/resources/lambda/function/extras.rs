//! Settings of a live function that no stack has: each becomes an entry of `extras`, which is
//! drift, and is cleared.
//!
//! A layer can bring an extension, which runs inside the function with its role; a VPC, a file
//! system, a dead-letter target or a key lead out of the stack. GetFunction tells all of it anyway.

use aws_sdk_lambda::operation::update_function_configuration::builders;
use aws_sdk_lambda::types as sdk;
use std::collections::BTreeMap;

type Update = builders::UpdateFunctionConfigurationFluentBuilder;

/// Extras that no call can change in place: the function is replaced.
pub const FINAL: [&str; 4] =
    ["extras.package type", "extras.durable", "extras.capacity provider", "extras.tenancy"];

const DESCRIPTION: &str = "description";
const LAYERS: &str = "layers";
const VPC: &str = "vpc";
const KEY: &str = "kms key";
const FILE_SYSTEMS: &str = "file systems";
const STORAGE: &str = "ephemeral storage";
const SNAP_START: &str = "snap start";
/// Where it logs, and what Lambda itself logs: set along with the level.
pub const LOGGING: &str = "logging";
const IMAGE: &str = "image config";

/// MB; Lambda's own default.
const DEFAULT_STORAGE: i32 = 512;

/// The extras of a function; empty where everything is as Lambda makes it.
pub fn list_extras(function: &sdk::FunctionConfiguration) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            found.insert(name.to_string(), value);
        }
    };
    let text = |value: Option<&str>| value.map(str::to_string);
    add(DESCRIPTION, text(function.description()));
    add(LAYERS, Some(joined(function.layers().iter().filter_map(|layer| layer.arn()))));
    let vpc =
        function.vpc_config().map(|vpc| vpc.subnet_ids().iter().chain(vpc.security_group_ids()));
    add(VPC, vpc.map(|ids| joined(ids.map(String::as_str))));
    add(KEY, text(function.kms_key_arn()));
    let systems = function
        .file_system_configs()
        .iter()
        .map(|one| format!("{} at {}", one.arn(), one.local_mount_path()));
    add(FILE_SYSTEMS, Some(systems.collect::<Vec<_>>().join(", ")));
    let storage = function
        .ephemeral_storage()
        .map(|storage| storage.size())
        .filter(|size| *size != DEFAULT_STORAGE);
    add(STORAGE, storage.map(|size| format!("{size} MB")));
    let snap = function
        .snap_start()
        .and_then(|snap| snap.apply_on())
        .filter(|on| **on != sdk::SnapStartApplyOn::None);
    add(SNAP_START, snap.map(|on| on.as_str().to_string()));
    let usual = usual_group(function.function_name().unwrap_or_default());
    add(LOGGING, function.logging_config().map(|config| logging(config, &usual)));
    let image = function.image_config_response().and_then(|response| response.image_config());
    add(IMAGE, image.map(command));
    let package = function.package_type().filter(|kind| **kind != sdk::PackageType::Zip);
    add("package type", package.map(|kind| kind.as_str().to_string()));
    add(
        "durable",
        function
            .durable_config()
            .map(|config| format!("{} s", config.execution_timeout().unwrap_or(0))),
    );
    add("capacity provider", function.capacity_provider_config().map(|_| "set".to_string()));
    add(
        "tenancy",
        function.tenancy_config().map(|config| config.tenant_isolation_mode().as_str().to_string()),
    );
    found
}

/// The update with what clears these extras. An absent member would keep what is there (catalogue
/// 5.1).
pub fn cleared(update: Update, extras: &BTreeMap<String, String>) -> Update {
    extras.keys().fold(update, |update, extra| match extra.as_str() {
        DESCRIPTION => update.description(""),
        LAYERS => update.set_layers(Some(vec![])),
        VPC => {
            let none = sdk::VpcConfig::builder()
                .set_subnet_ids(Some(vec![]))
                .set_security_group_ids(Some(vec![]));
            update.vpc_config(none.build())
        }
        KEY => update.kms_key_arn(""),
        FILE_SYSTEMS => update.set_file_system_configs(Some(vec![])),
        STORAGE => update.set_ephemeral_storage(
            sdk::EphemeralStorage::builder().size(DEFAULT_STORAGE).build().ok(),
        ),
        SNAP_START => update
            .snap_start(sdk::SnapStart::builder().apply_on(sdk::SnapStartApplyOn::None).build()),
        IMAGE => update.image_config(sdk::ImageConfig::builder().build()),
        _ => update,
    })
}

pub fn usual_group(name: &str) -> String {
    format!("/aws/lambda/{name}")
}

/// Where it logs, and how much Lambda itself does, as far as that is not the usual.
fn logging(config: &sdk::LoggingConfig, usual: &str) -> String {
    let level = config
        .system_log_level()
        .filter(|level| **level != sdk::SystemLogLevel::Info)
        .map(|level| level.as_str());
    let group = config.log_group().filter(|group| *group != usual && !group.is_empty());
    joined(level.into_iter().chain(group))
}

fn command(image: &sdk::ImageConfig) -> String {
    let words = image.entry_point().iter().chain(image.command()).map(String::as_str);
    joined(words.chain(image.working_directory()))
}

fn joined<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sdk::FunctionConfiguration;

    #[test]
    fn what_lambda_makes_by_itself_is_no_extra() {
        let usual = FunctionConfiguration::builder()
            .function_name("f")
            .description("")
            .kms_key_arn("")
            .package_type(sdk::PackageType::Zip)
            .vpc_config(sdk::VpcConfigResponse::builder().vpc_id("").build())
            .tracing_config(
                sdk::TracingConfigResponse::builder().mode(sdk::TracingMode::PassThrough).build(),
            )
            .ephemeral_storage(sdk::EphemeralStorage::builder().size(512).build().unwrap())
            .snap_start(
                sdk::SnapStartResponse::builder().apply_on(sdk::SnapStartApplyOn::None).build(),
            )
            .logging_config(
                sdk::LoggingConfig::builder()
                    .log_format(sdk::LogFormat::Text)
                    .log_group("/aws/lambda/f")
                    .build(),
            )
            .build();
        assert_eq!(list_extras(&usual), BTreeMap::new());
    }

    #[test]
    fn what_strangers_set_is_shown() {
        let system = sdk::FileSystemConfig::builder()
            .arn("arn:fs")
            .local_mount_path("/mnt/x")
            .build()
            .unwrap();
        let set = FunctionConfiguration::builder()
            .function_name("f")
            .layers(sdk::Layer::builder().arn("arn:layer:1").build())
            .vpc_config(
                sdk::VpcConfigResponse::builder()
                    .subnet_ids("s-1")
                    .security_group_ids("sg-1")
                    .build(),
            )
            .kms_key_arn("arn:kms")
            .file_system_configs(system)
            .ephemeral_storage(sdk::EphemeralStorage::builder().size(1024).build().unwrap())
            .snap_start(
                sdk::SnapStartResponse::builder()
                    .apply_on(sdk::SnapStartApplyOn::PublishedVersions)
                    .build(),
            )
            .logging_config(
                sdk::LoggingConfig::builder()
                    .log_format(sdk::LogFormat::Json)
                    .application_log_level(sdk::ApplicationLogLevel::Info)
                    .system_log_level(sdk::SystemLogLevel::Debug)
                    .log_group("theirs")
                    .build(),
            )
            .package_type(sdk::PackageType::Image)
            .description("theirs")
            .image_config_response(
                sdk::ImageConfigResponse::builder()
                    .image_config(sdk::ImageConfig::builder().command("run").build())
                    .build(),
            )
            .durable_config(sdk::DurableConfig::builder().execution_timeout(60).build())
            .capacity_provider_config(sdk::CapacityProviderConfig::builder().build())
            .tenancy_config(
                sdk::TenancyConfig::builder()
                    .tenant_isolation_mode(sdk::TenantIsolationMode::PerTenant)
                    .build()
                    .unwrap(),
            )
            .build();
        let expected = [
            ("capacity provider", "set"),
            ("description", "theirs"),
            ("durable", "60 s"),
            ("ephemeral storage", "1024 MB"),
            ("file systems", "arn:fs at /mnt/x"),
            ("image config", "run"),
            ("kms key", "arn:kms"),
            ("layers", "arn:layer:1"),
            ("logging", "DEBUG, theirs"),
            ("package type", "Image"),
            ("snap start", "PublishedVersions"),
            ("tenancy", "PER_TENANT"),
            ("vpc", "s-1, sg-1"),
        ];
        assert_eq!(list_extras(&set), expected.map(|(k, v)| (k.to_string(), v.to_string())).into());
    }
}
