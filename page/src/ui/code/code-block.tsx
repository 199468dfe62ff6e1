import { Code } from './code.js';
import { CopyButton } from './copy-button.js';

/** Code in a message, with its language and a button that copies it. */
export function CodeBlock({ text, language }: { text: string; language: string }) {
  return (
    <figure className="code-block">
      <figcaption>
        <span>{language || 'text'}</span>
        <CopyButton text={text} what="code" />
      </figcaption>
      <pre tabIndex={0}>
        <Code text={text} language={language} />
      </pre>
    </figure>
  );
}
