import { spawnSync } from 'node:child_process';
import ts from 'typescript';
import { describe, expect, it } from '@jest/globals';
import { type AgentWebkitError, type ErrorCode } from '../../src/agent-webkit/engine/errors.js';
import { toHttpException } from '../../src/agent-webkit/http/http-errors.js';
import { showDefault } from '../../src/agent-webkit/options/descriptor.js';
import { GROUPS, OPTIONS } from '../../src/agent-webkit/options/option-table.js';
import { plain, readDocument, readTable, ROOT } from './markdown.js';

const parse = (path: string) =>
  ts.createSourceFile(path, readDocument(path), ts.ScriptTarget.ES2023, true);

/** Returns the declared options: the path of each, with the default in its docblock. */
function declaredOptions(): [path: string, byDefault: string][] {
  return ['top-level', ...Object.keys(GROUPS)].flatMap((group) => {
    const { statements } = parse(`src/agent-webkit/options/groups/${group}.ts`);
    const declaration = statements.find(
      (statement): statement is ts.InterfaceDeclaration =>
        ts.isInterfaceDeclaration(statement) && statement.name.text.endsWith('Options'),
    );
    const prefix = group === 'top-level' ? '' : `${group}.`;
    return (declaration?.members ?? []).map((member): [string, string] => {
      const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
      const text = ts.getTextOfJSDocComment(tag?.comment) ?? '';
      return [`${prefix}${member.name?.getText()}`, text.replaceAll(/\s+/g, ' ')];
    });
  });
}

function declaredCodes(): string[] {
  const { statements } = parse('src/agent-webkit/engine/errors.ts');
  const declaration = statements.find(
    (statement): statement is ts.TypeAliasDeclaration =>
      ts.isTypeAliasDeclaration(statement) && statement.name.text === 'ErrorCode',
  );
  return [...(declaration?.type.getText().matchAll(/'(\w+)'/g) ?? [])].map(
    ([, code]) => code ?? '',
  );
}

const errors = readTable('docs/http.md', 'errors').map((row) => row.map(plain));

describe('The tables of options and settings', () => {
  it('match the descriptors, as npm run docs:options generates them', () => {
    const check = spawnSync(process.execPath, ['docs/options.mjs', '--check'], {
      cwd: ROOT,
      encoding: 'utf8',
    });

    expect(check).toMatchObject({ stderr: '', status: 0 });
  });

  it('show the default of each option that its docblock states', () => {
    const table = OPTIONS.map(({ path, descriptor }) => [path, showDefault(descriptor)]);

    expect(declaredOptions()).toEqual(table);
  });
});

describe('The table of errors', () => {
  it('lists every error code with its status', () => {
    expect(new Set(errors.map(([, code]) => code))).toEqual(new Set(declaredCodes()));
    for (const [status, code] of errors) {
      const refusal = { code: code as ErrorCode, message: '' } as AgentWebkitError;
      expect([code, toHttpException(refusal).getStatus()]).toEqual([code, Number(status)]);
    }
  });
});
