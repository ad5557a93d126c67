//! A real browser, driven through the DevTools protocol (<https://chromedevtools.github.io/devtools-protocol/>).
//!
//! Over a pair of pipes instead of a port: nothing listens, and Chromium ends when the pipes close, also where a test
//! panics. It takes them as descriptors 3 and 4, which a shell can hand over and safe Rust cannot.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::need;

/// How long the browser may take for one answer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// One browser with one page.
pub struct Browser {
    child: Child,
    commands: ChildStdin,
    answers: Receiver<Value>,
    sent: u64,
    page: Option<String>,
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts Chromium. `None` where it is not installed, which is told.
    pub fn start() -> Option<Browser> {
        if !need("chromium") {
            return None;
        }
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "sh", "chromium"])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .args(["--hide-scrollbars", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (sender, answers) = channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok_and(|n| n > 0) {
                message.pop();
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    break;
                }
                message.clear();
            }
        });
        let (page, events) = (None, Vec::new());
        let mut browser = Browser { child, commands, answers, sent: 0, page, events, _profile: profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached = json!({ "targetId": target["targetId"], "flatten": true });
        browser.page = browser.call("Target.attachToTarget", attached)["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Network", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser.call("Performance.enable", json!({ "timeDomain": "threadTicks" }));
        browser.resize(1280, 900);
        Some(browser)
    }

    /// Calls a method of the protocol. It must succeed.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut message = json!({ "id": self.sent, "method": method, "params": params });
        if let Some(page) = &self.page {
            message["sessionId"] = json!(page);
        }
        self.commands.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let answer = self.next();
            if answer["id"] == self.sent {
                assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
                return answer["result"].clone();
            }
        }
    }

    fn next(&mut self) -> Value {
        let message = self.answers.recv_timeout(PATIENCE).expect("the browser answers");
        if message["method"].is_string() {
            self.events.push(message.clone());
        }
        message
    }

    /// Opens a file, with what stands behind its `#`, and waits until it is loaded.
    pub fn open(&mut self, file: &Path, fragment: &str) {
        // A page that differs in its fragment only would not be loaded again.
        self.load("about:blank");
        self.load(&format!("file://{}{fragment}", file.display()));
    }

    fn load(&mut self, url: &str) {
        self.events.clear();
        let answer = self.call("Page.navigate", json!({ "url": url }));
        assert!(answer["errorText"].is_null(), "{answer}");
        while self.events("Page.loadEventFired").is_empty() {
            self.next();
        }
    }

    /// The value of an expression in the page; of a promise, what comes of it.
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", params);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// The same where the value is a text.
    pub fn text(&mut self, expression: &str) -> String {
        self.eval(expression).as_str().unwrap_or_else(|| panic!("{expression} is a text")).to_owned()
    }

    /// Presses a key, as a user does.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "ArrowUp" => 38,
            "ArrowDown" => 40,
            other => panic!("the key {other} has no number here"),
        };
        let mut params = json!({ "type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code });
        if key == "Enter" {
            params["text"] = json!("\r");
        }
        self.call("Input.dispatchKeyEvent", params.clone());
        params["type"] = json!("keyUp");
        self.call("Input.dispatchKeyEvent", params);
    }

    /// Types a text where the focus is.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// The window's size in CSS pixels.
    pub fn resize(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// What the system prefers: `light` or `dark`.
    pub fn prefer(&mut self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// The page on paper.
    pub fn print(&mut self) -> Vec<u8> {
        let answer = self.call("Page.printToPDF", json!({ "printBackground": true }));
        STANDARD.decode(answer["data"].as_str().unwrap()).unwrap()
    }

    /// Seconds of processor time that the page's own thread has used: what a busy machine does not lengthen.
    pub fn busy(&mut self) -> f64 {
        let answer = self.call("Performance.getMetrics", json!({}));
        let metric = answer["metrics"].as_array().unwrap().iter().find(|one| one["name"] == "TaskDuration");
        metric.and_then(|one| one["value"].as_f64()).unwrap()
    }

    /// Events of one method since the page was opened.
    pub fn events(&self, method: &str) -> Vec<&Value> {
        self.events.iter().filter(|event| event["method"] == method).map(|event| &event["params"]).collect()
    }

    /// Every address that was asked for since the page was opened.
    pub fn requests(&self) -> Vec<String> {
        let events = self.events("Network.requestWillBeSent");
        events.iter().map(|event| event["request"]["url"].as_str().unwrap().to_owned()).collect()
    }

    /// Exceptions, dialogs, and what the browser complains about: violations of the content security policy, for one.
    pub fn complaints(&self) -> Vec<String> {
        ["Runtime.exceptionThrown", "Page.javascriptDialogOpening", "Log.entryAdded", "Runtime.consoleAPICalled"]
            .iter()
            .flat_map(|method| self.events(method))
            .map(Value::to_string)
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The profile's folder can be removed once nobody writes into it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
