#!/bin/sh
# Looks for Chromium for the browser tests; as root on Debian or Ubuntu it installs one. Always succeeds: the tests
# themselves say what a missing browser means.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium for the browser tests."
    export DEBIAN_FRONTEND=noninteractive
    if apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium >/dev/null </dev/null; then
        exit 0
    fi
fi
echo "No Chromium was found, so the browser tests cannot run here." >&2
