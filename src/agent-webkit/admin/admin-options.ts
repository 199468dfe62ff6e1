import type { CanActivate, Provider, Type } from '@nestjs/common';
import { type AgentWebkitRequest, tokenList } from '../options/groups/top-level.js';

/**
 * How operators authenticate for the routes under `/admin`.
 *
 * - `{ tokens }`: bearer tokens, each `name:token`, or `token` for the name `default`. The log names the operator. They are not those of
 *   the callers.
 * - `{ guard }`: a guard of your own, with its dependencies. It accepts operators only. `operator` returns the name of the operator of a
 *   request that it has accepted, for the log; `operator` by default.
 */
export type AdminOptions =
  | { readonly tokens: readonly string[] }
  | {
      readonly guard: Type<CanActivate>;
      readonly operator?: (request: AgentWebkitRequest) => string;
    };

/** Injection token of the `AdminOptions`, or of null without the routes. Not exported from the package. */
export const ADMIN_OPTIONS = Symbol('agent-webkit:admin-options');

/** Injection token of the host's guard of the routes for operators, or of null. Not exported from the package. */
export const ADMIN_GUARD = Symbol('agent-webkit:admin-guard');

/**
 * Returns the providers of the routes for operators.
 *
 * @throws TypeError when the options are malformed
 */
export function adminProviders(admin: AdminOptions | undefined): Provider[] {
  if (admin !== undefined) checkAdminOptions(admin);
  return [
    { provide: ADMIN_OPTIONS, useValue: admin ?? null },
    admin && 'guard' in admin
      ? { provide: ADMIN_GUARD, useClass: admin.guard }
      : { provide: ADMIN_GUARD, useValue: null },
  ];
}

/** Checks options that a host may have written in JavaScript. */
function checkAdminOptions(admin: AdminOptions | null): void {
  const { tokens, guard, operator } = (admin ?? {}) as Record<string, unknown>;
  const hasName = operator === undefined || typeof operator === 'function';
  const isGuarded = typeof guard === 'function' && tokens === undefined && hasName;
  if (isGuarded || (guard === undefined && tokenList.accepts(tokens))) return;
  throw new TypeError(
    `nestjs-agent-webkit: 'admin' must be { tokens: ['name:token' or 'token', ...] } or { guard: a class }, ` +
      `but got ${tokens === undefined ? 'neither' : tokenList.show(tokens)}.`,
  );
}
