import type { HttpAdapterHost } from '@nestjs/core';
import type { ContentLimits } from '../engine/registry/content-limits.js';

interface Fastify {
  readonly initialConfig?: { readonly bodyLimit?: number };
}

/**
 * Returns a warning when Fastify rejects bodies that the limits of a message permit; null otherwise, and
 * for Express, whose body parsers do not tell their limits.
 */
export function checkBodyLimit(
  adapter: HttpAdapterHost['httpAdapter'] | undefined,
  { maxTextLength, maxImageBytes }: Pick<ContentLimits, 'maxTextLength' | 'maxImageBytes'>,
): string | null {
  if (adapter?.getType() !== 'fastify') return null;
  const { bodyLimit } = adapter.getInstance<Fastify>().initialConfig ?? {};
  // In base64.
  const imageLength = 4 * Math.ceil(maxImageBytes / 3);
  const needed = Math.max(maxTextLength, imageLength);
  if (bodyLimit === undefined || bodyLimit >= needed) return null;
  const option = imageLength > maxTextLength ? 'limits.maxImageBytes' : 'limits.maxTextLength';
  return (
    `Fastify answers 413 to a body of more than ${bodyLimit} bytes, but a message that '${option}' ` +
    `permits has ${needed}. Create the adapter with a larger limit, such as ` +
    `new FastifyAdapter({ bodyLimit: ${10 * 1024 * 1024} }), or lower the option.`
  );
}
