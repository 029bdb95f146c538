//! Makes cargo notice a new build of the web app. It builds nothing itself: a binary without the app says how to get it.

fn main() {
    println!("cargo::rerun-if-changed=../../web/dist");
    println!("cargo::rerun-if-changed=build.rs");
}
