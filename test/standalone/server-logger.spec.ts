import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { withLogFields } from '../../src/agent-webkit/engine/log-fields.js';
import { ServerLogger } from '../../src/standalone/server-logger.js';

let lines: string[];
beforeEach(() => {
  lines = [];
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  }
});
afterEach(() => {
  jest.restoreAllMocks();
  // That of the prototype remains.
  Reflect.deleteProperty(process.stdout, 'writableLength');
});

/** Makes the reader of stdout read nothing. */
const setWaiting = (value: number) =>
  Object.defineProperty(process.stdout, 'writableLength', { value, configurable: true });

describe('ServerLogger', () => {
  const logger = new ServerLogger('Test', { colors: false });

  it('drops lines while a million bytes wait for the reader of their stream', () => {
    setWaiting(999_999);
    logger.log('a first line');
    setWaiting(1_000_000);
    logger.log('a second line');
    logger.error('an error', undefined, 'Server');
    expect(lines).toEqual([
      expect.stringMatching(/LOG.*\[Test\].*a first line/),
      expect.stringMatching(/ERROR.*\[Server\].*an error/),
    ]);
  });

  it('writes one object in each line, with the ids of the session that it is about', () => {
    const json = ServerLogger.of('json');
    const ids = { session_id: 's', owner: 'ada', turn_id: 'm', trace_id: 't' };
    const engine = { log: () => undefined, error: () => undefined };
    const about = withLogFields(
      { ...engine, warn: (message) => json.warn(message, 'AgentWebkit') },
      () => ids,
    );
    about.warn('a line');
    json.log('another line', 'Server');
    expect(lines.every((line) => line.endsWith('}\n'))).toBe(true);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        level: 'warn',
        pid: process.pid,
        timestamp: expect.any(Number),
        context: 'AgentWebkit',
        message: 'a line',
        ...ids,
      },
      {
        level: 'log',
        pid: process.pid,
        timestamp: expect.any(Number),
        context: 'Server',
        message: 'another line',
      },
    ]);
  });

  it('leaves the errors of a failed start to the main program', () => {
    logger.error('EADDRINUSE', 'NestApplication');
    logger.error(new Error('no pg'), 'ExceptionHandler');
    expect(lines).toEqual([]);
  });
});
