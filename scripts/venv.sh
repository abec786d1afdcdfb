#!/bin/sh
# Makes .venv and installs the pinned requirements: `scripts/venv.sh [dev]`.
# Does nothing when the requirements are those of the last time. PYTHON names the interpreter to use, PIP_ARGS adds
# options of pip. Whatever is missing is said in one sentence, with exit status 1.
set -u
cd "$(dirname "$0")/.." || exit 1

kind=${1:-app}
requirements=requirements.txt
[ "$kind" = dev ] && requirements=requirements-dev.txt
venv=.venv

fail() {
    echo "$1" >&2
    exit 1
}

# Prints "fits", "old", "new" or, where Python does not start, nothing.
age() {
    "$1" -c 'import sys; v = sys.version_info[:2]; print("old" if v < (3, 11) else "new" if v > (3, 13) else "fits")' 2>/dev/null
}

number() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null
}

# Sets `python` to the first interpreter that fits, or ends with the reason why none does.
choose() {
    reason="No Python was found; please install Python 3.11, 3.12 or 3.13."
    bare=
    for name in ${PYTHON:-python3 python3.11 python3.12 python3.13}; do
        case $(age "$name") in
            fits)
                if "$name" -c 'import venv, ensurepip' 2>/dev/null; then
                    python=$name
                    return
                fi
                [ -n "$bare" ] || bare=$(number "$name")
                ;;
            old) reason="Python $(number "$name") is too old for the explorer; please install Python 3.11, 3.12 or 3.13." ;;
            new) reason="Python $(number "$name") is too new for the explorer; please install Python 3.11, 3.12 or 3.13." ;;
        esac
    done
    [ -n "$bare" ] && reason="Python $bare lacks its venv module; on Debian or Ubuntu, install it with: apt install python$bare-venv"
    fail "$reason"
}

# Prints what changes whenever something else is to be installed, or the project has moved.
wanted() {
    cat requirements*.txt pyproject.toml | cksum
    pwd
}

stamp=$venv/.installed-$kind
if [ "$(age $venv/bin/python)" = fits ] && [ "$(wanted)" = "$(cat "$stamp" 2>/dev/null)" ]; then
    exit 0
fi

if [ "$(age $venv/bin/python)" != fits ] || ! $venv/bin/python -c 'import pip' 2>/dev/null; then
    choose
    "$python" -m venv --clear $venv || fail "The virtual environment .venv could not be made; the lines above say why."
fi

quiet=
[ -t 1 ] || quiet=--quiet
echo "Installing $requirements into .venv; the first time this takes some minutes."
# shellcheck disable=SC2086
$venv/bin/python -m pip install --disable-pip-version-check $quiet ${PIP_ARGS:-} -r "$requirements" &&
    $venv/bin/python -m pip install --disable-pip-version-check $quiet --no-deps -e . ||
    fail "Installing the requirements did not succeed; the lines above say why."
wanted > "$stamp"
[ "$kind" = app ] || wanted > $venv/.installed-app
