#!/bin/sh
# Prints the Homebrew formula of a release: formula.sh OWNER/NAME VERSION SHA256SUMS.
set -eu

repository=$1 version=$2 sums=$3

hash_of() {
  found=$(awk -v name="shopstack-$1.tar.gz" '$2 == name { print $1 }' "$sums")
  [ -n "$found" ] || { echo "formula.sh: $sums does not list shopstack-$1.tar.gz" >&2; exit 1; }
  echo "$found"
}

mac_arm=$(hash_of aarch64-apple-darwin)
mac_intel=$(hash_of x86_64-apple-darwin)
linux_arm=$(hash_of aarch64-unknown-linux-musl)
linux_intel=$(hash_of x86_64-unknown-linux-musl)

sed -e "s|@REPOSITORY@|$repository|g" -e "s|@VERSION@|$version|g" \
  -e "s|@MAC_ARM@|$mac_arm|" -e "s|@MAC_INTEL@|$mac_intel|" \
  -e "s|@LINUX_ARM@|$linux_arm|" -e "s|@LINUX_INTEL@|$linux_intel|" \
  "$(dirname "$0")/shopstack.rb.in"
