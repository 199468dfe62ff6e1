import type { Attempt } from './attempt.js';

/** Attempts by processes, `/proc`, devices and rights. */
export const SYSTEM_ATTEMPTS: readonly Attempt[] = [
  { name: 'reads the environment of the server', script: `tr '\\0' '\\n' < /proc/$SPID/environ` },
  {
    name: 'reads the environments of all processes',
    script: `cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -a AGENT_WEBKIT_TOKEN`,
  },
  {
    name: 'reads the environments of its parents',
    script: `p=$$; while [ "\${p:-0}" -gt 1 ]; do tr '\\0' '\\n' < /proc/$p/environ | grep -a SECRET; p=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$p/status); done`,
  },
  { name: 'reads the key of the model in its environment', script: 'env' },
  {
    name: 'reads the open files of the server',
    script:
      'for f in /proc/$SPID/fd/*; do [ -f "$f" ] && grep -ao "SECRET-[0-9a-f-]*" "$f" | head -1; done',
  },
  {
    name: 'reads through the root directory of the server',
    script: 'cat /proc/$SPID/root$SHOME/.netrc',
  },
  {
    name: 'reads through the working directory of the server',
    script: 'cat /proc/$SPID/cwd/.netrc',
  },
  {
    name: 'reads through the root directory of any process',
    script:
      'for p in /proc/[0-9]* /proc/self /proc/1 /proc/thread-self; do cat "$p/root$SHOME/.netrc"; done',
  },
  {
    name: 'reads through a path from its own process',
    script: 'cat /proc/self/cwd/../../../../../server-home/.netrc /proc/self/root/../$SHOME/.netrc',
  },
  {
    name: 'reads the memory of the server',
    script: `perl -e 'open M,"</proc/$ENV{SPID}/maps" or exit; while(<M>){ if(/^([0-9a-f]+)-([0-9a-f]+) .*\\[stack\\]/){ open F,"<:raw","/proc/$ENV{SPID}/mem" or exit; sysseek F,hex($1),0; sysread F,$b,hex($2)-hex($1); print $1 if $b=~/(SECRET-[0-9a-f-]+)/; } }'`,
  },
  {
    name: 'finds the server among the processes',
    script: '[ "$(readlink /proc/$SPID/cwd)" = "$SHOME" ] && echo REACHED',
  },
  {
    name: 'may send a signal to the server',
    script: 'grep -qs main.js /proc/$SPID/cmdline && kill -0 $SPID && echo REACHED',
  },
  {
    name: 'may trace the server',
    script: `case $(uname -m) in x86_64) n=101 ;; *) n=117 ;; esac; grep -qs main.js /proc/$SPID/cmdline && perl -e "print qq(REACHED\\n) if syscall($n, 0x4206, $SPID, 0, 0) == 0"`,
  },
  {
    name: 'sees other agents',
    script: `for p in /proc/[0-9]*; do c=$(readlink "$p/cwd"); [ "$c" = "$VFOLDER" ] && echo REACHED; done`,
  },
  {
    name: 'may send a signal to another agent',
    script: `for p in /proc/[0-9]*; do [ "$(readlink "$p/cwd")" = "$VFOLDER" ] && kill -0 "\${p#/proc/}" && echo REACHED; done`,
  },
  {
    name: 'enters the namespaces of the server',
    script: 'nsenter -t $SPID -m cat "$SHOME/.netrc"',
    needsRoot: true,
  },
  {
    name: 'mounts a folder in a user namespace',
    script:
      'mkdir -p m; unshare -Urm sh -c "mount --bind $SHOME m && cat m/.netrc"; cat "$SHOME/.netrc"',
  },
  {
    name: 'gains capabilities in a user namespace',
    script: `unshare -Ur grep -E '^CapEff:.*[1-9a-f]' /proc/self/status && echo REACHED`,
  },
  {
    name: 'can use set-uid programs',
    script: `grep -E '^NoNewPrivs:.*0$' /proc/self/status && echo REACHED`,
  },
  {
    name: 'has capabilities',
    script: `grep -E '^Cap(Eff|Bnd):.*[1-9a-f]' /proc/self/status && echo REACHED`,
  },
  {
    name: 'opens the program for core dumps of the kernel',
    script: '( : >> /proc/sys/kernel/core_pattern ) && echo REACHED',
    needsRoot: true,
  },
  {
    name: 'opens the settings of the kernel',
    script:
      '( : >> /proc/sys/vm/overcommit_memory ) && echo REACHED; ( : >> /proc/sysrq-trigger ) && echo REACHED',
    needsRoot: true,
  },
  { name: 'reads the files of the system in /sys', script: 'ls /sys | grep -q . && echo REACHED' },
  {
    name: 'opens a device of the machine',
    script:
      'mknod d c 1 5 && head -c 1 d >/dev/null && echo REACHED; for f in /dev/vd* /dev/sd* /dev/mem /dev/kmsg; do [ -e "$f" ] && ( : < "$f" ) && echo REACHED; done',
    needsRoot: true,
  },
  {
    name: 'reads the messages and the command line of the kernel',
    script: `[ -s /proc/cmdline ] && echo REACHED; dmesg | head -1 | grep -q . && echo REACHED`,
  },
  {
    name: 'finds shared memory of others',
    script: 'ipcs -m; ls /dev/shm | grep walls && echo REACHED',
  },
  {
    name: 'inherits a file descriptor',
    script: `for f in /proc/$PPID/fd/*; do t=$(readlink "$f"); case $t in "$SHOME"* | "$DB"* | *log*) cat "$f" ;; esac; done`,
    unseen: 'The server keeps its descriptors to itself.',
  },
];

