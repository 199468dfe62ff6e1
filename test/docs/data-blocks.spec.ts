import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { InboundMessagePipe } from '../../src/agent-webkit/http/validated.pipe.js';
import { agentWebkitOpenApi } from '../../src/index.js';
import { type Block, DOCUMENTS, readBlocks, readDocument, ROOT } from './markdown.js';
import { PROXIES } from '../proxies/proxies.js';

const blocks = DOCUMENTS.flatMap(readBlocks);
const of = (language: string) => blocks.filter((block) => block.language === language);
const place = ({ path, line }: Block) => `${path}:${line}`;

const { schemas } = agentWebkitOpenApi().components;
const ajv = new Ajv2020({
  strict: false,
  validateFormats: false,
  schemas: [{ $id: 'api', components: { schemas } }],
});

/** Returns the problems of JSON whose opening line names a schema of the OpenAPI description. */
function findSchemaProblems({ label, code }: Block): string[] {
  const schema = schemas[`AgentWebkit${label}`];
  const validate = ajv.getSchema(`api#/components/schemas/AgentWebkit${label}`);
  if (!schema || !validate) return [`no schema ${label}`];
  const value = JSON.parse(code) as object;
  const known = Object.keys(schema['properties'] ?? {});
  const unknown = Object.keys(value).filter((name) => !known.includes(name));
  return [
    ...(validate(value) ? [] : [ajv.errorsText(validate.errors)]),
    ...unknown.map((name) => `${name} is not a field`),
  ];
}

/** The languages of the programs that the suite `clients` runs. The suite `cluster` runs the commands of its page. */
const OF_CLIENTS = ['js', 'python', 'go', 'java', 'ruby', 'bash'];

describe('Code blocks and links of the documents', () => {
  it('use only languages that are tested', () => {
    // The suite `proxies` loads each block of a proxy; cluster-manifests.spec.ts reads those of YAML.
    const tested = [
      'ts',
      'tsx',
      'sh',
      'json',
      'text',
      'yaml',
      ...PROXIES.map(({ language }) => language),
    ];
    const others = blocks.filter(
      ({ language, path }) =>
        !tested.includes(language) &&
        !(path === 'docs/clients.md' && OF_CLIENTS.includes(language)) &&
        !(path === 'docs/cluster.md' && language === 'bash'),
    );

    expect(others.map(place)).toEqual([]);
  });

  it('show messages that the protocol accepts', () => {
    const pipe = new InboundMessagePipe();

    expect(of('json').length).toBeGreaterThan(1);
    for (const { code } of of('json').filter(({ label }) => label === '')) {
      const message: unknown = JSON.parse(code);
      expect(pipe.transform(message)).toEqual(message);
    }
  });

  it('show JSON that matches the schema its block names', () => {
    const labelled = of('json').filter(({ label }) => label !== '');

    expect(
      labelled.flatMap((block) =>
        findSchemaProblems(block).map((text) => `${place(block)}: ${text}`),
      ),
    ).toEqual([]);
  });

  it('link to files that exist', () => {
    const links = DOCUMENTS.flatMap((path) =>
      [...readDocument(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, to = '']) =>
        join(path, '..', to),
      ),
    );

    expect(links.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('stay inside the docs folder when a page of the site links', () => {
    const pages = DOCUMENTS.filter((path) => dirname(path) === 'docs');
    const outside = pages.flatMap((path) => readDocument(path).match(/\]\(\.\.\/[^)]+/g) ?? []);

    expect(outside).toEqual([]);
  });
});
