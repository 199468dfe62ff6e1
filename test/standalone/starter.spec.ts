import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { onStarterEnd, type Process } from '../../src/standalone/starter.js';

const SHELL = process.ppid;
const NPM = 4_000_001;

const pass = () => jest.advanceTimersByTime(5000);

describe('a server that npm started by a shell', () => {
  let processes: Map<number, Process>;
  let ends: number;
  const put = (pid: number, parent: number, command: string, session = 1) =>
    processes.set(pid, { parent, command, session });
  const start = () =>
    onStarterEnd(
      { npm_command: 'run-script' },
      () => (ends += 1),
      (pid) => processes.get(pid) ?? null,
    );
  beforeEach(() => {
    jest.useFakeTimers();
    ends = 0;
    processes = new Map();
    put(process.pid, SHELL, 'node dist/main.js');
    put(SHELL, NPM, 'sh -c node dist/main.js; true');
    put(NPM, 1, 'npm start');
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('calls back once when npm has ended', () => {
    start();
    pass();
    expect(ends).toBe(0);
    put(SHELL, 1, 'sh -c node dist/main.js; true');
    pass();
    expect(ends).toBe(1);
  });

  it('goes on when no process can be looked up any more', () => {
    start();
    processes.clear();
    pass();
    expect(ends).toBe(0);
  });

  it('goes on without npm when it was detached', () => {
    put(process.pid, SHELL, 'node dist/main.js', 2);
    start();
    put(SHELL, 1, 'sh -c node dist/main.js; true');
    pass();
    expect(ends).toBe(0);
  });
});
