#!/usr/bin/env node
import { Logger } from '@nestjs/common';
import { createServer } from './server.js';
import { readSettings, SettingError, type Settings, withoutSecrets } from './settings.js';

const logger = new Logger('Server');

async function start(): Promise<void> {
  const settings = readSettings(process.env);
  const app = await createServer(settings);
  app.enableShutdownHooks(['SIGINT', 'SIGTERM'], { useProcessExit: true });
  await app.listen(settings.port, settings.host);
  announce(settings, await app.getUrl());
}

/** Says where the server is, and a line to paste into a shell to see it at work. */
function announce(settings: Settings, url: string): void {
  const { agent, agentReason, storage, generatedToken, sampleToken } = settings;
  const auth = sampleToken === null ? [] : [`-H "Authorization: Bearer ${sampleToken}"`];
  const post = (path: string, body: string) => [
    'curl -s -X POST',
    `${url}${path}`,
    ...auth,
    `-H 'Content-Type: application/json' -d`,
    body,
  ];
  const lines = [
    `Listening on ${url}`,
    // The fragment stays in the browser: no server and no log sees the token in it.
    `Open:    ${url}/${generatedToken === null ? '' : `#token=${generatedToken}`}` +
      (sampleToken === '$TOKEN' ? ' (it asks for one of your tokens)' : ''),
    `API:     ${url}/docs`,
    `Agent:   ${agent}${agentReason === null ? '' : ` (${agentReason})`}`,
    `Storage: ${withoutSecrets(storage)}`,
    ...(generatedToken === null
      ? []
      : [`Token:   ${generatedToken} (for this run; set AGENT_WEBKIT_TOKEN to choose one)`]),
    '',
    sampleToken === '$TOKEN'
      ? 'Create a session and follow it (TOKEN=... is one of yours):'
      : 'Create a session and follow it:',
    '',
    `  S=$(${post('/sessions', `'{"include_partial_messages":true}'`).join(' ')} | cut -d'"' -f4); ` +
      ['curl -sN', `${url}/sessions/$S/stream`, ...auth].join(' ') +
      ' &',
    '',
    'Then say something in it:',
    '',
    `  ${post('/sessions/$S/input', `'{"type":"user_message","content":"help"}'`).join(' ')}`,
  ];
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
}

/** What the person who started the server can mend is said in a sentence, without a stack. */
function explain(error: unknown): string {
  if (error instanceof SettingError || error instanceof TypeError) return error.message;
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE') return 'PORT is taken by another program; choose another one.';
  if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL')
    return 'HOST is not an address of this machine.';
  if (code === 'EACCES') return 'PORT may not be used by this user; choose one above 1023.';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

start().catch((error: unknown) => {
  logger.error(explain(error));
  process.exitCode = 1;
});
