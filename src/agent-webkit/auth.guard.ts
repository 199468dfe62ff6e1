import { createHash, timingSafeEqual } from 'node:crypto';
import {
  type CanActivate,
  type ExecutionContext,
  HttpException,
  Inject,
  Injectable,
  Logger,
} from '@nestjs/common';
import { from, isObservable, lastValueFrom } from 'rxjs';
import type { AuthOptions, AgentWebkitRequest } from './options/agent-webkit.options.js';
import type { ResolvedOptions } from './options/resolved-options.js';
import { HOST_GUARD, RESOLVED_OPTIONS } from './agent-webkit.tokens.js';
import { type Identify, setIdentity } from './http/current-caller.decorator.js';
import type { Caller } from './engine/caller.js';
import { ForbiddenError, UnauthorizedError } from './engine/errors.js';
import { toHttpException } from './http/http-errors.js';

type Authenticate = (request: AgentWebkitRequest) => Caller | null | Promise<Caller | null>;

const EVERYBODY: Caller = { id: 'anonymous' };
const DEFAULT_OWNER = 'default';

/**
 * Stands before every route, the stream's included, and finds out who the caller is: by the option
 * `auth`, or by the host's own guard and the option `caller`.
 */
@Injectable()
export class AgentWebkitAuthGuard implements CanActivate {
  private readonly authenticate: Authenticate | null;

  constructor(
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedOptions,
    @Inject(HOST_GUARD) private readonly hostGuard: CanActivate | null,
  ) {
    this.authenticate = hostGuard ? null : createAuthenticate(options.auth);
    if (hostGuard && options.auth !== null) {
      throw new TypeError(
        `AgentWebkitModule: give either the option 'auth' or a 'guard', not both.`,
      );
    }
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AgentWebkitRequest>();
    // Bound, and no closures, which would share a scope: only a host's guard keeps the context alive,
    // for as long as a stream, to be asked with it again.
    const identify: Identify =
      this.authenticate?.bind(null, request) ?? this.askHostGuard.bind(this, context, request);
    const caller = await identify();
    if (!isCaller(caller)) {
      throw toHttpException(
        new UnauthorizedError('Send a valid token: the header Authorization: Bearer <token>.'),
      );
    }
    setIdentity(request, caller, identify);
    return true;
  }

  private async askHostGuard(
    context: ExecutionContext,
    request: AgentWebkitRequest,
  ): Promise<Caller | null> {
    const verdict = this.hostGuard?.canActivate(context) ?? false;
    const isLetIn = isObservable(verdict) ? await lastValueFrom(from(verdict)) : await verdict;
    if (!isLetIn) throw toHttpException(new ForbiddenError('You may not use this.'));
    return this.options.caller(request);
  }
}

function createAuthenticate(auth: AuthOptions | null): Authenticate {
  if (auth === null) {
    throw new TypeError(
      `AgentWebkitModule: nobody is configured to come in. Give the option 'auth' ({ tokens }, ` +
        `{ verify } or 'none'), or a 'guard' class beside the options.`,
    );
  }
  if (auth === 'none') return () => EVERYBODY;
  if ('verify' in auth) return createVerification(auth.verify);
  return createTokenCheck(auth.tokens);
}

/**
 * A check that throws, as one of a signature does, recognised nobody. A host that wants another
 * answer throws an HttpException.
 */
function createVerification(verify: Authenticate): Authenticate {
  const logger = new Logger('AgentWebkit');
  return async (request) => {
    try {
      return await verify(request);
    } catch (error) {
      if (error instanceof HttpException) throw error;
      // What it says may well repeat a part of the token.
      const name = error instanceof Error ? error.name : typeof error;
      logger.warn(`The option auth.verify threw, so nobody was let in: ${name}.`);
      return null;
    }
  };
}

/** Compares digests with every token, so that the time taken tells nothing about any of them. */
function createTokenCheck(tokens: readonly string[]): Authenticate {
  const known = tokens.map((entry) => {
    const colon = entry.indexOf(':');
    const id = colon === -1 ? DEFAULT_OWNER : entry.slice(0, colon);
    return { caller: { id }, digest: digest(entry.slice(colon + 1)) };
  });
  return (request) => {
    const header = request.headers['authorization'];
    const [, token] = /^Bearer +(\S+) *$/i.exec(typeof header === 'string' ? header : '') ?? [];
    if (token === undefined) return null;
    const given = digest(token);
    let found: Caller | null = null;
    for (const { caller, digest: expected } of known) {
      if (timingSafeEqual(given, expected)) found = caller;
    }
    return found;
  };
}

/** One without an id would share its sessions with every other one. */
function isCaller(caller: Caller | null): caller is Caller {
  return typeof caller?.id === 'string' && caller.id !== '';
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
