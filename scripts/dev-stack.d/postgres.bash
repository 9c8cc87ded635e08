# A private PostgreSQL cluster: unix socket only, peer authentication only. Sourced, not run.
# shellcheck shell=bash

PG_BIN=/usr/lib/postgresql/15/bin
PG_PORT=5432  # only part of the socket's name: nothing listens on the network

# pg_create DATA SYNC: an empty cluster whose superuser is `postgres`. SYNC is sync or no-sync.
pg_create() {
    local data=$1 sync=$2 options=()
    [[ $sync == no-sync ]] && options+=(--no-sync)
    # Created aside: a cluster that was interrupted half-way is not taken for one.
    rm -rf "$data.new"
    "$PG_BIN/initdb" --pgdata="$data.new" --username=postgres --auth=peer --encoding=UTF8 \
        --locale=C.UTF-8 --data-checksums "${options[@]}"
    mv "$data.new" "$data"
}

# pg_configure DATA SOCKET_DIR FSYNC CONNECTIONS SHARED_BUFFERS OS_USER...
# The configuration is ours alone and written anew at each start. Each OS_USER, and root (who
# could become any of them anyway), may connect as any of our roles.
pg_configure() {
    local data=$1 sockets=$2 fsync=$3 connections=$4 shared_buffers=$5
    shift 5
    cat >"$data/postgresql.conf" <<CONF
listen_addresses = ''
port = $PG_PORT
unix_socket_directories = '$sockets'
unix_socket_permissions = 0700
cluster_name = 'secretstore'
max_connections = $connections

# The audit record is safe before the answer leaves.
synchronous_commit = on
fsync = $fsync
full_page_writes = $fsync

shared_buffers = $shared_buffers
max_wal_size = 2GB
min_wal_size = 160MB
checkpoint_timeout = 15min
jit = off
timezone = 'UTC'

# No parameter and no row ever appears in the log: terse drops DETAIL and CONTEXT lines.
log_timezone = 'UTC'
log_line_prefix = '%m [%p] %u %e '
log_statement = none
log_min_duration_statement = -1
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
log_checkpoints = off
CONF
    printf 'local all all peer map=secretstore\n' >"$data/pg_hba.conf"
    local user role
    for user in root "$@"; do
        for role in postgres secretstore_migrator secretstore_app secretstore_reader \
            secretstore_egress secretstore_billing secretstore_maint secretstore_readonly \
            secretstore_backup; do
            printf 'secretstore "%s" %s\n' "$user" "$role"
        done
    done | sort -u >"$data/pg_ident.conf"
}

# pg_start DATA LOG [NAME=VALUE...]: waits until it answers.
pg_start() {
    local data=$1 log=$2 pid='' tries
    shift 2
    # One that was killed keeps its number until init collects it, and for so long a new one
    # would believe it alive. Nothing tells when that happens.
    [[ ! -r $data/postmaster.pid ]] || read -r pid <"$data/postmaster.pid"
    for ((tries = 0; tries < 100; tries++)); do
        if [[ -z $pid ]] || ! grep -qs '^State:.Z' "/proc/$pid/status"; then
            break
        fi
        sleep 0.1
    done
    env "$@" "$PG_BIN/pg_ctl" start --pgdata="$data" --log="$log" --wait --timeout=60 --silent
}

# pg_stop DATA MODE
pg_stop() {
    "$PG_BIN/pg_ctl" stop --pgdata="$1" --mode="$2" --wait --timeout=60 --silent
}
