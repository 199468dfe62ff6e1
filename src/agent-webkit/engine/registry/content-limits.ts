import type { UserContent } from '../../protocol/events.js';
import { PayloadTooLargeError } from '../errors.js';

/** The size limits of a user message. */
export interface ContentLimits {
  maxContentBlocks: number;
  /** In characters, for each text block or for a message of plain text. */
  maxTextLength: number;
  /** In bytes, for each decoded image. */
  maxImageBytes: number;
}

/** @throws PayloadTooLargeError that names the field */
export function checkContent(content: UserContent, limits: ContentLimits, field = 'content'): void {
  const { maxContentBlocks } = limits;
  if (typeof content === 'string') return checkText(content, field, limits);
  if (content.length > maxContentBlocks) {
    throw new PayloadTooLargeError(
      `${field}: must have at most ${maxContentBlocks} blocks, but has ${content.length}.`,
    );
  }
  for (const [index, block] of content.entries()) {
    if (block.type === 'text') checkText(block.text, `${field}[${index}].text`, limits);
    else checkImage(block.source.data, `${field}[${index}].source.data`, limits);
  }
}

function checkText(text: string, field: string, { maxTextLength }: ContentLimits): void {
  if (text.length <= maxTextLength) return;
  throw new PayloadTooLargeError(
    `${field}: must have at most ${maxTextLength} characters, but has ${text.length}.`,
  );
}

function checkImage(base64: string, field: string, { maxImageBytes }: ContentLimits): void {
  const bytes = Buffer.byteLength(base64, 'base64');
  if (bytes <= maxImageBytes) return;
  throw new PayloadTooLargeError(
    `${field}: must have at most ${maxImageBytes} bytes, but has ${bytes}.`,
  );
}
