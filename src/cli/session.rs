//! The common start of most commands: stack, endpoint, caller, scope, reader.

use super::args::Global;
use super::error::CliError;
use super::output::Output;
use crate::aws::clients::Sdk;
use crate::aws::counter::Counter;
use crate::aws::ledger::Ledger;
use crate::aws::ledger::RECORD;
use crate::aws::{Connect, Identity, Reader, home};
use crate::local;
use crate::model::{Address, CloudError, Scope, text};
use crate::plan::Record;
use crate::planning::{Expiry, Request};
use crate::resources::s3::objects::files;
use crate::resources::{self, dynamodb::table};
use crate::stack::{self, Stack, StackError};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// A loaded stack.yaml.
pub struct Project {
    pub stack: Stack,
    /// Folder that its paths are relative to.
    pub root: PathBuf,
}

impl Project {
    pub fn load(global: &Global) -> Result<Self, CliError> {
        Self::placed(global).map_err(|errors| CliError::join(&errors, ""))
    }

    /// The same with its errors as they are, each with its place.
    pub fn placed(global: &Global) -> Result<Self, Vec<StackError>> {
        let (mut stack, _) = stack::load_for(&global.file, Some(&global.env))?;
        if global.local {
            // The twin runs functions as processes of this machine.
            for function in stack.functions.values_mut() {
                function.architecture.get_or_insert(stack::Architecture::of_this_machine());
            }
        }
        let parent =
            global.file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(Self { stack, root: parent.to_path_buf() })
    }
}

impl Project {
    /// Where stack.yaml says that this environment is.
    pub fn place(&self) -> Place {
        Place {
            stack: self.stack.name.clone(),
            region: Some(self.stack.region.clone()),
            account: self.stack.account.clone(),
        }
    }

    /// When the environment is to expire where nothing is renewed, by the time to live that
    /// stack.yaml gives it.
    pub fn expiry(&self) -> Expiry {
        let life = self.stack.life();
        Expiry {
            first: life.map(|life| super::time::rfc3339(SystemTime::now() + life)),
            renewed: None,
        }
    }

    /// The project as it is deployed in an environment that expires, or in one that stays.
    pub fn settled(&self, expires: bool) -> Self {
        let stack = if expires { self.stack.with_low_floor() } else { self.stack.clone() };
        Self { stack, root: self.root.clone() }
    }

    /// Errors: crates, seed files or a site folder that stack.yaml names and that do not exist.
    pub fn sources(&self, global: &Global) -> Result<(), CliError> {
        let text = source_text(global);
        let name = global.file.display().to_string();
        let mut missing = stack::missing_paths(&self.stack, &text, &name, &global.env, &|path| {
            self.root.join(path).exists()
        });
        missing.extend(stack::undescribed_routes(&self.stack, &text, &name, &|path| {
            match std::fs::read(self.root.join(path)) {
                Ok(bytes) => {
                    text::decode(&bytes).map_err(|error| format!("cannot be read: {error}"))
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    Err("does not exist".into())
                }
                Err(error) => Err(format!("cannot be read: {error}")),
            }
        }));
        if !missing.is_empty() {
            return Err(CliError::join(&missing, ""));
        }
        self.pages(global)?;
        let unfit = table::check_seeds(&self.stack, &self.root);
        if unfit.is_empty() { Ok(()) } else { Err(unfit.into()) }
    }
}

/// The text of stack.yaml, which was read before; empty where it has vanished meanwhile.
pub fn source_text(global: &Global) -> String {
    let text = std::fs::read(&global.file).ok().and_then(|bytes| text::decode(&bytes).ok());
    text.unwrap_or_default()
}

impl Project {
    /// Errors: pages that stack.yaml names and the site does not have.
    pub fn pages(&self, global: &Global) -> Result<(), CliError> {
        let Some(site) = &self.stack.site else { return Ok(()) };
        let text = source_text(global);
        let (name, folder) = (global.file.display().to_string(), self.root.join(&site.folder));
        let served = |key: &str| files::is_served(&folder, key);
        let missing = stack::missing_pages(&self.stack, &text, &name, &global.env, &served);
        if missing.is_empty() { Ok(()) } else { Err(CliError::join(&missing, "")) }
    }
}

/// Where a command acts, as far as it was told.
#[derive(Clone, Debug, Default)]
pub struct Place {
    pub stack: String,
    /// `--region` overrides it; without either it is the environment's or the profile's.
    pub region: Option<String>,
    /// The account that the credentials must be of.
    pub account: Option<String>,
}

