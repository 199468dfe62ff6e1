import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import type { AgentSandbox, SandboxProcess } from '../engine/agent-sandbox.js';

/** Returns the sandbox of a system for which there is none: its check fails, and it starts nothing. */
export function noSandbox(reason: string): AgentSandbox {
  return {
    name: 'none',
    endsWithServer: false,
    check: async () => reason,
    start: () => failedProcess(reason),
  };
}

/** Returns a process that could not be started. */
function failedProcess(reason: string): SandboxProcess {
  const events = new EventEmitter();
  // Later, as with a process of Node: the caller has not yet added its listener.
  setImmediate(() => events.emit('error', new Error(reason)));
  return Object.assign(events, {
    stdin: new PassThrough(),
    stdout: new PassThrough().end(),
    stderr: new PassThrough().end(),
    killed: false,
    exitCode: null,
    kill: () => false,
  });
}
