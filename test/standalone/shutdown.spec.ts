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

interface Outcome {
  /** The statuses with which the process exited. */
  readonly exits: number[];
  /** How often the wait for running turns was ended. */
  readonly drainEnds: number;
}

/** Returns what happens for signals at these times in milliseconds. */
const after = (signals: [NodeJS.Signals, number][]): Outcome => {
  const receiver = new FakeProcess();
  let drainEnds = 0;
  shutDownOnSignals(app, () => (drainEnds += 1), receiver);
  const now = jest.spyOn(performance, 'now');
  for (const [signal, time] of signals) {
    now.mockReturnValue(time);
    receiver.emit(signal);
  }
  now.mockRestore();
  return { exits: receiver.statuses, drainEnds };
};

const exitsAfter = (signals: [NodeJS.Signals, number][]): number[] => after(signals).exits;

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

  it('ignores a signal that a terminal and npm send twice', () => {
    expect(
      after([
        ['SIGINT', 0],
        ['SIGINT', 30],
        ['SIGTERM', 31],
        ['SIGHUP', 999],
      ]),
    ).toEqual({ exits: [], drainEnds: 0 });
  });

  it('waits no longer for running turns at a second SIGTERM, and does not exit by itself', () => {
    expect(
      after([
        ['SIGTERM', 0],
        ['SIGTERM', 1000],
      ]),
    ).toEqual({ exits: [], drainEnds: 1 });
  });
});
