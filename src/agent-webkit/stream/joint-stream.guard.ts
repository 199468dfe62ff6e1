import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Inject,
  Injectable,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DescriptorReserve } from '../http/descriptor-reserve.js';
import { readJointCursor, readSessionIds, type RequestWithCursor } from '../http/cursors.js';
import { identityOf } from '../http/current-caller.decorator.js';
import { ShuttingDownError } from '../engine/errors.js';
import type { JointSubscription } from '../engine/registry/joint/joint-subscription.js';
import { SessionRegistry } from '../engine/registry/session-registry.js';
import { ENGINE_OBSERVER } from '../agent-webkit.tokens.js';
import type { EngineObserver } from '../engine/engine-observer.js';
import { refuse, toHttpException } from '../http/http-errors.js';
import { OpenStreams } from './open-streams.js';
import type { RawResponse } from './response-writer.js';
import { adaptOpening, type Opening } from './stream-opening.js';

/** The sessions of a stream, which are followed already. */
export interface JointStream {
  readonly subscription: JointSubscription;
  /** Returns the exception for an error that occurs before the headers are sent. */
  readonly refuse: (error: unknown) => unknown;
}

type Response = Opening & RawResponse;

/** How many sessions a request can name, so that it is below the 8 kB that proxies accept. */
const MAX_NAMED = 200;
const streams = new WeakMap<object, JointStream>();

const requestOf = (context: ExecutionContext) =>
  context.switchToHttp().getRequest<RequestWithCursor>();

/**
 * Checks the cursor of a stream of several sessions, and follows the sessions. Nest waits for a guard, but not for a
 * handler of `@Sse`. The subscription is closed with the response, whoever sends that.
 */
@Injectable()
export class JointStreamGuard implements CanActivate {
  constructor(
    private readonly registry: SessionRegistry,
    private readonly descriptors: DescriptorReserve,
    private readonly openStreams: OpenStreams,
    readonly adapterHost: HttpAdapterHost,
    @Inject(ENGINE_OBSERVER) readonly observer: EngineObserver,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = requestOf(context);
    const { caller } = identityOf(context);
    // Read outside the closure, which lives as long as the stream and would keep the context alive.
    const response = context.switchToHttp().getResponse<Response & { raw?: Response }>();
    const raw = response.raw ?? response;
    const { adapterHost, observer } = this;
    const refusal = (error: unknown) => refuse(error, response, { adapterHost, observer });
    try {
      const cursor = readJointCursor(request);
      const sessions = readSessionIds(request, MAX_NAMED);
      this.descriptors.check();
      const subscription = await this.registry.subscriptions.joint(caller, sessions, cursor);
      this.openStreams.add(raw);
      raw.once('close', () => subscription.close());
      if (raw.destroyed) subscription.close();
      streams.set(request, { subscription, refuse: refusal });
      adaptOpening(raw);
    } catch (error) {
      throw refusal(error);
    }
    return true;
  }
}

/** The stream that {@link JointStreamGuard} has opened. */
export const Joint = createParamDecorator((_: unknown, context: ExecutionContext): JointStream => {
  const request = requestOf(context);
  const found = streams.get(request);
  streams.delete(request); // it would live as long as the request
  if (!found) throw toHttpException(new ShuttingDownError());
  return found;
});
