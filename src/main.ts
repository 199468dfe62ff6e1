#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Logger } from '@nestjs/common';
import { ChosenSandbox } from './agent-webkit/hosting/chosen-sandbox.js';
import { SessionRegistryService } from './agent-webkit/session-registry.service.js';
import { WORKSPACE } from './agent-webkit/options/groups/workspace.js';
import { explainFailure, toListenError } from './standalone/boot-failure.js';
import { exitOnDefect } from './standalone/crash.js';
import { continueWithoutLog } from './standalone/log-faults.js';
import { HELP, readCommand, UsageError } from './standalone/command-line.js';
import { MetricsEndpoint } from './standalone/metrics/metrics-endpoint.js';
import { createServer } from './standalone/server.js';
import { ServerLogger } from './standalone/server-logger.js';
import { shutDownOnSignals } from './standalone/shutdown.js';
import { onStarterEnd } from './standalone/starter.js';
import { verifyFile } from './standalone/verify-file.js';
import { warmUp } from './standalone/warm-up.js';
import { readSettings, type Settings, withoutSecrets } from './standalone/settings.js';

/** How long a server that cannot start may take to close its storage, in milliseconds. */
const CLOSE_TIMEOUT_MS = 5000;

const logger = new Logger('Server');

async function run(args: readonly string[]): Promise<void> {
  const command = readCommand(args);
  switch (command.name) {
    case 'help':
      process.stdout.write(HELP);
      return;
    case 'version':
      process.stdout.write(`${readVersion()}\n`);
      return;
    case 'verify':
      process.exitCode = await verifyFile(command.file);
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
  // The lines before the server is created, too.
  if (settings.log === 'json') Logger.overrideLogger(ServerLogger.of('json'));
  for (const warning of settings.warnings) logger.warn(warning);
  const app = await createServer(settings);
  const isShuttingDown = shutDownOnSignals(app, () =>
    app.get(SessionRegistryService, { strict: false }).endDrain(),
  );
  onStarterEnd(process.env, () => {
    logger.warn('npm, which started this server, has ended.');
    process.kill(process.pid, 'SIGTERM');
  });
  try {
    await app.init();
    await warmUp(app.getHttpServer());
    await app.listen(settings.port, settings.host).catch((error: unknown) => {
      throw toListenError(error, settings);
    });
  } catch (error) {
    if (isShuttingDown()) return; // the storage was closed while it was being opened
    reportFailure(error);
    await endAfter(app.close());
    return;
  }
  announce(settings, await app.getUrl(), {
    sandbox: app.get(ChosenSandbox, { strict: false }).name,
    metrics: settings.metrics && app.get(MetricsEndpoint).url,
  });
}

/** Prints the server's addresses, and shell commands with which to try it. */
function announce(
  settings: Settings,
  url: string,
  { sandbox, metrics }: { sandbox: string | null; metrics: string | null },
): void {
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
    ...(sandbox === null ? [] : [`Sandbox: ${describeSandbox(sandbox, settings)}`]),
    `Folders: ${describeFolders(settings)}`,
    ...(settings.metrics ? [`Metrics: ${metrics ?? `${url}/metrics`}`] : []),
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
  if (settings.log === 'json') {
    // Without the commands for people.
    for (const line of lines.slice(0, lines.indexOf(''))) logger.log(line);
    return;
  }
  process.stdout.write(`\n${lines.join('\n')}\n\n`);
}

function describeSandbox(sandbox: string, { module }: Settings): string {
  if (sandbox === 'none') return 'none';
  const allow = module.network?.allow ?? [];
  return `${sandbox}, ${allow.length === 0 ? 'no network' : `network: ${allow.join(', ')}`}`;
}

function describeFolders({ module: { workspace = {} } }: Settings): string {
  const { root = WORKSPACE.root.computeDefault(), per = WORKSPACE.per.default } = workspace;
  if (per === 'shared') return `all sessions work in ${root}`;
  return `one for each ${per === 'owner' ? 'caller' : per}, in ${root}`;
}

function reportFailure(error: unknown): void {
  logger.error(explainFailure(error));
  process.exitCode = 1;
}

/** Ends the process when everything is closed, or when that takes too long. */
async function endAfter(closed: Promise<void>): Promise<void> {
  setTimeout(() => process.exit(), CLOSE_TIMEOUT_MS).unref();
  await closed.catch(() => undefined);
  process.exit();
}

continueWithoutLog();
exitOnDefect();
run(process.argv.slice(2)).catch((error: unknown) => {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
    return;
  }
  reportFailure(error);
});
