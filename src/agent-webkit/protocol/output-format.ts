import { isRecord } from './is-record.js';
import type { JsonSchema, Shape } from './shape.js';

/** The format of the last answer of a turn, as in the SDK: a value that a JSON Schema describes. */
export interface OutputFormat {
  type: 'json_schema';
  schema: Record<string, unknown>;
}

/** The maximum length of a JSON Schema, in bytes of UTF-8 as JSON. */
const MAX_SCHEMA_BYTES = 32_768;
/** How many objects and arrays of a JSON Schema may be nested. */
const MAX_SCHEMA_DEPTH = 32;

const SCHEMA: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['type', 'schema'],
  properties: {
    type: { type: 'string', enum: ['json_schema'] },
    schema: {
      type: 'object',
      additionalProperties: true,
      description: `A JSON Schema of at most ${MAX_SCHEMA_BYTES} bytes as JSON, and at most ${MAX_SCHEMA_DEPTH} levels deep.`,
    },
  },
};

/** An output format, within its bounds. The agent checks that the schema is a JSON Schema. */
export const OUTPUT_FORMAT: Shape = { schema: SCHEMA, findProblem };

function findProblem(value: unknown, field: string): string | null {
  if (!isRecord(value)) return `${field}: must be an object`;
  const other = Object.keys(value).find((key) => key !== 'type' && key !== 'schema');
  if (other !== undefined) {
    return `${field}: must have only the fields type and schema, but has ${JSON.stringify(other.slice(0, 80))}`;
  }
  if (value['type'] !== 'json_schema') return `${field}.type: must be json_schema`;
  const { schema } = value;
  if (!isRecord(schema)) return `${field}.schema: must be an object`;
  if (isDeeper(schema, MAX_SCHEMA_DEPTH)) {
    return `${field}.schema: must be at most ${MAX_SCHEMA_DEPTH} levels deep`;
  }
  const bytes = Buffer.byteLength(JSON.stringify(schema));
  return bytes > MAX_SCHEMA_BYTES
    ? `${field}.schema: must have at most ${MAX_SCHEMA_BYTES} bytes as JSON, but has ${bytes}`
    : null;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeper(each, levels - 1));
}
