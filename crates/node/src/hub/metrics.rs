//! What an operator sees: sizes and counts, in text for Prometheus and as JSON. Servers are named by their hosting id, members
//! not at all.

use std::collections::VecDeque;
use std::fmt::Write;
use std::time::Duration;

use conclave_core::id::Millis;
use conclave_engine::hub::Hub;
use conclave_engine::wire::HubWhy;
use conclave_store::{FjallStore, Store};
use serde_json::{Value, json};

/// Looks at the disk that are kept: one every five seconds would be too many for a day.
const SAMPLES_MAX: usize = 288;
const SAMPLE_MS: u64 = 300_000;

/// Shortest time from which a forecast is made.
const FORECAST_MS_MIN: u64 = 60_000;

/// How fast the disk fills.
#[derive(Debug, Default)]
pub(super) struct Forecast {
    samples: VecDeque<(Millis, u64)>,
    newest: Option<(Millis, u64)>,
}

impl Forecast {
    /// Notes how much is free.
    pub(super) fn note(&mut self, now: Millis, free: u64) {
        self.newest = Some((now, free));
        let due = self
            .samples
            .back()
            .is_none_or(|(at, _)| now.0 >= at.0.saturating_add(SAMPLE_MS) || now < *at);
        if due {
            self.samples.push_back((now, free));
            if self.samples.len() > SAMPLES_MAX {
                self.samples.pop_front();
            }
        }
    }

    /// In how many seconds the disk is full, if it goes on filling as in the last day; nothing if it does not fill.
    pub(super) fn full_in_s(&self) -> Option<u64> {
        let ((from, before), (to, now)) = (*self.samples.front()?, self.newest?);
        let passed =
            to.0.checked_sub(from.0)
                .filter(|ms| *ms >= FORECAST_MS_MIN)?;
        let filled = before.checked_sub(now).filter(|bytes| *bytes > 0)?;
        let left = u128::from(now) * u128::from(passed) / u128::from(filled) / 1_000;
        u64::try_from(left).ok()
    }
}

/// The metrics.
pub(super) fn text(
    hub: &Hub,
    store: &FjallStore,
    forecast: &Forecast,
    commits: (u64, Duration),
) -> String {
    let mut page = Page(String::new());
    page.now(hub, store, forecast);
    page.since_start(hub, commits);
    page.refusals(hub);
    page.0
}

/// Text in the making.
struct Page(String);

impl Page {
    fn line(&mut self, name: &str, kind: &str, help: &str, value: &dyn std::fmt::Display) {
        let _ = write!(
            self.0,
            "# HELP conclave_hub_{name} {help}\n# TYPE conclave_hub_{name} {kind}\nconclave_hub_{name} {value}\n"
        );
    }

    fn gauge(&mut self, name: &str, help: &str, value: &dyn std::fmt::Display) {
        self.line(name, "gauge", help, value);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.line(name, "counter", help, &value);
    }

    fn now(&mut self, hub: &Hub, store: &FjallStore, forecast: &Forecast) {
        let status = hub.status();
        let kept: u64 = status.iter().map(|(_, space)| space.bytes).sum();
        self.gauge("connections", "Connections now.", &hub.connections());
        self.gauge("subscriptions", "Subscriptions now.", &hub.subscriptions());
        self.gauge("servers", "Servers kept.", &status.len());
        self.gauge("stored_bytes", "Bytes of ciphertext kept.", &kept);
        if let Ok(stats) = store.stats() {
            self.gauge(
                "disk_used_bytes",
                "Bytes of the store on the disk.",
                &stats.bytes,
            );
        }
        if let Ok(free) = store.disk_free() {
            self.gauge("disk_free_bytes", "Bytes free on the store's disk.", &free);
        }
        if let Some(seconds) = forecast.full_in_s() {
            let help = "When the disk is full if it goes on filling as in the last day.";
            self.gauge("disk_full_in_seconds", help, &seconds);
        }
    }

    fn since_start(&mut self, hub: &Hub, (commits, slowest): (u64, Duration)) {
        let counters = hub.counters();
        self.counter("appended_total", "Envelopes appended.", counters.appended);
        self.counter(
            "appended_bytes_total",
            "Bytes of envelopes appended.",
            counters.appended_bytes,
        );
        self.counter(
            "repeated_total",
            "Envelopes that were there already.",
            counters.repeated,
        );
        self.counter("receipts_total", "Receipts given.", counters.receipts);
        self.counter(
            "fanned_out_total",
            "Frames of news handed to subscribers.",
            counters.fanned_out,
        );
        self.counter("pages_total", "Pages of the past served.", counters.pages);
        self.counter(
            "evicted_total",
            "Envelopes dropped by retention or closings.",
            counters.evicted,
        );
        self.counter(
            "blob_bytes_total",
            "Bytes of files taken.",
            counters.blob_bytes,
        );
        self.counter("commits_total", "Transactions committed.", commits);
        let help = "Slowest commit since the start.";
        self.gauge("commit_slowest_seconds", help, &slowest.as_secs_f64());
    }

    fn refusals(&mut self, hub: &Hub) {
        self.0.push_str(
            "# HELP conclave_hub_refused_total Envelopes refused.\n# TYPE conclave_hub_refused_total counter\n",
        );
        for why in HubWhy::ALL {
            let count = hub.counters().refused[why as usize - 1];
            let _ = writeln!(
                self.0,
                "conclave_hub_refused_total{{why=\"{why:?}\"}} {count}"
            );
        }
    }
}

/// How every server stands.
pub(super) fn status(hub: &Hub, store: &FjallStore, forecast: &Forecast) -> Value {
    let servers: Vec<Value> = hub
        .status()
        .into_iter()
        .map(|(hosting, space)| {
            json!({
                "hosting_id": hosting.to_string(),
                "manifest": space.manifest_seq,
                "bytes": space.bytes,
                "topics": space.topics,
                "envelopes": space.envelopes,
                "subscribers": space.subscribers,
                "since_ms": space.since.0,
            })
        })
        .collect();
    let refused: Vec<String> = hub.refused().iter().map(ToString::to_string).collect();
    json!({
        "connections": hub.connections(),
        "servers": servers,
        "refused": refused,
        "disk_used_bytes": store.stats().map(|stats| stats.bytes).ok(),
        "disk_free_bytes": store.disk_free().ok(),
        "disk_full_in_seconds": forecast.full_in_s(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forecast_needs_a_disk_that_fills() {
        let mut forecast = Forecast::default();
        forecast.note(Millis(0), 1_000);
        assert_eq!(forecast.full_in_s(), None);
        forecast.note(Millis(100_000), 900);
        // 100 bytes in 100 s: 900 bytes last for 900 s.
        assert_eq!(forecast.full_in_s(), Some(900));
        forecast.note(Millis(200_000), 1_500);
        assert_eq!(forecast.full_in_s(), None);
    }
}
