const NEWLINE = 10;
const NOTHING = Buffer.alloc(0);
/** A line without any of these has no message that is checked. JSON writes a letter as itself or as `\u`. */
const SIGNS = ['control_', 'transcript_mirror', '\\u'];
const MAX_ID_LENGTH = 256;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Drops the lines that would make the SDK fail outside of the session. It handles requests of the agent without
 * waiting for them, and a request of an unexpected shape rejects there, where nothing catches it: that would end
 * the server. Any program inside can write such a line in the place of Claude Code.
 */
export class CheckedLines {
  #unfinished: Buffer[] = [];

  /** Returns the complete lines so far, and keeps the unfinished one. */
  take(chunk: Buffer): Buffer {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.#unfinished.push(chunk);
      return NOTHING;
    }
    const begun = this.#unfinished;
    const whole = chunk.subarray(0, end);
    this.#unfinished = end < chunk.length ? [chunk.subarray(end)] : [];
    return onlyValid(begun.length === 0 ? whole : Buffer.concat([...begun, whole]));
  }

  /** Returns the unfinished line at the end of the output. */
  rest(): Buffer {
    const rest = Buffer.concat(this.#unfinished);
    this.#unfinished = [];
    return onlyValid(rest);
  }
}

function onlyValid(lines: Buffer): Buffer {
  if (!SIGNS.some((sign) => lines.includes(sign))) return lines;
  const valid: Buffer[] = [];
  for (let begin = 0; begin < lines.length;) {
    const newline = lines.indexOf(NEWLINE, begin);
    const end = newline === -1 ? lines.length : newline + 1;
    const line = lines.subarray(begin, end);
    if (!SIGNS.some((sign) => line.includes(sign)) || isValid(line)) valid.push(line);
    begin = end;
  }
  return Buffer.concat(valid);
}

function isValid(line: Buffer): boolean {
  let message: unknown;
  try {
    message = JSON.parse(line.toString('utf8'));
  } catch {
    return true; // the SDK reports it
  }
  if (!isFields(message)) return true;
  switch (message['type']) {
    case 'control_request': {
      const { request, request_id: id } = message;
      return isFields(request) && typeof request['subtype'] === 'string' && isId(id);
    }
    case 'control_cancel_request':
      return isId(message['request_id']);
    case 'control_response': {
      const { response } = message;
      return isFields(response) && isId(response['request_id']);
    }
    case 'transcript_mirror': {
      const { entries, filePath } = message;
      return typeof filePath === 'string' && Array.isArray(entries) && entries.every(isFields);
    }
    default:
      return true;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isId(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_ID_LENGTH;
}
