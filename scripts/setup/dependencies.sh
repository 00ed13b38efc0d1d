# npm packages without their install scripts (some download from elsewhere), then the add-ons we do compile.

dependencies_fingerprint() {
  find_node && echo "$(sha256sum package-lock.json | cut -c1-64) $(uname -m) $("$NODE_HOME/bin/node" -p process.versions.modules)"
}

dependencies_ready() {
  [[ -e node_modules/gstreamer-superficial/build/Release/gstreamer-superficial.node &&
    -e node_modules/sd-notify/build/Release/notify.node &&
    "$(stamp dependencies)" == "$(dependencies_fingerprint)" ]]
}

dependencies_install() {
  local arch binaries
  export ONNXRUNTIME_NODE_INSTALL=skip
  run_logged npm-ci run_npm ci --ignore-scripts
  run_logged npm-rebuild run_npm rebuild gstreamer-superficial sd-notify
  find_node
  local addon
  for addon in gstreamer-superficial sd-notify onnxruntime-node sharp; do
    run_logged "load-$addon" "$NODE_HOME/bin/node" -e "require('$addon')"
  done
  # ONNX Runtime ships every platform's library; 200 MB of them are not for this one.
  [[ $(uname -m) == aarch64 ]] && arch=arm64 || arch=x64
  for binaries in node_modules/onnxruntime-node/bin/napi-v*; do
    find "$binaries" -mindepth 1 -maxdepth 1 -not -name linux -exec rm -rf {} +
    find "$binaries/linux" -mindepth 1 -maxdepth 1 -not -name "$arch" -exec rm -rf {} +
  done
  stamp dependencies "$(dependencies_fingerprint)"
}
