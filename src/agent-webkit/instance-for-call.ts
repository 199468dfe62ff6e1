import { type ContextId, ContextIdFactory, type DiscoveryService, ModuleRef } from '@nestjs/core';

/** A provider or controller of the app, as Nest's discovery finds it. */
export type FoundProvider = ReturnType<DiscoveryService['getProviders']>[number];

/**
 * Creates an instance of a request-scoped provider or controller for one call. It is resolved in its own module, because
 * another module can have a provider with the same token.
 *
 * @param request the value that the instance injects by `REQUEST`
 */
export async function instanceForCall(
  { token, name, host }: FoundProvider,
  request: object,
): Promise<{ instance: object; context: ContextId }> {
  const moduleRef = host?.getProviderByKey<ModuleRef>(ModuleRef).instance;
  if (!moduleRef) throw new TypeError(`The provider ${String(name)} belongs to no module.`);
  const context = ContextIdFactory.create();
  moduleRef.registerRequestByContextId(request, context);
  const instance = await moduleRef.resolve<object>(token as string, context, { strict: true });
  return { instance, context };
}
