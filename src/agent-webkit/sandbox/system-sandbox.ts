import type { AgentSandbox } from '../engine/agent-sandbox.js';
import { bubblewrapSandbox } from './bubblewrap/bubblewrap-sandbox.js';
import { noSandbox } from './no-sandbox.js';
import { sandboxExecSandbox } from './sandbox-exec/sandbox-exec-sandbox.js';

/** The needs of agents, as far as they are known at boot. */
export interface SandboxNeeds {
  /** True when agents reach hosts, so that the check covers what this needs. @default false */
  readonly network?: boolean;
}

/**
 * Returns the sandbox of this system, which the module uses by default: that of `bubblewrap` on Linux, and of
 * `sandbox-exec` on macOS. Its `check` finds out if it works on this machine.
 */
export function systemSandbox(
  { network = false }: SandboxNeeds = {},
  platform: NodeJS.Platform = process.platform,
): AgentSandbox {
  switch (platform) {
    case 'linux':
      return bubblewrapSandbox({ network });
    case 'darwin':
      return sandboxExecSandbox();
    default:
      return noSandbox(
        `There is no sandbox for the platform ${platform}. Run the server on Linux, or pass a sandbox of ` +
          "your own as the option 'sandbox.use'.",
      );
  }
}
