import { expect } from '@jest/globals';

/** How a refusal answers: its status, its code for programs and its sentence for people. */
export const refused = (status: number, code: string, message: RegExp) => ({
  status,
  body: { statusCode: status, code, message: expect.stringMatching(message) },
});

/** A request that does not fit the protocol; the message begins with the field's name. */
export const invalid = (field: string) => ({
  status: 400,
  body: {
    statusCode: 400,
    code: 'invalid_request',
    message: expect.stringContaining(field),
  },
});
