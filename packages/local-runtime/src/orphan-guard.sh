# sh orphan-guard.sh PID SIGNAL…: see orphan-guard.ts.
pid=$1
shift
# A line says that the process ended in its parent's sight; the end of the input, that the parent is dead.
read -r _ && exit 0
for signal in "$@"; do
  kill -s "$signal" "$pid" 2>/dev/null || exit 0
  tries=0
  while [ $tries -lt 100 ] && kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    tries=$((tries + 1))
  done
done
