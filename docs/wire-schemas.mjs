// Part of npm run docs:events: generates the JSON Schemas of everything that the server sends from the types of the protocol.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const PREFIX = 'AgentWebkit';
const folder = fileURLToPath(new URL('../src/agent-webkit/', import.meta.url));
const target = `${folder}openapi/wire-schemas.ts`;

/** The interfaces in answers.ts from which the other types are reached. */
const ROOTS = [
  'CreatedSession',
  'SessionInfo',
  'Capabilities',
  'SessionCapabilities',
  'SessionsPage',
  'RequestsPage',
  'Usage',
  'GenuiSchema',
  'EventsPage',
  'DecisionRecord',
];

/** The same of admin.ts. */
const ADMIN_ROOTS = ['AdminSession', 'AdminSessionsPage', 'AdminServer', 'AdminServers'];

const HEAD = `// Generated from the types of the protocol by \`npm run docs:events\`. Do not edit it.
import type { JsonSchema } from '../protocol/shape.js';

/** The schemas of the answers, of the events and of the webhooks. */
export const WIRE_SCHEMAS: Readonly<Record<string, JsonSchema>> = `;

/** Returns the source of the file with the schemas. */
export function writeSchemas() {
  const files = ['protocol/answers.ts', 'protocol/admin.ts', 'engine/notification.ts'];
  const program = ts.createProgram(
    files.map((file) => folder + file),
    {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      types: [],
    },
  );
  const writer = new SchemaWriter(program.getTypeChecker());
  const exportsOf = (file) => writer.exportsOf(program.getSourceFile(folder + file));
  const answers = exportsOf('protocol/answers.ts');
  const { EventPayloads, EventTime } = exportsOf('protocol/events.ts');
  writer.addEvents(EventPayloads, EventTime);
  for (const root of ROOTS) writer.schemaOf(answers[root], root);
  const admin = exportsOf('protocol/admin.ts');
  for (const root of ADMIN_ROOTS) writer.schemaOf(admin[root], root);
  writer.addNotifications(exportsOf('engine/notification.ts').NotificationData);
  return `${HEAD}${JSON.stringify(writer.schemas)};\n`;
}

/** Translates types into schemas, and collects those that have a name. */
class SchemaWriter {
  schemas = {};
  #checker;

  constructor(checker) {
    this.#checker = checker;
  }

  /** Returns the exported types of a file by their name. */
  exportsOf(file) {
    const symbols = this.#checker.getExportsOfModule(this.#checker.getSymbolAtLocation(file));
    return Object.fromEntries(
      symbols.map((symbol) => [symbol.name, this.#checker.getDeclaredTypeOfSymbol(symbol)]),
    );
  }

  /** Adds a schema for each event as it is delivered, and their union `Event`. */
  addEvents(payloads, time) {
    const added = this.#propertiesOf(time);
    const variants = payloads.getProperties().map((symbol) => {
      const { properties, required } = this.#propertiesOf(this.#typeOf(symbol));
      const name = `Event${pascal(symbol.name)}`;
      this.schemas[PREFIX + name] = describe(this.#commentOf(symbol), {
        type: 'object',
        required: ['id', 'event', 'data'],
        properties: {
          id: {
            ...ID,
            description:
              'Increases within a session, not always by one. Send the last one as `Last-Event-ID`.',
          },
          event: literal([symbol.name]),
          data: {
            type: 'object',
            required: [...required, ...added.required],
            properties: { ...properties, ...added.properties },
          },
        },
      });
      return [symbol.name, name];
    });
    this.schemas[`${PREFIX}Event`] = {
      description:
        'An event of a session. Later versions may add events and fields: ignore those you do not know.',
      ...union('event', variants),
    };
  }

  /** Adds a schema for the body of each webhook. */
  addNotifications(data) {
    for (const symbol of data.getProperties()) {
      const name = `${PREFIX}Notification${pascal(symbol.name)}`;
      const { properties, required } = this.#propertiesOf(this.#typeOf(symbol), symbol.name);
      this.schemas[name] = describe(this.#commentOf(symbol), {
        type: 'object',
        required: ['type', 'timestamp', 'data'],
        properties: {
          type: literal([symbol.name]),
          timestamp: {
            description: 'When the event was appended: ISO 8601 in UTC.',
            type: 'string',
            format: 'date-time',
          },
          data: { type: 'object', required, properties },
        },
      });
    }
  }

  /**
   * Returns the schema of a type: a reference if the type has a name.
   *
   * @param place the names of the property that has the type, for errors
   */
  schemaOf(type, place) {
    const name = this.#nameOf(type);
    if (name === undefined) return this.#inline(type, place);
    if (name === 'DeliveredEvent') return refer('Event');
    if (!(PREFIX + name in this.schemas)) {
      this.schemas[PREFIX + name] = {}; // keeps the order of first use
      this.schemas[PREFIX + name] = describe(
        this.#commentOf(type.aliasSymbol ?? type.symbol),
        this.#inline(type, place, name),
      );
    }
    return refer(name);
  }

