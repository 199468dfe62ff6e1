import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import {
  decodeCall,
  decodeReply,
  encodeCall,
  encodeOutcome,
  encodeRejection,
  type SessionCall,
} from '../../../src/agent-webkit/engine/cluster/session-call.js';
import { BackpressureError } from '../../../src/agent-webkit/engine/errors.js';

const CALLS: SessionCall[] = [
  { kind: 'send', message: { type: 'interrupt' } },
  { kind: 'send', message: { type: 'user_message', content: 'hi' }, idempotencyKey: 'key' },
  { kind: 'edit_message', messageId: 'm', content: 'hi', idempotencyKey: 'key' },
  { kind: 'edit_message', messageId: 'm', content: [{ type: 'text', text: 'hi' }] },
  { kind: 'withdraw_message', messageId: 'm' },
  { kind: 'delete' },
  { kind: 'set_max_budget', usd: 0.5 },
  { kind: 'set_members', members: [{ id: 'bob', role: 'viewer' }] },
  { kind: 'replace_members', members: [], expected: [{ id: 'bob', role: 'viewer' }] },
  { kind: 'change', change: { title: null, metadata: { a: null, b: 1 }, archived: true } },
];

describe('a forwarded call', () => {
  it.each(CALLS.map((call) => [call.kind, call] as const))(
    'arrives as it was sent: %s',
    (_, call) => {
      const forwarded = { sessionId: 's', caller: { id: 'ada', roles: ['admin'] }, call };
      expect(decodeCall(encodeCall(forwarded))).toEqual(forwarded);
    },
  );

  it('carries the trace of its request, and drops one that is not valid', () => {
    const call: SessionCall = { kind: 'delete' };
    const forwarded = { sessionId: 's', caller: { id: 'ada' }, call };
    const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'v=1' };
    expect(decodeCall(encodeCall({ ...forwarded, trace }))).toEqual({ ...forwarded, trace });
    const invalid = { ...forwarded, trace: { traceparent: 'no' } };
    expect(decodeCall(encodeCall(invalid))).toEqual(forwarded);
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"sessionId":"s","caller":{"id":"ada"},"call":{"kind":"other"}}',
    '{"sessionId":"s","caller":{"id":"ada"},"call":{"kind":"set_max_budget","usd":-1}}',
    '{"sessionId":"s","caller":{"id":"ada"},"call":{"kind":"edit_message","messageId":"m"}}',
    '{"sessionId":"s","caller":{"id":"ada"},"call":{"kind":"withdraw_message"}}',
    '{"sessionId":"s","caller":{"id":"ada"},"call":{"kind":"change"}}',
    '{"sessionId":"s","caller":{"id":"ada"},"call":{"kind":"replace_members","members":[]}}',
    '{"sessionId":"s","caller":{},"call":{"kind":"delete"}}',
    '{"sessionId":1,"caller":{"id":"ada"},"call":{"kind":"delete"}}',
    '{"sessionId":"s","caller":{"id":"ada"},"call":{"kind":"send","message":{"type":"new"}}}',
    '{"sessionId":"s","caller":{"id":"ada"},"call":{"kind":"send","message":{"type":"toString"}}}',
  ])('is unknown when it is garbage, or of a newer version: %s', (body) => {
    expect(decodeCall(body)).toBeNull();
  });

  it('is decoded without an error, whatever arrives', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (body) => {
        expect(decodeCall(body)).toBeNull();
      }),
    );
  });
});

describe('the reply to a forwarded call', () => {
  it('is its outcome', () => {
    expect(decodeReply(encodeOutcome('moved'))).toBe('moved');
  });

  it('is the error with which it was rejected', () => {
    const error = new BackpressureError('8 messages are');
    expect(() => decodeReply(encodeRejection(error))).toThrow(error.message);
  });

  it.each(['', '{}', '{"outcome":"maybe"}'])('is an error when it is garbage: %j', (body) => {
    expect(() => decodeReply(body)).toThrow('could not handle the request');
  });
});
