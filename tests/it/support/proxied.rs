//! A shop behind a recording proxy. Its runs are asynchronous, since the proxy lives in the test's
//! own runtime.

use super::inventory::Inventory;
use super::proxy::{Point, Proxy, Seen};
use super::run::Run;
use super::shop::{Shop, connect};
use rustix::process::Signal;
use std::ops::Deref;
use std::process::Stdio;
use tokio::process::{Child, Command};

pub const UP: [&str; 4] = ["up", "--yes", "--no-smoke", "--json"];
pub const DOWN: [&str; 4] = ["down", "--yes", "--destroy-data", "--json"];

pub struct ProxiedShop {
    shop: Shop,
    pub proxy: Proxy,
    /// What runs have as their endpoint: the proxy, or something between it and them.
    url: String,
}

impl Deref for ProxiedShop {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl ProxiedShop {
    /// A shop with a small site, and crates that build at once.
    pub async fn new(name: &str) -> ProxiedShop {
        ProxiedShop::at(name, &super::env::endpoint(), "us-east-1").await
    }

    /// The same at another endpoint and in another region.
    pub async fn at(name: &str, endpoint: &str, region: &str) -> ProxiedShop {
        let shop = Shop::new(name, endpoint).in_region(region);
        let shop = shop.with_quick_crates().with_small_site();
        let proxy = Proxy::start(endpoint).await;
        ProxiedShop { shop, url: proxy.url.clone(), proxy }
    }

    /// A shop whose runs go to `url`, which passes on to the endpoint.
    pub async fn behind(name: &str, url: &str) -> ProxiedShop {
        ProxiedShop { url: url.into(), ..ProxiedShop::new(name).await }
    }

    /// Starts the binary.
    pub fn spawn(&self, arguments: &[&str]) -> Child {
        let mut command = self.shop.command(arguments);
        connect(&mut command, &self.url);
        let mut command = Command::from(command);
        command.kill_on_drop(true).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Runs the binary to its end.
    pub async fn run(&self, arguments: &[&str]) -> Run {
        Run::wait(self.spawn(arguments)).await
    }

    /// Runs it until it ends or is killed at `point`.
    pub async fn run_killed_at(&self, arguments: &[&str], point: Option<Point>) -> (Run, Seen) {
        self.run_signalled_at(arguments, point, Signal::KILL).await
    }

    /// The same with another signal.
    pub async fn run_signalled_at(
        &self,
        arguments: &[&str],
        point: Option<Point>,
        signal: Signal,
    ) -> (Run, Seen) {
        let child = self.spawn(arguments);
        self.proxy.watch(child.id().unwrap(), point, signal);
        let ended = Run::wait(child).await;
        (ended, self.proxy.unwatch().await)
    }

    /// Everything that is there of this stack.
    pub async fn inventory(&self) -> Inventory {
        Inventory::take(&self.clients().await.0, &self.stack, &self.url).await
    }
}
