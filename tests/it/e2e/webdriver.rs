//! A WebDriver client of the few calls that a test of the shop needs: W3C protocol over plain HTTP.

use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The key by which the protocol marks a reference to an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
const BUDGET: Duration = Duration::from_secs(30);

/// One browser window with a profile of its own.
pub struct Browser {
    http: reqwest::Client,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts headless Chromium through the chromedriver at `driver`.
    pub async fn start(driver: &str) -> Browser {
        // Another test of this process may have been first; any provider will do, for the driver
        // speaks plain http.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(120))
            .build()
            .unwrap();
        let profile = tempfile::tempdir().unwrap();
        let data = format!("--user-data-dir={}", profile.path().display());
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--no-proxy-server",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,1000",
            &data,
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": {"args": arguments},
            "timeouts": {
                "implicit": BUDGET.as_millis() as u64, "script": 60_000, "pageLoad": 60_000,
            },
        }}});
        let mut browser =
            Browser { http, session: driver.trim_end_matches('/').into(), _profile: profile };
        let answer = browser.post("/session", wanted).await;
        browser.session += &format!("/session/{}", answer["sessionId"].as_str().unwrap());
        browser
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Value {
        let answer = request.send().await.unwrap();
        let ok = answer.status().is_success();
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert!(ok, "{}", body["value"]["message"]);
        body["value"].clone()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        self.send(self.http.post(format!("{}{path}", self.session)).body(body.to_string())).await
    }

    pub async fn open(&self, url: &str) {
        self.post("/url", json!({"url": url})).await;
    }

    /// Waits until something matches, and returns all that does.
    pub async fn find_all(&self, css: &str) -> Vec<String> {
        let found = self.post("/elements", json!({"using": "css selector", "value": css})).await;
        found.as_array().unwrap().iter().map(|e| e[ELEMENT].as_str().unwrap().to_string()).collect()
    }

    /// Waits for the first match; without one the test fails.
    pub async fn find_one(&self, css: &str) -> String {
        let found = self.post("/element", json!({"using": "css selector", "value": css})).await;
        found[ELEMENT].as_str().unwrap().to_string()
    }

    /// Scrolls there and clicks, as a person would: what covers the element would take the click.
    pub async fn click(&self, css: &str) {
        let element = self.find_one(css).await;
        self.post(&format!("/element/{element}/click"), json!({})).await;
    }

    pub async fn type_text(&self, css: &str, text: &str) {
        let element = self.find_one(css).await;
        self.post(&format!("/element/{element}/value"), json!({"text": text})).await;
    }

    pub async fn text(&self, css: &str) -> String {
        let element = self.find_one(css).await;
        let text =
            self.send(self.http.get(format!("{}/element/{element}/text", self.session))).await;
        text.as_str().unwrap().to_string()
    }

    /// Waits until an element shows this text.
    pub async fn shows(&self, css: &str, text: &str) {
        let end = Instant::now() + BUDGET;
        let mut seen = self.text(css).await;
        while seen != text {
            assert!(Instant::now() < end, "{css} shows {seen:?} and not {text:?}");
            seen = self.text(css).await;
        }
    }

    /// Waits until something matches whose text holds `part`.
    pub async fn wait_for_text(&self, css: &str, part: &str) {
        let script = format!(
            "return [...document.querySelectorAll({})].filter((e) => e.checkVisibility())\
             .map((e) => e.innerText).join(' | ')",
            json!(css)
        );
        let end = Instant::now() + BUDGET;
        loop {
            let seen = self.script(&script).await;
            if seen.as_str().unwrap_or_default().contains(part) {
                return;
            }
            assert!(Instant::now() < end, "{css} says {seen} and not {part:?}");
        }
    }

    /// Waits until the script, an expression, is true.
    pub async fn until(&self, expression: &str) {
        let end = Instant::now() + BUDGET;
        while self.script(&format!("return Boolean({expression})")).await != json!(true) {
            assert!(Instant::now() < end, "never true: {expression}");
        }
    }

    /// A command of Chromium's own protocol.
    pub async fn command(&self, name: &str, parameters: Value) -> Value {
        self.post("/goog/cdp/execute", json!({"cmd": name, "params": parameters})).await
    }

    /// The size of the page as on a screen of this width; below 700 pixels it is a phone's.
    pub async fn resize(&self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700,
        });
        self.command("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Preferences that a style sheet can ask for, such as `("prefers-color-scheme", "dark")`.
    pub async fn prefer(&self, features: &[(&str, &str)]) {
        let features: Vec<Value> =
            features.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        self.command("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Takes the network away from the page, or gives it back.
    pub async fn set_offline(&self, offline: bool) {
        let conditions = json!({"offline": offline, "latency": 0, "throughput": -1,
            "download_throughput": -1, "upload_throughput": -1});
        self.post("/chromium/network_conditions", json!({"network_conditions": conditions})).await;
    }

    /// What is in the window, as a PNG in base64.
    pub async fn picture(&self) -> String {
        let answer = self.command("Page.captureScreenshot", json!({"format": "png"})).await;
        answer["data"].as_str().unwrap().to_string()
    }

    /// Opens another tab and goes to it; its handle.
    pub async fn open_tab(&self) -> String {
        let answer = self.post("/window/new", json!({"type": "tab"})).await;
        let tab = answer["handle"].as_str().unwrap().to_string();
        self.switch(&tab).await;
        tab
    }

    pub async fn tab(&self) -> String {
        let handle = self.send(self.http.get(format!("{}/window", self.session))).await;
        handle.as_str().unwrap().to_string()
    }

    pub async fn switch(&self, tab: &str) {
        self.post("/window", json!({"handle": tab})).await;
    }

    /// Runs a function body in the page and returns what it returns.
    pub async fn script(&self, body: &str) -> Value {
        self.post("/execute/sync", json!({"script": body, "args": []})).await
    }

    /// Runs a function body whose promise is waited for.
    pub async fn promise(&self, body: &str) -> Value {
        let script = format!(
            "const done = arguments[arguments.length - 1]; \
             (async () => {{ {body} }})()\
             .then((v) => done({{ ok: v ?? null }}), (e) => done({{ error: String(e) }}));"
        );
        let answer = self.post("/execute/async", json!({"script": script, "args": []})).await;
        assert!(answer.get("error").is_none(), "{answer}");
        answer["ok"].clone()
    }

    /// Ends the browser.
    pub async fn quit(self) {
        self.send(self.http.delete(&self.session)).await;
    }
}
