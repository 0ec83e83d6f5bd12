#!/bin/sh
# Packs a release binary: archive.sh TARGET BINARY FOLDER writes FOLDER/shopstack-TARGET.tar.gz, or .zip for
# Windows. The names are those that install.sh, the Homebrew formula and `cargo binstall` look for.
set -eu

target=$1 binary=$2 folder=$3
name=shopstack-$target
root=$(cd "$(dirname "$0")/.." && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$binary" "$root/LICENSE-MIT" "$root/LICENSE-APACHE" "$root/README.md" "$work/"
chmod 755 "$work/$(basename "$binary")"
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

cd "$work"
case $target in
  *windows*) 7z a -bso0 "$folder/$name.zip" ./* ;;
  *) tar -czf "$folder/$name.tar.gz" -- * ;;
esac
