//! How much memory a program takes.

use std::fs;
use std::process::Child;
use std::thread::sleep;
use std::time::Duration;

/// The largest resident size while the child runs, in bytes: read from the kernel until the child is gone.
pub fn peak_memory(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("the child can be asked").is_none() {
        if let Ok(text) = fs::read_to_string(&status)
            && let Some(line) = text.lines().find(|line| line.starts_with("VmHWM:"))
            && let Some(kib) = line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok())
        {
            peak = peak.max(kib * 1024);
        }
        sleep(Duration::from_millis(5));
    }
    peak
}
