# gate.sh FILE PROGRAM [ARGUMENT...]: writes down who it is and becomes the program. Once the keeper
# has taken the folder of FILE away nothing can be written down, and so nothing more is started.
. "${0%/*}/processes.sh"
file=$1
shift
{ echo "$$ $(born $$)" >"$file"; } 2>/dev/null && exec "$@"
