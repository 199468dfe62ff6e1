import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OutageReport } from '../../../src/agent-webkit/engine/storage-guard/outage-report.js';
import { StorageFaultError } from '../../../src/agent-webkit/engine/storage.js';

const pass = (seconds: number) => jest.advanceTimersByTime(seconds * 1000);

describe('the report of outages', () => {
  let lines: string[];
  let report: OutageReport;
  beforeEach(() => {
    jest.useFakeTimers();
    lines = [];
    const write = (level: string) => (line: string) => void lines.push(`${level}: ${line}`);
    report = new OutageReport({ log: write('log'), warn: write('warn'), error: write('error') });
  });
  afterEach(() => {
    jest.useRealTimers();
  });
  const away = new Error('connect ECONNREFUSED 10.0.0.1:5432');

  it('logs the begin with the cause, and the end, each once', () => {
    report.failed('records.get', away);
    report.failed('events.append', new Error('timeout'));
    pass(60);
    report.failed('events.append', away);
    pass(10);
    report.succeeded(false);
    report.succeeded(false);
    expect(lines).toEqual([
      'error: Storage outage (records.get): connect ECONNREFUSED 10.0.0.1:5432. Requests are ' +
        'rejected with 503 storage_unavailable, and writes are retried until it is over.',
      'warn: The storage responds again, after an outage of about 60 s.',
    ]);
    report.failed('records.get', away);
    expect(lines).toHaveLength(3);
  });

  it('is not over while some calls succeed and others fail or do not return', () => {
    report.failed('events.append', away);
    for (let round = 0; round < 10; round += 1) {
      pass(9);
      report.succeeded(false);
      report.failed('events.append', away);
    }
    pass(100);
    report.succeeded(true);
    expect(report.isOn).toBe(true);
    expect(lines).toHaveLength(1);
    report.succeeded(false);
    expect(report.isOn).toBe(false);
    expect(lines).toHaveLength(2);
  });

  it('names a fault once more when it shows only later', () => {
    const fault = new StorageFaultError('The disk of the database is full.', {
      cause: new Error('could not extend file\n  "base/5/16384"'),
    });
    report.failed('events.append', away);
    report.failed('events.append', fault);
    report.failed('records.get', fault);
    expect(lines.slice(1)).toEqual([
      'error: Storage outage (events.append): The disk of the database is full: could not extend ' +
        'file "base/5/16384". Requests are rejected with 503 storage_unavailable, and writes are ' +
        'retried until it is over.',
    ]);
    expect(report.fault).toBe(fault);
    pass(10);
    report.succeeded(false);
    expect(report.fault).toBeNull();
  });

  it.each([
    [new AggregateError([away, new Error('other')], ''), 'connect ECONNREFUSED 10.0.0.1:5432.'],
    [Object.assign(new Error(''), { code: 'EPIPE' }), 'EPIPE.'],
    ['a string', 'a string.'],
    [null, 'unknown error.'],
    [new Error('first', { cause: new Error('second') }), 'first: second.'],
  ])('describes %p in one line', (cause, text) => {
    report.failed('call', cause);
    expect(lines).toEqual([expect.stringContaining(`Storage outage (call): ${text} Requests`)]);
  });

  it('logs nothing while nothing fails', () => {
    report.succeeded(false);
    expect(lines).toEqual([]);
  });
});
