import { ConsoleLogger } from '@nestjs/common';
import { agentLogFields } from '../agent-webkit/engine/log-fields.js';

/** The parts of Nest that log the errors of a failed start, and then throw them. */
const THROWING: readonly unknown[] = ['ExceptionHandler', 'NestApplication'];

/** The number of bytes of the log that wait in memory for a reader, for each stream. */
const MAX_WAITING_BYTES = 1_000_000;

/**
 * The log of the standalone server. The main program reports a failed start, once and without a stack.
 * While the reader of the log reads nothing, lines are dropped beyond a limit.
 */
export class ServerLogger extends ConsoleLogger {
  /** Returns the log in a format: `json` for one object in each line, with the ids of the session that it is about. */
  static of(format: 'text' | 'json'): ServerLogger {
    return format === 'json'
      ? new ServerLogger({ json: true, colors: false, compact: true })
      : new ServerLogger();
  }

  override error(message: unknown, ...rest: unknown[]): void {
    if (THROWING.includes(rest.at(-1))) return;
    super.error(message, ...rest);
  }

  protected override getJsonLogObject(
    ...args: Parameters<(typeof ConsoleLogger.prototype)['getJsonLogObject']>
  ): ReturnType<(typeof ConsoleLogger.prototype)['getJsonLogObject']> {
    return { ...super.getJsonLogObject(...args), ...agentLogFields() };
  }

  protected override printMessages(
    ...args: Parameters<(typeof ConsoleLogger.prototype)['printMessages']>
  ): void {
    const stream = args[3] === 'stderr' ? process.stderr : process.stdout;
    if (stream.writableLength < MAX_WAITING_BYTES) super.printMessages(...args);
  }
}
