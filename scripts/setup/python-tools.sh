# A Python environment of our own: pip to fetch wheels, and the onnx package that the tests check models with.

ONNX_VERSION=1.19.1
PYTHON_TOOLS="$RUNTIME/python-tools"

python_tools_ready() {
  [[ -x $PYTHON_TOOLS/bin/pip && "$(stamp python-tools)" == "onnx $ONNX_VERSION" ]]
}

python_tools_install() {
  rm -rf "$PYTHON_TOOLS"
  run_logged python-venv python3 -m venv "$PYTHON_TOOLS"
  run_logged python-onnx "$PYTHON_TOOLS/bin/pip" install --disable-pip-version-check "onnx==$ONNX_VERSION"
  stamp python-tools "onnx $ONNX_VERSION"
}

# fetch_wheel FILE SHA256 FOLDER PIP_ARGUMENTS...: the wheel FILE in FOLDER, from ASSAYD_CACHE_DIR if it is there.
fetch_wheel() {
  local file=$1 sha256=$2 folder=$3
  shift 3
  if [[ -n ${ASSAYD_CACHE_DIR:-} && -e $ASSAYD_CACHE_DIR/$file ]]; then
    echo "      taking $file from ASSAYD_CACHE_DIR"
    ln -s "$(realpath "$ASSAYD_CACHE_DIR")/$file" "$folder/$file"
  else
    echo "      downloading $file"
    run_logged pip-download "$PYTHON_TOOLS/bin/pip" download --disable-pip-version-check --no-deps \
      --only-binary=:all: --dest "$folder" "$@"
    if [[ -n ${ASSAYD_CACHE_DIR:-} ]]; then
      mkdir -p "$ASSAYD_CACHE_DIR"
      cp "$folder/$file" "$ASSAYD_CACHE_DIR/$file"
    fi
  fi
  check_sha256 "$folder/$file" "$sha256"
}

# unpack_wheel FILE FOLDER PREFIX...: the members of a wheel whose names begin with one of the prefixes.
unpack_wheel() {
  "$PYTHON_TOOLS/bin/python" - "$@" <<'PYTHON'
import sys, zipfile
wheel, folder, *prefixes = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    members = [name for name in archive.namelist() if name.startswith(tuple(prefixes))]
    if not members:
        sys.exit(f"      {wheel} holds nothing that begins with {' or '.join(prefixes)}: is it the right wheel?")
    archive.extractall(folder, members)
PYTHON
}
