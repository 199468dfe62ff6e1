import type { HookCallback, McpServerConfig, Options } from '@anthropic-ai/claude-agent-sdk';
import { type HostTool, type HostTools, toolNameOf } from '../../engine/host-tool.js';
import { AgentFailure } from './agent-failure.js';
import { extendedPrompt } from './extended-prompt.js';

type ToolOption = 'mcpServers' | 'allowedTools' | 'hooks' | 'systemPrompt';

/** Returns the options that give an agent the tools of the host: MCP servers in the server's own process. */
export async function hostToolOptions(
  { tools, instructions, systemPrompt }: HostTools,
  given: Pick<Options, ToolOption>,
): Promise<Pick<Options, ToolOption>> {
  const taken = tools.find(({ server }) => given.mcpServers?.[server] !== undefined);
  if (taken) {
    throw new AgentFailure(
      `The MCP server '${taken.server}' of the host's options has the name of the server of its tools. Rename one of them.`,
    );
  }
  const servers = new Map<string, HostTool[]>();
  for (const tool of tools) servers.set(tool.server, [...(servers.get(tool.server) ?? []), tool]);
  const configurations = await Promise.all(
    [...servers].map(async ([name, own]) => [
      name,
      await toolServer(name, own, instructions.get(name)),
    ]),
  );
  return {
    mcpServers: {
      ...given.mcpServers,
      ...(Object.fromEntries(configurations) as Record<string, McpServerConfig>),
    },
    allowedTools: [
      ...(given.allowedTools ?? []),
      ...tools.filter(({ asks }) => asks === 'never').map((tool) => toolNameOf(tool)),
    ],
    ...withAsking(tools, given.hooks),
    ...(systemPrompt !== undefined && {
      systemPrompt: extendedPrompt(given.systemPrompt, systemPrompt),
    }),
  };
}

/** Has Claude Code ask about the tools that always ask, whatever its rules and its mode permit. */
function withAsking(
  tools: readonly HostTool[],
  hooks: Options['hooks'] = {},
): Pick<Options, 'hooks'> {
  const names = new Set(
    tools.filter(({ asks }) => asks === 'always').map((tool) => toolNameOf(tool)),
  );
  if (names.size === 0) return { hooks };
  const ask: HookCallback = (input) => {
    const isAsked = input.hook_event_name === 'PreToolUse' && names.has(input.tool_name);
    return Promise.resolve(isAsked ? ASK : {});
  };
  const before = [...(hooks.PreToolUse ?? []), { onFailure: 'block' as const, hooks: [ask] }];
  return { hooks: { ...hooks, PreToolUse: before } };
}

const ASK = {
  hookSpecificOutput: { hookEventName: 'PreToolUse', permissionDecision: 'ask' },
} as const;

async function toolServer(
  name: string,
  tools: readonly HostTool[],
  instructions: string | undefined,
): Promise<McpServerConfig> {
  // Peers of the SDK, which is loaded when an agent starts.
  const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js');
  const { CallToolRequestSchema, ListToolsRequestSchema } =
    await import('@modelcontextprotocol/sdk/types.js');
  const instance = new McpServer(
    { name, version: '1.0.0' },
    { capabilities: { tools: {} }, ...(instructions !== undefined && { instructions }) },
  );
  const { server } = instance;
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: tools.map(describeTool) }));
  server.setRequestHandler(
    CallToolRequestSchema,
    async ({ params }, { signal, _meta: meta, ...request }) => {
      const tool = tools.find((one) => one.name === params.name);
      if (!tool)
        return { content: [{ type: 'text', text: 'There is no such tool.' }], isError: true };
      const progressToken = meta?.progressToken;
      const { content, isError } = await tool.run(params.arguments ?? {}, {
        signal,
        report: ({ done, total, message }) => {
          if (progressToken === undefined || signal.aborted) return;
          const progress = { progressToken, progress: done, ...(total !== undefined && { total }) };
          request
            .sendNotification({
              method: 'notifications/progress',
              params: { ...progress, ...(message !== undefined && { message }) },
            })
            // The agent has ended meanwhile.
            .catch(() => undefined);
        },
      });
      return { content: [...content], isError };
    },
  );
  return { type: 'sdk', name, instance };
}

function describeTool({ name, description, inputSchema, asks }: HostTool) {
  return {
    name,
    description,
    inputSchema: { ...inputSchema },
    annotations: { readOnlyHint: asks === 'never' },
    // Else the model has to search for the tool first.
    _meta: { 'anthropic/alwaysLoad': true },
  };
}
