import { expect } from '@jest/globals';

/** Matches an error response: its status, its code for programs and its message for people. */
export const refused = (status: number, code: string, message: RegExp) => ({
  status,
  body: { statusCode: status, code, message: expect.stringMatching(message) },
});

/** Matches the response to an invalid request, whose message contains the name of the field. */
export const invalid = (field: string) => ({
  status: 400,
  body: {
    statusCode: 400,
    code: 'invalid_request',
    message: expect.stringContaining(field),
  },
});
