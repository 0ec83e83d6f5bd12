#!/bin/sh
# Installs a released shopstack binary for Linux or macOS, without root: downloads the archive for this
# machine, compares its SHA-256 with the release's SHA256SUMS, and installs nothing unless they are equal.
#
#   SHOPSTACK_REPOSITORY    the GitHub repository that has the releases, as owner/name
#   SHOPSTACK_VERSION       a version such as 0.1.0; the latest release without it
#   SHOPSTACK_INSTALL_DIR   where the binary goes; $HOME/.local/bin without it
#   SHOPSTACK_DOWNLOAD_URL  the address of a folder with the archives and SHA256SUMS, instead of GitHub
set -eu

# The release workflow fills in its own repository and version in the copy that it publishes.
repository=${SHOPSTACK_REPOSITORY:-}
version=${SHOPSTACK_VERSION:-}

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# The Rust target of the archive for this machine.
find_target() {
  system=$(uname -s) machine=$(uname -m)
  # A shell under Rosetta calls an Apple silicon machine x86_64.
  if [ "$system" = Darwin ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || echo 0)" = 1 ]; then
    machine=arm64
  fi
  case $machine in
    x86_64 | amd64) machine=x86_64 ;;
    aarch64 | arm64) machine=aarch64 ;;
    *) fail "no binary is published for the processor $machine; build from source: see README.md" ;;
  esac
  case $system in
    Linux) echo "$machine-unknown-linux-musl" ;;
    Darwin) echo "$machine-apple-darwin" ;;
    *) fail "no binary for $system is installed by this script; on Windows, unpack the release's zip" ;;
  esac
}

# The address of the folder that has the archives.
find_source() {
  if [ -n "${SHOPSTACK_DOWNLOAD_URL:-}" ]; then
    echo "${SHOPSTACK_DOWNLOAD_URL%/}"
    return
  fi
  case $repository in
    */*/* | /* | */ | *[!A-Za-z0-9._/-]*) fail "SHOPSTACK_REPOSITORY is \"$repository\"; it must be owner/name" ;;
    */*) ;;
    *) fail "SHOPSTACK_REPOSITORY must name the GitHub repository of the releases, as owner/name" ;;
  esac
  case ${version#v} in
    '') echo "https://github.com/$repository/releases/latest/download" ;;
    *[!A-Za-z0-9.+-]*) fail "SHOPSTACK_VERSION is \"$version\"; it must be a version such as 0.1.0" ;;
    *) echo "https://github.com/$repository/releases/download/v${version#v}" ;;
  esac
}

download() { # URL FILE
  # Only the scheme that was asked for: a redirect from https to http is refused.
  scheme=${1%%:*}
  if has curl; then
    curl --fail --silent --show-error --location --retry 3 --connect-timeout 20 \
      --proto "=$scheme" --proto-redir "=$scheme" --output "$2" "$1" || fail "cannot download $1"
  elif has wget; then
    wget -q -O "$2" "$1" || fail "cannot download $1"
  else
    fail "curl or wget is needed"
  fi
}

hash_file() { # FILE
  if has sha256sum; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif has shasum; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  elif has openssl; then
    openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
  else
    fail "sha256sum, shasum or openssl is needed to check the download"
  fi
}

check() { # FOLDER NAME
  expected=$(awk -v name="$2" '$2 == name || $2 == "*" name { print $1; exit }' "$1/SHA256SUMS")
  [ -n "$expected" ] || fail "SHA256SUMS does not list $2: nothing was installed"
  actual=$(hash_file "$1/$2")
  [ "$actual" = "$expected" ] ||
    fail "the SHA-256 of $2 is ${actual:-unknown}, but SHA256SUMS says $expected: nothing was installed"
}

# All in a function that the last line calls: of a script that is cut off while it is piped into sh,
# nothing runs.
main() {
  target=$(find_target)
  source=$(find_source)
  folder=${SHOPSTACK_INSTALL_DIR:-${HOME:?HOME or SHOPSTACK_INSTALL_DIR must be set}/.local/bin}
  archive=shopstack-$target.tar.gz

  work=$(mktemp -d "${TMPDIR:-/tmp}/shopstack.XXXXXX")
  staged=
  trap 'rm -rf "$work" ${staged:+"$staged"}' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP

  download "$source/SHA256SUMS" "$work/SHA256SUMS"
  download "$source/$archive" "$work/$archive"
  check "$work" "$archive"

  tar -xzf "$work/$archive" -C "$work" shopstack || fail "$archive holds no shopstack"

  # Staged and tried beside the old binary, then renamed over it: neither is ever half there.
  mkdir -p "$folder" || fail "cannot make $folder; name another folder in SHOPSTACK_INSTALL_DIR"
  staged=$folder/.shopstack.$$
  { cp "$work/shopstack" "$staged" && chmod 755 "$staged"; } ||
    fail "cannot write to $folder; name another folder in SHOPSTACK_INSTALL_DIR"
  told=$("$staged" --version) || fail "the binary for $target does not run on this machine"
  mv -f "$staged" "$folder/shopstack" || fail "cannot replace $folder/shopstack"
  staged=

  echo "$told is installed in $folder"
  case :${PATH:-}: in
    *:"$folder":*) ;;
    *) echo "Add it to the search path: export PATH=\"$folder:\$PATH\"" ;;
  esac
}

main "$@"
