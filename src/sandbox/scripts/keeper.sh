# Run in the folder that is to be cleaned up, with a pipe as standard input. When the process at the
# other end is gone, however it went, this stops all that was started here and removes the folder.
trap '' HUP INT QUIT TERM PIPE
while read -r _; do :; done

home=$PWD
mv gate closed # From here on gate.sh lets nothing more through.
told=''

# tell SIGNAL PID: once for each process.
tell() {
  case "$told " in *" $1:$2 "*) return ;; esac
  told="$told $1:$2"
  kill -"$1" "$2" 2>/dev/null
}

# stop SIGNAL FILE: whether there is still something to wait for.
stop() {
  [ -e "$2" ] || return 1
  pid=''
  read -r pid born <"$2"
  [ -n "$pid" ] || return 0 # It is just writing down who it is.
  lives "$pid" "$born" || return 1
  case $2 in closed/command) for child in $(below "$pid"); do tell "$1" "$child"; done ;; esac
  tell "$1" "$pid"
}

# round SIGNAL-FOR-POSTGRESQL SIGNAL-FOR-THE-COMMAND: whether something still runs. What starts
# servers goes first. An immediate shutdown lets PostgreSQL give its shared memory back; after five
# seconds it kills what does not obey.
round() {
  busy=1
  for file in closed/servers/*; do
    case $file in
      */postgresql) signal=$1 ;;
      *) signal=KILL ;;
    esac
    stop $signal "$file" && busy=0
  done
  stop "$2" closed/command && busy=0
  return $busy
}

tries=0
while round QUIT TERM && [ $tries -lt 140 ]; do
  tries=$((tries + 1))
  sleep 0.05
done
while round KILL KILL && [ $tries -lt 200 ]; do
  tries=$((tries + 1))
  sleep 0.05
done

# One that was killed from outside has left its segment behind.
for file in */data/postmaster.pid; do
  [ -e "$file" ] || continue
  segment=$(sed -n '7s/.* //p' "$file")
  [ -z "$segment" ] || ipcrm -m "$segment" 2>/dev/null
done

cd /
tries=0
until rm -rf "$home" 2>/dev/null && [ ! -e "$home" ]; do
  tries=$((tries + 1))
  [ $tries -lt 100 ] || exit 1
  sleep 0.05
done
