# supervise.sh HOME NAME PROGRAM [ARGUMENT...]: runs a server, and runs it again each time that it
# has ended and somebody has made the folder HOME/NAME/again.
home=$1
name=$2
shift 2
while [ -d "$home/gate" ]; do
  sh "$home/scripts/gate.sh" "$home/gate/servers/$name" "$@"
  until rmdir "$home/$name/again" 2>/dev/null; do
    [ -d "$home/gate" ] || exit 0
    sleep 0.02
  done
done
