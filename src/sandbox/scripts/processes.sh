# born PID: when that process was started, which together with the number is who it is; nothing, and
# a failure, once it has ended (a zombie has).
born() {
  if [ -r /proc/self/stat ]; then
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    set -- ${stat##*) }
    [ "$1" != Z ] && [ "$1" != X ] || return 1
    shift 19
    echo "$1"
  else
    case "$(ps -o stat= -p "$1" 2>/dev/null)" in '' | Z*) return 1 ;; esac
    echo $(ps -o lstart= -p "$1")
  fi
}

# lives PID BORN: whether that very process runs, and not another one under its number.
lives() {
  [ -n "$1" ] && [ "$(born "$1")" = "$2" ]
}

# below PID: the processes that it has started, and those that these have.
below() {
  if [ -r /proc/self/stat ]; then
    for child in /proc/[0-9]*/stat; do
      { read -r stat <"$child"; } 2>/dev/null || continue
      set -- "$1" ${stat##*) }
      [ "$3" = "$1" ] || continue
      child=${child#/proc/}
      echo "${child%/stat}"
      (below "${child%/stat}")
    done
  else
    for child in $(pgrep -P "$1"); do
      echo "$child"
      (below "$child")
    done
  fi
}
