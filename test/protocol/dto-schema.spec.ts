import { IsEmail, IsIn, IsInt, IsString, Min, ValidateIf } from 'class-validator';
import { describe, expect, it } from '@jest/globals';
import { propertiesOf, schemaOf } from '../../src/agent-webkit/protocol/dto-schema.js';
import {
  GoesWith,
  IsName,
  IsNullable,
  IsOmittable,
} from '../../src/agent-webkit/protocol/decorators.js';

describe('the JSON Schema of a DTO class', () => {
  it('states the rules of its decorators', () => {
    class Dto {
      @IsName() name!: string;
      @IsOmittable() @IsInt() @Min(3) count?: number;
      @IsNullable() @IsIn(['a', 'b']) letter!: string | null;
    }
    expect(schemaOf(Dto)).toEqual({
      type: 'object',
      required: ['name', 'letter'],
      properties: {
        name: { type: 'string', minLength: 1, maxLength: 256 },
        count: { type: 'integer', minimum: 3 },
        letter: { oneOf: [{ type: 'string', enum: ['a', 'b'] }, { type: 'null' }] },
      },
    });
  });

  it('has a property only in the variants that allow it', () => {
    class Dto {
      @IsIn(['a', 'b']) kind!: string;
      @IsOmittable() @IsString() @GoesWith('kind', 'b') extra?: string;
    }
    const extraOf = (kind: string) => schemaOf(Dto, { kind })['properties'];
    expect(extraOf('a')).toEqual({ kind: { type: 'string', enum: ['a'] }, extra: { not: {} } });
    expect(extraOf('b')).toMatchObject({ extra: { type: 'string' } });
    expect(() => schemaOf(Dto)).toThrow(
      'Dto.extra: the decorator goesWith without a variant of kind',
    );
  });

  it('includes the values that properties have by default', () => {
    class Dto {
      @IsInt() @Min(1) limit = 50;
    }
    expect(propertiesOf(Dto)).toEqual({ limit: { type: 'integer', minimum: 1, default: 50 } });
  });

  it('cannot be derived from a decorator without a counterpart, which is an error', () => {
    class Unknown {
      @IsEmail() address!: string;
    }
    class Each {
      @IsString({ each: true }) list!: string[];
    }
    class Conditional {
      @ValidateIf(() => false) @IsString() text!: string;
    }
    expect(() => schemaOf(Unknown)).toThrow(
      'Unknown.address: the decorator isEmail has no JSON Schema',
    );
    expect(() => schemaOf(Each)).toThrow('Each.list: the decorator isString with `each`');
    expect(() => schemaOf(Conditional)).toThrow(
      'Conditional.text: the decorator conditionalValidation',
    );
  });
});
