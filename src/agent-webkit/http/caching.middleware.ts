import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Forbids caches to store the response, whichever handler, guard or filter sends it. Caches that are
 * configured to store it nevertheless learn that it depends on the credentials of the request.
 */
export function preventCaching(
  _request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
): void {
  response.setHeader('Cache-Control', 'no-store');
  response.appendHeader('Vary', 'Authorization');
  next();
}