/** Attempts by the network, sockets and gateways. */
export const NETWORK_ATTEMPTS: readonly Attempt[] = [
  {
    name: 'connects to the port of the server',
    script: `exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && head -c 8 <&3 | grep HTTP && echo REACHED`,
  },
  { name: 'connects to a service on loopback', script: 'cat < /dev/tcp/127.0.0.1/$TCP' },
  {
    name: 'connects to a service on an address of the machine',
    script: 'for a in $ADDRESSES 127.0.0.2 0.0.0.0; do cat < /dev/tcp/$a/$TCP; done',
  },
  {
    name: 'sends a datagram',
    script: 'echo datagram > /dev/udp/127.0.0.1/$UDP',
    hasEffect: async (world) => world.services.datagrams.length > 0,
  },
  {
    name: 'has a route to the network',
    script: '[ "$(grep -c . /proc/net/route)" -gt 1 ] && echo REACHED',
  },
  { name: 'connects to a Unix socket of a service', script: 'socat -u UNIX-CONNECT:"$SOCK" -' },
  {
    name: 'connects to an abstract Unix socket',
    script:
      'for t in 0 1; do timeout 3 socat -u ABSTRACT-CONNECT:"walls-$ID",unix-tightsocklen=$t -; done',
  },
  {
    name: 'uses the agent for SSH keys of the server',
    script: 'socat -u UNIX-CONNECT:"$SSH_AUTH_SOCK" -',
  },
  {
    name: 'uses the message bus of the server',
    script: 'socat -u "UNIX-CONNECT:${DBUS_SESSION_BUS_ADDRESS#unix:path=}" -',
  },
  {
    name: 'uses the Docker of the server',
    script:
      'socat -u "UNIX-CONNECT:${DOCKER_HOST#unix://}" -; ls /var/run/docker.sock /run/docker.sock /run/dbus/system_bus_socket /run/postgresql 2>/dev/null && echo REACHED',
  },
  {
    name: 'asks the model for another path',
    script: `if [ -n "$ANTHROPIC_UNIX_SOCKET" ]; then for p in /v1/echo /v1/files //v1/messages /v1/messages/../echo /v1/messages/%2e%2e/echo '/v1/messages/..;/echo' /; do curl -s --path-as-is --unix-socket "$ANTHROPIC_UNIX_SOCKET" "http://model.internal$p"; done; else curl -s "$ANTHROPIC_BASE_URL/v1/echo" -H "x-api-key: $ANTHROPIC_API_KEY"; fi`,
  },
  {
    name: 'asks the model through another host',
    script: `if [ -n "$ANTHROPIC_UNIX_SOCKET" ]; then s="$ANTHROPIC_UNIX_SOCKET"; printf "GET http://127.0.0.1:$HTTP/ HTTP/1.1\\r\\nhost: 127.0.0.1:$HTTP\\r\\nconnection: close\\r\\n\\r\\n" | socat -t3 - UNIX-CONNECT:"$s"; printf "POST /v1/messages HTTP/1.1\\r\\nhost: 127.0.0.1:$HTTP\\r\\ncontent-length: 2\\r\\nconnection: close\\r\\n\\r\\n{}" | socat -t3 - UNIX-CONNECT:"$s"; else curl -s "http://127.0.0.1:$HTTP/"; fi`,
  },
  {
    name: 'opens a tunnel through the model',
    script: `if [ -n "$ANTHROPIC_UNIX_SOCKET" ]; then printf "CONNECT 127.0.0.1:$TCP HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n" | socat -t3 - UNIX-CONNECT:"$ANTHROPIC_UNIX_SOCKET"; printf "GET / HTTP/1.1\\r\\nhost: x\\r\\nupgrade: websocket\\r\\nconnection: upgrade\\r\\n\\r\\n" | socat -t3 - UNIX-CONNECT:"$ANTHROPIC_UNIX_SOCKET"; else cat < /dev/tcp/127.0.0.1/$TCP; fi`,
  },
  {
    name: 'smuggles a request to the model',
    script: `if [ -n "$ANTHROPIC_UNIX_SOCKET" ]; then s="$ANTHROPIC_UNIX_SOCKET"; printf 'POST /v1/messages HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: 4\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\nGET /v1/echo HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n' | socat -t3 - UNIX-CONNECT:"$s"; printf 'POST /v1/messages HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: 0\\r\\nx: y\\r\\n\\r\\nGET /v1/echo HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n' | socat -t3 - UNIX-CONNECT:"$s"; curl -s --unix-socket "$s" -H "x-forwarded-host: 127.0.0.1:$HTTP" -H 'x-http-method-override: GET' -d '{}' http://model.internal/v1/messages; fi; curl -s "$ANTHROPIC_BASE_URL/v1/echo" -H "x-api-key: $ANTHROPIC_API_KEY"`,
  },
  {
    name: 'replaces the socket of the model',
    script: '[ -n "$ANTHROPIC_UNIX_SOCKET" ] && rm -f "$ANTHROPIC_UNIX_SOCKET" && echo REACHED',
    unseen: 'Without walls, there is no gateway.',
  },
  {
    name: 'reaches loopback through the network proxy',
    script:
      'curl -sm5 ${HTTP_PROXY:+-x $HTTP_PROXY --noproxy ""} "http://127.0.0.1:$HTTP/"; curl -sm5 ${HTTP_PROXY:+-p -x $HTTP_PROXY --noproxy ""} "http://127.0.0.1:$HTTP/"',
  },
  {
    name: 'reaches loopback through the network proxy by other spellings',
    script:
      'for h in localhost 127.1 0x7f000001 2130706433 "[::ffff:127.0.0.1]" 0.0.0.0 allowed.example.org@127.0.0.1; do curl -sm3 ${HTTP_PROXY:+-x $HTTP_PROXY --noproxy ""} "http://$h:$HTTP/"; done',
  },
  {
    name: 'reaches the metadata address through the network proxy',
    script: `if [ -n "$HTTP_PROXY" ]; then curl -sm5 -o /dev/null -w '%{http_code}' -x $HTTP_PROXY --noproxy '' http://169.254.169.254/ | grep -E '^(2|3)' && echo REACHED; fi`,
    unseen: 'Without walls, it would leave this machine.',
  },
];
