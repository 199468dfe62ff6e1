import { open } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ApiError } from './api-error.js';
import { type Environment, PLACEHOLDER } from './environment.js';

/** The largest file with a login that is read, in bytes. */
const MAX_BYTES = 4 * 1024 * 1024;

interface StoredLogin {
  readonly inside: Readonly<Record<string, string>>;
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
}

/**
 * Returns the login that `claude` has stored for the user of the server; null without one. It is read again
 * for each request, because `claude` renews it. The gateway does not renew it: with an expired login, each
 * request is answered with an error that says so.
 */
export async function findStoredLogin(environment: Environment): Promise<StoredLogin | null> {
  const home = environment['HOME'] ?? environment['USERPROFILE'] ?? homedir();
  const folder = environment['CLAUDE_CONFIG_DIR'];
  const logins = join(folder ?? join(home, '.claude'), '.credentials.json');
  const configuration = join(folder ?? home, '.claude.json');
  if ((await readToken(logins)) !== null) {
    return {
      inside: { CLAUDE_CODE_OAUTH_TOKEN: PLACEHOLDER },
      headers: async () => ({ authorization: `Bearer ${await validToken(logins)}` }),
    };
  }
  if ((await readKey(configuration)) === null) return null;
  return {
    inside: { ANTHROPIC_API_KEY: PLACEHOLDER },
    headers: async () => {
      const key = await readKey(configuration);
      if (key === null) throw removed();
      return { 'x-api-key': key };
    },
  };
}

async function validToken(path: string): Promise<string> {
  const login = await readToken(path);
  if (login === null) throw removed();
  if (login.expiresAt <= Date.now()) {
    throw new ApiError(
      401,
      'authentication_error',
      'The stored login of the server has expired. Run `claude` on the server to renew it, or set CLAUDE_CODE_OAUTH_TOKEN.',
    );
  }
  return login.token;
}

function removed(): ApiError {
  return new ApiError(
    401,
    'authentication_error',
    'The server has no stored login any more. Run `claude` on the server, or set CLAUDE_CODE_OAUTH_TOKEN.',
  );
}

async function readToken(path: string): Promise<{ token: string; expiresAt: number } | null> {
  const file = await readJson(path);
  const { accessToken, expiresAt } = fieldsOf(fieldsOf(file)['claudeAiOauth']);
  if (typeof accessToken !== 'string' || accessToken === '') return null;
  return { token: accessToken, expiresAt: typeof expiresAt === 'number' ? expiresAt : Infinity };
}

async function readKey(path: string): Promise<string | null> {
  const { primaryApiKey } = fieldsOf(await readJson(path));
  return typeof primaryApiKey === 'string' && primaryApiKey !== '' ? primaryApiKey : null;
}

/** Null for a file that is not there, or is being written. */
async function readJson(path: string): Promise<unknown> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      return size > MAX_BYTES ? null : (JSON.parse(await file.readFile('utf8')) as unknown);
    } finally {
      await file.close();
    }
  } catch {
    // The message of the error may contain a part of the file.
    return null;
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
