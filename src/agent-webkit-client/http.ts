import { NEVER } from './backoff.js';
import { readRefusal } from './api-error.js';
import { SilenceLimit } from './silence.js';

export interface HttpOptions {
  /**
   * The address of the server, with the prefix of its routes if they have one, such as `https://example.com/agents`. In a
   * browser it may be a path of the page's origin, such as `/agents`.
   */
  readonly url: string;
  /** The bearer token, or a function that returns it before each request; undefined if the server needs none. */
  readonly token?: string | (() => string | Promise<string>) | undefined;
  /** Further headers of each request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** @default the `fetch` of the platform */
  readonly fetch?: typeof fetch | undefined;
  /** The requests with which a browser sends cookies. @default `same-origin`, as `fetch` does */
  readonly credentials?: 'omit' | 'same-origin' | 'include' | undefined;
}

/** How long the server may take to answer, in milliseconds. It holds a poll for 25 seconds. */
const TIMEOUT_MS = 35_000;

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests to one server. @throws TypeError when the `url` is not an address */
export class Http {
  readonly #options: HttpOptions;
  readonly #base: string;

  constructor(options: HttpOptions) {
    this.#options = options;
    this.#base = baseOf(options.url);
  }

  /**
   * Resolves to the response, whose body is not read.
   *
   * @throws ApiError when the server refuses the request
   * @throws TypeError or another error of `fetch` when the server cannot be reached
   */
  async open({ method = 'GET', path, headers, body, signal }: HttpRequest): Promise<Response> {
    const { token, credentials, fetch: fetchOption = fetch } = this.#options;
    const bearer = typeof token === 'function' ? await token() : token;
    const response = await fetchOption(this.#base + path, {
      method,
      headers: {
        ...this.#options.headers,
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(credentials !== undefined && { credentials }),
      ...(signal && { signal }),
    });
    if (!response.ok) throw await readRefusal(response);
    return response;
  }

  /**
   * Resolves to the body of the response; undefined if it is empty.
   *
   * @throws ApiError, or another error, as {@link open} does, and when the server has not answered in 35 seconds
   */
  async send<Answer = void>(request: HttpRequest): Promise<Answer> {
    const limit = new SilenceLimit(request.signal ?? NEVER, TIMEOUT_MS);
    try {
      const response = await this.open({ ...request, signal: limit.signal });
      const text = await response.text();
      return (text === '' ? undefined : JSON.parse(text)) as Answer;
    } finally {
      limit.end();
    }
  }
}

/** @throws TypeError when it is neither an address of HTTP nor a path in a browser */
function baseOf(url: string): string {
  const { location } = globalThis as { location?: { origin?: string } };
  const isPath = location?.origin !== undefined && /^(\/(?!\/)|$)/.test(url);
  if (!isPath && !/^https?:\/\/[^/]/i.test(url)) {
    throw new TypeError(
      `\`url\` must begin with http:// or https://, such as 'http://127.0.0.1:3000', but got '${url}'.`,
    );
  }
  return url.replace(/\/+$/, '');
}
