import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

/** A file, and the one line of code in it. */
type Case = readonly [file: string, code: string];

const ENGINE = 'src/agent-webkit/engine';
const STORAGE = 'src/agent-webkit/storage';
const SDK = '@anthropic-ai/claude-agent-sdk';

const FORBIDDEN: readonly Case[] = [
  // The protocol imports no other room.
  ['src/agent-webkit/protocol/a.ts', `import { x } from '../engine/errors.js';`],
  ['src/agent-webkit/protocol/a.ts', `import type { X } from '../engine/session/session.js';`],
  ['src/agent-webkit/protocol/deep/a.ts', `import { x } from '../../engine/errors.js';`],
  ['src/agent-webkit/protocol/a.ts', `export * from '../http/http-errors.js';`],
  ['src/agent-webkit/protocol/a.ts', `import { Injectable } from '@nestjs/common';`],
  ['src/agent-webkit/protocol/a.ts', `import { query } from '${SDK}';`],
  ['src/agent-webkit/protocol/a.ts', `import { randomUUID } from 'node:crypto';`],
  // The engine imports neither Nest, HTTP and drivers, nor the rooms that use it.
  [`${ENGINE}/a.ts`, `import { Injectable } from '@nestjs/common';`],
  [`${ENGINE}/session/a.ts`, `import { Subject } from 'rxjs';`],
  [`${ENGINE}/session/deep/a.ts`, `import { map } from 'rxjs/operators';`],
  [`${ENGINE}/a.ts`, `import { createServer } from 'node:http';`],
  [`${ENGINE}/a.ts`, `import { createServer } from 'http';`],
  [`${ENGINE}/session/a.ts`, `import { validate } from 'class-validator';`],
  [`${ENGINE}/registry/a.ts`, `import { Pool } from 'pg';`],
  [`${ENGINE}/agent/a.ts`, `import { query } from '${SDK}';`],
  [`${ENGINE}/agent/a.ts`, `export const load = () => import('${SDK}');`],
  [`${ENGINE}/agent/a.ts`, `import { type Options } from '${SDK}';`],
  [`${ENGINE}/a.ts`, `import { x } from '../openapi/openapi.js';`],
  [`${ENGINE}/registry/a.ts`, `import { x } from '../../openapi/openapi.js';`],
  [`${ENGINE}/a.ts`, `import { x } from '../../settings.js';`],
  [`${ENGINE}/registry/a.ts`, `import type { X } from '../../../settings.js';`],
  [`${ENGINE}/registry/a.ts`, `import { x } from '../../options/resolved-options.js';`],
  [`${ENGINE}/session/a.ts`, `import { x } from '../../sessions.controller.js';`],
  [`${ENGINE}/session/a.ts`, `import { x } from '../../storage/memory/memory-storage.js';`],
  [`${ENGINE}/session/a.ts`, `export type X = import('../../agents/claude/a.js').X;`],
  [`${ENGINE}/session/a.ts`, `import { x } from 'nestjs-agent-webkit';`],
  // Within the engine, imports point down.
  [`${ENGINE}/errors.ts`, `import { x } from './timing/retry.js';`],
  [`${ENGINE}/errors.ts`, `import type { X } from './session/session.js';`],
  [`${ENGINE}/timing/a.ts`, `import { x } from '../event-log/event-log.js';`],
  [`${ENGINE}/event-log/a.ts`, `import type { X } from '../session/session.js';`],
  [`${ENGINE}/event-log/a.ts`, `import { x } from '../agent/warm-pool.js';`],
  [`${ENGINE}/agent/a.ts`, `import { x } from '../event-log/event-log.js';`],
  [`${ENGINE}/agent/a.ts`, `import type { X } from '../session/session.js';`],
  [`${ENGINE}/agent/a.ts`, `import { x } from '../registry/live-sessions.js';`],
  [`${ENGINE}/session/a.ts`, `import type { X } from '../registry/session-registry.js';`],
  // Adapters import the engine's ports.
  ['src/agent-webkit/agents/claude/a.ts', `import { query } from '${SDK}';`],
  ['src/agent-webkit/agents/claude/a.ts', `import { x } from '../../engine/session/session.js';`],
  ['src/agent-webkit/agents/claude/a.ts', `import { x } from '../scripted/script.js';`],
  ['src/agent-webkit/agents/scripted/a.ts', `export const load = () => import('${SDK}');`],
  [`${STORAGE}/a.ts`, `import { x } from '../sessions.controller.js';`],
  [`${STORAGE}/memory/a.ts`, `import { x } from '../../options/agent-webkit.options.js';`],
  [`${STORAGE}/memory/a.ts`, `import { x } from '../../engine/registry/retention.js';`],
  [`${STORAGE}/conformance/a.ts`, `import { x } from '../memory/memory-storage.js';`],
  [`${STORAGE}/sqlite/a.ts`, `import { Logger } from '@nestjs/common';`],
  [`${STORAGE}/postgres/a.ts`, `import { x } from '../sqlite/schema.js';`],
  [`${STORAGE}/sqlite/a.ts`, `export const load = () => import('../postgres/migrate.js');`],
  [`${STORAGE}/postgres/a.ts`, `import { Pool } from 'pg';`],
  [`${STORAGE}/memory/a.ts`, `export const load = () => import('pg');`],
  // The Nest face imports no driver and no HTTP adapter.
  ['src/agent-webkit/auth.guard.ts', `import type { Pool } from 'pg';`],
  ['src/agent-webkit/options/a.ts', `import { x } from '../storage/postgres/migrate.js';`],
  ['src/agent-webkit/agent-webkit.module.ts', `import { x } from './storage/sqlite/schema.js';`],
  ['src/agent-webkit/http/a.ts', `import type { Request } from 'express';`],
  ['src/agent-webkit/http/a.ts', `import { x } from '../agents/claude/claude-options.js';`],
  ['src/agent-webkit/stream/a.ts', `import { query } from '${SDK}';`],
  // The module imports neither the standalone server nor the page.
  ['src/agent-webkit/agent-webkit.module.ts', `import { x } from '../settings.js';`],
  ['src/agent-webkit/http/a.ts', `import { x } from '../../app.module.js';`],
  ['src/agent-webkit/openapi/a.ts', `import { x } from '../../api-docs/try-page.js';`],
  ['src/agent-webkit/a.ts', `import { x } from '../agent-webkit-page/page-files.js';`],
  ['src/agent-webkit-page/a.ts', `import { x } from '../agent-webkit/engine/errors.js';`],
  ['src/agent-webkit-page/a.ts', `import type { X } from '../agent-webkit/protocol/events.js';`],
  ['src/agent-webkit-page/a.ts', `import type { Response } from 'express';`],
  ['src/agent-webkit-page/a.ts', `import { x } from '../settings.js';`],
  ['src/page.ts', `export { x } from './agent-webkit/agent-webkit.module.js';`],
  ['src/testing.ts', `export { x } from './agent-webkit/agents/claude/claude-sdk.js';`],
  ['src/engine.ts', `export { x } from './agent-webkit/agent-webkit.module.js';`],
  ['src/engine.ts', `export type { X } from './agent-webkit/session-handle.js';`],
  ['src/index.ts', `export { x } from './settings.js';`],
  ['src/standalone/api-docs/a.ts', `import { x } from '../../agent-webkit/engine/errors.js';`],
  ['src/index.ts', `export { Injectable } from '@nestjs/common';`],
  [
    'src/standalone/settings.ts',
    `import { x } from '../agent-webkit/engine/registry/retention.js';`,
  ],
  ['src/app.module.ts', `import { Pool } from 'pg';`],
  // The page runs in a browser.
  ['page/src/session/a.ts', `import { x } from '../../../src/agent-webkit/protocol/events.js';`],
  ['page/src/ui/a.tsx', `import type { X } from '../../../src/agent-webkit/engine/errors.js';`],
  ['page/src/client/a.ts', `import { x } from '../../../src/standalone/settings.js';`],
  ['page/src/client/a.ts', `import { x } from '../../../src/agent-webkit-page/page-files.js';`],
  ['page/src/session/a.ts', `import { useState } from 'react';`],
  ['page/src/session/a.ts', `import { x } from '../client/agent-api.js';`],
  ['page/src/client/a.ts', `import { x } from '../ui/app.js';`],
  ['page/src/ui/a.tsx', `import { readFile } from 'node:fs/promises';`],
  // Only tests import tests; examples and the benchmark import the published package.
  ['src/agent-webkit/stream/a.ts', `import { x } from '../../../test/support/eventually.js';`],
  ['page/src/client/a.ts', `import { x } from '../../../test/support/eventually.js';`],
  ['bench/fanout/a.mjs', `import { x } from '../../test/support/eventually.js';`],
  ['bench/fanout/a.mjs', `import { x } from '../../src/index.js';`],
  ['examples/minimal/a.ts', `import { x } from '../../test/support/eventually.js';`],
  ['examples/minimal/a.ts', `import { x } from '../../src/index.js';`],
  // Every published file belongs to a room.
  ['page/src/other/a.ts', `export const value = 1;`],
  [`${ENGINE}/other/a.ts`, `export const value = 1;`],
];

