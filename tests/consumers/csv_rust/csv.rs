// SPDX-License-Identifier: Apache-2.0
//! A report exporter in Rust, outside the source tree of ordeal: phases.csv, one row for each phase,
//! from the campaign's document; intervals.csv, the sums of what was streamed while the run went on;
//! and a metric of its own, how many intervals it has seen.
//!
//! Compiled with panic=abort: no panic leaves this library, it ends the cell instead, which costs
//! this report and nothing else.

mod abi;
mod json;

use std::collections::BTreeMap;
use std::os::raw::c_void;

use abi::Str;
use json::Json;

const ID: &str = "org.example.csv";
const VERSION: &str = "0.1.0";
const OUTCOMES: [&str; 8] =
    ["ok", "fail", "timeout", "refused", "throttled", "protocol", "dropped", "cancelled"];

/// One component instance. All calls come on its worker's thread.
struct Csv {
    host: *const abi::Host,
    separator: String,
    /// By phase, scenario and kind: how many intervals, and the sum of each outcome.
    intervals: BTreeMap<(u64, String, String), (u64, [u64; 8])>,
    seen: u64,
    metric: Option<(abi::HostMetrics, u32)>,
}

impl Csv {
    /// Declares the metric, when the host takes any.
    unsafe fn declare(&mut self) {
        let get = match (*self.host).get_extension {
            Some(get) => get,
            None => return,
        };
        let table = get(self.host, Str::of(abi::HOST_METRICS)) as *const abi::HostMetrics;
        if table.is_null() || ((*table).struct_size as usize) < std::mem::size_of::<abi::HostMetrics>() {
            return;
        }
        let info = abi::MetricInfo {
            struct_size: std::mem::size_of::<abi::MetricInfo>() as u32,
            kind: abi::METRIC_COUNTER,
            name: Str::of("csv_intervals_seen_total"),
            unit: Str::of(""),
            help: Str::of("Interval events that reached the exporter."),
            labels: Str::of("exporter"),
        };
        let mut index = 0;
        if let Some(declare) = (*table).declare {
            if declare(self.host, &info, &mut index) == abi::OK {
                self.metric = Some((*table, index));
            }
        }
    }

    fn add(&mut self, event: &Json) {
        let key = (
            event.get("phase").number() as u64,
            event.get("scenario").text().to_string(),
            event.get("kind").text().to_string(),
        );
        let sums = self.intervals.entry(key).or_insert((0, [0; 8]));
        sums.0 += 1;
        for (sum, name) in sums.1.iter_mut().zip(OUTCOMES) {
            *sum += event.get("outcomes").get(name).number() as u64;
        }
        self.seen += 1;
        if let Some((table, index)) = self.metric {
            if let Some(record) = table.record {
                // SAFETY: the table and the host are the host's and outlive this instance.
                unsafe { record(self.host, index, Str::lent("rust"), self.seen as f64) };
            }
        }
    }

    fn line(&self, cells: &[String]) -> String {
        let quoted: Vec<String> = cells
            .iter()
            .map(|cell| {
                if cell.contains(&self.separator) || cell.contains(|c| c == '"' || c == '\n') {
                    format!("\"{}\"", cell.replace('"', "\"\""))
                } else {
                    cell.clone()
                }
            })
            .collect();
        quoted.join(&self.separator) + "\n"
    }

    fn phases(&self, document: &Json) -> String {
        let names = ["phase", "name", "passed", "operations", "successful", "success_rate", "p99_s"];
        let mut csv = self.line(&names.map(String::from));
        for phase in document.get("phase_results").items() {
            let info = phase.get("phase_info");
            let summary = phase.get("test_result").get("summary");
            csv += &self.line(&[
                info.get("index").number().to_string(),
                info.get("name").text().to_string(),
                matches!(phase.get("success"), Json::Bool(true)).to_string(),
                summary.get("total_operations").number().to_string(),
                summary.get("successful_operations").number().to_string(),
                summary.get("success_rate").number().to_string(),
                summary.get("p99_response_time").number().to_string(),
            ]);
        }
        csv
    }

    fn streamed(&self) -> String {
        let mut names = vec!["phase", "scenario", "kind", "intervals"];
        names.extend(OUTCOMES);
        let mut csv = self.line(&names.into_iter().map(String::from).collect::<Vec<_>>());
        for ((phase, scenario, kind), (count, outcomes)) in &self.intervals {
            let mut cells = vec![phase.to_string(), scenario.clone(), kind.clone(), count.to_string()];
            cells.extend(outcomes.iter().map(u64::to_string));
            csv += &self.line(&cells);
        }
        csv
    }

