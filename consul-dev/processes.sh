# shellcheck shell=bash
# Starts and stops processes that run on after the script has ended. Each has a name; in
# the folder RUN, NAME.pid holds its pid and start time, and NAME.log its output. The
# start time shows whether the pid has been reused by another process. Source this file
# after lib.sh.

started=() # the names that this run has launched, in order

is_running() { # name
    local pid start
    read -r pid start 2>/dev/null <"$RUN/$1.pid" || return 1
    [ "$(start_time "$pid")" = "$start" ]
}

pid_of() { # name
    local pid
    read -r pid _ <"$RUN/$1.pid" && echo "$pid"
}

# In its own session, so that Ctrl-C in this terminal, or closing it, does not end the process.
launch() { # name command...
    local name=$1
    shift
    setsid "$@" >>"$RUN/$name.log" 2>&1 </dev/null 9>&- &
    echo "$! $(start_time $! || echo ended)" >"$RUN/$name.pid"
    disown
    started+=("$name")
}

log_tail() { # name, problem
    say "$1 $2. The end of $RUN/$1.log:"
    tail -n 12 "$RUN/$1.log" | sed 's/^/    /' >&2
    exit 1
}

# Sends each process a signal to end, then waits for each. Kills those that do not end in time.
stop() { # seconds, name...
    local limit=$1 name names=() end
    shift
    for name; do
        if is_running "$name"; then
            signal_end "$name"
            names+=("$name")
        fi
    done
    end=$((SECONDS + limit))
    for name in "${names[@]}"; do
        while is_running "$name" && [ $SECONDS -lt $end ]; do sleep 0.05; done
        if is_running "$name"; then
            say "$name did not end within $limit s: killing it"
            kill -KILL "$(pid_of "$name")" || true
            while is_running "$name"; do sleep 0.05; done
        else
            say "$name has ended"
        fi
    done
    for name; do rm -f "$RUN/$name.pid"; done
}

signal_end() { # name
    local pid signal=TERM
    pid=$(pid_of "$1")
    # On TERM, PostgreSQL would wait for its last client.
    [ "$1" != postgres ] || signal=INT
    kill -"$signal" "$pid" 2>/dev/null ||
        die "cannot stop $1 (pid $pid): it runs as $(stat -c %U "/proc/$pid"). Use sudo"
    # A process that is stopped with SIGSTOP handles the signal only after SIGCONT.
    kill -CONT "$pid" 2>/dev/null || true
}
