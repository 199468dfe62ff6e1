import { type INestApplicationContext, Logger } from '@nestjs/common';

/** SIGHUP is that of a terminal which is closed. */
const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
/**
 * How long further signals count as the first one. npm passes on the signal of a terminal, which the
 * server receives itself as well, and systemd can send SIGHUP after SIGTERM.
 */
const SAME_MS = 1000;
/** The exit status of a program that SIGINT ended. */
const INTERRUPTED = 130;

/** The members of `process` that a shutdown uses. */
export interface SignalledProcess {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  exit(status: number): void;
}

/**
 * Shuts an app down on SIGTERM, SIGINT or SIGHUP, and then exits with status 0. A second Ctrl-C exits at
 * once. A second signal of another kind ends the wait for running turns.
 *
 * @param endDrain interrupts the turns that the shutdown waits for
 * @returns a function that is true from the first signal on
 */
export function shutDownOnSignals(
  app: Pick<INestApplicationContext, 'enableShutdownHooks'>,
  endDrain: () => void,
  receiver: SignalledProcess = process,
): () => boolean {
  const logger = new Logger('Server');
  let receivedAt: number | null = null;
  for (const signal of SIGNALS) {
    receiver.on(signal, () => {
      const now = performance.now();
      if (receivedAt === null) {
        receivedAt = now;
        logger.log(`Received ${signal}. Shutting down.`);
      } else if (now - receivedAt < SAME_MS) {
        return;
      } else if (signal !== 'SIGINT') {
        logger.log(`Received ${signal} again. Not waiting for running turns.`);
        endDrain();
      } else {
        logger.warn('Received SIGINT again. Exiting before the shutdown is complete.');
        receiver.exit(INTERRUPTED);
      }
    });
  }
  app.enableShutdownHooks([...SIGNALS], { useProcessExit: true });
  return () => receivedAt !== null;
}
