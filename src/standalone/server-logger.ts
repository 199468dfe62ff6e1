import { ConsoleLogger } from '@nestjs/common';

/** The parts of Nest that log the errors of a failed start, and then throw them. */
const THROWING: readonly unknown[] = ['ExceptionHandler', 'NestApplication'];

/** The log of the standalone server. The main program reports a failed start, once and without a stack. */
export class ServerLogger extends ConsoleLogger {
  override error(message: unknown, ...rest: unknown[]): void {
    if (THROWING.includes(rest.at(-1))) return;
    super.error(message, ...rest);
  }
}
