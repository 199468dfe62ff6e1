import { base64, byType, listOf, object, oneOf, text, textOrList } from './shape.js';

const someText = text({ isBlankAllowed: false });

const textBlock = object({ type: oneOf('text'), text: someText });

const imageBlock = object({
  type: oneOf('image'),
  source: object({
    type: oneOf('base64'),
    media_type: oneOf('image/jpeg', 'image/png', 'image/gif', 'image/webp'),
    data: base64,
  }),
});

/** The content of a user message: a string, or an array of text and image blocks. */
export const USER_CONTENT = textOrList(
  someText,
  listOf(byType(textBlock, imageBlock), { isEmptyAllowed: false }),
);
