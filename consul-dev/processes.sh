# shellcheck shell=bash
# Processes that outlive the script that started them. Each has a name; in the
# folder RUN, NAME.pid says which process it is and NAME.log what it said.
# The start time beside the pid keeps us from taking a stranger, who has been
# given the same number since, for our own. To be sourced, after lib.sh.

started=() # what this very run has launched, in order

is_running() { # name
    local pid start
    read -r pid start 2>/dev/null <"$RUN/$1.pid" || return 1
    [ "$(start_time "$pid")" = "$start" ]
}

pid_of() { # name
    local pid
    read -r pid _ <"$RUN/$1.pid" && echo "$pid"
}

# In a session of its own: a Ctrl-C in this terminal, or its end, is none of its business.
launch() { # name command...
    local name=$1
    shift
    setsid "$@" >>"$RUN/$name.log" 2>&1 </dev/null 9>&- &
    echo "$! $(start_time $! || echo ended)" >"$RUN/$name.pid"
    disown
    started+=("$name")
}

log_tail() { # name, what is wrong
    say "$1 $2. The end of $RUN/$1.log:"
    tail -n 12 "$RUN/$1.log" | sed 's/^/    /' >&2
    exit 1
}

# Asks all of them to end, then waits for each; who does not listen is ended by force.
stop() { # seconds, name...
    local limit=$1 name names=() end
    shift
    for name; do
        if is_running "$name"; then
            ask_to_end "$name"
            names+=("$name")
        fi
    done
    end=$((SECONDS + limit))
    for name in "${names[@]}"; do
        while is_running "$name" && [ $SECONDS -lt $end ]; do sleep 0.05; done
        if is_running "$name"; then
            say "$name did not end within $limit s: killed"
            kill -KILL "$(pid_of "$name")" || true
            while is_running "$name"; do sleep 0.05; done
        else
            say "$name has ended"
        fi
    done
    for name; do rm -f "$RUN/$name.pid"; done
}

ask_to_end() { # name
    local pid signal=TERM
    pid=$(pid_of "$1")
    # For PostgreSQL TERM means: when the last client has gone.
    [ "$1" != postgres ] || signal=INT
    kill -"$signal" "$pid" 2>/dev/null ||
        die "$1 (pid $pid) runs as $(stat -c %U "/proc/$pid"), whom you may not stop: try it with sudo"
    # A process that is held by SIGSTOP hears nothing until it goes on.
    kill -CONT "$pid" 2>/dev/null || true
}
