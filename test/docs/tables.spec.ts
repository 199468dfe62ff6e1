import ts from 'typescript';
import { describe, expect, it } from '@jest/globals';
import { type AgentWebkitError, type ErrorCode } from '../../src/agent-webkit/engine/errors.js';
import { toHttpException } from '../../src/agent-webkit/http/http-errors.js';
import { PERMISSION_MODES } from '../../src/agent-webkit/protocol/inbound.js';
import { resolveOptions } from '../../src/agent-webkit/options/resolved-options.js';
import { readSettings } from '../../src/settings.js';
import { plain, readDocument, readTable } from './markdown.js';

const parse = (path: string) =>
  ts.createSourceFile(path, readDocument(path), ts.ScriptTarget.ES2023, true);

/** The options as the code declares them: each with the default its docblock tells. */
function declaredOptions(): [name: string, byDefault: string][] {
  const { statements } = parse('src/agent-webkit/agent-webkit.options.ts');
  const declaration = statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === 'AgentWebkitModuleOptions',
  );
  return (declaration?.members ?? []).map((member) => {
    const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'default');
    return [
      member.name?.getText() ?? '',
      tag ? plain(ts.getTextOfJSDocComment(tag.comment)).replaceAll(/\s+/g, ' ') : 'required',
    ];
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

/** What the options are where nothing is given, by name, however deep they stand. */
function resolvedDefaults(): Map<string, unknown> {
  const found = new Map<string, unknown>();
  const look = (value: object) => {
    for (const [name, inner] of Object.entries(value)) {
      found.set(name, inner);
      if (typeof inner === 'object' && inner !== null && !Array.isArray(inner)) look(inner);
    }
  };
  look(resolveOptions({ auth: 'none' }));
  return found;
}

const options = readTable('README.md', 'options').map((row) => row.map(plain));
const settings = readTable('README.md', 'settings').map((row) => row.map(plain));
const errors = readTable('README.md', 'errors').map((row) => row.map(plain));

/** For each variable that is an option: what to set it to, and what the option then is. */
const SAMPLES: Record<string, [value: string, option: unknown]> = {
  auth: ['ann:secret', { tokens: ['ann:secret'] }],
  workspace: ['/', '/'],
  model: ['a-model', 'a-model'],
  models: ['a, b', ['a', 'b']],
  permissionModes: ['plan,default', ['plan', 'default']],
  maxBudgetUsd: ['1.5', 1.5],
};

describe('the README’s tables', () => {
  it('name every option, with the default that its docblock tells', () => {
    expect(new Map(options.map(([name = '', , byDefault = '']) => [name, byDefault]))).toEqual(
      new Map(declaredOptions()),
    );
  });

  it('tell the defaults that hold', () => {
    const defaults = resolvedDefaults();
    const told = options.filter(([, , byDefault]) => /^(?:\d+|null|false)$/.test(byDefault ?? ''));

    expect(told.length).toBeGreaterThan(20);
    for (const [name = '', , byDefault] of told) {
      expect([name, String(defaults.get(name))]).toEqual([name, byDefault]);
    }
    expect(defaults.get('permissionModes')).toEqual(
      PERMISSION_MODES.filter((mode) => mode !== 'bypassPermissions'),
    );
  });

  it('name every variable that the server reads, and no other', () => {
    const read = new Set(
      readDocument('src/settings.ts').match(/AGENT_WEBKIT_[A-Z_]+|HOST\b|PORT\b/g),
    );
    const named = [...options.map(([, name]) => name), ...settings.map(([name]) => name)];

    expect(new Set(named.filter((name) => name !== ''))).toEqual(read);
  });

  it('put each variable beside the option that it sets', () => {
    for (const [option = '', variable = ''] of options) {
      // Read by the server itself, which makes the option of them.
      if (variable === '' || option === 'sdkFactory' || option === 'storage') continue;
      const [value, expected] = SAMPLES[option] ?? ['7', 7];
      const { module } = readSettings({ [variable]: value });
      expect({ variable, value: module[option as keyof typeof module] }).toEqual({
        variable,
        value: expected,
      });
    }
  });

  it('tell the settings’ defaults that hold', () => {
    const read = readSettings({});
    const told = Object.fromEntries(settings.map(([name, byDefault]) => [name, byDefault]));

    expect(told).toMatchObject({
      HOST: read.host,
      PORT: String(read.port),
      AGENT_WEBKIT_STORAGE: read.storage,
      AGENT_WEBKIT_MAX_BODY: read.maxBody,
      AGENT_WEBKIT_CORS_ORIGIN: read.corsOrigin ?? 'none',
    });
  });

  it('have every refusal, with its status', () => {
    expect(new Set(errors.map(([, code]) => code))).toEqual(new Set(declaredCodes()));
    for (const [status, code] of errors) {
      const refusal = { code: code as ErrorCode, message: '' } as AgentWebkitError;
      expect([code, toHttpException(refusal).getStatus()]).toEqual([code, Number(status)]);
    }
  });
});
