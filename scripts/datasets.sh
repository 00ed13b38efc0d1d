#!/usr/bin/env bash
# Tells where a public data set comes from and under which licence, or fetches it where both allow that.
#   scripts/datasets.sh                               the names
#   scripts/datasets.sh NAME                          what it is, where it is, its licence, the layout that assayd expects
#   scripts/datasets.sh NAME DIR                      fetches it into DIR, if its authors offer a direct download
#   scripts/datasets.sh NAME DIR --accept-licence     the same, for licences that bind you (non-commercial use)
set -euo pipefail

NAMES="mvtec-ad visa mvtec-3d-ad btad kolektorsdd2 mpdd magnetic-tile"
EVALUATE="scripts/assayd evaluate --data"

usage() {
  sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
  echo "Names: $NAMES"
}

fail() {
  echo "datasets: $*" >&2
  exit 1
}

# Sets TITLE, HOME_PAGE, LICENCE, BINDING (yes: to be accepted), LAYOUT; and URL, MD5, UNPACK where there is a direct download.
describe() {
  URL="" MD5="" UNPACK="" BINDING=yes
  case "$1" in
    mvtec-ad)
      TITLE="MVTec AD, 15 categories (Bergmann et al. 2021)"
      HOME_PAGE="https://www.mvtec.com/company/research/datasets/mvtec-ad"
      LICENCE="CC BY-NC-SA 4.0: no commercial use. The download is behind a form; fill it in yourself."
      LAYOUT="<category>/train/good, test/<kind>, ground_truth/<kind>"
      ;;
    mvtec-3d-ad)
      TITLE="MVTec 3D-AD, 10 categories, of which the colour pictures are used (Bergmann et al. 2022)"
      HOME_PAGE="https://www.mvtec.com/company/research/datasets/mvtec-3d-ad"
      LICENCE="CC BY-NC-SA 4.0: no commercial use. The download is behind a form; fill it in yourself."
      LAYOUT="<category>/train/good/rgb, test/<kind>/rgb, test/<kind>/gt"
      ;;
    visa)
      TITLE="VisA, 12 categories (Zou et al. 2022)"
      HOME_PAGE="https://github.com/amazon-science/spot-diff"
      LICENCE="CC BY 4.0: name the authors."
      BINDING=no
      LAYOUT="<category>/Data/Images, split_csv/1cls.csv, as it is in the archive"
      URL="https://amazon-visual-anomaly.s3.us-west-2.amazonaws.com/VisA_20220922.tar"
      UNPACK=tar
      ;;
    btad)
      TITLE="BTAD, 3 products (Mishra et al. 2021)"
      HOME_PAGE="https://avires.dimi.uniud.it/papers/btad/"
      LICENCE="None is stated; ask the authors. Therefore it is not fetched here."
      LAYOUT="01|02|03/train/ok, test/ok, test/ko, ground_truth/ko"
      ;;
    kolektorsdd2)
      TITLE="KolektorSDD2, one surface (Bozic et al. 2021)"
      HOME_PAGE="https://www.vicos.si/resources/kolektorsdd2/"
      LICENCE="CC BY-NC-SA 4.0: no commercial use."
      LAYOUT="train/<n>.png, train/<n>_GT.png, and the same in test"
      URL="https://go.vicos.si/kolektorsdd2"
      MD5=1ed0f628122776ace4965afa30dfe316
      UNPACK=zip
      ;;
    mpdd)
      TITLE="MPDD, 6 painted metal parts (Jezek et al. 2021)"
      HOME_PAGE="https://github.com/stepanje/MPDD"
      LICENCE="None is stated; ask the authors. Therefore it is not fetched here."
      LAYOUT="<category>/train/good, test/<kind>, ground_truth/<kind>"
      ;;
    magnetic-tile)
      TITLE="Magnetic tile defects (Huang et al. 2020)"
      HOME_PAGE="https://github.com/abin24/Magnetic-tile-defect-datasets."
      LICENCE="None is stated; cite the paper. Therefore it is not fetched here."
      LAYOUT="MT_Free/Imgs, MT_<defect>/Imgs as in the repository; assayd splits the free tiles 80/20 by a fixed seed"
      ;;
    *) fail "there is no data set '$1' here; there are: $NAMES" ;;
  esac
}

tell() {
  echo "$TITLE"
  echo "  from     $HOME_PAGE"
  echo "  licence  $LICENCE"
  echo "  layout   $LAYOUT"
  echo "  then     $EVALUATE DIR"
  [[ -z $URL ]] || echo "  fetch    scripts/datasets.sh $1 DIR$([[ $BINDING == no ]] || echo ' --accept-licence')"
}

fetch() {
  local dir=$1
  mkdir -p "$dir"
  [[ -z $(ls -A "$dir") ]] || fail "$dir is not empty; name a new folder"
  archive=$(mktemp "$dir/.download.XXXXXX") # not local: the trap runs after this function has returned
  trap 'rm -f "$archive"' EXIT
  echo "fetching $URL"
  if ! curl --fail --location --silent --show-error --connect-timeout 20 --output "$archive" "$URL"; then
    fail "could not fetch $URL: this machine may have no way to the internet, or the address has changed. Fetch it elsewhere
  (see $HOME_PAGE), unpack it into a folder and run: $EVALUATE FOLDER"
  fi
  [[ -z $MD5 ]] || echo "$MD5  $archive" | md5sum --check --status || fail "what was fetched is not the known file (MD5 differs)"
  case "$UNPACK" in
    tar) tar --extract --file "$archive" --directory "$dir" ;;
    zip) python3 -m zipfile --extract "$archive" "$dir" ;;
  esac
  echo "ready: $EVALUATE $dir"
}

accepted=no
arguments=()
for argument in "$@"; do
  case "$argument" in
    --accept-licence) accepted=yes ;;
    -h | --help) usage && exit 0 ;;
    -*) fail "there is no option $argument; there are --accept-licence and --help" ;;
    *) arguments+=("$argument") ;;
  esac
done
set -- "${arguments[@]+"${arguments[@]}"}"
[[ $# -gt 0 ]] || { usage && exit 0; }
describe "$1"
tell "$1"
[[ $# -gt 1 ]] || exit 0
[[ -n $URL ]] || fail "its authors offer no direct download that we may use; get it from $HOME_PAGE"
[[ $BINDING == no || $accepted == yes ]] || fail "read the licence, then add --accept-licence"
fetch "$2"
