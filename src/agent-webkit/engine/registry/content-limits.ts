import type { UserContent } from '../../protocol/events.js';
import { PayloadTooLargeError } from '../errors.js';

/** How large a user message may be. */
export interface ContentLimits {
  maxContentBlocks: number;
  /** In characters, of each block or of the whole plain text. */
  maxTextLength: number;
  /** Of each image, decoded. */
  maxImageBytes: number;
}

/** @throws PayloadTooLargeError which names the field */
export function checkContent(content: UserContent, limits: ContentLimits): void {
  const { maxContentBlocks } = limits;
  if (typeof content === 'string') return checkText(content, 'content', limits);
  if (content.length > maxContentBlocks) {
    throw new PayloadTooLargeError(`content: at most ${maxContentBlocks} blocks are allowed here.`);
  }
  for (const [index, block] of content.entries()) {
    if (block.type === 'text') checkText(block.text, `content[${index}].text`, limits);
    else checkImage(block.source.data, `content[${index}].source.data`, limits);
  }
}

function checkText(text: string, field: string, { maxTextLength }: ContentLimits): void {
  if (text.length <= maxTextLength) return;
  throw new PayloadTooLargeError(`${field}: at most ${maxTextLength} characters are allowed here.`);
}

function checkImage(base64: string, field: string, { maxImageBytes }: ContentLimits): void {
  if (Buffer.byteLength(base64, 'base64') <= maxImageBytes) return;
  throw new PayloadTooLargeError(`${field}: at most ${maxImageBytes} bytes are allowed here.`);
}
