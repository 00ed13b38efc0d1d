#!/usr/bin/env bash
# Sets up what is missing, then shows a whole station: scripts/demo.sh --help tells what it can do.
set -euo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
"$ROOT/scripts/setup.sh" --quiet
exec "$ROOT/scripts/assayd" demo "$@"
