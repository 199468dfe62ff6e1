import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { within } from '../engine/timing/within.js';
import { closeWithConnection } from './close-with-connection.js';

/** How long clients may take to read the last bytes of their streams, in milliseconds. */
const FLUSH_TIMEOUT_MS = 500;

/**
 * The responses of open streams. Each ends with its session when the server stops. A client that does
 * not read does not notice the end, and its connection would prevent the stop, so it is closed.
 */
@Injectable()
export class OpenStreams implements BeforeApplicationShutdown {
  private readonly responses = new Set<Writable>();

  add(response: Writable): void {
    closeWithConnection(response);
    if (response.destroyed) return; // the client disconnected during authentication
    this.responses.add(response);
    response.on('close', () => this.responses.delete(response));
  }

  async beforeApplicationShutdown(): Promise<void> {
    const closed = [...this.responses].map((response) => once(response, 'close'));
    await within(FLUSH_TIMEOUT_MS, Promise.allSettled(closed));
    for (const response of this.responses) response.destroy();
  }
}
