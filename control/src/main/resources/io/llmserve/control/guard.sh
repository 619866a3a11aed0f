# guard.sh SECONDS COMMAND...: runs COMMAND in a session of its own, and ends all of it when standard input ends: when whoever
# holds the other end wants so, or is gone, even by kill -9. SECONDS lie between SIGTERM to the command and SIGKILL to all.
# Two processes watch, so that killing either leaves no orphan: this one waits for the command, the other for the end of input.
grace=$1
shift
exec 3<&0
trap : INT TERM HUP
own=
command -v setsid >/dev/null && own=setsid
$own "$@" </dev/null 3<&- &
child=$!
{
  trap '' INT TERM HUP # a subshell forgets the traps above, and a signal may go to our whole group
  cat <&3
  kill -s TERM "$child"
  tenths=$((grace * 10))
  while [ "$tenths" -gt 0 ] && kill -s 0 "$child"; do
    sleep 0.1
    tenths=$((tenths - 1))
  done
  kill -s KILL -- "-$child" "$child"
} >/dev/null 2>&1 &
exec 3<&-
while :; do
  code=0
  wait "$child" 2>/dev/null || code=$? # a shell says `Terminated` otherwise
  kill -s 0 "$child" 2>/dev/null || break # else a signal to this process ended the wait
done
kill -s KILL -- "-$child" 2>/dev/null
exit "$code"
