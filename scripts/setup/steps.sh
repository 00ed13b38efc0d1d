# The frame around the steps of setup.sh. A step NAME is two functions: NAME_ready (true if nothing is to do) and
# NAME_install. A step that fails says its remedy and ends the set-up.

STEP_NUMBER=0
STEP_COUNT=6
STEPS_DONE=0

# step NAME TITLE WHY REMEDY
step() {
  local name=$1 title=$2 why=$3 remedy=$4 started=$SECONDS
  STEP_NUMBER=$((STEP_NUMBER + 1))
  if "${name}_ready"; then
    [[ $QUIET == yes ]] || echo "[$STEP_NUMBER/$STEP_COUNT] $title: already in place"
    return
  fi
  echo "[$STEP_NUMBER/$STEP_COUNT] $title: $why"
  # A subshell with its own -e: inside a condition bash would ignore failing commands.
  set +e
  (set -e; "${name}_install")
  local status=$?
  set -e
  if [[ $status -ne 0 ]]; then
    echo
    echo "Set-up failed at step $STEP_NUMBER, \"$title\", after $((SECONDS - started)) s."
    echo "Remedy: $remedy"
    exit 1
  fi
  STEPS_DONE=$((STEPS_DONE + 1))
  echo "      done in $((SECONDS - started)) s"
}

# stamp NAME: what the step was done for the last time; stamp NAME TEXT: remember it.
stamp() {
  if [[ $# -eq 2 ]]; then
    printf '%s\n' "$2" >"$RUNTIME/stamps/$1"
  else
    cat "$RUNTIME/stamps/$1" 2>/dev/null || true
  fi
}

# check_sha256 FILE HEX
check_sha256() {
  local found
  found=$(sha256sum "$1" | cut -d' ' -f1)
  [[ $found == "$2" ]] && return
  echo "      $1 has sha256 $found; expected $2. Delete it and run again."
  return 1
}

# run_logged NAME COMMAND...: runs it with its output in a log file, which is shown if it fails.
run_logged() {
  local log="$RUNTIME/$1.log"
  shift
  "$@" >"$log" 2>&1 && return
  tail -n 25 "$log"
  echo "      failed: $*"
  echo "      full log: $log"
  return 1
}
