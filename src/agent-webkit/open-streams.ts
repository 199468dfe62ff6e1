import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';

/** How long what was written last may take to be read, in milliseconds. */
const FLUSH_TIMEOUT_MS = 500;

/**
 * The responses that stream. Their sessions end them when the server goes down; a client that does
 * not read never sees that, and its connection would hold up the server for ever, so it is cut.
 */
@Injectable()
export class OpenStreams implements BeforeApplicationShutdown {
  private readonly closings = new Map<Writable, Promise<void>>();

  add(response: Writable): void {
    const closed = new Promise<void>((resolve) => {
      response.once('close', () => {
        this.closings.delete(response);
        resolve();
      });
    });
    this.closings.set(response, closed);
  }

  async beforeApplicationShutdown(): Promise<void> {
    const closed = Promise.all(this.closings.values());
    await Promise.race([closed, delay(FLUSH_TIMEOUT_MS, undefined, { ref: false })]);
    for (const response of this.closings.keys()) response.destroy();
  }
}
