import { describe, expect, it } from '@jest/globals';
import { TransportError } from '@agent-webkit/core';
import { explain, Refusal } from '../../page/src/client/words.js';
import { describeNews } from '../../page/src/ui/news.js';
import { readQuestions, toAnswers } from '../../page/src/ui/questions.js';
import { describeSuggestion, forThisSession } from '../../page/src/ui/suggestions.js';
import { readOutput, summarize } from '../../page/src/ui/tool-input.js';
import { addEvents } from '../../page/src/session/add-events.js';
import { asked, complete, conversationOf, delta, numbered, ready, text } from './page-events.js';

const refusal = (status: number, body: object) =>
  explain(new TransportError('Input rejected', status, JSON.stringify(body)));

describe('the texts of the page', () => {
  it('explain a rejection by its code or by the server’s message', () => {
    expect(refusal(409, { code: 'no_pending_request' })).toBe('This request was already answered.');
    expect(refusal(400, { code: 'invalid_request', message: 'content: must not be empty' })).toBe(
      'content: must not be empty',
    );
    expect(explain(new TransportError('x', 502, '<html>'))).toBe(
      'The server responded with status 502.',
    );
    expect(explain(new Refusal('', 413, 'payload_too_large'))).toMatch(/The message is too large/);
    expect(explain(new TypeError('Failed to fetch'))).toBe(
      'Cannot reach the server. Check that it is running.',
    );
  });

  it('announce whole messages and requests, but no chunks of text', () => {
    const before = conversationOf(ready, delta('m', 'He'));
    const streaming = addEvents(before, numbered([delta('m', 'llo')], 3));
    const done = addEvents(streaming, numbered([complete('m', [text('Hello')]), asked('t')], 4));

    expect(describeNews(before, streaming)).toBe('');
    expect(describeNews(streaming, done)).toBe(
      'Agent: Hello The agent asks for permission to use Bash.',
    );
  });

  it('list the answers by their questions, with options in order and free text', () => {
    const questions = readQuestions({
      questions: [
        { question: 'Which?', options: [{ label: 'a' }, { label: 'b' }], multiSelect: true },
        { question: 'Why?', options: [] },
      ],
    });
    const choose = (options: string[], own: string, why: string) =>
      toAnswers(questions, [
        { options, text: own },
        { options: [], text: why },
      ]);

    expect(choose(['b', 'a'], ' c ', 'so')).toEqual({ 'Which?': 'a, b, c', 'Why?': 'so' });
    expect(choose([], '', 'so')).toBeNull();
  });

  it('describe permission suggestions, which are limited to the session', () => {
    const [rule, folder, mode] = forThisSession([
      {
        type: 'addRules',
        behavior: 'allow',
        rules: [{ toolName: 'Bash', ruleContent: 'ls:*' }],
        destination: 'localSettings',
      },
      { type: 'addDirectories', directories: ['/srv'], destination: 'userSettings' },
      { type: 'setMode', mode: 'acceptEdits', destination: 'session' },
    ]);
    expect(rule).toMatchObject({ destination: 'session' });
    expect(rule && describeSuggestion(rule)).toBe('allow commands that begin with “ls”');
    expect(folder && describeSuggestion(folder)).toBe('allow access to /srv');
    expect(mode && describeSuggestion(mode)).toBe('accept edits without asking');
    expect(forThisSession(undefined)).toEqual([]);
  });

  it('summarize tool calls by their most informative field, and show text and images of outputs', () => {
    expect(summarize({ description: 'List', command: 'ls' })).toBe('ls');
    expect(summarize({ questions: [{ question: 'Which?', options: [] }] })).toBe('Which?');
    expect(summarize({ n: 1 })).toBe('{"n":1}');
    const png = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/png', data: 'AA==' },
    };
    const svg = {
      type: 'image',
      source: { type: 'base64', media_type: 'image/svg+xml', data: 'AA==' },
    };
    expect(readOutput([{ type: 'text', text: 'a' }, png])).toEqual({
      text: 'a',
      images: ['data:image/png;base64,AA=='],
    });
    expect(readOutput([svg]).images).toEqual([]);
  });
});
