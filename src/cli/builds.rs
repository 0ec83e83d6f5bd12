//! `build`, and the builds that run beside `up` and `diff`.

use super::args::Global;
use super::error::{CliError, code};
use super::output::Output;
use super::session::Project;
use crate::build::{self, Artifact, BuildRequest};
use crate::engine::run::External;
use crate::model::{Address, CloudError, ErrorKind, Outputs};
use crate::stack::Architecture;
use futures_util::FutureExt;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

pub async fn command(global: &Global, output: &Output) -> Result<u8, CliError> {
    let project = Project::load(global)?;
    let told = output.clone();
    let artifacts =
        build::build_all(&project.root, &requests(&project), &move |text| told.note(text))
            .await
            .map_err(|e| CliError::new(e.message, e.hint))?;
    if output.json {
        let list: Vec<_> = artifacts
            .iter()
            .map(|a| {
                json!({"function": a.name, "zip": a.zip_path, "sha256": a.sha256_base64,
                "size": a.size})
            })
            .collect();
        output.json_line(&json!({"artifacts": list}));
    } else {
        for a in &artifacts {
            output.result(&format!(
                "{}  {}  {} KiB  sha256 {}",
                a.name,
                a.zip_path.display(),
                a.size / 1024,
                a.sha256_base64
            ));
        }
    }
    Ok(code::OK)
}

fn requests(project: &Project) -> Vec<BuildRequest> {
    let request = |(id, function): (&String, &crate::stack::Function)| BuildRequest {
        name: id.clone(),
        crate_dir: function.crate_path.clone().into(),
        bin: function.bin.clone(),
        features: function.features.clone(),
        architecture: match function.architecture.unwrap_or_default() {
            Architecture::Arm64 => build::Architecture::Arm64,
            Architecture::X86_64 => build::Architecture::X86_64,
        },
        pass_env: project.stack.build.pass_env.clone(),
    };
    project.stack.functions.iter().map(request).collect()
}

/// Checks that this machine can build the functions, before any resource is created.
///
/// # Errors
/// A tool is missing for one of the architectures: how to install it.
pub fn check_tools(project: &Project) -> Result<(), CliError> {
    build::check_tools(&requests(project)).map_err(|e| CliError::new(e.message, e.hint))
}

type BuildResult = Result<Arc<Vec<Artifact>>, CloudError>;

/// All builds of a stack under way at once; steps wait for theirs.
#[derive(Clone)]
pub struct Builds {
    names: Vec<String>,
    task: futures_util::future::Shared<futures_util::future::BoxFuture<'static, BuildResult>>,
}

impl Builds {
    /// Starts cargo in the background, right away.
    pub fn start(project: &Project, output: &Output) -> Self {
        let builds = Self::lazy(project, output);
        tokio::spawn(builds.task.clone());
        builds
    }

    /// Starts cargo only once somebody waits for a build.
    pub fn lazy(project: &Project, output: &Output) -> Self {
        let requests = requests(project);
        let names = requests.iter().map(|r| r.name.clone()).collect();
        let (root, told) = (project.root.clone(), output.clone());
        let task = async move {
            match build::build_all(&root, &requests, &move |text| told.note(text)).await {
                Ok(artifacts) => Ok(Arc::new(artifacts)),
                Err(e) => Err(CloudError::ours(ErrorKind::Other, e.message, e.hint)),
            }
        };
        Self { names, task: task.boxed().shared() }
    }

    /// Waits for all builds: `build.<function>` -> sha256 and zip.
    pub async fn finished(&self) -> Result<BTreeMap<Address, Outputs>, CloudError> {
        let artifacts = self.task.clone().await?;
        Ok(artifacts.iter().map(|a| (Address::new("build", &a.name), outputs(a))).collect())
    }

    /// The same, for the engine: each function's build as something to wait for.
    pub fn externals(&self) -> BTreeMap<Address, External> {
        let one = |name: &String| {
            let (name, task) = (name.clone(), self.task.clone());
            let wait = async move {
                let artifacts = task.await?;
                artifacts.iter().find(|a| a.name == name).map(outputs).ok_or_else(|| {
                    CloudError::ours(
                        ErrorKind::Other,
                        format!("{name} was not built"),
                        "run `shopstack build`",
                    )
                })
            };
            wait.boxed().shared()
        };
        self.names.iter().map(|name| (Address::new("build", name), one(name))).collect()
    }
}

fn outputs(artifact: &Artifact) -> Outputs {
    BTreeMap::from([
        ("sha256".to_string(), artifact.sha256_base64.clone()),
        ("zip".to_string(), artifact.zip_path.display().to_string()),
    ])
}
