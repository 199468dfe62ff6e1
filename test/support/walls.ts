import type { SandboxLimits } from '../../src/agent-webkit/engine/agent-sandbox.js';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentFolders, AgentWalls } from '../../src/agent-webkit/engine/agent-client.js';
import type { AgentSandbox } from '../../src/agent-webkit/engine/agent-sandbox.js';
import { systemSandbox } from '../../src/agent-webkit/sandbox/system-sandbox.js';

/** The sandbox of this system. */
export const SANDBOX: AgentSandbox = systemSandbox({ network: false });

/** Why no sandbox works on this machine; null when one does. For `describeNeeding`. */
export const missingSandbox: string | null = await SANDBOX.check();

/** Limits that limit nothing. */
export const NO_LIMITS: SandboxLimits = {
  memoryBytes: null,
  processes: null,
  cpus: null,
  cpuSeconds: null,
  fileBytes: null,
  tempBytes: null,
};

/** Walls without a network and without limits; undefined where no sandbox works. */
export const WALLS: AgentWalls | undefined =
  missingSandbox === null
    ? {
        sandbox: SANDBOX,
        limits: NO_LIMITS,
        readOnly: [],
        allow: [],
      }
    : undefined;

/**
 * Returns the ids without those of the shells that start agents in the sandbox of Linux, and stay until these
 * have ended.
 */
export async function withoutLaunchers(pids: readonly number[]): Promise<number[]> {
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return pids.filter((_, index) => !lines[index]?.startsWith('/bin/sh\0/run/agent-webkit/'));
}

/** Creates the folders of a session, whose home is below `homes`. */
export function createFolders(homes: string, sessionId: string, folder: string): AgentFolders {
  const home = join(homes, sessionId);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return { folder, home, memory: null, hidden: [] };
}
