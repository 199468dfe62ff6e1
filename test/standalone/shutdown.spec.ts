import { EventEmitter } from 'node:events';
import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { shutDownOnSignals } from '../../src/standalone/shutdown.js';

class FakeProcess extends EventEmitter {
  readonly statuses: number[] = [];

  exit(status: number): void {
    this.statuses.push(status);
  }
}

const app = { enableShutdownHooks: () => ({}) as never };

/** Returns the statuses with which the process exited, for signals at these times in milliseconds. */
const exitsAfter = (signals: [NodeJS.Signals, number][]): number[] => {
  const receiver = new FakeProcess();
  shutDownOnSignals(app, receiver);
  const now = jest.spyOn(performance, 'now');
  for (const [signal, time] of signals) {
    now.mockReturnValue(time);
    receiver.emit(signal);
  }
  now.mockRestore();
  return receiver.statuses;
};

describe('shutDownOnSignals', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('exits at once at a second Ctrl-C, which comes a second or later after the first signal', () => {
    const twice: [NodeJS.Signals, number][] = [
      ['SIGINT', 5000],
      ['SIGINT', 6000],
    ];
    expect(exitsAfter(twice)).toEqual([130]);
    expect(
      exitsAfter([
        ['SIGHUP', 0],
        ['SIGINT', 1001],
      ]),
    ).toEqual([130]);
  });

  it('ignores a signal that a terminal and npm send twice, and every later one but Ctrl-C', () => {
    expect(
      exitsAfter([
        ['SIGINT', 0],
        ['SIGINT', 30],
        ['SIGTERM', 31],
        ['SIGHUP', 2000],
        ['SIGTERM', 3000],
      ]),
    ).toEqual([]);
  });
});
