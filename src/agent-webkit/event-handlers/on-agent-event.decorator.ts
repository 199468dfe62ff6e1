import type { NotificationType, SessionNotification } from '../engine/notification.js';

/** The key of the metadata of a method with {@link OnAgentEvent}. Not exported from the package. */
export const AGENT_EVENT_HANDLER = 'agent-webkit:event-handler';

/** A decorator of methods that take notifications of some types. */
export type AgentEventHandler<Type extends NotificationType> = <
  Method extends (notification: SessionNotification<Type>) => unknown,
>(
  target: object,
  key: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Calls a method of a provider or controller with each notification of some types about the sessions that this server
 * runs, after the commit of its event, and at most once. Nothing waits for the method, and an error of it is logged. At most
 * 1000 of its calls run at the same time: a notification beyond is not delivered to it, which is logged.
 *
 * In an app with several modules, the method receives the notifications of all of them.
 *
 * @param types one or more types
 * @example
 * \@OnAgentEvent('turn.ended')
 * onTurnEnded({ data }: SessionNotification<'turn.ended'>) {
 *   return this.invoices.add(data.owner, data.total_cost_usd);
 * }
 */
export function OnAgentEvent<Type extends NotificationType>(
  ...types: [Type, ...Type[]]
): AgentEventHandler<Type> {
  return (_, __, { value }) => Reflect.defineMetadata(AGENT_EVENT_HANDLER, types, value as object);
}
