import { Injectable, Logger } from '@nestjs/common';
import { DiscoveryService, MetadataScanner, ModulesContainer } from '@nestjs/core';
import {
  NOTIFICATION_TYPES,
  type NotificationType,
  type SessionNotification,
} from '../engine/notification.js';
import { SessionEngine } from '../engine/registry/session-engine.js';
import { stackOf } from '../engine/stack-of.js';
import { type FoundProvider, instanceForCall } from '../instance-for-call.js';
import { AGENT_EVENT_HANDLER } from './on-agent-event.decorator.js';

/** How many calls of one handler may run at the same time. */
const MAX_RUNNING = 1000;

type Methods = Record<string, unknown>;

/** A method that handles notifications of some types. */
interface Handler {
  readonly name: string;
  readonly types: readonly NotificationType[];
  readonly call: (notification: SessionNotification) => Promise<unknown>;
  running: number;
  /** True since a notification was not delivered, until no call runs. */
  isFull: boolean;
}

/** Calls the methods with `OnAgentEvent` of the app's providers and controllers, for the sessions of one module. */
@Injectable()
export class EventHandlers {
  readonly #discovery: DiscoveryService;
  readonly #engine: SessionEngine;
  readonly #logger = new Logger('AgentWebkit');
  #end = (): void => undefined;

  constructor(modules: ModulesContainer, engine: SessionEngine) {
    this.#discovery = new DiscoveryService(modules);
    this.#engine = engine;
  }

  /**
   * Finds the handlers, when all modules are instantiated, and calls them from now on until the engine has stopped.
   *
   * @throws TypeError when a handler names an unknown type
   */
  start(): void {
    const handlers = this.#find();
    if (handlers.length === 0) return;
    this.#end();
    this.#end = this.#engine.observe({
      next: (notification) => {
        for (const handler of handlers) {
          if (handler.types.includes(notification.type)) this.#call(handler, notification);
        }
      },
      complete: () => undefined,
    });
  }

  #call(handler: Handler, notification: SessionNotification): void {
    if (handler.running >= MAX_RUNNING) {
      if (!handler.isFull) {
        this.#logger.warn(
          `${handler.name} has ${MAX_RUNNING} calls that have not ended. It receives no notifications until one of them ends.`,
        );
      }
      handler.isFull = true;
      return;
    }
    handler.running += 1;
    handler
      .call(notification)
      .catch((error: unknown) => {
        const { type, data } = notification;
        this.#logger.error(
          `Session ${data.session_id}: ${handler.name} failed for ${type}. It is not called again for this event.`,
          stackOf(error),
        );
      })
      .finally(() => {
        handler.running -= 1;
        if (handler.running === 0) handler.isFull = false;
      });
  }

  #find(): Handler[] {
    // A provider can be registered under several tokens.
    const wrappers = new Map<unknown, FoundProvider>();
    for (const one of [...this.#discovery.getProviders(), ...this.#discovery.getControllers()]) {
      const { instance, isAlias } = one;
      if (typeof instance !== 'object' || instance === null || isAlias) continue;
      if (!wrappers.has(instance)) wrappers.set(instance, one);
    }
    return [...wrappers.values()].flatMap((wrapper) => this.#handlersOf(wrapper));
  }

  #handlersOf(wrapper: FoundProvider): Handler[] {
    const prototype = Object.getPrototypeOf(wrapper.instance) as Methods;
    return new MetadataScanner().getAllMethodNames(prototype).flatMap((method) => {
      const types = typesOf(prototype[method]);
      if (types === undefined) return [];
      const name = `${String(wrapper.name)}.${method}`;
      const unknown = types.find((type) => !NOTIFICATION_TYPES.includes(type));
      if (types.length === 0 || unknown !== undefined) {
        throw new TypeError(
          `@OnAgentEvent() of ${name} must name types of notifications (${NOTIFICATION_TYPES.join(', ')}), ` +
            `but got ${unknown === undefined ? 'none' : `'${unknown}'`}.`,
        );
      }
      const call: Handler['call'] = async (notification) => {
        const instance = await instanceOf(wrapper, notification);
        return (instance[method] as Handler['call'])(notification);
      };
      return [{ name, types, call, running: 0, isFull: false }];
    });
  }
}

async function instanceOf(
  wrapper: FoundProvider,
  notification: SessionNotification,
): Promise<Methods> {
  if (wrapper.isDependencyTreeStatic()) return wrapper.instance as Methods;
  return (await instanceForCall(wrapper, notification)).instance as Methods;
}

function typesOf(method: unknown): readonly NotificationType[] | undefined {
  if (typeof method !== 'function') return undefined;
  return Reflect.getMetadata(AGENT_EVENT_HANDLER, method) as
    readonly NotificationType[] | undefined;
}
