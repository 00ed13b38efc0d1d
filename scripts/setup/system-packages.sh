# Debian/Ubuntu packages. dpkg is asked each time: it takes milliseconds.

SYSTEM_PACKAGES=(
  build-essential pkg-config python3 python3-venv ca-certificates openssl
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev gstreamer1.0-tools
  gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  libsystemd-dev systemd mosquitto mosquitto-clients gpiod faketime strace iproute2 nftables
)

missing_packages() {
  local package
  for package in "${SYSTEM_PACKAGES[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
  done
  command -v npm >/dev/null || echo npm
}

system_packages_ready() {
  # Without dpkg there is nothing to ask: trust the machine if the tools answer.
  if ! command -v dpkg-query >/dev/null; then
    pkg-config --exists gstreamer-1.0 gstreamer-app-1.0 libsystemd && command -v g++ npm python3 >/dev/null
    return
  fi
  [[ -z "$(missing_packages)" ]]
}

system_packages_install() {
  local packages as_root=() had_mosquitto
  command -v apt-get >/dev/null || { echo "      this machine has no apt-get"; return 1; }
  mapfile -t packages < <(missing_packages)
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null || { echo "      not root, and there is no sudo: run as root once"; return 1; }
    echo "      not root: apt-get is run with sudo, which may ask for your password"
    as_root=(sudo)
  fi
  echo "      installing ${packages[*]}"
  had_mosquitto=$(command -v mosquitto || ls /usr/sbin/mosquitto 2>/dev/null || true)
  run_logged apt-update "${as_root[@]}" apt-get update
  run_logged apt-install "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive bash -euc '
    # Debian starts the broker it installs; assayd only wants it for tests, so nothing is started meanwhile.
    if [[ ! -e /usr/sbin/policy-rc.d ]]; then
      printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d
      chmod 755 /usr/sbin/policy-rc.d
      trap "rm -f /usr/sbin/policy-rc.d" EXIT
    fi
    apt-get install -y --no-install-recommends "$@"' apt-install "${packages[@]}"
  if [[ -z $had_mosquitto && -d /run/systemd/system ]]; then
    "${as_root[@]}" systemctl disable --now mosquitto.service >/dev/null 2>&1 || true
    echo "      mosquitto is installed but neither started nor enabled (systemctl enable --now mosquitto if you want it)"
  fi
}
