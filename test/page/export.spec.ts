import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { emptyTool } from '../../page/src/session/blocks.js';
import type { Item } from '../../page/src/session/conversation.js';
import { toJsonLines, toMarkdown } from '../../page/src/session/export.js';
import type { DeliveredEvent } from '../../src/agent-webkit/protocol/events.js';

const said = (text: string): Item => ({ kind: 'user', key: text, at: 0, content: text });

describe('the export of a conversation', () => {
  it('has messages, tool calls with their results, and errors as Markdown', () => {
    const tool = {
      ...emptyTool('t', 'Read'),
      input: { path: 'a.md' },
      result: { output: 'Has\n```\na fence', isError: false },
    };
    const agent: Item = {
      kind: 'agent',
      key: 'a',
      at: 0,
      blocks: [{ kind: 'text', text: 'I read it.' }, tool],
      settled: 2,
      isStreaming: false,
      parent: null,
    };
    expect(toMarkdown('A\ntitle', [said('Read a.md'), agent])).toBe(
      [
        '# A title',
        '## User',
        'Read a.md',
        '## Agent',
        'I read it.',
        '**Read**',
        '```json\n{\n  "path": "a.md"\n}\n```',
        'Result:',
        '````\nHas\n```\na fence\n````',
        '',
      ].join('\n\n'),
    );
  });

  it('has one line for each event', () => {
    const events = [1, 2].map((id) => ({ id, event: 'error', data: { message: 'a\nb' } }));
    const lines = toJsonLines(events as unknown as DeliveredEvent[])
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(events);
  });

  it('keeps within its bound, with the end of any conversation, and says that the beginning is missing', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,30}$/)), fc.nat(400), (texts, bound) => {
        const file = toMarkdown('t', texts.map(said), bound);
        const all = texts.map((text) => `## User\n\n${text}\n\n`).join('');
        const [, note, rest] = /^# t\n\n(\*The beginning is not in this file\.\*\n\n)?([^]*)$/.exec(
          file,
        ) as unknown as [string, string | undefined, string];
        expect(rest.length).toBeLessThanOrEqual(bound);
        expect(all.endsWith(rest)).toBe(true);
        expect(note === undefined).toBe(rest === all);
      }),
    );
  });
});
