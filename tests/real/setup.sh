#!/usr/bin/env bash
# The real parts the tests run against: PostgreSQL, MariaDB, a browser, npm. What is here is used; on
# Debian and Ubuntu root installs what is missing; elsewhere each missing part is named in one line and
# its tests are skipped. With CI=true a missing part is a failure.
# shellcheck disable=SC2086  # lists of words, split on purpose
set -euo pipefail

postgresql() { command -v initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb'; }
mariadb() {
  command -v my_print_defaults && command -v mariadb-install-db && { command -v mariadbd || [ -x /usr/sbin/mariadbd ]; }
}
browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
fonts() { [ -n "$(fc-list)" ]; }
nodejs() { type -P node && type -P npm; }

missing() {
  for part in postgresql mariadb browser fonts nodejs; do
    "$part" >/dev/null 2>&1 || echo "$part"
  done
}

packages() {
  case $1 in
    postgresql) echo postgresql ;;
    mariadb) echo mariadb-server-core mariadb-client-core ;; # the programs alone: no server starts by itself
    browser) echo chromium ;;
    fonts) echo fontconfig fonts-dejavu-core ;;
    nodejs) echo nodejs npm ;;
  esac
}

install() {
  local options='-qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0' log
  log=$(mktemp)
  export DEBIAN_FRONTEND=noninteractive
  for pause in 0 5 20; do
    sleep "$pause"
    if apt-get $options update >"$log" 2>&1 &&
      apt-get $options install -y --no-install-recommends "$@" >"$log" 2>&1; then
      rm -f "$log"
      return
    fi
  done
  tail -n 5 "$log" >&2
  rm -f "$log"
}

lacking=$(missing)
if [ -n "$lacking" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # one by one: what a distribution does not have hinders nothing else
  for part in $lacking; do
    echo "setup: installing $(packages "$part")"
    install $(packages "$part")
  done
  lacking=$(missing)
fi

for part in $lacking; do
  echo "setup: $part is missing: its tests are skipped (on Debian and Ubuntu: apt-get install $(packages "$part"))"
done
if [ -n "$lacking" ] && [ "${CI:-}" = true ]; then
  echo "setup: with CI=true every part must be there" >&2
  exit 1
fi
