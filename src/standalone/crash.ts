import { Logger } from '@nestjs/common';

/**
 * Ends the process with status 1 and one log line, which has the stack trace, when nothing catches an error
 * or handles a rejection. The state of the process is unknown then, so it does not shut down in order:
 * clients reconnect to the next server, and the companion process stops the agents.
 */
export function exitOnDefect(): void {
  process.on('uncaughtException', (error: unknown, origin) => {
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    try {
      new Logger('Server').error(`${TITLES[origin]} The server ends. ${trace}`);
    } finally {
      process.exit(1);
    }
  });
}

const TITLES = {
  uncaughtException: 'Uncaught error.',
  unhandledRejection: 'Unhandled rejection.',
} as const;
