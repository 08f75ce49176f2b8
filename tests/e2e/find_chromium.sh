#!/bin/sh
# Makes sure that a Chromium is there for the browser tests: one that is installed, else apt when that is allowed,
# else says what to install. `tests/conftest.py` looks in the same places.
set -eu

for candidate in "${SAM2NB_CHROMIUM:-}" chromium chromium-browser google-chrome-stable google-chrome; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
        exit 0
    fi
done

advice="The browser tests need Chromium or Chrome. Install one
    Debian, Ubuntu:  sudo apt-get install chromium fonts-dejavu-core
    Fedora:          sudo dnf install chromium
    macOS:           brew install --cask google-chrome
or name its executable: make test SAM2NB_CHROMIUM=/path/to/chromium"

if [ -n "${SAM2NB_CHROMIUM:-}" ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "$advice" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "$advice" >&2
    exit 1
fi

echo "installing Chromium with apt-get"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq || true
if ! $as_root apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; then
    echo "apt-get could not install chromium." >&2
    echo "$advice" >&2
    exit 1
fi
if ! command -v chromium >/dev/null 2>&1; then
    echo "apt-get installed a package called chromium, but no such command came of it." >&2
    echo "$advice" >&2
    exit 1
fi
