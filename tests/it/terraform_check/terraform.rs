//! Terraform as this machine has it, kept on loopback: the provider comes out of a local mirror,
//! nothing is looked up.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// The provider's address below a mirror's folder of its registry.
const PROVIDER: &str = "hashicorp/aws";

/// Terraform and where it finds its provider.
pub struct Terraform {
    pub version: String,
    folder: TempDir,
    mirror: PathBuf,
}

/// Address and action of what a plan holds, sorted.
type Planned = Vec<(String, String)>;

impl Terraform {
    /// What of it is on this machine. Error, in words: what is missing.
    pub fn find() -> Result<Terraform, String> {
        let out = Command::new("terraform")
            .args(["version", "-json"])
            .env("CHECKPOINT_DISABLE", "1")
            .output();
        let out = out.map_err(|_| "there is no `terraform` on the search path".to_string())?;
        let told: Value =
            serde_json::from_slice(&out.stdout).map_err(|e| format!("`terraform version`: {e}"))?;
        let mirror = mirrors().into_iter().find(|folder| holds_provider(folder)).ok_or(
            "no plugin mirror with hashicorp/aws: name its folder in TF_PLUGIN_MIRROR, or fill \
             ~/.terraform.d/plugins",
        )?;
        let version = format!("Terraform {}", told["terraform_version"].as_str().unwrap_or("?"));
        Ok(Terraform { version, folder: tempfile::tempdir().unwrap(), mirror })
    }

    /// With these parts of `shop/` in its folder, and ready to plan.
    pub fn with_parts(self, parts: &[&str]) -> Terraform {
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/terraform_check/shop");
        for part in parts {
            let file = format!("{part}.tf");
            std::fs::copy(shop.join(&file), self.folder.path().join(&file)).unwrap();
        }
        let settings = format!(
            "provider_installation {{\n  filesystem_mirror {{ path = {:?} }}\n}}\n",
            self.mirror.display()
        );
        std::fs::write(self.folder.path().join("cli.tfrc"), settings).unwrap();
        let init = self.run(&["init", "-input=false", "-no-color"]);
        assert!(init.status.success(), "terraform init: {}", words(&init));
        self
    }

    pub fn variables(&self, values: &Value) {
        std::fs::write(self.folder.path().join("terraform.tfvars.json"), values.to_string())
            .unwrap();
    }

    /// `terraform plan -detailed-exitcode`: 0 for an empty plan, 2 for one that is not; and what is
    /// in it.
    pub fn plan(&self) -> (i32, Planned) {
        let out = self.run(&["plan", "-input=false", "-detailed-exitcode", "-json", "-out=plan"]);
        let code = out.status.code().unwrap_or(-1);
        let lines: Vec<Value> = String::from_utf8_lossy(&out.stdout)
            .lines()
            .filter_map(|l| serde_json::from_str(l).ok())
            .collect();
        let wrong: Vec<_> = lines
            .iter()
            .filter(|l| l["@level"] == "error")
            .map(|l| l["diagnostic"].clone())
            .collect();
        assert!(
            [0, 2].contains(&code) && wrong.is_empty(),
            "terraform plan: {wrong:?} {}",
            words(&out)
        );
        let text = |value: &Value| value.as_str().unwrap_or("?").to_string();
        let planned = lines.iter().filter(|l| l["type"] == "planned_change").map(|l| &l["change"]);
        let mut planned: Planned =
            planned.map(|c| (text(&c["resource"]["addr"]), text(&c["action"]))).collect();
        planned.sort();
        (code, planned)
    }

    /// The last plan in words.
    pub fn planned(&self) -> String {
        words(&self.run(&["show", "-no-color", "plan"]))
    }

    /// Does what was planned last.
    pub fn apply(&self) {
        let out = self.run(&["apply", "-input=false", "-no-color", "plan"]);
        assert!(out.status.success(), "terraform apply: {}", words(&out));
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let folder = self.folder.path();
        Command::new("terraform")
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .env("TF_CLI_CONFIG_FILE", folder.join("cli.tfrc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", folder.join("none"))
            .env("AWS_SHARED_CREDENTIALS_FILE", folder.join("none"))
            // Most of its time goes into collecting what the provider's schema leaves behind.
            .env("GOGC", "1000")
            .output()
            .unwrap()
    }
}

fn words(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// The named mirror, or else the folders that Terraform itself looks into.
fn mirrors() -> Vec<PathBuf> {
    if let Some(named) = std::env::var_os("TF_PLUGIN_MIRROR").filter(|v| !v.is_empty()) {
        return vec![named.into()];
    }
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let mut folders =
        vec![home.join(".terraform.d/plugins"), home.join(".local/share/terraform/plugins")];
    folders.extend(
        ["/usr/local/share/terraform/plugins", "/usr/share/terraform/plugins"].map(PathBuf::from),
    );
    folders
}

fn holds_provider(mirror: &Path) -> bool {
    let registries = std::fs::read_dir(mirror).into_iter().flatten().flatten();
    registries.map(|registry| registry.path().join(PROVIDER)).any(|folder| folder.is_dir())
}
