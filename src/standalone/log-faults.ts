import { closeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { Logger } from '@nestjs/common';

/** The minimum interval between two reports about the same stream. */
const REPORT_INTERVAL_MS = 60_000;

type Terminal = NodeJS.WriteStream & {
  /** Not documented by Node, like the way that it writes to terminals. */
  readonly _handle?: { setBlocking?(isBlocking: boolean): unknown };
};

/**
 * Lets the server continue when a line of its log cannot be written, because the reader is gone, the disk
 * is full or the terminal was closed. Without a listener, such an error would end the process. Lines are
 * lost until they can be written again. stderr reports it for stdout, and stdout for stderr.
 *
 * A terminal that reads nothing, after Ctrl-S or at the end of a broken connection, would block the whole
 * process at the next line. Lines wait in memory instead, as Node does for pipes.
 *
 * The two streams belong to the whole process, so this is for its main program only.
 */
export function continueWithoutLog(): void {
  const logger = new Logger('Server');
  for (const stream of [process.stdout, process.stderr] as Terminal[]) {
    // oxlint-disable-next-line no-underscore-dangle -- Node has no other name for it
    if (stream.isTTY) stream._handle?.setBlocking?.(false);
  }
  onFault(process.stdout, (code) => logger.error(describe('stdout', code)));
  onFault(process.stderr, (code) => logger.warn(describe('stderr', code)));
  const terminals = [0, 1, 2].filter((fd) => isatty(fd));
  // Node restores the mode of its terminal at its exit, and aborts when the terminal is gone.
  process.on('exit', () => terminals.filter((fd) => !isatty(fd)).forEach((fd) => closeSync(fd)));
}

function onFault(stream: NodeJS.WriteStream, report: (code: string) => void): void {
  let reportedAt = -Infinity;
  stream.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    const now = performance.now();
    if (now - reportedAt < REPORT_INTERVAL_MS) return;
    reportedAt = now; // before the report, which may fail as well
    report(code ?? message);
  });
}

function describe(stream: string, code: string): string {
  return `The log cannot be written to ${stream} (${code}). The server continues, and its log lines are lost.`;
}
