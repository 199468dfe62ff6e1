import { mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { ServerProcess } from '../../faults/server-process.js';
import { CompiledSources } from '../../support/compiled-sources.js';
import { eventually } from '../../support/eventually.js';
import { type FakeMessagesApi, startFakeMessagesApi } from '../../support/fake-messages-api.js';
import { describeNeeding } from '../../support/needs.js';
import { missingSandbox } from '../../support/walls.js';

/** One response of the model has 1100 tokens, so that the next request has to wait for almost three minutes. */
const TOKENS_PER_MINUTE = 300;

let sources: CompiledSources;
let folder: string;
let api: FakeMessagesApi;

describeNeeding(missingSandbox)('A limit of the requests to the model', () => {
  beforeAll(async () => {
    sources = await CompiledSources.create();
    folder = await realpath(await mkdtemp(join(tmpdir(), 'agent-webkit-limits-')));
    api = await startFakeMessagesApi(({ text }) => ({
      blocks: text.startsWith('die')
        ? [{ tool: 'Bash', input: { command: 'kill -9 $PPID', description: 'test' } }]
        : [{ text: `heard ${text}` }],
    }));
  });
  afterEach(() => ServerProcess.killAll());
  afterAll(async () => {
    await sources.remove();
    await api.close();
    await rm(folder, { recursive: true, force: true });
  });

  it.each([
    ['was stopped because it was idle', 'hello', { AGENT_WEBKIT_IDLE_TIMEOUT_MS: '1' }],
    ['was started ahead of the session', 'die', { AGENT_WEBKIT_WARM_POOL: '1' }],
    ['was killed by its own program', 'die', {}],
  ])(
    'holds for the session after an agent that %s',
    async (_, first, env) => {
      const workspace = await mkdtemp(join(folder, 'workspace-'));
      const server = await start({ AGENT_WEBKIT_WORKSPACE: workspace, ...env });
      const ahead = 'AGENT_WEBKIT_WARM_POOL' in env ? await findSession(workspace) : undefined;
      const id = await server.createSession();
      if (ahead !== undefined) expect(id).toBe(ahead);
      let stream = await server.stream(id);
      const send = (input: object) => server.post(`/sessions/${id}/input`, input);

      await send({ type: 'user_message', content: first });
      if (first === 'die') {
        const { correlation_id } = (await stream.next('permission_request')).data;
        await send({ type: 'permission_response', correlation_id, behavior: 'allow' });
      }
      await stream.next('result');
      // An agent with subscribers is not idle.
      stream.close();
      await eventually(
        () => stateOf(server, id),
        (state) => state === 'dormant',
      );
      stream = await server.stream(id);
      const { length } = api.requests;
      await send({ type: 'user_message', content: 'again' });
      const results = () => stream.events.filter(({ event }) => event === 'result');
      await stream.until(() => results().length === 2);

      // Claude Code does not wait for so long.
      const errors = ['The rate limit of the API is reached. Try again later.'];
      expect(results()[1]?.data).toMatchObject({ is_error: true, errors });
      expect(api.requests.length).toBe(length);
      await server.program.says(
        new RegExp(
          `Session ${id}: refused a request to the model. .*modelTokensPerMinute, which is 300`,
        ),
      );
      stream.close();
    },
    60_000,
  );
});

/** Resolves to the id of the session whose folder is made first. */
function findSession(workspace: string): Promise<string | undefined> {
  return eventually(async () => {
    const [id] = await readdir(join(workspace, 'sessions')).catch(() => []);
    return id;
  });
}

async function stateOf({ url }: ServerProcess, id: string): Promise<unknown> {
  return ((await (await fetch(`${url}/sessions/${id}`)).json()) as { state: unknown }).state;
}

function start(env: Record<string, string>): Promise<ServerProcess> {
  return ServerProcess.start(sources, 'exec "$@"', {
    env: {
      HOME: folder,
      AGENT_WEBKIT_AGENT: 'claude',
      AGENT_WEBKIT_MODEL_TOKENS_PER_MINUTE: String(TOKENS_PER_MINUTE),
      ANTHROPIC_API_KEY: 'test',
      ANTHROPIC_BASE_URL: api.url,
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      ...env,
    },
  });
}
