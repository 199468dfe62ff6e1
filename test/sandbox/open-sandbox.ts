import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import type { AgentSandbox } from '../../src/agent-webkit/engine/agent-sandbox.js';

/** The cases that pass without walls, too. */
export const PASS_WITHOUT_WALLS = [
  'the exit code of a program is reported',
  'a program that closes its output is seen while it lives on',
  'SIGTERM reaches the program',
  'a program that does not exist is reported, and nothing throws',
  'a program reads and writes its folder and its home, which the server sees',
  'a program starts in its working directory, also below the folder',
  'a program reads a given file at the same path',
  'arguments arrive unchanged',
  'input, output and errors pass through unchanged',
  'temporary files, the programs of the system and harmless devices work',
  'a program starts others, and sends them signals',
  'two programs with the same folder see the files of each other, and nothing else',
];

/**
 * A sandbox that stops nothing, as a host could get it wrong: programs have the environment of the server, and
 * a descriptor that it has open. Every escape attempt succeeds in it.
 */
export const openSandbox: AgentSandbox = {
  name: 'open',
  endsWithServer: true,
  check: () => Promise.resolve(null),
  start({ command, args, cwd, env }, { proxySocket }) {
    const proxy = proxySocket === null ? {} : { HTTP_PROXY: 'http://127.0.0.1:9' };
    const descriptor = openSync(env['SERVER'] ?? '/', 'r');
    try {
      return spawn(command, args, {
        cwd,
        env: { ...process.env, ...env, ...proxy },
        stdio: ['pipe', 'pipe', 'pipe', descriptor],
      }) as ReturnType<AgentSandbox['start']>;
    } finally {
      closeSync(descriptor);
    }
  },
};
