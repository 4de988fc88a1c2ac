#!/bin/sh
# Look for data races in the crate that has the threads, by LLVM's ThreadSanitizer. The standard library
# comes without its marks, so what it does to memory of its own is left out (tools/races.supp).
set -eu
target=$(rustc -vV | sed -n 's/^host: //p')
if ! ls "$(rustc --print sysroot)/lib/rustlib/$target/lib/" | grep -q 'tsan\.a$'; then
    echo "This Rust has no ThreadSanitizer for $target; nothing was looked at."
    exit 0
fi
# Sanitizers are not stable; on a stable compiler this variable asks for them.
export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer"
export RUST_BACKTRACE=0
export TSAN_OPTIONS="suppressions=$PWD/tools/races.supp"
exec cargo test --locked --package pinchpoint-crew --lib --target "$target" --target-dir target/races \
    -- --test-threads 1 --no-capture
