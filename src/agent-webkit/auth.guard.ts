import {
  type CanActivate,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  Logger,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { AuthOptions, AgentWebkitRequest } from './options/groups/top-level.js';
import type { ResolvedOptions } from './options/resolved-options.js';
import { ENGINE_OBSERVER, HOST_GUARD, RESOLVED_OPTIONS } from './agent-webkit.tokens.js';
import { createTokenCheck } from './http/bearer-tokens.js';
import { type Identify, setIdentity } from './http/current-caller.decorator.js';
import type { Caller } from './engine/caller.js';
import type { EngineObserver } from './engine/engine-observer.js';
import { ForbiddenError, UnauthorizedError } from './engine/errors.js';
import { verdictOf } from './http/verdict-of.js';
import { type RefusalPorts, refuse, toHttpException } from './http/http-errors.js';

type Authenticate = (request: AgentWebkitRequest) => Caller | null | Promise<Caller | null>;

const ANONYMOUS: Caller = { id: 'anonymous' };

/**
 * Authenticates the caller of every route, including the stream: with the option `auth`, or with the
 * host's own guard and the option `hooks.caller`.
 */
@Injectable()
export class AgentWebkitAuthGuard implements CanActivate {
  private readonly authenticate: Authenticate | null;
  private readonly ports: RefusalPorts;

  /** @internal */
  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(HOST_GUARD) private readonly hostGuard: CanActivate | null,
    adapterHost: HttpAdapterHost,
    @Inject(ENGINE_OBSERVER) observer: EngineObserver,
  ) {
    this.ports = { adapterHost, observer };
    this.authenticate = hostGuard ? null : createAuthenticate(options.auth);
    if (hostGuard && options.auth !== null) {
      throw new TypeError(
        `nestjs-agent-webkit: both 'auth' and 'guard' are configured. Remove one of them.`,
      );
    }
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AgentWebkitRequest>();
    // Bound functions instead of closures, which would share one scope. Only a host's guard needs the
    // context for as long as the stream is open, because it is called with it again.
    const identify: Identify =
      this.authenticate?.bind(null, request) ?? this.askHostGuard.bind(this, context, request);
    const caller = await identify();
    if (!isCaller(caller)) {
      const error = new UnauthorizedError(
        'Authentication failed. Send a valid token in the header Authorization: Bearer <token>.',
      );
      throw refuse(error, context.switchToHttp().getResponse(), this.ports, request);
    }
    setIdentity(request, caller, identify);
    return true;
  }

  private async askHostGuard(
    context: ExecutionContext,
    request: AgentWebkitRequest,
  ): Promise<Caller | null> {
    const isAllowed = this.hostGuard !== null && (await verdictOf(this.hostGuard, context));
    if (!isAllowed) {
      this.ports.observer.refused?.({ code: 'forbidden' });
      throw toHttpException(new ForbiddenError('You are not permitted to access this resource.'));
    }
    return this.options.caller(request);
  }
}

function createAuthenticate(auth: AuthOptions | null): Authenticate {
  if (auth === null) {
    throw new TypeError(
      `nestjs-agent-webkit: no authentication is configured. Set 'auth' to { tokens }, { verify } ` +
        `or 'none', or pass a 'guard' class.`,
    );
  }
  if (auth === 'none') return () => ANONYMOUS;
  if ('verify' in auth) return createVerification(auth.verify);
  return createTokenCheck(auth.tokens);
}

/**
 * Wraps `auth.verify`. An error that it throws, such as an invalid signature, means that the caller is
 * not authenticated. A host that wants another response throws an HttpException.
 */
function createVerification(verify: Authenticate): Authenticate {
  const logger = new Logger('AgentWebkit');
  return async (request) => {
    try {
      return await verify(request);
    } catch (error) {
      if (error instanceof HttpException) throw error;
      // Its message may contain a part of the token.
      const name = error instanceof Error ? error.name : typeof error;
      logger.warn(`The option auth.verify threw ${name}. The request is rejected with 401.`);
      return null;
    }
  };
}

/** Returns true for a caller with an id. Callers without one would share their sessions. */
function isCaller(caller: Caller | null): caller is Caller {
  return typeof caller?.id === 'string' && caller.id !== '';
}