const ALLOWED: readonly Case[] = [
  ['src/agent-webkit/protocol/a.ts', `import { IsString } from 'class-validator';`],
  ['src/agent-webkit/protocol/a.ts', `import { x } from './inbound.js';`],
  ['src/agent-webkit/protocol/a.ts', `import type { Options } from '${SDK}';`],
  [`${ENGINE}/a.ts`, `import type { X } from '../protocol/events.js';`],
  [`${ENGINE}/session/deep/a.ts`, `import { x } from '../../errors.js';`],
  [`${ENGINE}/event-log/a.ts`, `import { x } from '../timing/retry.js';`],
  [`${ENGINE}/agent/a.ts`, `import { randomUUID } from 'node:crypto';`],
  [`${ENGINE}/agent/a.ts`, `import type { Options } from '${SDK}';`],
  [`${ENGINE}/session/a.ts`, `import { x } from '../agent/session-agent.js';`],
  [`${ENGINE}/session/a.ts`, `export * from '../event-log/event-log.js';`],
  [`${ENGINE}/registry/a.ts`, `import { x } from '../session/session.js';`],
  ['src/agent-webkit/agents/claude/a.ts', `export const load = () => import('${SDK}');`],
  ['src/agent-webkit/agents/scripted/a.ts', `import { x } from '../../protocol/events.js';`],
  [`${STORAGE}/postgres/a.ts`, `export const load = () => import('pg');`],
  [`${STORAGE}/postgres/a.ts`, `import { x } from '../keyed-queue.js';`],
  [`${STORAGE}/memory/a.ts`, `import { x } from '../../engine/event-log/packed-events.js';`],
  ['src/agent-webkit/agent-webkit.module.ts', `import { x } from './storage/memory/a.js';`],
  ['src/agent-webkit/http/a.ts', `import { Injectable } from '@nestjs/common';`],
  ['src/agent-webkit/http/a.ts', `import type { Server } from 'node:http';`],
  ['src/agent-webkit/stream/a.ts', `import { x } from '../session-registry.service.js';`],
  ['src/agent-webkit-page/a.ts', `import { Module } from '@nestjs/common';`],
  ['src/common.ts', `export { x } from './agent-webkit/engine/registry/session-registry.js';`],
  ['src/app.module.ts', `import { x } from './agent-webkit/storage/postgres/a.js';`],
  ['src/standalone/server.ts', `import helmet from 'helmet';`],
  ['page/src/ui/a.tsx', `import { useState } from 'react';`],
  ['page/src/ui/a.tsx', `import { x } from '../session/conversation.js';`],
  [
    'page/src/client/a.ts',
    `import type { X } from '../../../src/agent-webkit/protocol/events.js';`,
  ],
  ['test/stream/a.ts', `import { x } from '../../src/agent-webkit/storage/sqlite/a.js';`],
  ['bench/fanout/a.mjs', `import { x } from '../../dist/index.js';`],
  ['examples/minimal/a.ts', `import { AgentWebkitModule } from 'nestjs-agent-webkit';`],
];

