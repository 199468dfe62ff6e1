import { describe, expect, it } from '@jest/globals';
import type { AgentClient } from '../../../src/agent-webkit/engine/agent-client.js';
import { askOffers } from '../../../src/agent-webkit/engine/agent/ask-offers.js';
import { describeCapabilities } from '../../../src/agent-webkit/engine/registry/capabilities.js';

const agent = (answers: Partial<AgentClient>) => answers as AgentClient;
const PERMITTED = {
  model: null,
  models: null,
  commands: ['compact', 'cost'],
  permissionModes: ['default', 'plan'],
  effortLevels: ['low', 'high'],
} as const;
const command = (name: string, aliases?: string[]) => ({
  name,
  description: `Does ${name}.`,
  argumentHint: '',
  ...(aliases && { aliases }),
});

describe('the offers of an agent', () => {
  it('are null where it cannot answer, fails, answers nonsense, or takes too long', async () => {
    const client = agent({
      supportedModels: () => new Promise(() => undefined),
      supportedCommands: () => Promise.reject(new Error('The agent is closed.')),
      contextUsage: async () => 'half' as never,
      mcpServers: async () => [{ name: 'crm', status: 'connected' }],
    });
    expect(await askOffers(client, 1)).toEqual({
      models: null,
      commands: null,
      agents: null,
      mcpServers: [{ name: 'crm', status: 'connected' }],
      context: null,
    });
  });

  it('are asked for once while the agent does not answer, however often a client asks', async () => {
    let questions = 0;
    const client = agent({
      supportedModels: () => {
        questions += 1;
        return new Promise(() => undefined);
      },
    });
    await Promise.all([askOffers(client, 1), askOffers(client, 1)]);
    await askOffers(client, 1);
    expect(questions).toBe(1);
  });

  it('are bounded, and have no fields that the agent adds', async () => {
    const servers = Array.from({ length: 1000 }, (_, index) => ({
      name: `${index}`.repeat(1000),
      status: 'connected',
      config: { url: 'https://key@example.com' },
    }));
    const { mcpServers } = await askOffers(agent({ mcpServers: async () => servers }));
    expect(mcpServers).toHaveLength(200);
    expect(Object.keys(mcpServers?.[0] ?? {})).toEqual(['name', 'status']);
    expect(mcpServers?.[0]?.name).toHaveLength(500);
  });
});

describe('the capabilities of a session', () => {
  it('name a command by what clients may send, and omit it if they may send none of its names', async () => {
    const commands = [command('compact'), command('usage', ['cost', 'stats']), command('init')];
    const offers = await askOffers(agent({ supportedCommands: async () => commands }));
    expect(describeCapabilities('s', 'running', offers, PERMITTED).commands).toEqual([
      { name: 'compact', description: 'Does compact.', argument_hint: '' },
      { name: 'cost', description: 'Does usage.', argument_hint: '' },
    ]);
    const all = describeCapabilities('s', 'running', offers, { ...PERMITTED, commands: null });
    expect(all.commands).toMatchObject([
      { name: 'compact' },
      { name: 'usage', aliases: ['cost', 'stats'] },
      { name: 'init' },
    ]);
  });

  it("have the models of the host with the agent's words, and else those of the agent", async () => {
    const told = [
      { value: 'default', displayName: 'Default', description: 'd', resolvedModel: 'claude-o' },
      {
        value: 'sonnet',
        displayName: 'Sonnet',
        description: 's',
        resolvedModel: 'claude-s',
        supportedEffortLevels: ['high', 'max'],
      },
    ];
    const offers = await askOffers(agent({ supportedModels: async () => told }));
    const models = (permitted: object) =>
      describeCapabilities('s', 'running', offers, { ...PERMITTED, ...permitted }).models;
    expect(models({})).toMatchObject([
      { model: null, name: 'Default', resolved_model: 'claude-o' },
      { model: 'sonnet', name: 'Sonnet', effort_levels: ['high'] },
    ]);
    expect(models({ model: 'claude-s', models: ['claude-s', 'own'] })).toMatchObject([
      { model: null, name: 'Sonnet' },
      { model: 'claude-s', name: 'Sonnet' },
      { model: 'own' },
    ]);
  });
});
