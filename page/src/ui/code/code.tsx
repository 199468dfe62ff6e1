import { memo } from 'react';
import { useTokens } from './use-tokens.js';

/** Code in the colors of its language. */
export const Code = memo(function Code({ text, language }: { text: string; language: string }) {
  const tokens = useTokens(text, language);
  return (
    <code>
      {tokens.map(({ text: part, kind }, index) =>
        kind === '' ? (
          part
        ) : (
          <span key={index} className={`code-${kind}`}>
            {part}
          </span>
        ),
      )}
    </code>
  );
});