/// An open connection to one account and region, for one stack and environment.
pub struct Session {
    pub sdk: Sdk,
    pub identity: Identity,
    pub scope: Scope,
    pub reader: Reader,
    /// True on AWS and on the local twin; other emulators keep settings, and serve and judge
    /// nothing.
    pub serves: bool,
    /// The text of the last-applied record, where it was read while connecting.
    record: Option<Option<String>>,
}

impl Session {
    /// Connects; with `--local` starts the twin first.
    pub async fn open(global: &Global, place: &Place, output: &Output) -> Result<Self, CliError> {
        let (sdk, scope) = Self::connect(global, place, output).await?;
        let identity = identity(&sdk, global, place, output).await?;
        let reader = Self::reader(&sdk, output);
        let scope = Scope { account: identity.account.clone(), ..scope };
        let serves = serves(&scope).await;
        Ok(Self { sdk, identity, scope, reader, serves, record: None })
    }

    /// The same for commands that only read: the tag index is asked beside STS, which saves a step
    /// in the depth. Where an account is named, nothing is asked before it is known to be that.
    pub async fn open_reading(
        global: &Global,
        place: &Place,
        output: &Output,
    ) -> Result<Self, CliError> {
        if place.account.is_some() {
            return Self::open(global, place, output).await;
        }
        let (sdk, scope) = Self::connect(global, place, output).await?;
        let reader = Self::reader(&sdk, output);
        // The identity call reports problems with credentials or network in better words.
        let (identity, index) =
            tokio::join!(identity(&sdk, global, place, output), reader.index(&scope));
        let identity = identity?;
        index?;
        let scope = Scope { account: identity.account.clone(), ..scope };
        let serves = serves(&scope).await;
        Ok(Self { sdk, identity, scope, reader, serves, record: None })
    }

    /// Like `open_reading`, for plans: the last-applied record is read beside the identity.
    pub async fn open_planning(
        global: &Global,
        place: &Place,
        output: &Output,
    ) -> Result<Self, CliError> {
        if place.account.is_some() {
            return Self::open(global, place, output).await;
        }
        let (sdk, scope) = Self::connect(global, place, output).await?;
        let reader = Self::reader(&sdk, output);
        let (identity, index, record) = tokio::join!(
            identity(&sdk, global, place, output),
            reader.index(&scope),
            reader.document(&scope, RECORD)
        );
        let identity = identity?;
        index?;
        let record = Some(record?);
        let scope = Scope { account: identity.account.clone(), ..scope };
        let serves = serves(&scope).await;
        Ok(Self { sdk, identity, scope, reader, serves, record })
    }

    /// True on the local twin, which enforces IAM and holds nothing of value.
    pub fn is_twin(&self) -> bool {
        self.scope.endpoint.is_some() && self.serves
    }

    /// The environment's rows in the shared table; waits are told.
    pub fn ledger(&self, output: &Output) -> Ledger {
        Ledger::new(&self.sdk, &self.scope).with_progress(output.waits())
    }

    fn reader(sdk: &Sdk, output: &Output) -> Reader {
        Reader::new(sdk, sdk.caller().with_progress(output.waits()))
    }

    /// The SDK's configuration, and the scope but for the account.
    async fn connect(
        global: &Global,
        place: &Place,
        output: &Output,
    ) -> Result<(Sdk, Scope), CliError> {
        if let Some(region) = &global.region {
            stack::check_region(region)
                .map_err(|wrong| CliError::new(wrong, "such as us-east-1"))?;
        }
        let local_endpoint = if global.local { Some(twin(output).await?) } else { None };
        let fallback = if global.local { Some("us-east-1") } else { None };
        let region = global.region.as_deref().or(place.region.as_deref()).or(fallback);
        let region = region.map(str::to_string);
        let connect = Connect {
            region,
            profile: global.profile.clone(),
            local_endpoint,
            calls: resources::declared_calls(),
            // Tests hold an emulator to AWS's published rates.
            budgets: std::env::var_os("SHOPSTACK_RATE_BUDGETS").is_some_and(|on| on == "1"),
            ..Connect::default()
        };
        let sdk = Sdk::load(&connect, Arc::new(Counter::default())).await?;
        // Without stack.yaml the region is that of the environment or the profile.
        stack::check_region(&sdk.region).map_err(|wrong| {
            CliError::new(wrong, "name another region with --region, AWS_REGION or the profile")
        })?;
        output.counts(&sdk.counter);
        let scope = Scope {
            stack: place.stack.clone(),
            env: global.env.clone(),
            account: String::new(),
            region: sdk.region.clone(),
            endpoint: sdk.endpoint.clone(),
        };
        Ok((sdk, scope))
    }

