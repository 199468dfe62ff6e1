import { memo, type ReactNode } from 'react';
import { CodeBlock } from './code/code-block.js';
import { lexer, type MarkedToken, type Token, type Tokens } from 'marked';

/**
 * Renders Markdown as React elements. Nothing is parsed as HTML: tags are shown as text, images as
 * links, and links only with the protocols http, https and mailto.
 */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown">
      {lexer(text).map((token, index) => (
        // Only the last block of a streaming text changes; the others are not rendered again.
        <BlockView key={index} raw={token.raw} token={token} />
      ))}
    </div>
  );
});

const BlockView = memo(
  ({ token }: { token: Token; raw: string }) => renderToken(token as MarkedToken),
  (before, after) => before.raw === after.raw && before.token.type === after.token.type,
);

function renderTokens(tokens: readonly Token[] | undefined): ReactNode[] {
  return (tokens ?? []).map((token, index) => (
    <TokenView key={index} token={token as MarkedToken} />
  ));
}

const TokenView = ({ token }: { token: MarkedToken }) => renderToken(token);

function renderToken(token: MarkedToken): ReactNode {
  switch (token.type) {
    case 'paragraph':
      return <p>{renderTokens(token.tokens)}</p>;
    case 'heading':
      return renderHeading(token);
    case 'code':
      return <CodeBlock text={token.text} language={languageOf(token)} />;
    case 'blockquote':
      return <blockquote>{renderTokens(token.tokens)}</blockquote>;
    case 'list':
      return renderList(token);
    case 'list_item':
      return <li>{renderTokens(token.tokens)}</li>;
    case 'checkbox':
      return <input type="checkbox" checked={token.checked} readOnly disabled />;
    case 'table':
      return renderTable(token);
    case 'hr':
      return <hr />;
    case 'strong':
      return <strong>{renderTokens(token.tokens)}</strong>;
    case 'em':
      return <em>{renderTokens(token.tokens)}</em>;
    case 'del':
      return <del>{renderTokens(token.tokens)}</del>;
    case 'codespan':
      return <code>{token.text}</code>;
    case 'br':
      return <br />;
    case 'link':
      return renderLink(token.href, renderTokens(token.tokens));
    case 'image':
      return renderLink(token.href, `Image: ${token.text || token.href}`);
    case 'text':
      return token.tokens ? renderTokens(token.tokens) : decodeEntities(token.text);
    case 'escape':
      return token.text;
    case 'space':
    case 'def':
      return null;
    case 'html':
      return token.raw;
    default:
      token satisfies never;
      return null;
  }
}

/** Returns the language of a code block: the first word after its fence. */
function languageOf({ lang }: Tokens.Code): string {
  return /^[\w+#.-]+/.exec(lang ?? '')?.[0].toLowerCase() ?? '';
}

function renderHeading({ depth, tokens }: Tokens.Heading): ReactNode {
  // The levels above are used for the headings of the page.
  const Heading = depth <= 1 ? 'h3' : depth === 2 ? 'h4' : 'h5';
  return <Heading>{renderTokens(tokens)}</Heading>;
}

function renderList({ ordered, start, items }: Tokens.List): ReactNode {
  if (!ordered) return <ul>{renderTokens(items)}</ul>;
  return <ol start={Number(start) || 1}>{renderTokens(items)}</ol>;
}

function renderTable({ header, rows }: Tokens.Table): ReactNode {
  return (
    <div className="table" tabIndex={0}>
      <table>
        <thead>
          <tr>{header.map((cell, index) => renderCell(cell, index))}</tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>{row.map((cell, column) => renderCell(cell, column))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function renderCell({ header, align, tokens }: Tokens.TableCell, key: number): ReactNode {
  const Cell = header ? 'th' : 'td';
  return (
    <Cell key={key} className={align ? `align-${align}` : undefined}>
      {renderTokens(tokens)}
    </Cell>
  );
}

function renderLink(href: string, content: ReactNode): ReactNode {
  if (!isSafe(href)) return <span>{content}</span>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow" title={href}>
      {content}
    </a>
  );
}

function isSafe(href: string): boolean {
  try {
    return ['http:', 'https:', 'mailto:'].includes(new URL(href).protocol);
  } catch {
    return false; // relative: it would lead into this server
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  hellip: '…',
  mdash: '—',
  ndash: '–',
};

/** Decodes HTML entities, which Markdown permits. The result is text, never markup. */
function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w+));/gi, (whole, decimal, hex, name) => {
    if (name) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(String(hex), 16);
    return code > 0 && code <= 0x10_ff_ff ? String.fromCodePoint(code) : whole;
  });
}
