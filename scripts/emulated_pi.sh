#!/bin/bash
# Runs the Python of a Raspberry Pi's Debian on this machine, emulated instruction by instruction.
#
#   scripts/emulated_pi.sh SUITE ARCH [arguments for python3 ...]
#
#   SUITE  bookworm (Python 3.11, numpy 1.24) or trixie (Python 3.13, numpy 2.2)
#   ARCH   arm64 (Pi 3 and later, 64 bit) or armhf (32 bit)
#
# Settings, from the environment:
#   EDGEKIT_PI_CACHE   where the unpacked Debian packages are kept  (~/.cache/edgekit/pi)
#   EDGEKIT_PI_CPU     what qemu imitates: cortex-a72 is a Pi 4, cortex-a76 a Pi 5
#   EDGEKIT_PI_MIRROR  where the packages come from  (the mirror this machine itself uses)
#
# Exit status: that of python3; 77 where this machine cannot do it, with the reason; 2 for bad usage.
#
# There is no chroot and no binfmt handler: Debian's own packages are unpacked into a folder and
# qemu-user runs their interpreter, so all of this works in an unprivileged container. The price is
# that a process started from inside (subprocess of sys.executable) is not emulated and fails:
# whatever runs here runs in one process. Times measured in here say nothing about a real Pi.
set -euo pipefail

usage() { sed -n '2,/^# Exit/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
unavailable() { echo "emulated_pi: not possible on this machine: $1" >&2; exit 77; }

[ $# -ge 2 ] || usage
suite=$1 arch=$2
shift 2
case $suite in bookworm | trixie) ;; *) usage ;; esac
case $arch in
  arm64) qemu=qemu-aarch64 libraries=aarch64-linux-gnu cpu=cortex-a72 ;;
  armhf) qemu=qemu-arm libraries=arm-linux-gnueabihf cpu=cortex-a15 ;;
  *) usage ;;
esac

cache=${EDGEKIT_PI_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edgekit/pi}
cpu=${EDGEKIT_PI_CPU:-$cpu}
packages=(python3-minimal python3-numpy python3-pytest python3-hypothesis
  libopenblas0-pthread libstdc++6)

# The folder's name carries the list of packages: a changed list is a new folder, never a stale one.
home=$cache/$suite-$arch-$(echo "${packages[@]}" | cksum | cut -d' ' -f1)
root=$home/root

install_qemu() {
  command -v "$qemu" >/dev/null && return
  [ "$(id -u)" = 0 ] || unavailable "$qemu is missing; as root: apt-get install qemu-user"
  echo "emulated_pi: installing qemu-user" >&2
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-user >/dev/null
}

# The address this machine's own apt uses for Debian (its security archive holds only updates).
# Nothing comes out before apt has fetched its lists, as in a fresh container.
host_mirror() {
  # $(REPO_URI) is a field of apt's own format language, not a shell expansion.
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' |
    grep -v security | head -n 1 || true
}

# apt for another architecture and suite, with every path of its own: the host's packages, lists
# and sources are neither read nor changed. The status file is empty, so that every dependency
# counts as missing and is downloaded.
foreign_apt() {
  apt-get -qq \
    -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o APT::Sandbox::User=root \
    -o "Dir::Etc::sourcelist=$part/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o "Dir::State::Lists=$part/apt/lists" -o "Dir::State::status=$part/apt/status" \
    -o "Dir::Cache=$part/apt" -o Acquire::Languages=none "$@"
}

unpack_debian() {
  [ -e "$root" ] && return
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg mirror
  mirror=${EDGEKIT_PI_MIRROR:-$(host_mirror)}
  if [ -z "$mirror" ] && [ "$(id -u)" = 0 ]; then
    apt-get update -qq
    mirror=$(host_mirror)
  fi
  [ -n "$mirror" ] || unavailable "apt knows no mirror; set EDGEKIT_PI_MIRROR to a Debian mirror"
  [ -e "$keyring" ] || unavailable "$keyring is missing; install debian-archive-keyring"

  echo "emulated_pi: unpacking Debian $suite for $arch into $home" >&2
  mkdir -p "$cache"
  part=$(mktemp -d "$cache/part.XXXXXX")
  trap 'rm -rf "$part"' EXIT
  mkdir -p "$part"/root "$part"/apt/lists/partial "$part"/apt/archives/partial
  : >"$part/apt/status"
  echo "deb [signed-by=$keyring] $mirror $suite main" >"$part/apt/sources.list"
  foreign_apt update
  foreign_apt -y --no-install-recommends --download-only install "${packages[@]}" >/dev/null

  local package folder
  for package in "$part"/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$part/root" \
      --exclude=./usr/share/doc --exclude=./usr/share/locale --exclude=./usr/share/man
  done
  # Debian has merged / into /usr; the loader's path (/lib/ld-linux...) must still be found.
  for folder in bin sbin lib; do
    [ -e "$part/root/$folder" ] || ln -s "usr/$folder" "$part/root/$folder"
  done

  rm -rf "$part/apt"
  # Renamed only when whole: an interrupted run leaves nothing that looks finished. When two runs
  # meet, the second finds the name taken and drops its own copy.
  mv -T "$part" "$home" 2>/dev/null || [ -e "$root" ]
}

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
  unavailable "apt-get and dpkg-deb are missing (it needs Debian)"
install_qemu
unpack_debian

# libblas.so.3 is normally chosen by update-alternatives, which has not run: OpenBLAS stands first
# in the search path instead. The host's OPENBLAS_* settings name x86 processors, and qemu would
# hand them on; compiled bytecode is kept outside the unpacked packages.
python=$(find "$root/usr/bin" -name 'python3.[0-9]*[0-9]' | head -n 1)
search=$root/usr/lib/$libraries/openblas-pthread:$root/usr/lib/$libraries:$root/lib/$libraries
exec env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE -u PYTHONDONTWRITEBYTECODE \
  PYTHONPYCACHEPREFIX="$home/pyc" QEMU_LD_PREFIX="$root" QEMU_CPU="$cpu" \
  QEMU_SET_ENV="LD_LIBRARY_PATH=$search" "$qemu" "$python" "$@"
