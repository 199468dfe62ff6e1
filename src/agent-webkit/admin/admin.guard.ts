import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ENGINE_OBSERVER, RESOLVED_OPTIONS } from '../agent-webkit.tokens.js';
import type { EngineObserver } from '../engine/engine-observer.js';
import { ForbiddenError, UnauthorizedError } from '../engine/errors.js';
import { areSeparate, createTokenCheck, type TokenCheck } from '../http/bearer-tokens.js';
import { setIdentity } from '../http/current-caller.decorator.js';
import { type RefusalPorts, refuse } from '../http/http-errors.js';
import { verdictOf } from '../http/verdict-of.js';
import type { AgentWebkitRequest } from '../options/groups/top-level.js';
import type { ResolvedOptions } from '../options/resolved-options.js';
import { ADMIN_GUARD, ADMIN_OPTIONS, type AdminOptions } from './admin-options.js';

interface AdminRequest extends AgentWebkitRequest {
  readonly method: string;
}

const UNNAMED = 'operator';

/** Authenticates the operator of every route under `/admin`. Tokens of callers are not accepted. */
@Injectable()
export class AdminGuard implements CanActivate {
  private readonly check: TokenCheck;
  private readonly nameOf: ((request: AgentWebkitRequest) => string) | undefined;
  private readonly ports: RefusalPorts;

  /** @internal */
  constructor(
    @Inject(ADMIN_OPTIONS) admin: AdminOptions | null,
    @Inject(ADMIN_GUARD) private readonly hostGuard: CanActivate | null,
    @Inject(RESOLVED_OPTIONS) { auth }: ResolvedOptions,
    @Inject(ENGINE_OBSERVER) observer: EngineObserver,
    adapterHost: HttpAdapterHost,
  ) {
    const tokens = admin && 'tokens' in admin ? admin.tokens : [];
    const ofCallers = typeof auth === 'object' && auth && 'tokens' in auth ? auth.tokens : [];
    if (!areSeparate(tokens, ofCallers)) {
      throw new TypeError(
        `nestjs-agent-webkit: 'admin.tokens' has a token that is in 'auth.tokens', too. Use another token for operators.`,
      );
    }
    this.check = createTokenCheck(tokens);
    this.nameOf = admin && 'guard' in admin ? admin.operator : undefined;
    this.ports = { adapterHost, observer };
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<AdminRequest>();
    const response = http.getResponse<unknown>();
    if (this.hostGuard) {
      const error = (await verdictOf(this.hostGuard, context))
        ? findForgery(request)
        : new ForbiddenError('Only an operator may access this resource.');
      if (error) throw refuse(error, response, this.ports, request);
      const id = this.nameOf?.(request) ?? UNNAMED;
      setIdentity(request, { id }, () => ({ id }));
      return true;
    }
    const operator = this.check(request);
    if (!operator) {
      const error = new UnauthorizedError(
        'Authentication failed. Send the token of an operator in the header Authorization: Bearer <token>.',
      );
      throw refuse(error, response, this.ports, request);
    }
    setIdentity(request, operator, () => this.check(request));
    return true;
  }
}

/**
 * Returns the refusal of an action that a page of another site may have caused: the browser has added the operator's cookie. A page
 * cannot add the header Authorization without the permission of this server.
 */
function findForgery({ headers, method }: AdminRequest): ForbiddenError | null {
  const isAction = method !== 'GET' && method !== 'HEAD';
  const site = headers['sec-fetch-site'];
  if (!isAction || headers['authorization'] !== undefined) return null;
  if (site === undefined || site === 'same-origin' || site === 'none') return null;
  return new ForbiddenError(
    'A page of another site may not act for an operator. Send the request from a page of this origin, or with the header Authorization.',
  );
}
