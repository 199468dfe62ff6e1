import type { ModulesContainer } from '@nestjs/core';
import { AGENT_SANDBOX, BUS, SDK_FACTORY, STORAGE_PROVIDER } from './agent-webkit.tokens.js';

type HostModule = ModulesContainer extends Map<string, infer Module> ? Module : never;

/** The exported tokens, each with its name and the option that sets its value. */
const TOKENS = [
  { token: SDK_FACTORY, name: 'SDK_FACTORY', option: 'agent.sdkFactory' },
  { token: STORAGE_PROVIDER, name: 'STORAGE_PROVIDER', option: 'storage' },
  { token: BUS, name: 'BUS', option: 'bus' },
  { token: AGENT_SANDBOX, name: 'AGENT_SANDBOX', option: 'sandbox.use' },
] as const;

/**
 * Checks the providers of an app whose modules are all instantiated.
 *
 * @param isAgentModule returns true for the instance of a module of this package
 * @throws TypeError when two of them use one storage: either would resume the sessions of the other
 * @throws TypeError when another module provides a token of this package: Nest would ignore it
 */
export function checkProviders(
  modules: readonly HostModule[],
  isAgentModule: (instance: unknown) => boolean,
): void {
  const ours = modules.filter(({ instance }) => isAgentModule(instance));
  for (const [index, one] of ours.entries()) {
    const storage = valueOf(one, STORAGE_PROVIDER);
    const other = ours.slice(index + 1).find((next) => valueOf(next, STORAGE_PROVIDER) === storage);
    if (!other) continue;
    throw new TypeError(
      `${one.name} and ${other.name} use the same storage. Pass each its own, for ` +
        `example with another schema or file.`,
    );
  }
  for (const { token, name, option } of TOKENS) {
    const used = ours.map((module) => valueOf(module, token));
    const unused = modules.find(
      (module) => module.providers.has(token) && !used.includes(valueOf(module, token)),
    );
    if (!unused) continue;
    throw new TypeError(
      `${unused.name} provides ${name}, but ${ours[0]?.name} does not use it: a provider of another ` +
        `module has no effect. Remove it, and pass its value as the option '${option}' to forRoot() ` +
        `or forRootAsync(). In a test, call overrideProvider(${name}).`,
    );
  }
}

/**
 * Checks what the factory of `forRootAsync` injects.
 *
 * @throws TypeError when the module creates it from the result of that factory. Nest would report a
 *   circular dependency by an error that names no token.
 */
export function checkInjected(moduleName: string, inject: readonly unknown[]): void {
  const injected = new Set(inject.map((one) => (isOptional(one) ? one.token : one)));
  const found = TOKENS.find(({ token }) => injected.has(token));
  if (!found) return;
  throw new TypeError(
    `forRootAsync() injects ${found.name}, which ${moduleName} creates from the options that the factory ` +
      'returns. Provide your own under another token, and inject that one.',
  );
}

function isOptional(injected: unknown): injected is { token: unknown } {
  return typeof injected === 'object' && injected !== null && 'token' in injected;
}

function valueOf(module: HostModule, token: symbol): unknown {
  return module.providers.get(token)?.instance;
}
