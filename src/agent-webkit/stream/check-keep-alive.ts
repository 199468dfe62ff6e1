/** How long nginx, Apache, Varnish and others wait for a silent server by default, in milliseconds. */
const PROXY_TIMEOUT_MS = 60_000;

/**
 * Returns a warning when streams may be silent for as long as proxies wait; null otherwise.
 *
 * @param keepAliveMs how often each stream receives a comment, in milliseconds; null for never
 */
export function checkKeepAlive(keepAliveMs: number | null): string | null {
  if (keepAliveMs !== null && keepAliveMs < PROXY_TIMEOUT_MS) return null;
  return (
    `stream.keepAliveMs is ${keepAliveMs}: many proxies close a stream that is silent for 60 s, and some ` +
    'notice that a client has left only when they write to it. Unless no proxy is in front of the ' +
    `server, set it to less than ${PROXY_TIMEOUT_MS}, such as 15000 (the default).`
  );
}
