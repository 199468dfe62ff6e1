/** A network between a client and a server, which a test counts and cuts. */
export class CountingNetwork {
  /** The paths of all requests, in their order. */
  readonly paths: string[] = [];
  /** Cuts the open streams. */
  readonly #cuts = new Set<() => void>();
  /** The paths that a server of an earlier version does not have. */
  readonly missing = new Set<string>();

  readonly fetch: typeof fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    this.paths.push(pathname);
    if (this.missing.has(pathname))
      return new Response('{"message":"Cannot GET"}', { status: 404 });
    const cutting = new AbortController();
    const signals = [cutting.signal, ...(init?.signal ? [init.signal] : [])];
    const response = await fetch(input, { ...init, signal: AbortSignal.any(signals) });
    if (response.headers.get('content-type')?.startsWith('text/event-stream') === true)
      this.#cuts.add(() => cutting.abort(new TypeError('The network is gone.')));
    return response;
  };

  /** Returns the number of requests for a path. */
  count(path: RegExp): number {
    return this.paths.filter((one) => path.test(one)).length;
  }

  cut(): void {
    for (const cut of this.#cuts) cut();
    this.#cuts.clear();
  }
}
