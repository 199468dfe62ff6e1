import type { SandboxLimits } from '../../engine/agent-sandbox.js';
import type { DelegatedGroup } from './delegated-group.js';

const MIB = 1024 ** 2;

/**
 * Returns sentences for the log of the server: which limits hold, and by what.
 *
 * @param group the delegated group of cgroup v2, or the sentence that says why there is none
 */
export function describeLimits(
  limits: SandboxLimits,
  platform: NodeJS.Platform,
  group: DelegatedGroup | string,
): string {
  const { memoryBytes, processes, cpus, cpuSeconds, fileBytes, tempBytes } = limits;
  const isLinux = platform === 'linux';
  const hasGroup = typeof group !== 'string';
  const hasCpu = hasGroup && group.controllers.includes('cpu');
  const byUsage = hasGroup ? 'cgroup v2' : 'a watch';
  const held = [
    memoryBytes !== null && isLinux && `memory of ${mib(memoryBytes)} by ${byUsage}`,
    processes !== null && isLinux && `${processes} processes and threads by ${byUsage}`,
    cpus !== null && hasCpu && `${cpus} cores by cgroup v2`,
    cpuSeconds !== null && `${cpuSeconds} s of processor time of a process by rlimits`,
    fileBytes !== null && `files of ${mib(fileBytes)} by rlimits`,
    tempBytes !== null && isLinux && `a /tmp of ${mib(tempBytes)}`,
  ].filter((part) => part !== false);
  const missing = [
    memoryBytes !== null && !isLinux && 'sandbox.memoryBytes',
    processes !== null && !isLinux && 'sandbox.processes',
    cpus !== null && !hasCpu && 'sandbox.cpus',
    tempBytes !== null && !isLinux && 'sandbox.tempBytes',
  ].filter((part) => part !== false);
  const sentences = [`Limits of each agent: ${held.length === 0 ? 'none' : held.join(', ')}.`];
  if (missing.length > 0) sentences.push(`Not held on this machine: ${missing.join(', ')}.`);
  if (!hasGroup) sentences.push(group);
  return sentences.join(' ');
}

function mib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}
