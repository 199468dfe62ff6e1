import { afterEach, describe, expect, it } from '@jest/globals';
import { IsInt, IsString } from 'class-validator';
import { scriptedSdkFactory } from '../../src/agent-webkit/agents/scripted/scripted-agent-client.js';
import type { Script } from '../../src/agent-webkit/agents/scripted/script.js';
import type { ConversationItem } from '../../src/agent-webkit-react/conversation.js';
import { findComponent } from '../../src/agent-webkit-react/generative-ui.js';
import { SessionStore } from '../../src/agent-webkit-react/session-store.js';
import { AgentClient } from '../../src/client.js';
import { AgentComponent, AgentWebkitModule, type GenuiSchema } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { startApp, type TestApp } from '../support/start-app.js';

@AgentComponent({ description: 'Shows a note.' })
class Note {
  @IsString() text!: string;
  @IsInt() stars!: number;
}

const TOOL = 'mcp__genui__render_note';
const TEXT = 'one two three four five six seven eight nine ten eleven twelve';

const ended = (store: SessionStore) =>
  eventually(
    () => store.getSnapshot(),
    ({ status, isRunning, items }) =>
      status === 'ready' && !isRunning && items.some((item) => item.kind !== 'user'),
  );
const shape = (items: readonly ConversationItem[]) => items.map(({ kind, id }) => `${kind} ${id}`);

describe('A component in the hooks for React', () => {
  let app: TestApp;
  const leaves: (() => void)[] = [];
  afterEach(async () => {
    for (const leave of leaves.splice(0)) leave();
    await app.close();
  });

  const start = async (script: Script) => {
    app = await startApp(
      { agent: { sdkFactory: scriptedSdkFactory(script) } },
      { imports: [AgentWebkitModule.forFeature({ components: [Note] })] },
    );
    const client = new AgentClient({ url: app.url, headers: { connection: 'close' } });
    return { client, schema: await client.genuiSchema() };
  };
  /** Shows a session, and collects what each rendering has of the tools. */
  const show = (client: AgentClient, id: string, schema: GenuiSchema) => {
    const store = new SessionStore(client.attach(id), () => undefined);
    const seen: unknown[] = [];
    const tools = () =>
      store.getSnapshot().items.filter((item) => item.kind === 'tool' && item.name === TOOL);
    leaves.push(
      store.subscribe(() => {
        for (const item of tools()) seen.push(findComponent(schema, item));
      }),
    );
    return { store, seen, tools };
  };
  it('has its props while the model writes them, and the same items when replayed', async () => {
    const { client, schema } = await start(async (turn) => {
      await turn.useTool(TOOL, { text: TEXT, stars: 'five' }, { ask: false, paceMs: 20 });
      await turn.useTool(TOOL, { text: TEXT, stars: 5 }, { ask: false, paceMs: 20 });
    });
    const session = await client.create({ include_partial_messages: true });
    const live = show(client, session.id, schema);
    await session.send('a note');
    const view = await ended(live.store);
    const written = live.seen as { state: string; props: { text?: string } }[];
    const texts = written.filter(({ state }) => state === 'writing').map(({ props }) => props.text);
    expect(texts.some((text) => text !== undefined && text !== TEXT && TEXT.startsWith(text))).toBe(
      true,
    );
    expect(live.tools().map((item) => findComponent(schema, item))).toEqual([
      { shortName: 'note', props: { text: TEXT, stars: 'five' }, state: 'failed' },
      { shortName: 'note', props: { text: TEXT, stars: 5 }, state: 'rendered' },
    ]);
    const replayed = show(client, session.id, schema);
    const again = await ended(replayed.store);
    expect(shape(again.items)).toEqual(shape(view.items));
    expect(replayed.tools()).toEqual(live.tools());
  });

  it('is removed when the turn ends while the model writes its props', async () => {
    const { client, schema } = await start(async (turn) => {
      await turn.useTool(TOOL, { text: TEXT.repeat(100), stars: 5 }, { ask: false, paceMs: 20 });
    });
    const session = await client.create({ include_partial_messages: true });
    const { store, tools } = show(client, session.id, schema);
    await session.send('a note');
    await eventually(() => tools().length === 1);
    await session.interrupt();
    await eventually(() => !store.getSnapshot().isRunning);
    expect(tools()).toEqual([]);
  });

  it('is found by its exact name only', async () => {
    const { schema } = await start(() => undefined);
    const item = { kind: 'tool', id: 'a', name: TOOL, input: [1], result: null } as const;
    expect(findComponent(schema, item)).toEqual({
      shortName: 'note',
      props: {},
      state: 'checking',
    });
    expect(findComponent(schema, { ...item, name: `${TOOL}s` })).toBeNull();
    expect(findComponent(null, item)).toBeNull();
  });
});
