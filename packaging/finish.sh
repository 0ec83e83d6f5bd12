#!/bin/sh
# Completes the folder of a release that has all archives: finish.sh OWNER/NAME VERSION FOLDER adds install.sh
# with repository and version filled in, SHA256SUMS, and the Homebrew formula.
set -eu

repository=$1 version=$2 folder=$3
root=$(cd "$(dirname "$0")/.." && pwd)

for target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl x86_64-apple-darwin aarch64-apple-darwin; do
  test -f "$folder/shopstack-$target.tar.gz" || { echo "finish.sh: no archive for $target" >&2; exit 1; }
done
test -f "$folder/shopstack-x86_64-pc-windows-msvc.zip" || { echo "finish.sh: no archive for Windows" >&2; exit 1; }

sed -e "s|^repository=.*|repository=\${SHOPSTACK_REPOSITORY:-$repository}|" \
  -e "s|^version=.*|version=\${SHOPSTACK_VERSION:-$version}|" "$root/install.sh" >"$folder/install.sh"

(cd "$folder" && sha256sum -- *.tar.gz *.zip >SHA256SUMS)
sh "$root/packaging/homebrew/formula.sh" "$repository" "$version" "$folder/SHA256SUMS" >"$folder/shopstack.rb"
