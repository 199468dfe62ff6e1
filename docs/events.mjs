// npm run docs:events: generates events.md, the reference of all events, and the schemas of the API description from
// the types of the protocol.
import { readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';
import { writeSchemaFile } from './wire-schemas.mjs';

const sources = ['events.ts', 'requests.ts', 'notices.ts'].map(
  (file) => new URL(`../src/agent-webkit/protocol/${file}`, import.meta.url),
);
const target = new URL('events.md', import.meta.url);

const HEAD = `# Events

Every event of a session, with the fields of its \`data\`. A field with \`?\` can be absent. Events of a sub-agent carry
\`parent_tool_use_id\`.

The \`data\` of every event also has the field \`time\`: when the server appended the event, in ISO 8601 and UTC, for example
\`2026-11-26T16:07:14.938Z\`. It is stored with the event, and is the same whenever the event is delivered.

This page is generated from the types by \`npm run docs:events\`. Do not edit it.

`;

/** Returns the text of the page. */
export function writeEvents() {
  const text = sources.map((source) => readFileSync(source, 'utf8')).join('\n');
  const file = ts.createSourceFile('events.ts', text, ts.ScriptTarget.ES2023, true);
  const named = new Map(
    file.statements
      .filter((node) => ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node))
      .map((node) => [node.name.text, node]),
  );
  const [own, requests, notices] = ['EventPayloads', 'RequestPayloads', 'NoticePayloads'].map(
    (name) => named.get(name),
  );
  const payloads = [...own.members, ...requests.members, ...notices.members];
  const sections = payloads.map((member) => describe(member, named));
  const aliases = ['UserContent', 'TextBlock', 'ImageBlock', 'MessageDelta', 'SessionStateName'];
  const overview = payloads.map(
    (member) => `| \`${member.name.getText()}\` | ${comment(member)} |`,
  );
  return [
    HEAD + ['| event | meaning |', '| --- | --- |', ...overview, ''].join('\n'),
    sections.join('\n'),
    `## Notices\n\n${comment(notices)}\n\n${list(notices)}.\n`,
    '## Types\n',
    ...[...aliases, 'RequestKind', 'RequestOutcome', 'ModelUsage', 'TaskStatus', 'TaskUsage'].map(
      (name) => `- \`${name}\`: \`${oneLine(named.get(name).type)}\``,
    ),
    '',
  ].join('\n');
}

function list({ members }) {
  return members.map((member) => `\`${member.name.getText()}\``).join(', ');
}

function describe(member, named) {
  const fields = fieldsOf(member.type, named);
  const rows = fields.map(
    (field) =>
      `| \`${field.name.getText()}${field.questionToken ? '?' : ''}\` | \`${oneLine(field.type).replaceAll('|', '\\|')}\` | ${comment(field)} |`,
  );
  const table =
    rows.length === 0
      ? 'No fields.'
      : ['| field | type | meaning |', '| --- | --- | --- |', ...rows].join('\n');
  return `## \`${member.name.getText()}\`\n\n${comment(member)}\n\n${table}\n`;
}

function fieldsOf(type, named) {
  if (ts.isTypeLiteralNode(type)) return [...type.members];
  if (ts.isIntersectionTypeNode(type)) return type.types.flatMap((part) => fieldsOf(part, named));
  const alias = ts.isTypeReferenceNode(type) ? named.get(type.typeName.getText()) : undefined;
  return alias ? fieldsOf(alias.type, named) : [];
}

function oneLine(type) {
  return type.getText().replaceAll(/\s+/g, ' ').replaceAll('; }', ' }').replace(/^\| /, '');
}

function comment(field) {
  return ts
    .getJSDocCommentsAndTags(field)
    .map(({ comment: text }) => ts.getTextOfJSDocComment(text) ?? '')
    .join(' ')
    .replaceAll(/\s+/g, ' ');
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const { format, resolveConfig } = await import('prettier');
  const config = await resolveConfig(target);
  writeFileSync(target, await format(writeEvents(), { ...config, parser: 'markdown' }));
  await writeSchemaFile();
}
