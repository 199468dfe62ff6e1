import { PROTOCOL_VERSION } from '../protocol/events.js';
import { isRecord } from '../protocol/is-record.js';
import { ADMIN_PATHS } from './admin-paths.js';
import {
  ADMIN_SECURITY_SCHEMES,
  ADMIN_TAG,
  type PathItem,
  SECURITY_SCHEMES,
  TAG,
} from './operation.js';
import { PATHS } from './paths.js';
import { type JsonSchema, SCHEMAS } from './schemas.js';
import { WEBHOOKS } from './webhooks.js';

/** The place of the routes in a host's own URL space. */
export interface OpenApiOptions {
  /** The path before `/sessions`, such as `/api`. */
  readonly prefix?: string;
  /** True to describe the routes for operators, too. @default false */
  readonly admin?: boolean;
}

/** The part of an OpenAPI document that {@link addAgentWebkitPaths} adds to. */
export interface OpenApiPaths {
  paths: object;
  webhooks?: object;
  components?: object;
  tags?: { name: string }[];
}

/** An OpenAPI 3.1 document of the module's routes and webhooks. */
export interface AgentWebkitOpenApi {
  openapi: string;
  info: {
    title: string;
    version: string;
    description: string;
    license: { name: string; identifier: string };
  };
  servers: { url: string }[];
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Record<string, unknown>>>;
  /** By the type of the notification. */
  webhooks: Record<string, Record<string, Record<string, unknown>>>;
  components: {
    schemas: Record<string, Record<string, unknown>>;
    securitySchemes: Record<string, Record<string, unknown>>;
  };
}

/**
 * Returns the module's routes as an OpenAPI 3.1 document: request bodies, responses, errors, events and webhooks.
 * The schema of the stream is that of one event, because OpenAPI 3.1 has no schema for a sequence.
 */
export function agentWebkitOpenApi({
  prefix = '',
  admin = false,
}: OpenApiOptions = {}): AgentWebkitOpenApi {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Agent sessions',
      version: PROTOCOL_VERSION,
      description: 'The agent-webkit wire protocol: sessions of an agent, over HTTP and SSE.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: tagsOf(admin),
    paths: pathsUnder(prefix, admin),
    webhooks: structuredClone(WEBHOOKS) as Record<string, Record<string, JsonSchema>>,
    components: {
      schemas: schemasOf(admin),
      securitySchemes: securityOf(admin),
    },
  };
}

/**
 * Adds the module's routes and webhooks to a host's own OpenAPI 3.1 document, and returns the result. Entries of
 * the document for the same ones, such as those of `SwaggerModule.createDocument`, are replaced.
 * For two modules in one app, call it once for each prefix.
 *
 * @param options by default the prefix that the routes have in the document, or none, and the routes for operators if the document has them
 */
export function addAgentWebkitPaths<Document extends OpenApiPaths>(
  document: Document,
  { prefix = findPrefix(document.paths), admin = hasAdmin(document.paths) }: OpenApiOptions = {},
): Document {
  const { components = {} } = document;
  const { schemas, securitySchemes } = components as Record<string, object | undefined>;
  const added = pathsUnder(prefix, admin);
  const tags = tagsOf(admin);
  const names = new Set(tags.map(({ name }) => name));
  const others = Object.entries(document.paths).filter(([path]) => !(path in added));
  return {
    ...document,
    tags: [...(document.tags ?? []).filter(({ name }) => !names.has(name)), ...tags],
    paths: { ...document.paths, ...withOwnIds(added, new Set(operationIdsOf(others)), prefix) },
    webhooks: { ...document.webhooks, ...structuredClone(WEBHOOKS) },
    components: {
      ...components,
      schemas: { ...schemas, ...schemasOf(admin) },
      securitySchemes: { ...securitySchemes, ...securityOf(admin) },
    },
  };
}

function tagsOf(admin: boolean): { name: string; description: string }[] {
  return admin ? [{ ...TAG }, { ...ADMIN_TAG }] : [{ ...TAG }];
}

function securityOf(admin: boolean): Record<string, Record<string, unknown>> {
  return { ...SECURITY_SCHEMES, ...(admin && ADMIN_SECURITY_SCHEMES) };
}

function schemasOf(admin: boolean): Record<string, JsonSchema> {
  const all = Object.entries(structuredClone(SCHEMAS));
  return Object.fromEntries(all.filter(([name]) => admin || !name.startsWith(ADMIN_SCHEMA)));
}

function pathsUnder(prefix: string, admin: boolean): Record<string, PathItem> {
  const folder = prefix.replace(/^\/*|\/*$/g, '');
  return Object.fromEntries(
    Object.entries(structuredClone({ ...PATHS, ...(admin && ADMIN_PATHS) })).map(([path, item]) => [
      folder === '' ? path : `/${folder}${path}`,
      item,
    ]),
  );
}

/** Appends the prefix to each operation id that the document already has, because ids must be unique. */
function withOwnIds(
  paths: Record<string, PathItem>,
  taken: ReadonlySet<unknown>,
  prefix: string,
): Record<string, PathItem> {
  const suffix = prefix.replaceAll(/\W+/g, '_');
  const rename = (operation: JsonSchema): JsonSchema => {
    const { operationId } = operation;
    return taken.has(operationId)
      ? { ...operation, operationId: `${String(operationId)}${suffix}` }
      : operation;
  };
  return mapValues(paths, (item) => mapValues(item, rename));
}

function operationIdsOf(paths: readonly (readonly [string, unknown])[]): unknown[] {
  return paths
    .flatMap(([, item]) => (isRecord(item) ? Object.values(item) : []))
    .map((operation) => (isRecord(operation) ? operation['operationId'] : undefined));
}

function mapValues<Value, Result>(
  record: Readonly<Record<string, Value>>,
  change: (value: Value) => Result,
): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** The names of the schemas that only operators need begin with it. */
const ADMIN_SCHEMA = 'AgentWebkitAdmin';

const MARK = '/sessions/{id}/stream';

function findPrefix(paths: object): string {
  const path = Object.keys(paths).find((key) => key.endsWith(MARK));
  return path?.slice(0, -MARK.length) ?? '';
}

function hasAdmin(paths: object): boolean {
  return Object.keys(paths).some((key) => key.endsWith('/admin/sessions/{id}/sleep'));
}
