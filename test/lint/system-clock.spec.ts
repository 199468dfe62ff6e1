import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../src/', import.meta.url));

/**
 * The files that read the system clock, which an operator or NTP can set at any time. What they read is
 * stored, shown to people, or compared with stored times. A duration, a limit or an age in memory is
 * measured by `performance.now()`.
 */
const READERS: Readonly<Record<string, string>> = {
  'agent-webkit-client/api-error.ts': 'compared with the date of a Retry-After',
  'agents/claude/awaited-entries.ts': 'the time of an entry of a transcript',
  'agents/scripted/sdk-message.ts': 'the time in a message',
  'engine/daily-budget.ts': 'compared with the stored days of usage',
  'engine/event-log/event-log.ts': 'the time of an event, and the age of stored ones',
  'engine/registry/deletions.ts': 'the time of an event',
  'engine/registry/listing.ts': 'compared with the stored last activity',
  'engine/registry/maintenance.ts': 'stored as the last activity of a session that is read',
  'engine/registry/retention.ts': 'compared with the stored last activity',
  'engine/registry/session-creation.ts': 'stored as the creation',
  'engine/registry/take-census.ts': 'compared with the time of an event',
  'engine/registry/usage-report.ts': 'compared with the stored days of usage',
  'engine/session/approvals.ts': 'the time of an approval',
  'engine/session/asked-request.ts': 'the time at which a request expires',
  'engine/session/escalations.ts': 'the time at which a request is escalated',
  'engine/session/requests.ts': 'the time at which a request expires',
  'engine/session/resolution.ts': 'the time of a decision',
  'engine/session/session-settings.ts': 'stored as the last activity',
  'engine/tails/session-tail.ts': 'compared with the stored time of the last activity',
  'engine/timing/clock-steps.ts': 'notices that the clock was set',
  'engine/workspace/unrecorded-sessions.ts': 'stored in a file that says that a server runs',
  'gateway/model/stored-login.ts': 'compared with the stored end of a login',
  'storage/conformance/record-cases.ts': 'the times of samples',
  'storage/memory/memory-transcripts.ts': 'the time of a transcript, which never goes back',
  'storage/sqlite/sqlite-events.ts': 'stored with a key, and compared with it',
  'storage/sqlite/sqlite-outbox.ts': 'stored with a notification, and compared with it',
  'storage/sqlite/sqlite-transcripts.ts': 'the time of a transcript, which never goes back',
  'storage/sqlite/thread/file-guard.ts': 'a part of a file name',
  'telemetry/turn-span.ts': 'the times of a span that began before it is made',
  'webhooks/webhook-receiver.ts':
    'the time of an attempt, which the receiver compares with its clock',
};

const readsClock = (code: string) => /\bDate\.now\b|\bnew Date\(\)|\bDate\(\)/.test(code);

describe('the system clock', () => {
  it('is read only where a time is stored, shown or compared with a stored one', () => {
    const readers = readdirSync(ROOT, { recursive: true, encoding: 'utf8' })
      .map((path) => path.replaceAll('\\', '/'))
      .filter((path) => path.endsWith('.ts') && readsClock(readFileSync(ROOT + path, 'utf8')))
      .map((path) => path.replace(/^agent-webkit\//, ''));
    expect(readers.sort()).toEqual(Object.keys(READERS).sort());
  });

  it.each(['Date.now()', 'const now = Date.now', 'new Date()', 'new Date(Date.now() - 1)'])(
    'is found in %s',
    (code) => {
      expect([readsClock(code), readsClock('new Date(0); performance.now()')]).toEqual([
        true,
        false,
      ]);
    },
  );
});