  /** Returns the name of a type that one of the protocol's files declares. */
  #nameOf(type) {
    const symbol = type.aliasSymbol ?? type.symbol;
    const [declaration] = symbol?.declarations ?? [];
    const isNamed =
      declaration &&
      (ts.isTypeAliasDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) &&
      declaration.getSourceFile().fileName.startsWith(`${folder}protocol/`);
    return isNamed ? symbol.name : undefined;
  }

  #inline(type, place, name) {
    const { flags } = type;
    if (flags & ts.TypeFlags.Unknown) return {};
    if (flags & ts.TypeFlags.String) return { type: 'string' };
    if (flags & ts.TypeFlags.Number) return { type: 'number' };
    if (flags & ts.TypeFlags.Boolean) return { type: 'boolean' };
    if (flags & ts.TypeFlags.StringLiteral) return literal([type.value]);
    if (flags & ts.TypeFlags.BooleanLiteral) {
      return { type: 'boolean', enum: [this.#checker.typeToString(type) === 'true'] };
    }
    if (type.isUnion()) return this.#union(type, place, name);
    if (this.#checker.isArrayType(type)) {
      const [item] = this.#checker.getTypeArguments(type);
      return { type: 'array', items: this.schemaOf(item, `${place}[]`) };
    }
    const values = type.getStringIndexType?.();
    if (values) {
      const isAny = values.flags & ts.TypeFlags.Unknown;
      return { type: 'object', additionalProperties: isAny ? true : this.schemaOf(values, place) };
    }
    if (flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) {
      const { required, properties } = this.#propertiesOf(type, place);
      return { type: 'object', ...(required.length > 0 && { required }), properties };
    }
    throw new TypeError(`${place}: the type ${this.#checker.typeToString(type)} has no schema.`);
  }

  #union(type, place, name) {
    const parts = type.types.filter(
      (part) => !(part.flags & (ts.TypeFlags.Null | ts.TypeFlags.Undefined)),
    );
    const nothing = type.types.some(isNull) ? [{ type: 'null' }] : [];
    if (parts.every((part) => part.isStringLiteral())) {
      return literal(parts.map(({ value }) => value));
    }
    if (parts.length === 1) {
      const schema = this.schemaOf(parts[0], place);
      if (nothing.length === 0) return schema;
      return typeof schema.type === 'string'
        ? { ...schema, type: [schema.type, 'null'] }
        : { oneOf: [schema, ...nothing] };
    }
    const discriminator = parts[0]
      .getProperties()
      .find((property) =>
        parts.every((part) => this.#literalOf(part, property.name) !== undefined),
      )?.name;
    if (discriminator === undefined || parts[0].flags & ts.TypeFlags.String) {
      return { oneOf: [...parts.map((part) => this.schemaOf(part, place)), ...nothing] };
    }
    const variants = parts.map((part) => {
      const value = this.#literalOf(part, discriminator);
      const own = this.#nameOf(part) ?? (name ?? fail(place, type)) + pascal(value);
      this.schemas[PREFIX + own] ??= this.#inline(part, place);
      return [value, own];
    });
    return union(discriminator, variants);
  }

  #literalOf(type, property) {
    const symbol = type.getProperty(property);
    const value = symbol && this.#typeOf(symbol);
    return value?.isStringLiteral() ? value.value : undefined;
  }

  #propertiesOf(type, place = '') {
    const properties = {};
    const required = [];
    for (const symbol of type.getProperties()) {
      const { name } = symbol;
      const schema = refine(name, this.schemaOf(this.#typeOf(symbol), `${place}.${name}`));
      properties[name] = describe(this.#commentOf(symbol), schema);
      if (!(symbol.flags & ts.SymbolFlags.Optional)) required.push(name);
    }
    return { required, properties };
  }

  /** Returns the type of a property as it is written, without the `undefined` of an optional one. */
  #typeOf(symbol) {
    const written = symbol.valueDeclaration?.type;
    return written
      ? this.#checker.getTypeFromTypeNode(written)
      : this.#checker.getTypeOfSymbol(symbol);
  }

  #commentOf(symbol) {
    return ts
      .displayPartsToString(symbol.getDocumentationComment(this.#checker))
      .replaceAll(/\s+/g, ' ');
  }
}

const isNull = (type) => Boolean(type.flags & ts.TypeFlags.Null);
const COUNT = { type: 'integer', minimum: 0 };
/** The id of an event, which exceeds 32 bits once a session was continued. */
const ID = { ...COUNT, format: 'int64' };

/** Adds what TypeScript has no type for: times, and numbers that the server counts by one. */
function refine(name, schema) {
  const isTime = name === 'time' || name.endsWith('_at');
  const isId = name === 'id' || name.endsWith('_id');
  if (schema.type === 'string' && isTime) return { ...schema, format: 'date-time' };
  if (schema.type !== 'number') return schema;
  if (isId) return { ...schema, ...ID };
  return name === 'subscribers' ? { ...schema, ...COUNT } : schema;
}

const literal = (values) => ({ type: 'string', enum: values });
const refer = (name) => ({ $ref: `#/components/schemas/${PREFIX}${name}` });
const describe = (description, schema) =>
  description === '' ? schema : { description, ...schema };

/** @param variants the value of the discriminator and the name of the schema, for each */
function union(propertyName, variants) {
  const mapping = variants.map(([value, name]) => [value, refer(name).$ref]);
  return {
    oneOf: variants.map(([, name]) => refer(name)),
    discriminator: { propertyName, mapping: Object.fromEntries(mapping) },
  };
}

function pascal(name) {
  return name.replaceAll(/(?:^|[_.])([a-z])/g, (_, letter) => letter.toUpperCase());
}

function fail(place, type) {
  throw new TypeError(`${place}: give the union a name: ${type}`);
}

/** Writes the file, formatted, unless it is current: other tests compile it in the meantime. */
export async function writeSchemaFile() {
  const { format, resolveConfig } = await import('prettier');
  const config = await resolveConfig(target);
  const text = await format(writeSchemas(), { ...config, parser: 'typescript' });
  if (!existsSync(target) || readFileSync(target, 'utf8') !== text) writeFileSync(target, text);
}
