import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type {
  PermissionMode,
  PermissionUpdate,
} from '../../../src/agent-webkit/engine/agent-client.js';
import { ForbiddenError } from '../../../src/agent-webkit/engine/errors.js';
import { HostConfigurationError } from '../../../src/agent-webkit/engine/host-configuration-error.js';
import {
  type ConfigureSession,
  SessionPolicy,
  type SessionPolicyOptions,
} from '../../../src/agent-webkit/engine/registry/session-policy.js';
import { WorkspaceFolders } from '../../../src/agent-webkit/engine/workspace/workspace-folders.js';
import type {
  InboundMessage,
  PermissionResponse,
} from '../../../src/agent-webkit/protocol/inbound.js';

const setMode = (mode: PermissionMode): PermissionUpdate => ({
  type: 'setMode',
  mode,
  destination: 'session',
});

const open = (...directories: string[]): PermissionUpdate => ({
  type: 'addDirectories',
  directories,
  destination: 'session',
});

const reply = (...updated_permissions: PermissionUpdate[]): PermissionResponse => ({
  type: 'permission_response',
  correlation_id: 'c',
  behavior: 'allow',
  updated_permissions,
});

const ADA = { id: 'ada' };

describe('the policy for new sessions and messages', () => {
  let root: string;
  let workspace: string;
  let logged: string[] = [];
  const log = (message: string) => void logged.push(message);
  const logger = { log, warn: log, error: log };
  const policy = (options: Partial<SessionPolicyOptions> = {}, path = workspace) =>
    new SessionPolicy(
      {
        model: null,
        permissionModes: ['default', 'plan'],
        effortLevels: ['low', 'high'],
        allowOutputFormat: false,
        includePartialMessages: true,
        models: null,
        commands: [],
        maxTurns: null,
        maxBudgetUsd: null,
        contentLimits: { maxContentBlocks: 100, maxTextLength: 1000, maxImageBytes: 1000 },
        configureSession: null,
        ...options,
      },
      new WorkspaceFolders({
        root: path,
        createRoot: false,
        per: 'shared',
        autoMemory: 'off',
        quotaBytes: null,
        isDurable: true,
        hasRecord: () => Promise.resolve(false),
        logger,
      }),
    );
  const session = () => ({ id: 'session', owner: ADA.id, config: { cwd: workspace } });
  const cwd = async (path?: string) =>
    (await policy().configure(path === undefined ? {} : { cwd: path }, ADA)).cwd;

  beforeAll(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'policy-')));
    workspace = join(root, 'work');
    for (const folder of ['work/inner/deep', 'work-beside', 'work/..inner']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    writeFileSync(join(workspace, 'file'), '');
    symlinkSync(join(root, 'work-beside'), join(workspace, 'out'));
    symlinkSync(join(workspace, 'inner'), join(workspace, 'in'));
    symlinkSync(join(workspace, 'inner'), join(root, 'link-into'));
    symlinkSync(join(workspace, 'file'), join(workspace, 'link-to-file'));
    symlinkSync(workspace, join(root, 'work-link'));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  it('rejects everything that needs a missing workspace, and logs each outage once', async () => {
    const late = join(root, 'late');
    const subject = policy({}, late);
    const configure = () => subject.configure({}, ADA);
    const check = () => subject.check(reply(open('inner')), session());
    const unavailable = { code: 'workspace_unavailable' };
    for (let outage = 0; outage < 2; outage += 1) {
      logged = [];
      await expect(configure()).rejects.toMatchObject(unavailable);
      await expect(check()).rejects.toMatchObject(unavailable);
      writeFileSync(late, 'not a folder');
      await expect(configure()).rejects.toMatchObject(unavailable);
      rmSync(late);
      mkdirSync(late);

      expect((await configure()).cwd).toBe(late);
      expect(logged).toEqual([
        expect.stringContaining(`The workspace ${late} cannot be used.`),
        `The workspace ${late} is available again.`,
      ]);
      rmSync(late, { recursive: true });
    }
  });

  it('configures a session with the defaults when the client requests nothing', async () => {
    expect(await policy({ model: 'opus' }).configure({}, ADA)).toEqual({
      model: 'opus',
      permissionMode: 'default',
      cwd: workspace,
      includePartialMessages: true,
    });
  });

  it('configures a session with the requested values', async () => {
    const request = {
      model: 'haiku',
      permission_mode: 'plan',
      cwd: 'inner',
      include_partial_messages: false,
    } as const;
    expect(await policy({ model: 'opus' }).configure(request, ADA)).toEqual({
      model: 'haiku',
      permissionMode: 'plan',
      cwd: join(workspace, 'inner'),
      includePartialMessages: false,
    });
  });

  it.each([
    ['a folder by its relative path', 'inner/deep', 'inner/deep'],
    ['the workspace itself', '.', ''],
    ['an empty path', '', ''],
    ['a path that leaves the workspace and returns', '../work/inner', 'inner'],
    ['a link within the workspace', 'in', 'inner'],
    ['a folder whose name begins with dots', '..inner', '..inner'],
  ])('permits %s by its real path', async (_, request, real) => {
    expect(await cwd(request)).toBe(join(workspace, real));
  });

  it('permits absolute paths, also through a link into the workspace', async () => {
    expect(await cwd(join(workspace, 'inner'))).toBe(join(workspace, 'inner'));
    expect(await cwd(join(root, 'link-into'))).toBe(join(workspace, 'inner'));
    expect(await cwd(`${workspace}/`)).toBe(workspace);
  });

  it('resolves a workspace that is itself a link', async () => {
    const linked = policy({}, join(root, 'work-link'));
    expect((await linked.configure({}, ADA)).cwd).toBe(workspace);
    expect((await linked.configure({ cwd: 'inner' }, ADA)).cwd).toBe(join(workspace, 'inner'));
  });

  it.each([
    ['the parent folder', '..'],
    ['a sibling folder whose name begins the same', '../work-beside'],
    ['a link out of the workspace', 'out'],
    ['a path through a link out of the workspace', 'out/../work-beside'],
    ['an absolute path elsewhere', '/'],
    ['a file', 'file'],
    ['a link to a file', 'link-to-file'],
    ['a path that does not exist', 'nowhere'],
    ['a path outside that does not exist', '/nowhere/at/all'],
    ['a path with a NUL', 'inner\0'],
    ['a path that is too long', 'x'.repeat(5000)],
  ])('rejects %s with the same message', async (_, request) => {
    await expect(cwd(request)).rejects.toThrow(ForbiddenError);
    await expect(cwd(request)).rejects.toThrow(
      'cwd: must be an existing folder inside the workspace.',
    );
  });

  it('rejects a permission mode that is not permitted, and lists the permitted ones', async () => {
    await expect(policy().configure({ permission_mode: 'bypassPermissions' }, ADA)).rejects.toThrow(
      "permission_mode: 'bypassPermissions' is not permitted. Permitted: default, plan.",
    );
    const check = (mode: PermissionMode) => policy().check({ type: 'set_permission_mode', mode });
    await expect(check('acceptEdits')).rejects.toThrow(
      "mode: 'acceptEdits' is not permitted. Permitted: default, plan.",
    );
    expect(await check('plan')).toMatchObject({ mode: 'plan' });
  });

  it('rejects a reply with a permission mode that is not permitted in any of its updates', async () => {
    await policy().check(reply(setMode('plan'), setMode('default')));
    const forbidden = reply(setMode('plan'), setMode('bypassPermissions'));
    await expect(policy().check(forbidden)).rejects.toThrow(
      "updated_permissions[1].mode: 'bypassPermissions' is not permitted.",
    );
  });

  it('rejects a reply that changes more than its session, or adds a folder outside the workspace', async () => {
    await policy().check(reply(open('inner', join(workspace, 'inner/deep'))), session());
    await expect(policy().check(reply(open('inner', root)), session())).rejects.toThrow(
      'updated_permissions[0].directories: must be an existing folder inside the workspace.',
    );
    const saved: PermissionUpdate = { ...setMode('plan'), destination: 'userSettings' };
    await expect(policy().check(reply(saved))).rejects.toThrow(
      "updated_permissions[0].destination: must be 'session', but got 'userSettings'.",
    );
  });

  it.each(['', '*'])(
    'rejects an allow rule with the content "%s", which the agent ignores',
    async (content) => {
      const rules = [{ toolName: 'Read' }, { toolName: 'Bash', ruleContent: content }];
      const grant = (behavior: 'allow' | 'deny') =>
        reply({ type: 'addRules', behavior, rules, destination: 'session' });
      await policy().check(grant('deny'));
      await expect(policy().check(grant('allow'))).rejects.toThrow(
        `updated_permissions[0].rules[1].ruleContent: must not be '${content}'.`,
      );
    },
  );

  it('replaces the folders of a reply with the real paths that it has checked', async () => {
    const checked = await policy().check(
      reply(open('in', '../work/inner/deep'), setMode('plan')),
      session(),
    );
    const paths = ['inner', 'inner/deep'].map((path) => join(workspace, path));
    expect(checked).toEqual(reply(open(...paths), setMode('plan')));
  });

  it('accepts messages that need no permission of the host', async () => {
    const messages: InboundMessage[] = [
      { type: 'interrupt' },
      { type: 'permission_response', correlation_id: 'c', behavior: 'deny' },
      { type: 'question_response', correlation_id: 'c', answers: {} },
      { type: 'user_message', content: 'hi' },
    ];
    for (const message of messages) expect(await policy().check(message)).toBe(message);
  });

  it('rejects a model that is not on the list', async () => {
    const listed = policy({ model: 'sonnet', models: ['haiku', 'opus'] });
    const wrong = /^model: '(gpt|__proto__)' is not permitted. Permitted: haiku, opus.$/;
    for (const model of ['gpt', '__proto__']) {
      await expect(listed.configure({ model }, ADA)).rejects.toThrow(wrong);
      await expect(listed.check({ type: 'set_model', model })).rejects.toThrow(wrong);
      expect((await policy().configure({ model }, ADA)).model).toBe(model);
    }
    expect((await listed.configure({ model: 'opus' }, ADA)).model).toBe('opus');
  });

  it("uses the host's default model, on the list or not, when no model is requested", async () => {
    const listed = policy({ model: 'sonnet', models: ['haiku'] });
    expect((await listed.configure({}, ADA)).model).toBe('sonnet');
    const reset = { type: 'set_model', model: null } as const;
    expect(await listed.check(reset)).toMatchObject({ model: 'sonnet' });
    expect(await policy().check(reset)).toEqual(reset);
  });

  it('configures a session with the limits of turns and cost that are set', async () => {
    const config = await policy({ maxTurns: 3, maxBudgetUsd: 0.5 }).configure({}, ADA);
    expect(config).toMatchObject({ maxTurns: 3, maxBudgetUsd: 0.5 });
    expect(await policy({ maxTurns: 3 }).configure({}, ADA)).not.toHaveProperty('maxBudgetUsd');
  });

  it('lets configureSession set any value, with the request and the caller', async () => {
    const asked: unknown[][] = [];
    const configureSession: ConfigureSession = async (...args) => {
      asked.push(args);
      return { model: 'cheap', maxTurns: 1, hostContext: { plan: 'free' } };
    };
    const request = { permission_mode: 'plan', model: 'dear' } as const;
    const config = await policy({ configureSession, maxTurns: 9 }).configure(request, ADA);
    const before = { permissionMode: 'plan', cwd: workspace, includePartialMessages: true };
    expect(asked).toEqual([
      [{ asked: request, config: { ...before, model: 'dear', maxTurns: 9 } }, ADA],
    ]);
    expect(config).toEqual({
      ...before,
      model: 'cheap',
      maxTurns: 1,
      hostContext: { plan: 'free' },
    });
  });

  it('changes nothing when configureSession returns nothing, and rejects with its error', async () => {
    const config = await policy({ configureSession: () => undefined }).configure({}, ADA);
    expect(config).toEqual(await policy().configure({}, ADA));
    const refusal = new ForbiddenError('No session for you.');
    const strict = policy({ configureSession: () => Promise.reject(refusal) });
    await expect(strict.configure({}, ADA)).rejects.toBe(refusal);
  });

  it('lets configureSession set the hosts that the agent can reach', async () => {
    const allow = ['registry.npmjs.org', '*.example.org', 'example.org:8443'];
    const configured = (network: unknown) =>
      policy({ configureSession: () => ({ network }) as never }).configure({}, ADA);
    expect(await configured({ allow })).toMatchObject({ network: { allow } });
    expect(await configured({ allow: [] })).toMatchObject({ network: { allow: [] } });
    expect(await configured(undefined)).toEqual(await policy().configure({}, ADA));
    expect(await configured(undefined)).not.toHaveProperty('network');
  });

  it.each([
    [null, 'must return `network` as { allow: a list of host names }, but returned null'],
    ['example.org', "but returned 'example.org'"],
    [{}, 'must return `network` as { allow: a list of host names }, but returned an object'],
    [{ allow: 'example.org' }, 'must return `network` as { allow: a list of host names }'],
    [
      { allow: ['a.example', '10.0.0.1'] },
      '`network.allow[1]` as names such as registry.npmjs.org',
    ],
    [{ allow: [7] }, 'but returned 7'],
    [{ allow: ['http://example.org'] }, "but returned 'http://example.org'"],
    [{ allow: Array(1001).fill('example.org') }, 'at most 1000 host names'],
  ])('rejects the session when configureSession returns the network %j', async (network, words) => {
    const wrong = policy({ configureSession: () => ({ network }) as never });
    const error = await wrong.configure({}, ADA).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(HostConfigurationError);
    expect(String(error)).toContain(words);
  });

  it('does not call configureSession when the request is rejected anyway', async () => {
    let asked = 0;
    const counting = policy({ models: ['haiku'], configureSession: () => void (asked += 1) });
    await expect(counting.configure({ model: 'opus' }, ADA)).rejects.toThrow(ForbiddenError);
    await expect(counting.configure({ cwd: '..' }, ADA)).rejects.toThrow(ForbiddenError);
    expect(asked).toBe(0);
  });
});
