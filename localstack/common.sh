# Shared by up, drift and down: where things are, and what runs. Read by bash, not run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
build=${CARGO_TARGET_DIR:-$root/target}

fail() {
    echo "localstack/$(basename "$0"): $*" >&2
    exit 1
}

# Sets port and folder out of a port option.
use_port() {
    port=$1
    [[ $port =~ ^[0-9]+$ ]] && ((port > 0 && port < 65536)) || fail "not a port: $port"
    folder=$build/emulator/$port
    endpoint=http://127.0.0.1:$port
}

# True when the process of the pid file is the emulator that `up` started for this port.
running() {
    [[ -f $folder/pid ]] || return 1
    local command
    command=$(ps -o command= -p "$(<"$folder/pid")" 2>/dev/null) || return 1
    [[ $command == *serve.py*"--port $port"* ]]
}

# Stops what `up` started for this port, and nothing else.
stop() {
    if running; then
        local pid
        pid=$(<"$folder/pid")
        kill "$pid" 2>/dev/null || true
        for _ in {1..50}; do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        ! kill -0 "$pid" 2>/dev/null || kill -9 "$pid" 2>/dev/null || true
    fi
    rm -f "$folder/pid" "$folder/ready.json" "$folder/drifted" "$folder/applied"
}
