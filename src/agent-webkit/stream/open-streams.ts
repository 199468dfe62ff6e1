import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { within } from '../engine/timing/within.js';

/** How long what was written last may take to be read, in milliseconds. */
const FLUSH_TIMEOUT_MS = 500;

/**
 * The responses that stream. Their sessions end them when the server goes down; a client that does
 * not read never sees that, and its connection would hold up the server for ever, so it is cut.
 */
@Injectable()
export class OpenStreams implements BeforeApplicationShutdown {
  private readonly responses = new Set<Writable>();

  add(response: Writable): void {
    if (response.destroyed) return; // its client left while it was asked who it is
    this.responses.add(response);
    response.on('close', () => this.responses.delete(response));
  }

  async beforeApplicationShutdown(): Promise<void> {
    const closed = [...this.responses].map((response) => once(response, 'close'));
    await within(FLUSH_TIMEOUT_MS, Promise.allSettled(closed));
    for (const response of this.responses) response.destroy();
  }
}
