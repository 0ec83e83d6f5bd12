#!/bin/sh
# Makes the certificates of these tests again, valid for a hundred years. The keys guard nothing.
set -eu
cd "$(dirname "$0")"
key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1"; }
authority() {
  key "$1.key"
  openssl req -x509 -new -key "$1.key" -days 36500 -subj "/CN=$1" -out "$1.pem"
  [ "$1" = authority ] || rm "$1.key"
}
server() {
  key "$1.key"
  printf 'subjectAltName=%s\n' "$2" >san.ext
  openssl req -new -key "$1.key" -subj "/CN=$1" |
    openssl x509 -req -CA authority.pem -CAkey authority.key -CAcreateserial -days 36500 -extfile san.ext -out "$1.pem"
  rm san.ext
}
authority authority
authority stranger
server aws "DNS:*.us-east-1.amazonaws.com,DNS:iam.amazonaws.com,DNS:cloudfront.amazonaws.com"
server here "IP:127.0.0.1"
server elsewhere "DNS:elsewhere.example"
rm -f authority.key authority.srl
