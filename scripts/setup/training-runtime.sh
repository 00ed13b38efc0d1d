# TensorFlow's C library out of a Python wheel, and tfjs-node's N-API addon compiled against it.
# .runtime/tensorflow/tensorflow/ holds the libraries and headers in the wheel's own layout (the CUDA libraries of a
# cuda-x64 machine are its neighbour nvidia/, where TensorFlow looks for them).

TF_VERSION=2.21.0

suggested_tf_runtime() {
  case "$(uname -m)" in
    aarch64) if [[ -e /etc/nv_tegra_release && -n ${ASSAYD_TF_WHEEL:-} ]]; then echo jetpack; else echo cpu-arm64; fi ;;
    *) if nvidia-smi -L >/dev/null 2>&1; then echo cuda-x64; else echo cpu-x64; fi ;;
  esac
}

TF_RUNTIME="${ASSAYD_TF_RUNTIME:-$(suggested_tf_runtime)}"
TF_HOME="$RUNTIME/tensorflow"
TFJS=node_modules/@tensorflow/tfjs-node-gpu
TFJS_ADDON=$TFJS/lib/napi-v8/tfjs_binding.node

tf_fingerprint() {
  echo "$TF_RUNTIME ${ASSAYD_TF_WHEEL:-$TF_VERSION}"
}

training_runtime_ready() {
  tf_library_ready && [[ -e $TFJS_ADDON && -e $TFJS/deps/lib/libtensorflow_cc.so.2 && $TFJS_ADDON -nt $RUNTIME/stamps/tensorflow ]]
}

tf_library_ready() {
  [[ -e $TF_HOME/tensorflow/libtensorflow_cc.so.2 && "$(stamp tensorflow)" == "$(tf_fingerprint)" ]]
}

training_runtime_install() {
  if [[ -e /etc/nv_tegra_release && $TF_RUNTIME == cpu-arm64 ]]; then
    echo "      this is a Jetson, and ASSAYD_TF_WHEEL names no JetPack wheel of TensorFlow: training will use the CPU"
  fi
  tf_library_ready || unpack_tensorflow
  compile_tfjs
  smoke_test_tfjs
}

unpack_tensorflow() {
  local download
  download=$(mktemp -d "$RUNTIME/download.XXXXXX")
  trap "rm -rf '$download'" EXIT # of the step's subshell
  rm -rf "$TF_HOME" "$RUNTIME/stamps/tensorflow"
  mkdir -p "$TF_HOME"
  fetch_tensorflow "$download"
  local wheel=("$download"/tensorflow*.whl)
  echo "      unpacking libraries and headers"
  unpack_wheel "${wheel[0]}" "$TF_HOME" tensorflow/libtensorflow_cc.so tensorflow/libtensorflow_framework.so tensorflow/include/
  [[ -e $TF_HOME/tensorflow/libtensorflow_cc.so.2 ]] ||
    { echo "      ${wheel[0]##*/} has no libtensorflow_cc.so.2; TensorFlow wheels have it from 2.12 on"; return 1; }
  [[ $TF_RUNTIME != cuda-x64 ]] || fetch_cuda_libraries "${wheel[0]}"
  ln -sf libtensorflow_cc.so.2 "$TF_HOME/tensorflow/libtensorflow.so"
  ln -sf libtensorflow_framework.so.2 "$TF_HOME/tensorflow/libtensorflow_framework.so"
  stamp tensorflow "$(tf_fingerprint)"
}

# The wheel of cp311 whatever this machine's Python is: only its C library is used.
fetch_tensorflow() {
  local arch=x86_64 name=tensorflow sha256
  case "$TF_RUNTIME" in
    cpu-x64) name=tensorflow_cpu sha256=2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c ;;
    cuda-x64) sha256=9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124 ;;
    cpu-arm64) arch=aarch64 sha256=4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c ;;
    jetpack) fetch_jetpack_wheel "$1"; return ;;
    *) echo "      ASSAYD_TF_RUNTIME is \"$TF_RUNTIME\"; expected cpu-x64, cpu-arm64, cuda-x64 or jetpack"; return 1 ;;
  esac
  fetch_wheel "$name-$TF_VERSION-cp311-cp311-manylinux_2_27_$arch.whl" "$sha256" "$1" \
    --python-version 3.11 --implementation cp --abi cp311 --platform "manylinux_2_27_$arch" "${name/_/-}==$TF_VERSION"
}

fetch_jetpack_wheel() {
  case "${ASSAYD_TF_WHEEL:-}" in
    "") echo "      the jetpack variant needs ASSAYD_TF_WHEEL: file or address of NVIDIA's TensorFlow wheel for this JetPack"; return 1 ;;
    http*://*) run_logged pip-download "$PYTHON_TOOLS/bin/pip" download --no-deps --dest "$1" "$ASSAYD_TF_WHEEL" ;;
    *) [[ -e $ASSAYD_TF_WHEEL ]] || { echo "      ASSAYD_TF_WHEEL: there is no file $ASSAYD_TF_WHEEL"; return 1; }
      ln -s "$(realpath "$ASSAYD_TF_WHEEL")" "$1/" ;;
  esac
}

# The CUDA wheels that TensorFlow's own metadata asks for (its extra and-cuda).
fetch_cuda_libraries() {
  local wanted
  mapfile -t wanted < <("$PYTHON_TOOLS/bin/python" - "$1" <<'PYTHON'
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    metadata = archive.read(next(n for n in archive.namelist() if n.endswith("dist-info/METADATA"))).decode()
for line in metadata.splitlines():
    if line.startswith("Requires-Dist: nvidia-") and "and-cuda" in line:
        print(line.removeprefix("Requires-Dist: ").split(";")[0].strip().replace(" ", ""))
PYTHON
  )
  echo "      downloading the CUDA libraries: ${wanted[*]}"
  run_logged pip-cuda "$PYTHON_TOOLS/bin/pip" install --no-deps --only-binary=:all: --python-version 3.11 \
    --platform manylinux_2_27_x86_64 --target "$TF_HOME" "${wanted[@]}"
}

compile_tfjs() {
  echo "      compiling tfjs-node against it"
  find_node
  mkdir -p "$TFJS/deps" "$TFJS/lib/napi-v8"
  ln -sfn "$TF_HOME/tensorflow" "$TFJS/deps/lib"
  ln -sfn "$TF_HOME/tensorflow/include" "$TFJS/deps/include"
  # shellcheck disable=SC2016  # $ORIGIN is for the dynamic loader
  run_logged tfjs-compile g++ -O2 -std=c++17 -fPIC -shared -DNAPI_VERSION=8 \
    -I"$TFJS" -I"$NODE_HOME/include/node" -I"$TFJS/deps/include" \
    "$TFJS/binding/tfjs_backend.cc" "$TFJS/binding/tfjs_binding.cc" \
    -L"$TFJS/deps/lib" -ltensorflow -ltensorflow_framework '-Wl,-rpath,$ORIGIN/../../deps/lib' -o "$TFJS_ADDON"
}

smoke_test_tfjs() {
  run_logged tfjs-smoke env TF_CPP_MIN_LOG_LEVEL=2 "$NODE_HOME/bin/node" -e '
    const tf = require("@tensorflow/tfjs-node-gpu");
    const product = tf.matMul([[1, 2]], [[3], [4]]).dataSync()[0];
    if (tf.getBackend() !== "tensorflow" || product !== 11) throw new Error(`backend ${tf.getBackend()}, 1*3 + 2*4 = ${product}`);' ||
    { rm -f "$TFJS_ADDON"; return 1; }
}