    fn say(&self, message: &str) {
        // SAFETY: the host outlives the instance and copies the text.
        unsafe { say(self.host, message) };
    }
}

unsafe fn say(host: *const abi::Host, message: &str) {
    if let Some(set_error) = (*host).set_error {
        set_error(host, Str::lent(message));
    }
}

unsafe fn put_file(sink: *const abi::FileSink, name: &str, text: &str) -> i32 {
    let (begin, write, end) = match ((*sink).begin, (*sink).write, (*sink).end) {
        (Some(begin), Some(write), Some(end)) => (begin, write, end),
        _ => return abi::E_INVALID,
    };
    let mut status = begin(sink, Str::lent(name));
    if status == abi::OK {
        status = write(sink, text.as_ptr() as *const c_void, text.len() as u64);
    }
    if status == abi::OK {
        status = end(sink);
    }
    status
}

unsafe extern "C" fn create(
    host: *const abi::Host,
    component: Str,
    config: Str,
    instance: *mut *mut c_void,
) -> i32 {
    if host.is_null() || instance.is_null() {
        return abi::E_INVALID;
    }
    if component.bytes() != b"csv" {
        say(host, "this plugin has the component 'csv' only");
        return abi::E_NOT_FOUND;
    }
    let config = match std::str::from_utf8(config.bytes()).ok().and_then(Json::parse) {
        Some(config) => config,
        None => {
            say(host, "the configuration is no JSON");
            return abi::E_INVALID;
        }
    };
    let separator = match config.get("separator").text() {
        "" => ",",
        given => given,
    };
    let mut csv = Box::new(Csv {
        host,
        separator: separator.to_string(),
        intervals: BTreeMap::new(),
        seen: 0,
        metric: None,
    });
    csv.declare();
    *instance = Box::into_raw(csv) as *mut c_void;
    abi::OK
}

unsafe extern "C" fn destroy(instance: *mut c_void) {
    drop(Box::from_raw(instance as *mut Csv));
}

unsafe extern "C" fn render(
    instance: *mut c_void,
    stage: u32,
    document: Str,
    sink: *const abi::FileSink,
) -> i32 {
    let csv = &*(instance as *const Csv);
    if stage != abi::STAGE_CAMPAIGN {
        return abi::OK;
    }
    let document = match std::str::from_utf8(document.bytes()).ok().and_then(Json::parse) {
        Some(document) => document,
        None => {
            csv.say("the document is no JSON");
            return abi::E_INVALID;
        }
    };
    let status = put_file(sink, "phases.csv", &csv.phases(&document));
    if status != abi::OK {
        return status;
    }
    put_file(sink, "intervals.csv", &csv.streamed())
}

unsafe extern "C" fn interval(instance: *mut c_void, event: Str) {
    let csv = &mut *(instance as *mut Csv);
    if let Some(event) = std::str::from_utf8(event.bytes()).ok().and_then(Json::parse) {
        csv.add(&event);
    }
}

static FACTORY: abi::ReportFactory = abi::ReportFactory {
    struct_size: std::mem::size_of::<abi::ReportFactory>() as u32,
    reserved: 0,
    create: Some(create),
    destroy: Some(destroy),
    render: Some(render),
    interval: Some(interval),
};

unsafe extern "C" fn init(host: *const abi::Host, id: *mut Str, version: *mut Str) -> i32 {
    if host.is_null() || id.is_null() || version.is_null() {
        return abi::E_INVALID;
    }
    *id = Str::of(ID);
    *version = Str::of(VERSION);
    abi::OK
}

unsafe extern "C" fn deinit() {}

unsafe extern "C" fn get_factory(id: Str) -> *const c_void {
    if id.bytes() == abi::REPORT.as_bytes() {
        &FACTORY as *const abi::ReportFactory as *const c_void
    } else {
        std::ptr::null()
    }
}

/// What the host looks up.
#[no_mangle]
#[allow(non_upper_case_globals)]
pub static ordeal_plugin_entry: abi::PluginEntry = abi::PluginEntry {
    magic: abi::PLUGIN_MAGIC,
    struct_size: std::mem::size_of::<abi::PluginEntry>() as u32,
    abi_major: abi::ABI_MAJOR,
    abi_minor: abi::ABI_MINOR,
    reserved: 0,
    init: Some(init),
    deinit: Some(deinit),
    get_factory: Some(get_factory),
};
