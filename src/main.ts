#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Logger } from '@nestjs/common';
import { PostgresError } from './agent-webkit/storage/postgres/postgres-error.js';
import { exitOnDefect } from './standalone/crash.js';
import { continueWithoutLog } from './standalone/log-faults.js';
import { HELP, readCommand, UsageError } from './standalone/command-line.js';
import { createServer } from './standalone/server.js';
import { SettingError } from './standalone/read-setting.js';
import { shutDownOnSignals } from './standalone/shutdown.js';
import { onStarterEnd } from './standalone/starter.js';
import { warmUp } from './standalone/warm-up.js';
import { readSettings, type Settings, withoutSecrets } from './standalone/settings.js';

const logger = new Logger('Server');

async function run(args: readonly string[]): Promise<void> {
  switch (readCommand(args)) {
    case 'help':
      process.stdout.write(HELP);
      return;
    case 'version':
      process.stdout.write(`${readVersion()}\n`);
      return;
    case 'start':
      await start();
  }
}

function readVersion(): string {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  return version;
}

async function start(): Promise<void> {
  const settings = readSettings(process.env);
  for (const warning of settings.warnings) logger.warn(warning);
  const app = await createServer(settings);
  const isShuttingDown = shutDownOnSignals(app);
  onStarterEnd(process.env, () => {
    logger.warn('npm, which started this server, has ended.');
    process.kill(process.pid, 'SIGTERM');
  });
  try {
    await app.init();
    await warmUp(app.getHttpServer());
    await app.listen(settings.port, settings.host);
  } catch (error) {
    if (isShuttingDown()) return; // the storage was closed while it was being opened
    throw error;
  }
  announce(settings, await app.getUrl());
}

/** Prints the server's addresses, and shell commands with which to try it. */
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
    // A browser does not send the fragment, so the token reaches no server and no log.
    `Open:    ${url}/${generatedToken === null ? '' : `#token=${generatedToken}`}` +
      (sampleToken === '$TOKEN' ? ' (sign in with one of your tokens)' : ''),
    `API:     ${url}/docs`,
    `Agent:   ${agent}${agentReason === null ? '' : ` (${agentReason})`}`,
    `Storage: ${withoutSecrets(storage)}`,
    ...(generatedToken === null
      ? []
      : [`Token:   ${generatedToken} (valid for this run; set AGENT_WEBKIT_TOKEN to choose one)`]),
    '',
    sampleToken === '$TOKEN'
      ? 'Create a session and stream its events (first set TOKEN to one of your tokens):'
      : 'Create a session and stream its events:',
    '',
    `  S=$(${post('/sessions', `'{"include_partial_messages":true}'`).join(' ')} | cut -d'"' -f4); ` +
      ['curl -sN', `${url}/sessions/$S/stream`, ...auth].join(' ') +
      ' &',
    '',
    'Then send it a message:',
    '',
    `  ${post('/sessions/$S/input', `'{"type":"user_message","content":"help"}'`).join(' ')}`,
  ];
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
}

/** Returns the message for a failed start. Errors that the operator can fix have no stack trace. */
function explain(error: unknown): string {
  if (error instanceof SettingError || error instanceof TypeError) return error.message;
  if (error instanceof PostgresError) {
    return `${error.message} Its connection string is AGENT_WEBKIT_STORAGE.`;
  }
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE') return 'PORT is in use by another program. Choose another port.';
  if (code === 'ENOTFOUND' || code === 'EADDRNOTAVAIL')
    return 'HOST is not an address of this machine. Choose another address, such as 127.0.0.1.';
  if (code === 'EACCES') return 'PORT requires root privileges. Choose a port above 1023.';
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

continueWithoutLog();
exitOnDefect();
run(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
    return;
  }
  logger.error(explain(error));
  process.exitCode = 1;
});
