/** The methods of a response by which Nest opens a stream. */
export interface Opening {
  writeHead(status: number, ...rest: unknown[]): unknown;
  write(bytes: unknown, ...rest: unknown[]): boolean;
}

const NEST_TYPE = 'text/event-stream';
const TYPE = 'text/event-stream; charset=utf-8';

/** The first bytes that Nest writes after the headers. */
const NEST_OPENING = '\n';

/**
 * A comment. Like the byte of Nest, it makes a proxy pass on headers that wait for the body. But an
 * empty line ends an event, and `@microsoft/fetch-event-source` reports it as an empty message.
 */
const OPENING = ':\n';

/**
 * Changes what Nest sends to open a stream: the Content-Type gets a charset, and the empty line becomes
 * a comment. Other responses, such as that of an exception filter, are not changed. The methods of the
 * response are replaced until each was called once.
 *
 * Call it in a guard: Nest may open the stream before an interceptor of the host reaches the handler.
 */
export function adaptOpening(response: Opening): void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its response
  const { writeHead } = response;
  response.writeHead = (status, ...rest) => {
    response.writeHead = writeHead;
    const headers = rest.at(-1);
    if (!isOfStream(headers)) return writeHead.call(response, status, ...rest);
    const sent = writeHead.call(response, status, { ...headers, 'Content-Type': TYPE });
    // Now, because middleware of the host may replace `write` when the headers are sent.
    adaptFirstWrite(response);
    return sent;
  };
}

function adaptFirstWrite(response: Opening): void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its response
  const { write } = response;
  response.write = (bytes, ...rest) => {
    response.write = write;
    return write.call(response, bytes === NEST_OPENING ? OPENING : bytes, ...rest);
  };
}

function isOfStream(headers: unknown): headers is object {
  return (
    typeof headers === 'object' &&
    headers !== null &&
    'Content-Type' in headers &&
    headers['Content-Type'] === NEST_TYPE
  );
}
