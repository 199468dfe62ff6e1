import { ValidateBy, type ValidationOptions } from 'class-validator';
import { isRecord } from './is-record.js';

const IMAGE_TYPES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp']);
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** What is wrong with a user message's content, naming the field; null when nothing is. */
export function findContentProblem(content: unknown): string | null {
  if (typeof content === 'string') {
    return content === '' ? 'content: must not be empty' : null;
  }
  if (!Array.isArray(content)) return 'content: must be a string or an array of blocks';
  if (content.length === 0) return 'content: must not be empty';
  for (const [index, block] of content.entries()) {
    const problem = findBlockProblem(block, `content[${index}]`);
    if (problem !== null) return problem;
  }
  return null;
}

function findBlockProblem(block: unknown, field: string): string | null {
  if (!isRecord(block)) return `${field}: must be an object`;
  switch (block['type']) {
    case 'text':
      return isText(block['text']) ? null : `${field}.text: must be a string that is not empty`;
    case 'image':
      return findImageProblem(block['source'], `${field}.source`);
    default:
      return `${field}.type: must be 'text' or 'image'`;
  }
}

function findImageProblem(source: unknown, field: string): string | null {
  if (!isRecord(source)) return `${field}: must be an object`;
  if (source['type'] !== 'base64') return `${field}.type: must be 'base64'`;
  const { media_type: mediaType, data } = source;
  if (typeof mediaType !== 'string' || !IMAGE_TYPES.has(mediaType)) {
    return `${field}.media_type: must be one of ${[...IMAGE_TYPES].join(', ')}`;
  }
  if (typeof data !== 'string' || data.length % 4 !== 0 || !BASE64.test(data)) {
    return `${field}.data: must be base64`;
  }
  return null;
}

/** Checks a user message's content. */
export const IsUserContent = (options?: ValidationOptions): PropertyDecorator =>
  ValidateBy(
    {
      name: 'isUserContent',
      validator: {
        validate: (value: unknown) => findContentProblem(value) === null,
        defaultMessage: (args) => findContentProblem(args?.value) ?? '',
      },
    },
    options,
  );

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}
