import { shellWord } from './shell-text.js';

/** The file descriptor inside on which the launcher and the server communicate. */
export const CHANNEL_FD = 7;

/** The file descriptor inside that is the output of the program before it starts. */
export const OUTPUT_FD = 6;

/** The port of the relay to the network proxy. Each sandbox has a network of its own, so it is always free. */
export const PROXY_PORT = 3128;

/** The variables that a shell and bubblewrap add. */
const SHELL_VARIABLES = ['PWD', 'OLDPWD', 'SHLVL'];

/** Connections to the network proxy at the same time. */
const MAX_CONNECTIONS = 128;

/** The program that the launcher starts, and its surroundings. */
export interface Launch {
  /** The program and its arguments. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Lines of a POSIX shell that set limits for the program. */
  readonly limits: readonly string[];
  /** The path of `socat`, and the socket that it relays to; null without a network. */
  readonly relay: { readonly socat: string; readonly socket: string } | null;
}

/** The line of the launcher when it waits for `go`. It has the process id of the program inside. */
export const READY = /^ready (\d+)\n/m;

/**
 * Returns the script that is process 1 of a sandbox. It is a shell, so that it can set limits, and stays until
 * the program has ended, so that it collects the status of every process inside.
 *
 * - It starts the program only when the server answers on the channel. A server that was killed before the
 *   kernel knew that the sandbox ends with it does not answer.
 * - The program runs in the foreground: in the background, a shell would take its standard input, and have it
 *   ignore SIGINT.
 * - The output of the program is a pipe that only the program has, so that the server sees when it is closed. A
 *   shell keeps what it gives to a program in the foreground, but not the pipes between programs. So the program
 *   writes to the pipe of which its input would come, and the server opens it for reading before the program starts.
 * - The shell's own messages go to the channel. They say that the program was ended by a signal, which its
 *   status alone does not.
 */
export function launcherScript({ words, env, limits, relay }: Launch): string {
  const added = SHELL_VARIABLES.filter((name) => env[name] === undefined);
  return `exec 8>&2 2>&${CHANNEL_FD} 9<&0
${relay === null ? '' : relayLines(relay.socat, relay.socket)}
: | (
exec ${OUTPUT_FD}> /proc/self/fd/0
read -r pid rest < /proc/self/stat
echo "ready $pid" >&${CHANNEL_FD}
read -r go <&${CHANNEL_FD} && [ "$go" = go ] || exit 125
exec <&9 9<&- >&${OUTPUT_FD} ${OUTPUT_FD}>&- 2>&8 8>&- ${CHANNEL_FD}>&-
${limits.join('\n')}
${added.length === 0 ? '' : `unset ${added.join(' ')}`}
exec ${words.map(shellWord).join(' ')}
)
exit "$?"
`;
}

/**
 * Returns the words of a command with which it has all of these variables. A shell does not pass on those
 * whose names cannot be variables of its own, such as `npm_config_//registry.example.org/:_authToken`.
 */
export function withOddVariables(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): readonly string[] {
  const odd = Object.entries(env).filter(([name]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (odd.length === 0) return words;
  return ['/usr/bin/env', ...odd.map(([name, value]) => `${name}=${value}`), ...words];
}

/** Starts the relay, and waits until it listens or has failed. */
function relayLines(socat: string, socket: string): string {
  const listen = `TCP4-LISTEN:${PROXY_PORT},bind=127.0.0.1,reuseaddr,fork,max-children=${MAX_CONNECTIONS},backlog=128`;
  // In /proc/net/tcp, the address 127.0.0.1 and a state of 0A, which is "listens".
  const port = PROXY_PORT.toString(16).toUpperCase().padStart(4, '0');
  return `${shellWord(socat)} ${listen} ${shellWord(`UNIX-CONNECT:${socatPath(socket)}`)} < /dev/null > /dev/null 2>&1 8>&- 9<&- ${CHANNEL_FD}>&- &
relay=$!
listens=
while [ -z "$listens" ] && kill -0 "$relay"; do
  while read -r slot address remote state rest; do
    case "$address $state" in *':${port} 0A') listens=yes ;; esac
  done < /proc/net/tcp
done
`;
}

/** Escapes what separates options and addresses of socat. */
function socatPath(path: string): string {
  return path.replaceAll(/[\\,:!'"()[\]{}]/g, '\\$&');
}

/** Returns the variables by which programs find the network proxy. */
export function proxyVariables(): Record<string, string> {
  const proxy = `http://127.0.0.1:${PROXY_PORT}`;
  const direct = 'localhost,127.0.0.1,::1';
  const variables = { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy, NO_PROXY: direct };
  const spellings = Object.entries(variables).flatMap(([name, value]) => [
    [name, value],
    [name.toLowerCase(), value],
  ]);
  // With this one, Node.js (from 22.21 and 24.5 on) uses the others.
  return { ...Object.fromEntries(spellings), NODE_USE_ENV_PROXY: '1' };
}
