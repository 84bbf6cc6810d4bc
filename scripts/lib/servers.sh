# To be sourced. What the demo and the tests need besides Rust: server programs, of which they start
# private copies. A server that runs on this machine is never used and never touched.

has_postgresql() {
  local folder
  for folder in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
    /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin ${PATH//:/ }; do
    if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ]; then return 0; fi
  done
  return 1
}

has_redis() {
  command -v redis-server >/dev/null || command -v valkey-server >/dev/null
}

# Runs a command as root.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

may_be_root() {
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null
}

# Installs packages of Debian or Ubuntu. Their scripts would start the services at once; the policy
# that keeps them from it is the system's own means, and goes when they are installed.
install_by_apt() {
  local policy=/usr/sbin/policy-rc.d code=0 is_ours=
  if [ ! -e "$policy" ]; then
    is_ours=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
  fi
  as_root env DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get update -qq && apt-get install -y -qq --no-install-recommends "$@"' sh "$@" >&2 || code=$?
  if [ -n "$is_ours" ]; then as_root rm -f "$policy"; fi
  return "$code"
}

# Makes sure that there is a PostgreSQL and a Redis to start copies of; where that is beyond us, says
# exactly what to type.
need_servers() {
  if has_postgresql && has_redis; then return 0; fi
  if command -v apt-get >/dev/null && may_be_root; then
    local packages=()
    has_postgresql || packages+=(postgresql)
    has_redis || packages+=(redis-server)
    echo "Installing ${packages[*]} (programs only; no service is started)." >&2
    install_by_apt "${packages[@]}"
  elif command -v brew >/dev/null; then
    local formulas=()
    has_postgresql || formulas+=(postgresql@17)
    has_redis || formulas+=(redis)
    echo "Installing ${formulas[*]}." >&2
    brew install --quiet "${formulas[@]}" >&2
  fi
  if has_postgresql && has_redis; then return 0; fi
  cat >&2 <<'TEXT'
PostgreSQL and Redis are needed, and at least one of them is not installed. Type:
  Debian, Ubuntu   apt-get install postgresql redis-server
  Fedora, RHEL     dnf install postgresql-server redis
  macOS            brew install postgresql@17 redis
TEXT
  return 1
}

# The newest psql beside a server's programs; the one that Debian puts into the path is a script around it.
find_psql() {
  local found
  found=$(printf '%s\n' /usr/lib/postgresql/*/bin/psql /usr/pgsql-*/bin/psql \
    /opt/homebrew/opt/postgresql@*/bin/psql /usr/local/opt/postgresql@*/bin/psql | sort -V |
    while read -r psql; do [ ! -x "$psql" ] || echo "$psql"; done | tail -n 1)
  found=${found:-$(command -v psql || true)}
  if [ -z "$found" ]; then
    echo "psql is needed as well (Debian: apt-get install postgresql-client)" >&2
    return 1
  fi
  echo "$found"
}
