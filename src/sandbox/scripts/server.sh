# server.sh HOME NAME VERB: what one would ask of a service manager. start, stop and restart return
# when it is done; crash ends the server as a power cut would; await waits until it is ready.
. "${0%/*}/processes.sh"
home=$1
name=$2
verb=$3
pid=''
born=''

registered() {
  { read -r pid born <"$home/gate/servers/$name"; } 2>/dev/null
}

ready() {
  case $name in
    postgresql)
      { read -r of && read -r _ && read -r _ && read -r _ && read -r _ && read -r _ && read -r _ &&
        read -r status; } 2>/dev/null <"$home/postgresql/data/postmaster.pid"
      [ "$of" = "$pid" ] && [ "$status" = ready ]
      ;;
    redis)
      { read -r of; } 2>/dev/null <"$home/redis/redis.pid" && [ "$of" = "$pid" ]
      ;;
  esac
}

give_up() {
  echo "$name $1; the end of its log $home/$name/log:" >&2
  tail -n 20 "$home/$name/log" >&2
  exit 1
}

# Waits for a process other than $1 that is ready.
await() {
  tries=3000
  while [ -d "$home/gate" ]; do
    of='' status=''
    if registered && [ "$pid" != "$1" ]; then
      lives "$pid" "$born" || give_up 'ended while it started'
      ready && return 0
    fi
    tries=$((tries - 1))
    [ $tries -gt 0 ] || give_up 'was not ready within a minute'
    sleep 0.02
  done
  exit 1
}

# Ends the process with the signal $1.
end() {
  registered && lives "$pid" "$born" || return 0
  kill -"$1" "$pid"
  tries=3000
  while lives "$pid" "$born"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || give_up 'did not stop within a minute'
    sleep 0.02
  done
}

start() {
  registered
  ! lives "$pid" "$born" || return 0
  rm -f "$home/redis/redis.pid"
  mkdir "$home/$name/again" && await "$pid"
}

case $name in
  postgresql) stop=INT crash=QUIT ;;
  redis) stop=TERM crash=KILL ;;
esac
case $verb in
  await) await '' ;;
  start) start ;;
  stop) end $stop ;;
  crash) end $crash ;;
  restart) end $stop && start ;;
esac
