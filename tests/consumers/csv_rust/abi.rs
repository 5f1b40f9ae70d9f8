// SPDX-License-Identifier: Apache-2.0
//! The part of ABI 0.1 that a report uses, written by hand from sdk/include/ordeal/abi. The numbers
//! asserted below are those of tests/sdk/layout_0_1.c: what does not agree does not compile.
#![allow(dead_code)]

use std::os::raw::c_void;

pub const ABI_MAJOR: u32 = 0;
pub const ABI_MINOR: u32 = 1;
pub const PLUGIN_MAGIC: u64 = 0x4c50_4c41_4544_524f;

pub const OK: i32 = 0;
pub const E_INVALID: i32 = -1;
pub const E_NOT_FOUND: i32 = -3;
pub const E_INTERNAL: i32 = -7;

pub const STAGE_PHASE: u32 = 2;
pub const STAGE_CAMPAIGN: u32 = 3;
pub const METRIC_COUNTER: u32 = 1;

pub const REPORT: &str = "ordeal.report/1";
pub const HOST_METRICS: &str = "ordeal.host.metrics/1";

/// UTF-8 text, not NUL-terminated; `ptr` may be null when `len` is 0.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub ptr: *const u8,
    pub len: u64,
}

impl Str {
    pub const fn of(text: &'static str) -> Str {
        Str { ptr: text.as_ptr(), len: text.len() as u64 }
    }
    /// For a call that reads the text before it returns.
    pub fn lent(text: &str) -> Str {
        Str { ptr: text.as_ptr(), len: text.len() as u64 }
    }
    /// # Safety
    /// The bytes must live as long as the caller uses what this returns.
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.ptr.is_null() || self.len == 0 {
            return &[];
        }
        std::slice::from_raw_parts(self.ptr, self.len as usize)
    }
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Host {
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub reserved: u32,
    pub this: *mut c_void,
    pub get_extension: Option<unsafe extern "C" fn(*const Host, Str) -> *const c_void>,
    pub set_error: Option<unsafe extern "C" fn(*const Host, Str)>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct PluginEntry {
    pub magic: u64,
    pub struct_size: u32,
    pub abi_major: u32,
    pub abi_minor: u32,
    pub reserved: u32,
    pub init: Option<unsafe extern "C" fn(*const Host, *mut Str, *mut Str) -> i32>,
    pub deinit: Option<unsafe extern "C" fn()>,
    pub get_factory: Option<unsafe extern "C" fn(Str) -> *const c_void>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct MetricInfo {
    pub struct_size: u32,
    pub kind: u32,
    pub name: Str,
    pub unit: Str,
    pub help: Str,
    pub labels: Str,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct HostMetrics {
    pub struct_size: u32,
    pub reserved: u32,
    pub declare: Option<unsafe extern "C" fn(*const Host, *const MetricInfo, *mut u32) -> i32>,
    pub record: Option<unsafe extern "C" fn(*const Host, u32, Str, f64) -> i32>,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct FileSink {
    pub struct_size: u32,
    pub reserved: u32,
    pub this: *mut c_void,
    pub begin: Option<unsafe extern "C" fn(*const FileSink, Str) -> i32>,
    pub write: Option<unsafe extern "C" fn(*const FileSink, *const c_void, u64) -> i32>,
    pub end: Option<unsafe extern "C" fn(*const FileSink) -> i32>,
}

type Create = unsafe extern "C" fn(*const Host, Str, Str, *mut *mut c_void) -> i32;
type Render = unsafe extern "C" fn(*mut c_void, u32, Str, *const FileSink) -> i32;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct ReportFactory {
    pub struct_size: u32,
    pub reserved: u32,
    pub create: Option<Create>,
    pub destroy: Option<unsafe extern "C" fn(*mut c_void)>,
    pub render: Option<Render>,
    pub interval: Option<unsafe extern "C" fn(*mut c_void, Str)>,
}

/// A struct whose byte number i has the value i: the first byte of a field is its offset.
union Numbered<T: Copy> {
    bytes: [u8; 256],
    _value: T,
}

const NUMBERS: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut i = 0;
    while i < 256 {
        bytes[i] = i as u8;
        i += 1;
    }
    bytes
};

macro_rules! layout {
    ($type:ty, $size:expr, $($field:ident $offset:expr),+) => {
        const _: () = {
            assert!(std::mem::size_of::<$type>() == $size);
            let numbered = Numbered::<$type> { bytes: NUMBERS };
            $(
                // SAFETY: takes the address of a field and reads its first byte; no field is read
                // as what it is.
                let offset = unsafe { *(std::ptr::addr_of!(numbered._value.$field) as *const u8) };
                assert!(offset as usize == $offset);
            )+
        };
    };
}

layout!(Str, 16, ptr 0, len 8);
layout!(Host, 40, struct_size 0, abi_major 4, abi_minor 8, reserved 12, this 16, get_extension 24,
        set_error 32);
layout!(PluginEntry, 48, magic 0, struct_size 8, abi_major 12, abi_minor 16, reserved 20, init 24,
        deinit 32, get_factory 40);
layout!(MetricInfo, 72, struct_size 0, kind 4, name 8, unit 24, help 40, labels 56);
layout!(HostMetrics, 24, struct_size 0, reserved 4, declare 8, record 16);
layout!(FileSink, 40, struct_size 0, reserved 4, this 8, begin 16, write 24, end 32);
layout!(ReportFactory, 40, struct_size 0, reserved 4, create 8, destroy 16, render 24, interval 32);
