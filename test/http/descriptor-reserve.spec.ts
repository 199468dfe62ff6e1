import { openSync, closeSync } from 'node:fs';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { array, assert, constant, integer, oneof, property } from 'fast-check';
import { countDescriptors, NONE_LEFT } from '../../src/agent-webkit/http/descriptor-count.js';
import { DescriptorReserve } from '../../src/agent-webkit/http/descriptor-reserve.js';
import { itOnly } from '../support/needs.js';

/** A process whose descriptors are counted, and its clock. */
class FakeProcess {
  used = 20;
  now = 0;
  counts = 0;
  readonly limit: number;
  readonly reserve: DescriptorReserve;

  constructor(limit: number) {
    this.limit = limit;
    this.reserve = new DescriptorReserve(() => {
      this.counts += 1;
      return { used: this.used, limit: this.limit };
    });
    jest.spyOn(performance, 'now').mockImplementation(() => this.now);
  }

  /** Opens a stream unless it is refused. */
  open(): boolean {
    try {
      this.reserve.check();
    } catch (error) {
      expect(error).toMatchObject({ code: 'server_overloaded', retryAfterSeconds: 10 });
      return false;
    }
    this.used += 1;
    return true;
  }
}

let lines: string[];
beforeEach(() => {
  lines = [];
  for (const level of ['warn', 'log'] as const) {
    jest.spyOn(Logger.prototype, level).mockImplementation(() => void lines.push(level));
  }
});
afterEach(() => {
  jest.restoreAllMocks();
});

const step = oneof(
  { weight: 6, arbitrary: constant('open' as const) },
  { weight: 2, arbitrary: constant('close' as const) },
  { weight: 1, arbitrary: integer({ min: 1, max: 2000 }) },
);

describe('the reserve of file descriptors', () => {
  it('is never given to a stream, however streams open and close', () => {
    assert(
      property(integer({ min: 100, max: 400 }), array(step, { maxLength: 800 }), (limit, steps) => {
        const machine = new FakeProcess(limit);
        const reserve = Math.min(64, Math.ceil(limit / 4));
        for (const next of steps) {
          if (next === 'open') machine.open();
          else if (next === 'close') machine.used = Math.max(20, machine.used - 1);
          else machine.now += next;
          expect(machine.limit - machine.used).toBeGreaterThanOrEqual(reserve);
        }
      }),
    );
  });

  it('is counted about as often as the free descriptors can be halved, and ten times a second while it is all', () => {
    const machine = new FakeProcess(20_000);
    while (machine.open());
    expect(machine.used).toBe(20_000 - 64);
    expect(machine.counts).toBeLessThan(20);
    const { counts } = machine;
    for (let refused = 0; refused < 1000; refused += 1) {
      expect(machine.open()).toBe(false);
      machine.now += 1;
    }
    expect(machine.counts - counts).toBeLessThan(12);
  });

  it('accepts streams again when others are closed, and is reported once', () => {
    const machine = new FakeProcess(256);
    for (let round = 0; round < 5; round += 1) {
      while (machine.open());
      machine.used -= 1; // another one takes its place
      machine.now += 200;
    }
    expect(machine.open()).toBe(true);
    expect(lines).toEqual(['warn']);
    machine.used = 20;
    machine.now += 2000;
    expect(machine.open()).toBe(true);
    expect(lines).toEqual(['warn', 'log']);
  });

  it('is reported without a number when none are left to count them with', () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const reserve = new DescriptorReserve(() => NONE_LEFT);
    expect(() => reserve.check()).toThrow(expect.objectContaining({ code: 'server_overloaded' }));
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^The process has no file descriptor left\. New streams/)],
    ]);
  });

  it('does not exist where the system tells no limit', () => {
    const reserve = new DescriptorReserve(() => null);
    for (let count = 0; count < 1000; count += 1) expect(() => reserve.check()).not.toThrow();
  });
});

const notLinux = process.platform === 'linux' ? null : 'only Linux tells a process its descriptors';

describe('countDescriptors', () => {
  itOnly(notLinux)('counts the open files of this process', () => {
    const before = countDescriptors();
    const opened = Array.from({ length: 10 }, () => openSync('/dev/null', 'r'));
    const after = countDescriptors();
    for (const fd of opened) closeSync(fd);
    expect(Number(after?.used) - Number(before?.used)).toBe(10);
    expect(after?.limit).toBeGreaterThan(10);
  });
});
