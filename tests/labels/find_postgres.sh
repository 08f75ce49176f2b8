#!/bin/sh
# Makes sure that PostgreSQL's server programs are there for the tests of the label store: those that are installed,
# else apt when that is allowed, else says what to install. `tests/labels/postgres.py` looks in the same places.
set -eu

for folder in "${SAM2NB_POSTGRES:-}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /opt/homebrew/opt/postgresql*/bin; do
    if [ -n "$folder" ] && [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then
        exit 0
    fi
done
if command -v initdb >/dev/null 2>&1 && command -v postgres >/dev/null 2>&1; then
    exit 0
fi

advice="The tests of the label store need PostgreSQL's server programs. Install them
    Debian, Ubuntu:  sudo apt-get install postgresql
    Fedora:          sudo dnf install postgresql-server
    macOS:           brew install postgresql
or name the folder of initdb and postgres: make test SAM2NB_POSTGRES=/path/to/bin"

if [ -n "${SAM2NB_POSTGRES:-}" ] || ! command -v apt-get >/dev/null 2>&1; then
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

echo "installing PostgreSQL with apt-get"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq || true
if ! $as_root apt-get install -y -qq --no-install-recommends postgresql >/dev/null; then
    echo "apt-get could not install postgresql." >&2
    echo "$advice" >&2
    exit 1
fi
