import { Type } from 'class-transformer';
import {
  IsInt,
  IsNotEmpty,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';

/** The length of a name, such as that of a model. */
const MAX_NAME_LENGTH = 256;

// Named, so that a reader of the metadata recognises them.
export const isPresent = (_: unknown, value: unknown): boolean => value !== undefined;
export const isNotNull = (_: unknown, value: unknown): boolean => value !== null;

/** A field that may be left out, but not be null. */
export const IsOmittable = (): PropertyDecorator => ValidateIf(isPresent);

/** A field that may be null, but not be left out. */
export const IsNullable = (): PropertyDecorator => ValidateIf(isNotNull);

/** A string of 1 to so many characters, by default those of a name. */
export const IsName =
  (maxLength = MAX_NAME_LENGTH): PropertyDecorator =>
  (target, key) => {
    const message = `must be a string of 1 to ${maxLength} characters`;
    IsString({ message })(target, key);
    IsNotEmpty({ message })(target, key);
    MaxLength(maxLength, { message })(target, key);
  };

/** A string of at most so many characters. */
export const IsText =
  (maxLength: number): PropertyDecorator =>
  (target, key) => {
    const message = `must be a string of at most ${maxLength} characters`;
    IsString({ message })(target, key);
    MaxLength(maxLength, { message })(target, key);
  };

/** An integer of a query, whose values are text. */
export const IsIntegerBetween =
  (min: number, max: number): PropertyDecorator =>
  (target, key) => {
    Type(() => Number)(target, key);
    IsIntegerOfBody(min, max)(target, key);
  };

/** An integer of a JSON body. */
export const IsIntegerOfBody =
  (min: number, max: number): PropertyDecorator =>
  (target, key) => {
    const message = `must be an integer from ${min} to ${max}`;
    IsInt({ message })(target, key);
    Min(min, { message })(target, key);
    Max(max, { message })(target, key);
  };

/** The name under which class-validator keeps {@link GoesWith}. */
export const GOES_WITH = 'goesWith';

/** A field that is allowed only where another field has a certain value. */
export const GoesWith = (other: string, wanted: string): PropertyDecorator =>
  ValidateBy({
    name: GOES_WITH,
    constraints: [other, wanted],
    validator: {
      validate: (_, args) => Reflect.get(args?.object ?? {}, other) === wanted,
      defaultMessage: (args) => `${args?.property}: requires ${other} '${wanted}'.`,
    },
  });
