import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MESSAGE_TABLE } from '../../../../src/agent-webkit/engine/agent/translation/message-table.js';
import { MessageTranslator } from '../../../../src/agent-webkit/engine/agent/translation/message-translator.js';
import { kindOf } from '../../../../src/agent-webkit/engine/agent/translation/sdk-message.js';
import { NOTICE_NAMES } from '../../../../src/agent-webkit/protocol/notices.js';
import { readDocument } from '../../../docs/markdown.js';
import { readRecording } from '../../../support/recordings.js';
import { SAMPLES } from '../../../support/sdk-samples.js';
import * as sdk from '../../../support/sdk-messages.js';

/** The kinds that the agent's program sends and the SDK's types do not have. */
const UNDECLARED = ['command_lifecycle'];

const all = Object.values(SAMPLES).flat();
const recorded = readdirSync(new URL('../../../fixtures/sdk-messages/', import.meta.url)).flatMap(
  (file) => readRecording(file.replace('.jsonl', '')),
);
const message = fc.constantFrom(...all, ...recorded);

describe('the table of the SDK’s messages', () => {
  it('is the one in docs/sdk-messages.md', () => {
    const rows = readDocument('docs/sdk-messages.md').matchAll(
      /^\| `([a-z_/]+)` +\| (.*?) +\| (.*?) *\|$/gm,
    );
    const documented = [...rows].map(([, kind, events, why]) => [kind, events, why]);

    expect(documented).toEqual(
      Object.entries(MESSAGE_TABLE).map(([kind, use]) => [
        kind,
        use.events.map((event) => `\`${event}\``).join(', ') || 'none',
        'why' in use ? use.why : '',
      ]),
    );
  });

  it('has every kind that the agent’s program was recorded to send', () => {
    const kinds = new Set(recorded.map(kindOf));

    expect([...Object.keys(MESSAGE_TABLE), ...UNDECLARED]).toEqual(
      expect.arrayContaining([...kinds]),
    );
  });

  it('states every event of a notice', () => {
    const events = Object.values(MESSAGE_TABLE).flatMap((use) => [...use.events]);

    expect(events).toEqual(expect.arrayContaining(Object.keys(NOTICE_NAMES)));
  });

  it('has all events that a message is translated to', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 30 }), (messages) => {
        const translator = new MessageTranslator('session', 0);
        for (const one of messages) {
          const events = translator.translate(one).map(({ event }) => event);
          const kind = kindOf(one);
          const use = Object.entries(MESSAGE_TABLE).find(([name]) => name === kind)?.[1];
          expect([...(use?.events ?? [])]).toEqual(expect.arrayContaining(events));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has for each kind a message that is translated to each of its events', () => {
    for (const [kind, use] of Object.entries(MESSAGE_TABLE)) {
      const translator = new MessageTranslator('session', 0);
      // The result of a turn ends its compaction.
      const before = kind === 'result' ? SAMPLES['system/status'].slice(1, 2) : [];
      for (const one of before) translator.translate(one);
      const events = SAMPLES[kind as keyof typeof SAMPLES].flatMap((one) =>
        translator.translate(one),
      );
      expect(events.map(({ event }) => event)).toEqual(expect.arrayContaining([...use.events]));
    }
  });
});

describe('the number of notices', () => {
  const notices = new Set<string>(Object.keys(NOTICE_NAMES));
  notices.delete('thinking_delta');

  it('is bounded in each turn, however many messages the SDK sends', () => {
    const flood = fc.array(fc.record({ of: message, times: fc.integer({ min: 1, max: 200 }) }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(flood, (parts) => {
        const translator = new MessageTranslator('session', 0);
        const counts = new Map<string, number>();
        let sent = 0;
        for (const { of, times } of parts) {
          for (let n = 0; n < times; n += 1) {
            sent += 1;
            const events = translator.translate(of);
            for (const { event } of events) counts.set(event, (counts.get(event) ?? 0) + 1);
            if (of.type !== 'result') continue;
            // The end of a compaction can precede the result.
            counts.clear();
            sent = 0;
          }
        }
        for (const [event, count] of counts) {
          if (notices.has(event)) expect(count).toBeLessThanOrEqual(32 + Math.log2(sent + 1));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is complete for the first 32 of a turn, and after these for every power of two', () => {
    const translator = new MessageTranslator('session', 0);
    const [suggestion] = SAMPLES['prompt_suggestion'];
    if (!suggestion) throw new Error('There is no sample.');
    const published = Array.from({ length: 300 }, (_, index) => index + 1).filter(
      () => translator.translate(suggestion).length > 0,
    );
    expect(published.slice(-4)).toEqual([32, 64, 128, 256]);
    translator.translate(sdk.result());
    expect(translator.translate(suggestion)).toHaveLength(1);
  });

  it('is equal for starts and ends of compactions', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 200 }), (messages) => {
        const translator = new MessageTranslator('session', 0);
        const events = [...messages, sdk.result()].flatMap((one) => translator.translate(one));
        const names = events
          .map(({ event }) => event)
          .filter((event) => event.startsWith('compaction'));
        names.forEach((name, index) => {
          expect(name).toBe(index % 2 === 0 ? 'compaction_start' : 'compaction_end');
        });
        expect(names.length % 2).toBe(0);
      }),
    );
  });
});

describe('the texts of notices', () => {
  it('contain no address, key or path, wherever the SDK writes one', () => {
    const secrets = [
      'http://llm.internal:8443/v1',
      '10.1.2.3:8080',
      'llm.internal:8443',
      'sk-ant-api03-abc_def',
      '/home/agent/.claude/settings.json',
      'C:\\Users\\agent\\keys.txt',
    ];
    const text = fc
      .tuple(fc.constantFrom('See ', 'Failed: ', '("'), fc.constantFrom(...secrets))
      .map(([before, secret]) => [`${before}${secret}", then more`, secret] as const);
    fc.assert(
      fc.property(text, ([written, secret]) => {
        const translator = new MessageTranslator('session', 0);
        const infected = all.map((one) => infect(one, written));
        const texts = infected
          .flatMap((one) => translator.translate(one))
          .filter(({ event }) => notices_with_text.has(event))
          .map(({ data }) => JSON.stringify(data));
        expect(texts.length).toBeGreaterThan(5);
        for (const one of texts) expect(one).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
    );
  });
});

const notices_with_text = new Set([
  'notification',
  'permission_denied',
  'prompt_suggestion',
  'tool_use_summary',
  'compaction_end',
  'error',
]);

/** Replaces every text for people in a message. */
function infect<Message extends object>(one: Message, text: string): Message {
  const fields = [
    'content',
    'text',
    'summary',
    'suggestion',
    'decision_reason',
    'error',
    'compact_error',
  ];
  const isText = (name: string, value: unknown) =>
    fields.includes(name) && typeof value === 'string' && !('attempt' in one);
  const entries = Object.entries(one).map(([name, value]) => [
    name,
    isText(name, value) ? text : value,
  ]);
  return Object.fromEntries(entries) as Message;
}
