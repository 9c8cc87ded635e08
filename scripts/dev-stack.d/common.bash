# What dev-stack, its inner half and with-postgres share. Sourced, not run.
# shellcheck shell=bash

# One clear line and out. $PROGRAM names the script that speaks.
die() {
    printf '%s: %s\n' "$PROGRAM" "$*" >&2
    exit 1
}

# The sentence of a failed command's output that a person needs, on one line: what is called
# an error, or else the last thing said (tools add hints to look elsewhere after it).
reason_in() {
    local text
    text=$(cat "$1")
    if [[ ${text,,} == *'no space left on device'* ]]; then
        printf 'the disk is full'
        return
    fi
    grep -m 1 -E 'FATAL|PANIC|\[emerg\]|[Ee]rror:|ERROR' <<<"$text" ||
        grep -v '^[[:space:]]*$' <<<"$text" | tail -n 1
}

# The user to run as where root started us: PostgreSQL refuses to be root, and nothing else
# here has any need to be.
unprivileged_user() {
    if [[ -n ${SUDO_USER:-} && $SUDO_USER != root ]] && id -u "$SUDO_USER" >/dev/null 2>&1; then
        printf '%s' "$SUDO_USER"
    elif id -u postgres >/dev/null 2>&1; then
        printf postgres
    else
        die "started as root, and there is no unprivileged user to run as: use sudo as yourself, or scripts/install-deps"
    fi
}

# Runs a command as $1: as it is when that is who we are.
as_user() {
    local user=$1
    shift
    if [[ $(id -un) == "$user" ]]; then
        "$@"
    else
        setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups -- "$@"
    fi
}

# Whether 127.0.0.1:$1 can be listened on (and ::1, where the machine has it). What is still
# in TIME_WAIT does not count, as it does not for nginx. Says why not.
port_is_free() {
    python3 - "$1" <<'PYTHON'
import errno, socket, sys
port = int(sys.argv[1])
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
            probe.listen(1)
    except OSError as error:
        if family == socket.AF_INET6 and error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            continue
        if error.errno == errno.EADDRINUSE:
            sys.exit(f"port {port} is in use by another program; choose another with PORT=")
        sys.exit(f"port {port} cannot be used: {error.strerror}")
PYTHON
}

has_ipv6_loopback() {
    python3 -c 'import socket; socket.socket(socket.AF_INET6).bind(("::1", 0))' 2>/dev/null
}
