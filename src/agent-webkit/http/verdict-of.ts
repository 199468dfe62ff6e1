import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { isObservable, lastValueFrom } from 'rxjs';

/** Resolves to the verdict of a host's guard, in whichever form it gives it. Rejects as the guard does. */
export async function verdictOf(guard: CanActivate, context: ExecutionContext): Promise<boolean> {
  const verdict = guard.canActivate(context);
  return isObservable(verdict) ? lastValueFrom(verdict) : verdict;
}
