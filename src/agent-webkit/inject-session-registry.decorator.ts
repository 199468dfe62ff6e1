import { Inject, type InjectionToken, type Type } from '@nestjs/common';

const tokens = new WeakMap<Type, symbol>();

/**
 * Returns the injection token of a module's `SessionRegistryService`, for `inject` of a factory or
 * `app.get()`.
 *
 * @param module `AgentWebkitModule`, or the subclass that was imported
 */
export function getSessionRegistryToken(module: Type): InjectionToken {
  const token = tokens.get(module) ?? Symbol(`agent-webkit:session-registry:${module.name}`);
  tokens.set(module, token);
  return token;
}

/**
 * Injects the `SessionRegistryService` of one module, in an app that has several. With only one
 * module, inject the class `SessionRegistryService`.
 *
 * @example
 * constructor(@InjectSessionRegistry(SupportAgents) private readonly support: SessionRegistryService) {}
 */
export function InjectSessionRegistry(module: Type): PropertyDecorator & ParameterDecorator {
  return Inject(getSessionRegistryToken(module));
}
