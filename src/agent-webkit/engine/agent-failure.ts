const CODES = [
  'agent_memory_exceeded',
  'agent_processes_exceeded',
  'agent_cpu_exceeded',
  'disk_quota_exceeded',
  'session_folder_missing',
] as const;

/** The code of an `error` event for an agent that exceeded a limit, or that cannot start without its folder. */
export type AgentFailureCode = (typeof CODES)[number];

/**
 * Returns the code of an error that the `messages` of an agent throw, with which the session reports the
 * end of the agent; null where it is reported as `agent_crashed` or `agent_start_failed`.
 */
export function failureCode(error: unknown): AgentFailureCode | null {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return CODES.find((known) => known === code) ?? null;
}
