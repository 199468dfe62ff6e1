import type { PageFile } from './page-files.js';

/** The members of a request that the page needs, in Express and Fastify. */
export interface PageRequest {
  readonly url: string;
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The members of a response that the page needs, in Express and Fastify. */
export interface PageResponse {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
  send(body?: Buffer | string): unknown;
}

/**
 * The page may use its own scripts and styles, connect to its own server, and show images that users
 * send. The browser blocks everything else.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Sends a file, or status 304 to a browser that already has it. */
export function sendPageFile(
  request: PageRequest,
  response: PageResponse,
  file: PageFile,
  cacheControl: string,
): void {
  for (const [name, value] of Object.entries(HEADERS)) response.header(name, value);
  response.header('Cache-Control', cacheControl);
  response.header('ETag', file.etag);
  if (hasEtag(request.headers['if-none-match'], file.etag)) {
    response.status(304);
    response.send();
    return;
  }
  response.header('Content-Type', file.contentType);
  response.send(file.body);
}

/** Compares ETags as weak ones, because a proxy that compresses a response weakens its ETag. */
function hasEtag(header: string | string[] | undefined, etag: string): boolean {
  const known = String(header ?? '').split(',');
  return known.some((item) => item.trim().replace(/^W\//, '') === etag);
}
