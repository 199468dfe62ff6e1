import type { AgentClient, AgentStart, SdkFactory } from './agent-client.js';

/** The methods of a factory. Each one that is missing here would be lost where a factory is wrapped. */
const METHODS = Object.keys({
  forget: true,
  findMessages: true,
  hasTurn: true,
  check: true,
} satisfies Record<Exclude<keyof SdkFactory, 'usesWalls'>, true>) as Exclude<
  keyof SdkFactory,
  'usesWalls'
>[];

/** Returns a factory that starts its agents in another way, and does everything else as the given one. */
export function startingWith(
  sdkFactory: SdkFactory,
  startAgent: (start: AgentStart) => AgentClient,
): SdkFactory {
  const methods = METHODS.flatMap((name) => {
    const method = sdkFactory[name] as ((...args: unknown[]) => unknown) | undefined;
    return method ? [[name, method.bind(sdkFactory)] as const] : [];
  });
  const { usesWalls } = sdkFactory;
  return Object.assign(
    (start: AgentStart) => startAgent(start),
    Object.fromEntries(methods),
    usesWalls !== undefined && { usesWalls },
  );
}
