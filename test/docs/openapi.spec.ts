import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { describe, expect, it } from '@jest/globals';
import { ERROR_STATUS } from '../../src/agent-webkit/hosting/error-status.js';
import { EVENT_NAMES } from '../../src/agent-webkit/protocol/events.js';
import { INBOUND_DTOS } from '../../src/agent-webkit/protocol/dto.js';
import {
  addAgentWebkitPaths,
  AdminController,
  agentWebkitOpenApi,
  CapabilitiesController,
  GenuiController,
  RequestsController,
  SessionsController,
  StreamController,
  UsageController,
} from '../../src/index.js';
import { scriptedSdkFactory } from '../../src/testing.js';
import { startApp } from '../support/start-app.js';

const description = agentWebkitOpenApi({ admin: true });

/** Returns the values that distinguish the variants of a union. */
function variantsOf(name: string): string[] {
  const schema = description.components.schemas[name] as { discriminator: { mapping: object } };
  return Object.keys(schema.discriminator.mapping);
}

type Controller =
  | typeof AdminController
  | typeof SessionsController
  | typeof RequestsController
  | typeof StreamController
  | typeof UsageController
  | typeof CapabilitiesController
  | typeof GenuiController;

/** Returns the routes of a controller in Nest's metadata: method and path. */
function declaredRoutes(controller: Controller): string[] {
  const { prototype } = controller;
  const root = String(Reflect.getMetadata(PATH_METADATA, controller));
  const names = Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor');
  return names.flatMap((name) => {
    const handler: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
    if (typeof handler !== 'function') return [];
    const path: unknown = Reflect.getMetadata(PATH_METADATA, handler);
    if (typeof path !== 'string') return [];
    const method = RequestMethod[Number(Reflect.getMetadata(METHOD_METADATA, handler) ?? 0)];
    const whole = `/${root}/${path}`.replace(/\/+$/, '').replaceAll(/:(\w+)/g, '{$1}');
    return [`${method} ${whole.replaceAll('//', '/')}`];
  });
}

const describedRoutes = (paths: object) =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item as object).map((method) => `${method.toUpperCase()} ${path}`),
  );

const idsOf = ({ paths }: { paths: object }) =>
  Object.values(paths).flatMap((item: Record<string, { operationId: string }>) =>
    Object.values(item).map(({ operationId }) => operationId),
  );

describe('The OpenAPI description', () => {
  it('has the routes of the controllers, and no others', () => {
    const declared = [
      SessionsController,
      RequestsController,
      StreamController,
      UsageController,
      CapabilitiesController,
      GenuiController,
    ].flatMap(declaredRoutes);
    const ofOperators = declaredRoutes(AdminController);
    const { paths } = agentWebkitOpenApi();
    expect(new Set(describedRoutes(paths))).toEqual(new Set(declared));
    expect(new Set(describedRoutes(description.paths))).toEqual(
      new Set([...declared, ...ofOperators]),
    );
  });

  it('gives the operations of a second prefix ids of their own', () => {
    const one = addAgentWebkitPaths({ paths: {} }, { prefix: '/support' });
    const two = addAgentWebkitPaths(one, { prefix: '/sales' });
    const ids = idsOf(two);

    expect(ids).toHaveLength(2 * idsOf(one).length);
    expect(new Set(ids).size).toBe(ids.length);
    expect(idsOf(addAgentWebkitPaths(two, { prefix: '/sales' }))).toEqual(ids);
  });

  it('lists every error code under its status', () => {
    const listed = new Map<string, number>();
    for (const item of Object.values(description.paths)) {
      for (const operation of Object.values(item)) {
        const responses = operation['responses'] as Record<string, { description: string }>;
        for (const [status, { description: codes }] of Object.entries(responses)) {
          if (Number(status) < 400) continue;
          for (const code of codes.split(', ')) listed.set(code, Number(status));
        }
      }
    }

    expect(Object.fromEntries(listed)).toEqual(ERROR_STATUS);
  });

  it('states of every object which fields it has, so that no generator makes it an empty one', () => {
    const vague: string[] = [];
    const visit = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null) return;
      if ('type' in value && [value.type].flat().includes('object')) {
        if (!('properties' in value) && !('additionalProperties' in value)) vague.push(path);
      }
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}/${key}`);
    };
    visit(description, '');

    expect(vague).toEqual([]);
  });

  it('distinguishes every event by its name, and every message by its type', () => {
    expect(variantsOf('AgentWebkitEvent')).toEqual(EVENT_NAMES);
    expect(variantsOf('AgentWebkitInboundMessage')).toEqual([...INBOUND_DTOS.keys()]);
  });

  it.each([false, true])('resolves all its references, with operators %s', (admin) => {
    const { components, ...rest } = agentWebkitOpenApi({ admin });
    const text = JSON.stringify({ components, ...rest });
    const references = [...text.matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name);

    expect(new Set(references)).toEqual(new Set(Object.keys(components.schemas)));
  });

  it('replaces the entries of these routes in a host’s own document, whatever their prefix', async () => {
    const server = await startApp(
      { agent: { sdkFactory: scriptedSdkFactory(() => undefined) } },
      { prefix: '/api', configure: (host) => host.setGlobalPrefix('api') },
    );
    const config = new DocumentBuilder().setTitle('Host').setOpenAPIVersion('3.1.0').build();
    const document = addAgentWebkitPaths(SwaggerModule.createDocument(server.app, config));
    SwaggerModule.setup('docs', server.app, document);
    await server.close();

    expect(document.info.title).toBe('Host');
    expect(document.paths).toEqual(agentWebkitOpenApi({ prefix: '/api' }).paths);
    expect(document.components?.securitySchemes).toHaveProperty('agentWebkitBearer');
    expect(document.components?.schemas).toHaveProperty('AgentWebkitUserMessage');
    expect(document.tags?.map(({ name }) => name)).toEqual(['agent sessions']);
    expect(addAgentWebkitPaths(document).tags).toEqual(document.tags);
  });

  it('has the routes for operators in the document of a host that has them', async () => {
    const server = await startApp(
      { agent: { sdkFactory: scriptedSdkFactory(() => undefined) } },
      { admin: { tokens: ['ops:o'] } },
    );
    const config = new DocumentBuilder().setTitle('Host').setOpenAPIVersion('3.1.0').build();
    const document = addAgentWebkitPaths(SwaggerModule.createDocument(server.app, config));
    await server.close();

    expect(document.paths).toEqual(description.paths);
    expect(document.components).toMatchObject({
      schemas: description.components.schemas,
      securitySchemes: description.components.securitySchemes,
    });
    expect(document.tags?.map(({ name }) => name)).toEqual(['agent sessions', 'agent operators']);
  });

  it('leaves the other entries of a host’s document unchanged', () => {
    const own = { get: { responses: {} } };
    const document = addAgentWebkitPaths(
      { openapi: '3.1.0', paths: { '/own': own }, components: { schemas: { Own: {} } } },
      { prefix: 'agents/' },
    );

    expect(document.paths).toHaveProperty(['/own'], own);
    expect(Object.keys(document.paths)).toContain('/agents/sessions/{id}');
    expect(document.components.schemas).toHaveProperty('Own');
  });
});
