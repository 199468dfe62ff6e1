import type { AgentSandbox } from '../../engine/agent-sandbox.js';
import { endingCases } from './ending-cases.js';
import { fileCases } from './file-cases.js';
import { limitCases } from './limit-cases.js';
import { networkCases } from './network-cases.js';
import { processCases } from './process-cases.js';
import type { SandboxCase, SandboxConformanceOptions } from './sandbox-case.js';
import { workingCases } from './working-cases.js';
import { World } from './world.js';

/**
 * The guarantees of every `AgentSandbox`, as cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of sandboxConformance(sandbox)) test(name, run);
 * ```
 *
 * Most are attempts to escape, each of which the sandbox must stop; the others are about what works
 * inside. The programs inside are `/bin/sh` with the basic programs of the system, and this Node. Each
 * case makes its own folders and removes them, so the cases are independent of each other and may run in
 * parallel. Run them as the user of the server, and as root where the server is root: some attempts
 * need rights that others do not have. Nothing is sent to another machine.
 */
export function sandboxConformance(
  sandbox: AgentSandbox,
  options: SandboxConformanceOptions = {},
): SandboxCase[] {
  const cases = [
    fileCases,
    processCases,
    networkCases,
    endingCases,
    workingCases,
    limitCases(options.limits ?? []),
  ];
  return cases.flat().map(([name, body]) => ({
    name,
    run: async () => {
      const world = await World.create({ ...options, sandbox });
      try {
        await body(world);
      } finally {
        await world.close();
      }
    },
  }));
}
