import {
  type CallHandler,
  type ExecutionContext,
  Inject,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { catchError, type Observable } from 'rxjs';
import { ENGINE_OBSERVER } from '../agent-webkit.tokens.js';
import type { EngineObserver } from '../engine/engine-observer.js';
import { type RefusalPorts, refuse } from './http-errors.js';

/**
 * Converts errors of the engine to HTTP exceptions before they reach the host's exception filters. It is
 * an interceptor, because a filter on the controller would hide the errors from the host's filters.
 */
@Injectable()
export class AgentWebkitErrorInterceptor implements NestInterceptor {
  private readonly ports: RefusalPorts;

  /** @internal */
  constructor(adapterHost: HttpAdapterHost, @Inject(ENGINE_OBSERVER) observer: EngineObserver) {
    this.ports = { adapterHost, observer };
  }

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        const http = context.switchToHttp();
        throw refuse(error, http.getResponse(), this.ports, http.getRequest());
      }),
    );
  }
}
