import ts from 'typescript';

/**
 * Returns the parts of a file that a person reads, each with its place in the text: comments, and
 * strings of more than one word. Of a file that is not code, all of it.
 */
export function readableText(path, text) {
  if (!/\.(?:[cm]?[jt]s|tsx)$/.test(path)) return [{ kind: 'text', start: 0, text }];
  const file = ts.createSourceFile(
    path,
    text,
    ts.ScriptTarget.Latest,
    true,
    path.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS,
  );
  const parts = new Map();
  const add = (kind, start, end) => parts.set(start, { kind, start, text: text.slice(start, end) });
  const visit = (node) => {
    const children = node.getChildren(file).filter((child) => !ts.isJSDoc(child));
    if (children.length === 0) {
      const ranges = [
        ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
        ...(ts.getTrailingCommentRanges(text, node.end) ?? []),
      ];
      // Within JSX, what looks like a comment is text.
      if (node.kind !== ts.SyntaxKind.JsxText) {
        for (const { pos, end } of ranges) {
          add(text.startsWith('/**', pos) ? 'docblock' : 'comment', pos, end);
        }
      }
      if (isSentence(node, file)) add('string', node.getStart(file), node.end);
      return;
    }
    children.forEach(visit);
  };
  visit(file);
  return joinLines([...parts.values()], text);
}

/** Makes one comment of line comments that stand below each other. */
function joinLines(parts, text) {
  const joined = [];
  for (const part of parts.toSorted((one, other) => one.start - other.start)) {
    const last = joined.at(-1);
    const isNext =
      last?.text.startsWith('//') &&
      part.text.startsWith('//') &&
      /^\n[ \t]*$/.test(text.slice(last.start + last.text.length, part.start));
    if (isNext) last.text = text.slice(last.start, part.start + part.text.length);
    else joined.push(part);
  }
  return joined;
}

/** Names, paths and other single words in quotes are data. */
function isSentence(node, file) {
  const isText =
    ts.isStringLiteralLike(node) ||
    ts.isTemplateMiddleOrTemplateTail(node) ||
    ts.isTemplateHead(node) ||
    ts.isJsxText(node);
  return isText && /\S\s+\S/.test(node.getText(file));
}

/** The first words of a docblock. */
export function openingOf(docblock) {
  return docblock.replace(/^\/\*\*[\s*]*/, '');
}
