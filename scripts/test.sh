#!/usr/bin/env bash
# Sets up what is missing, then every check and every test. Ends with "N passed, N failed[, N skipped]"; a failed check
# counts as one failure. Arguments go to vitest: scripts/test.sh test/config
set -uo pipefail
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
cd "$ROOT" || exit 1
scripts/setup.sh --quiet || { echo "0 passed, 1 failed"; exit 1; }
if [[ -x $ROOT/.runtime/node/bin/node ]]; then PATH="$ROOT/.runtime/node/bin:$PATH"; fi
PATH="$ROOT/node_modules/.bin:$PATH"

report=$(mktemp)
trap 'rm -f "$report"' EXIT
failed_checks=()

check() {
  local started=$SECONDS
  echo "== $*"
  "$@" </dev/null || failed_checks+=("$*")
  echo "   $((SECONDS - started)) s"
}

check tsc
check eslint .
check depcruise src
check knip
check prettier --check .
check vitest run --reporter=default --reporter=json --outputFile.json="$report" "$@"

for name in ${failed_checks[@]+"${failed_checks[@]}"}; do echo "failed: $name"; done
node - "$report" "${#failed_checks[@]}" <<'JAVASCRIPT'
const { readFileSync } = require("node:fs");
const [report, failedChecks] = process.argv.slice(2);
let tests = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0 };
try {
  tests = JSON.parse(readFileSync(report, "utf8"));
} catch {
  process.stdout.write("vitest wrote no report\n");
}
// A vitest that failed by its tests is counted by them; one that failed otherwise (a file that does not load) by itself.
const failures = Number(failedChecks) + tests.numFailedTests - (tests.numFailedTests > 0 ? 1 : 0);
const skipped = tests.numPendingTests + tests.numTodoTests;
process.stdout.write(`${tests.numPassedTests} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`);
process.exit(failures > 0 || tests.numPassedTests === 0 ? 1 : 0);
JAVASCRIPT
