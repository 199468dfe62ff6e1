import { request } from 'node:http';

export interface Answer {
  status: number;
  body: string;
}

export interface Asked {
  method: string;
  /** Sent as JSON. Default: an empty object with POST, else no body. */
  body?: object | undefined;
  headers?: Readonly<Record<string, string>>;
  /** How long to wait for the whole response, in milliseconds. No limit by default. */
  timeoutMs?: number;
  /** Called when the request has left this process. */
  onWritten?: (() => void) | undefined;
}

/**
 * Sends one request on a connection of its own. Returns null when the connection broke before the end of
 * the response, or the time was over, so that the outcome of the request is unknown.
 */
export function ask(
  url: string,
  {
    method,
    body = method === 'POST' ? {} : undefined,
    headers = {},
    timeoutMs,
    onWritten = () => undefined,
  }: Asked,
): Promise<Answer | null> {
  return new Promise((resolve) => {
    // A new connection: an existing one might have broken before it is used.
    const options = {
      method,
      agent: false,
      headers: { 'content-type': 'application/json', ...headers },
      ...(timeoutMs !== undefined && { signal: AbortSignal.timeout(timeoutMs) }),
    };
    const asked = request(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      // The connection of a response that is aborted also closes.
      response.on('error', () => undefined);
      response.on('close', () => {
        resolve(response.complete ? { status: response.statusCode ?? 0, body: text } : null);
      });
    });
    asked.on('error', () => resolve(null));
    asked.on('finish', onWritten);
    asked.end(body && JSON.stringify(body));
  });
}
