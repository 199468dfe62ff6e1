import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { catchError, type Observable } from 'rxjs';
import { refuse } from './http-errors.js';

/**
 * Turns the engine's refusals into HTTP ones, on their way to the host's exception filters. An
 * interceptor and not a filter: a filter of the controller's own would keep the host's from seeing them.
 */
@Injectable()
export class AgentWebkitErrorInterceptor implements NestInterceptor {
  constructor(private readonly adapterHost: HttpAdapterHost) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(
      catchError((error: unknown) => {
        throw refuse(error, context.switchToHttp().getResponse(), this.adapterHost);
      }),
    );
  }
}