const root = join(import.meta.dirname, '../..');

describe('The import rules of the linter', () => {
  let tree: string;
  let keys: string[];
  let refused: Set<string>;
  beforeAll(async () => {
    tree = await realpath(await mkdtemp(join(tmpdir(), 'boundaries-')));
    await cp(join(root, '.oxlintrc.json'), join(tree, '.oxlintrc.json'));
    await cp(join(root, 'lint'), join(tree, 'lint'), { recursive: true });
    await symlink(join(root, 'node_modules'), join(tree, 'node_modules'));
    keys = await writeCases(tree, [...FORBIDDEN, ...ALLOWED]);
    refused = await lint(tree);
  });
  afterAll(() => rm(tree, { recursive: true }));

  it.each(FORBIDDEN.map((each, index) => [...each, index] as const))(
    'reject in %s: %s',
    (_file, _code, index) => {
      expect(refused).toContain(keys[index]);
    },
  );

  it('form a table of rooms without a cycle', async () => {
    const { ROOMS } = (await import(String(pathToFileURL(join(root, 'lint/rooms.mjs'))))) as {
      ROOMS: Record<string, { rooms: (string | { name: string })[] }>;
    };
    const left = new Map(
      Object.entries(ROOMS).map(([name, { rooms }]) => [
        name,
        rooms.map((entry) => (typeof entry === 'string' ? entry : entry.name)),
      ]),
    );
    const isLowest = ([, rooms]: [string, string[]]) => !rooms.some((name) => left.has(name));
    for (;;) {
      const lowest = [...left].filter(isLowest);
      if (lowest.length === 0) break;
      for (const [name] of lowest) left.delete(name);
    }
    expect([...left.keys()]).toEqual([]);
    const names = Object.values(ROOMS).flatMap(({ rooms }) =>
      rooms.map((entry) => (typeof entry === 'string' ? entry : entry.name)),
    );
    expect(names.filter((name) => !(name in ROOMS))).toEqual([]);
  });

  it.each(ALLOWED.map((each, index) => [...each, index] as const))(
    'allow in %s: %s',
    (_file, _code, index) => {
      expect(refused).not.toContain(keys[FORBIDDEN.length + index]);
    },
  );
});

