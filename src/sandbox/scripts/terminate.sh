# terminate.sh PID: asks a process, and those that it has started, to end.
. "${0%/*}/processes.sh"
kill -TERM "$1" $(below "$1") 2>/dev/null