    /// A session for another environment beside this one, in the same account and region, that is
    /// stopped by itself or with this one; both spend the same rate budgets.
    pub fn beside(&self, stack: &str, env: &str) -> Self {
        let caller = self.reader.caller.with_own_cancel();
        let (ours, theirs) = (self.reader.caller.cancel.clone(), caller.cancel.clone());
        tokio::spawn(async move { theirs.stop(ours.stopped().await) });
        Self {
            sdk: self.sdk.clone(),
            identity: self.identity.clone(),
            scope: Scope { stack: stack.into(), env: env.into(), ..self.scope.clone() },
            reader: self.reader.afresh().with_caller(caller),
            serves: self.serves,
            record: None,
        }
    }

    /// A session for the same environment in another region.
    pub fn in_region(&self, region: &str, output: &Output) -> Self {
        let sdk = self.sdk.in_region(region);
        let reader = Self::reader(&sdk, output);
        let reader = reader.with_caller(self.reader.caller.in_region(region));
        Self {
            identity: self.identity.clone(),
            scope: Scope { region: region.into(), ..self.scope.clone() },
            reader,
            serves: self.serves,
            record: None,
            sdk,
        }
    }

    /// The input of a plan for the project.
    pub fn request<'a>(
        &'a self,
        project: &'a Project,
        adopt: &'a BTreeSet<Address>,
        expiry: &'a Expiry,
        whole: bool,
    ) -> Request<'a> {
        Request {
            stack: &project.stack,
            root: &project.root,
            scope: &self.scope,
            judges_conditions: self.serves,
            expiry,
            adopt,
            whole,
        }
    }

    /// An environment of tables alone has nothing global that says where it lives, so a first run
    /// asks the records of all regions: in another region it would make everything a second time.
    ///
    /// Errors: the environment lives elsewhere.
    pub async fn refuse_elsewhere(&self, stack: &Stack) -> Result<(), CliError> {
        let tables_alone =
            stack.functions.is_empty() && stack.site.is_none() && !stack.tables.is_empty();
        if !tables_alone || self.last_applied().await?.is_some() {
            return Ok(());
        }
        let homes = home::recorded(&self.reader, &self.scope, &stack::REGIONS).await;
        let Some(home) = homes.iter().next() else {
            return Ok(());
        };
        let Scope { stack, env, region, .. } = &self.scope;
        Err(CliError::new(
            format!("stack `{stack}`, env `{env}` lives in region {home}, and not in {region}"),
            format!(
                "name that region in stack.yaml or with --region; to move, take it down first: \
                 `shopstack down --stack {stack} --env {env} --region {home}`"
            ),
        ))
    }

    /// The record of the last successful `up`, read by clients that cannot write.
    pub async fn last_applied(&self) -> Result<Option<Record>, CloudError> {
        let text = match &self.record {
            Some(text) => text.clone(),
            None => self.reader.document(&self.scope, RECORD).await?,
        };
        Ok(text.as_deref().and_then(Record::parse))
    }
}

async fn serves(scope: &Scope) -> bool {
    match &scope.endpoint {
        Some(endpoint) => local::is_twin(endpoint).await,
        None => true,
    }
}

/// Reads the caller's identity; an error if it is not in the environment's account.
///
/// The twin has no account of its own and stands in for every account.
async fn identity(
    sdk: &Sdk,
    global: &Global,
    place: &Place,
    output: &Output,
) -> Result<Identity, CliError> {
    let identity = sdk.identity_with(output.waits()).await?;
    let Some(account) = place.account.as_ref().filter(|account| **account != identity.account)
    else {
        return Ok(identity);
    };
    if global.local {
        output.note(&format!("The twin stands in for account {account}."));
        return Ok(identity);
    }
    Err(CliError::new(
        format!(
            "environment `{}` belongs in account {account}, and these credentials are of account \
             {} ({})",
            global.env, identity.account, identity.arn
        ),
        "use credentials of that account (--profile, AWS_PROFILE), or name another `account` in \
         stack.yaml; nothing else was asked or changed",
    ))
}

async fn twin(output: &Output) -> Result<String, CliError> {
    let config = local::TwinConfig::from_env().map_err(|e| CliError::new(e.message, e.hint))?;
    let told = output.clone();
    let twin = local::ensure_up(&config, &move |text| told.note(text))
        .await
        .map_err(|e| CliError::new(e.message, e.hint))?;
    Ok(twin.endpoint)
}