/** Writes each file with the lines of all its cases. Resolves to a key for each case. */
async function writeCases(tree: string, cases: readonly Case[]): Promise<string[]> {
  const files = new Map<string, string[]>();
  const keys = cases.map(([file, code], index) => {
    const lines = files.get(file) ?? [];
    files.set(file, [...lines, withName(code, `name${index}`)]);
    return `${file}:${lines.length + 1}`;
  });
  await Promise.all(
    [...files].map(async ([file, lines]) => {
      await mkdir(join(tree, dirname(file)), { recursive: true });
      await writeFile(join(tree, file), `${lines.join('\n')}\n`);
    }),
  );
  return keys;
}

/** The same import by a name of its own, so that a file can hold several. */
function withName(code: string, name: string): string {
  return code
    .replace(/\{ (type )?(\w+) \}/, `{ $1$2 as ${name} }`)
    .replace(/export (const|type) \w+ =/, `export $1 ${name} =`);
}

/** Runs the linter. Returns the places whose imports it rejects, as `file:line`. */
async function lint(tree: string): Promise<Set<string>> {
  const output = await new Promise<string>((resolve) => {
    // The linter exits with 1 when it finds a problem.
    execFile(
      process.execPath,
      [join(root, 'node_modules/oxlint/bin/oxlint'), '--format', 'json'],
      { cwd: tree, maxBuffer: 64 * 1024 * 1024 },
      (_, stdout) => resolve(stdout),
    );
  });
  const { diagnostics } = JSON.parse(output) as {
    diagnostics: { code: string; filename: string; labels: { span: { line: number } }[] }[];
  };
  return new Set(
    diagnostics
      .filter(({ code }) => code === 'boundaries(imports)')
      .flatMap(({ filename, labels }) => labels.map(({ span }) => `${filename}:${span.line}`)),
  );
}
