import { ApiError } from './api-error.js';
import type { Http } from './http.js';
import { SilenceLimit } from './silence.js';
import { type Frame, SseParser } from './sse-parser.js';

export interface FrameStreamOptions {
  readonly path: string;
  /** The position after which it goes on; null to begin without one. */
  readonly lastEventId: string | null;
  readonly signal: AbortSignal;
  /** How long it may be silent, in milliseconds. */
  readonly silenceMs: number;
  /** Called when the server has accepted the request. */
  readonly onOpen: () => void;
}

const NO_STREAMS = 'This fetch cannot read a stream. Use the transport "poll".';

/**
 * Yields the server-sent events of one response.
 *
 * @throws ApiError when the server refuses it, or `fetch` cannot read a response piece by piece
 */
export async function* readFrames(
  http: Http,
  { path, lastEventId, signal, silenceMs, onOpen }: FrameStreamOptions,
): AsyncGenerator<Frame, void, undefined> {
  const limit = new SilenceLimit(signal, silenceMs);
  try {
    const response = await http.open({
      path,
      headers: {
        accept: 'text/event-stream',
        ...(lastEventId !== null && { 'last-event-id': lastEventId }),
      },
      signal: limit.signal,
    });
    const reader = response.body?.getReader();
    if (!reader) throw new ApiError(response.status, null, NO_STREAMS, null);
    onOpen();
    const parser = new SseParser();
    for (;;) {
      limit.heard();
      // oxlint-disable-next-line no-await-in-loop -- parts follow one another
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    limit.end();
  }
}
