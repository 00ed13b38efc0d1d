#!/usr/bin/env bash
# Installs this checkout, after scripts/setup.sh, as a systemd service.
#
#   scripts/install.sh [--prefix DIR] [--csi] [--dry-run] [--destdir DIR]
#   scripts/install.sh --uninstall [--prefix DIR] [--dry-run] [--destdir DIR]
#
#   --prefix DIR    the program (default /opt/assayd)
#   --csi           for Jetson boards with CSI cameras: the drop-in assayd-csi.conf and the restarter of nvargus-daemon
#   --dry-run       only say what would be done
#   --destdir DIR   put everything below DIR, touch no running system (packaging, tests)
#   --uninstall     remove program and units; configuration (/etc/assayd) and state (/var/lib/assayd) stay
#   --units-only    configuration and units, not the program: it is where --prefix says already
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
PREFIX=/opt/assayd
CONFDIR=/etc/assayd
DESTDIR=""
DRY_RUN=no
CSI=no
ACTION=install
PROGRAM=yes

while [[ $# -gt 0 ]]; do
  case "$1" in
    --prefix) PREFIX=${2:?--prefix needs a folder}; shift ;;
    --destdir) DESTDIR=${2:?--destdir needs a folder}; shift ;;
    --dry-run) DRY_RUN=yes ;;
    --csi) CSI=yes ;;
    --uninstall) ACTION=uninstall ;;
    --units-only) PROGRAM=no ;;
    -h | --help) sed -n '2,13s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    *) echo "install.sh: unknown argument \"$1\"; see scripts/install.sh --help" >&2; exit 2 ;;
  esac
  shift
done

[[ $PREFIX == /* && $PREFIX != / ]] || { echo "install.sh: --prefix must be an absolute folder other than /; got \"$PREFIX\"" >&2; exit 2; }
UNITS=/etc/systemd/system

run() {
  if [[ $DRY_RUN == yes ]]; then echo "would run: $*"; else "$@"; fi
}

# Live only where a real system with systemd is changed.
run_live() {
  if [[ -z $DESTDIR && -d /run/systemd/system ]]; then run "$@"; fi
}

# place SOURCE TARGET MODE: copies a text, with the folders filled in.
place() {
  if [[ $DRY_RUN == yes ]]; then echo "would write: $DESTDIR$2"; return; fi
  mkdir -p "$(dirname "$DESTDIR$2")"
  sed "s|@PREFIX@|$PREFIX|g; s|@CONFDIR@|$CONFDIR|g" "$1" >"$DESTDIR$2"
  chmod "$3" "$DESTDIR$2"
}

need_root() {
  if [[ -z $DESTDIR && $DRY_RUN == no && $(id -u) -ne 0 ]]; then
    echo "install.sh: run it as root: sudo scripts/install.sh" >&2
    exit 1
  fi
}

copy_program() {
  [[ -d $ROOT/node_modules && -d $ROOT/.runtime/teacher ]] || { echo "install.sh: run scripts/setup.sh first" >&2; exit 1; }
  run mkdir -p "$DESTDIR$PREFIX/.runtime"
  local part parts=(
    src config scripts node_modules package.json README.md LICENSE .runtime/node .runtime/teacher .runtime/tensorflow
  )
  for part in "${parts[@]}"; do
    [[ -e $ROOT/$part ]] || continue
    run rm -rf "$DESTDIR$PREFIX/$part.new"
    run cp -a "$ROOT/$part" "$DESTDIR$PREFIX/$part.new"
    run rm -rf "$DESTDIR$PREFIX/$part"
    run mv "$DESTDIR$PREFIX/$part.new" "$DESTDIR$PREFIX/$part"
  done
  # The training library is linked by absolute path: the links follow the program.
  local deps="$PREFIX/node_modules/@tensorflow/tfjs-node-gpu/deps"
  run ln -sfn "$PREFIX/.runtime/tensorflow/tensorflow" "$DESTDIR$deps/lib"
  run ln -sfn "$PREFIX/.runtime/tensorflow/tensorflow/include" "$DESTDIR$deps/include"
}

install_all() {
  [[ $PROGRAM == no ]] || copy_program
  if [[ -e $DESTDIR$CONFDIR/assayd.yaml ]]; then
    echo "keeping $DESTDIR$CONFDIR/assayd.yaml; the new example is beside it as assayd.yaml.example"
  else
    place "$ROOT/config/assayd.yaml" "$CONFDIR/assayd.yaml" 640
  fi
  place "$ROOT/config/assayd.yaml" "$CONFDIR/assayd.yaml.example" 644
  [[ -e $DESTDIR$CONFDIR/mqtt-password ]] || place /dev/null "$CONFDIR/mqtt-password" 600
  place "$ROOT/systemd/assayd.service" "$UNITS/assayd.service" 644
  place "$ROOT/systemd/sysusers.d/assayd.conf" /etc/sysusers.d/assayd.conf 644
  place "$ROOT/systemd/tmpfiles.d/assayd.conf" /etc/tmpfiles.d/assayd.conf 644
  if [[ $CSI == yes ]]; then
    place "$ROOT/systemd/assayd-csi.conf" "$UNITS/assayd.service.d/assayd-csi.conf" 644
    place "$ROOT/systemd/assayd-restart-argus.service" "$UNITS/assayd-restart-argus.service" 644
    place "$ROOT/systemd/assayd-restart-argus.path" "$UNITS/assayd-restart-argus.path" 644
  fi
  run_live systemd-sysusers assayd.conf
  run_live systemd-tmpfiles --create assayd.conf
  run_live systemctl daemon-reload
  [[ $CSI == no ]] || run_live systemctl enable --now assayd-restart-argus.path
  [[ $DRY_RUN == no ]] || return 0
  echo "installed to $DESTDIR$PREFIX. Next: edit $CONFDIR/assayd.yaml, check it with $PREFIX/scripts/assayd config check" \
    "$CONFDIR/assayd.yaml, then systemctl enable --now assayd"
}

uninstall_all() {
  if [[ -e $DESTDIR$PREFIX/.git ]]; then
    echo "install.sh: $PREFIX is a checkout, not an installation; nothing was removed. Name the right --prefix." >&2
    exit 2
  fi
  run_live systemctl disable --now assayd.service
  if [[ -e $UNITS/assayd-restart-argus.path ]]; then run_live systemctl disable --now assayd-restart-argus.path; fi
  run rm -rf "$DESTDIR$PREFIX"
  run rm -rf "$DESTDIR$UNITS/assayd.service" "$DESTDIR$UNITS/assayd.service.d" \
    "$DESTDIR$UNITS/assayd-restart-argus.service" "$DESTDIR$UNITS/assayd-restart-argus.path" \
    "$DESTDIR/etc/sysusers.d/assayd.conf" "$DESTDIR/etc/tmpfiles.d/assayd.conf"
  run_live systemctl daemon-reload
  [[ $DRY_RUN == no ]] || return 0
  echo "removed. Configuration ($CONFDIR) and state (/var/lib/assayd) are kept: delete them by hand if you are sure."
}

need_root
if [[ $ACTION == install ]]; then install_all; else uninstall_all; fi
