import type { HttpAdapterHost } from '@nestjs/core';
import { isLoopback } from '../hosting/is-loopback.js';

/**
 * Calls a function once when an app listens on an address that other machines can reach. An app that is
 * served in another way than by `listen()` has an address that is not known.
 */
export function onPublicAddress(
  host: HttpAdapterHost,
  callback: (address: string) => void,
): () => void {
  const subscription = host.listen$.subscribe(() => {
    const bound: unknown = host.httpAdapter.getHttpServer().address();
    // A Unix socket has a path instead.
    if (typeof bound !== 'object' || bound === null) return;
    const { address } = bound as { address: string };
    if (!isLoopback(address)) callback(address);
  });
  return () => subscription.unsubscribe();
}
