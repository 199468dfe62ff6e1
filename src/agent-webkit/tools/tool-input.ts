import type { Type } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { validate, type ValidationError } from 'class-validator';
import type { ToolInputSchema } from '../engine/host-tool.js';
import { dtoSchema } from './dto-schema.js';
import { describeIssue, isStandardInput, type StandardInput } from './standard-input.js';

/** How the input of a tool is described to the model, and read. */
export interface ToolInputReader {
  readonly schema: ToolInputSchema;
  /**
   * Returns the input as the method receives it.
   *
   * @throws InvalidToolInputError which says everything that is wrong
   */
  read(input: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** The model has sent an input that the tool does not accept. The message is for the model. */
export class InvalidToolInputError extends Error {
  constructor(problems: readonly string[]) {
    super(`The input is not valid. ${problems.join('; ')}. Correct it, and call the tool again.`);
    this.name = 'InvalidToolInputError';
  }
}

/** The problems that one message names. */
const MAX_PROBLEMS = 20;

/** @throws TypeError when the schema cannot be described to a model */
export function toolInput(schema: Type<object> | StandardInput | undefined): ToolInputReader {
  if (schema === undefined) return withoutInput;
  return isStandardInput(schema) ? ofStandard(schema) : ofDto(schema);
}

const withoutInput: ToolInputReader = {
  schema: { type: 'object', properties: {}, additionalProperties: false },
  read: () => Promise.resolve({}),
};

function ofStandard({ '~standard': standard }: StandardInput): ToolInputReader {
  const described = standard.jsonSchema?.input({ target: 'draft-2020-12' });
  if (!described) {
    throw new TypeError(
      `a schema of ${standard.vendor} has no JSON Schema. Use zod 4.2 or later, or a class with decorators of class-validator`,
    );
  }
  if (described['type'] !== 'object') throw new TypeError('the schema must be that of an object');
  const { $schema: _, ...schema } = described;
  return {
    schema: schema as ToolInputSchema,
    read: async (input) => {
      const result = await standard.validate(input);
      if (result.issues === undefined) return result.value;
      throw new InvalidToolInputError(result.issues.slice(0, MAX_PROBLEMS).map(describeIssue));
    },
  };
}

function ofDto(dto: Type<object>): ToolInputReader {
  const schema = dtoSchema(dto);
  if (Object.keys(schema['properties'] as object).length === 0) {
    throw new TypeError(
      `no property of ${dto.name} has a decorator of class-validator. Add them, or pass another 'schema'`,
    );
  }
  return {
    schema,
    read: async (input) => {
      const value = plainToInstance(dto, input, { exposeUnsetFields: false });
      const errors = await validate(value, { whitelist: true, forbidNonWhitelisted: true });
      const problems = errors.flatMap((error) => problemsOf(error));
      if (problems.length > 0) throw new InvalidToolInputError(problems.slice(0, MAX_PROBLEMS));
      return value;
    },
  };
}

function problemsOf({ property, constraints = {}, children = [] }: ValidationError): string[] {
  const own = Object.values(constraints);
  const nested = children.flatMap((child) => problemsOf(child));
  return [...own, ...nested.map((problem) => `${property}.${problem}`)];
}
