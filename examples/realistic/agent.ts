import { createSdkMcpServer, tool } from '@anthropic-ai/claude-agent-sdk';
import { claudeSdkFactory, type SdkFactory } from 'nestjs-agent-webkit';
import { scriptedSdkFactory } from 'nestjs-agent-webkit/testing';
import { z } from 'zod';
import type { OrdersService } from './orders.service.js';

/** Creates agents with a tool that reads the orders of their session's owner. */
export function createAgents(orders: OrdersService): SdkFactory {
  if (!process.env['ANTHROPIC_API_KEY']) return createScriptedAgents(orders);
  return claudeSdkFactory(({ owner }) => ({
    systemPrompt: 'You help customers with their orders. Be brief.',
    // No built-in tools: this agent needs no files and no shell.
    tools: [],
    mcpServers: {
      orders: createSdkMcpServer({
        name: 'orders',
        tools: [
          tool('find_order', 'Returns the state of an order.', { id: z.string() }, ({ id }) =>
            Promise.resolve({ content: [{ type: 'text' as const, text: orders.find(id, owner) }] }),
          ),
        ],
      }),
    },
  }));
}

/** The same tool, called by a script. */
function createScriptedAgents(orders: OrdersService): SdkFactory {
  return (start) =>
    scriptedSdkFactory(async (turn) => {
      const [id = '7'] = /\d+/.exec(turn.input.text) ?? [];
      const outcome = await turn.useTool(
        'mcp__orders__find_order',
        { id },
        { run: (input) => orders.find(input.id, start.owner) },
      );
      await turn.say(
        outcome.allowed ? outcome.output : 'I need your permission to look up the order.',
      );
    })(start);
}
