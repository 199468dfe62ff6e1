import { ApiError } from './api-error.js';
import { asFields, asList, type RequestFields } from './request-fields.js';

/** Tools by which the model's provider connects to an address that the request names. */
const REACHING = /fetch|mcp|url/;

/**
 * Refuses a request that lets the model's provider connect to an address of the agent's choice. It would be a
 * way to the network for an agent that has none. Claude Code sends no such request.
 *
 * @throws ApiError
 */
export function checkReach({ mcp_servers, messages, system, tools }: RequestFields): void {
  if (
    mcp_servers !== undefined &&
    asList(mcp_servers).length + Object.keys(asFields(mcp_servers)).length > 0
  ) {
    refuse('`mcp_servers`');
  }
  for (const tool of asList(tools)) {
    const type = asFields(tool)['type'];
    if (typeof type === 'string' && REACHING.test(type)) refuse('a tool that fetches addresses');
  }
  for (const message of asList(messages)) checkBlocks(asFields(message)['content']);
  checkBlocks(system);
}

function checkBlocks(content: unknown): void {
  for (const block of asList(content)) {
    const { type, source, content: inner } = asFields(block);
    if (typeof type !== 'string') continue;
    if (asFields(source)['type'] === 'url') refuse('an image or a document by its address');
    // The results of tools, and documents that consist of blocks.
    checkBlocks(inner);
    checkBlocks(asFields(source)['content']);
  }
}

function refuse(what: string): never {
  throw new ApiError(
    403,
    'permission_error',
    `The model gateway forwards no request with ${what}: the model's provider would connect to it.`,
  );
}
