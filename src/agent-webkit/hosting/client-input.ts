// The decorators of class-transformer need this package. Without Nest, nothing else imports it.
import 'reflect-metadata';
import { InvalidRequestError } from '../engine/errors.js';
import { CreateSessionDto, INBOUND_DTOS } from '../protocol/dto.js';
import type { CreateSession, InboundMessage } from '../protocol/inbound.js';
import { validate } from '../protocol/validation.js';

/**
 * Validates a body or a query with a DTO class. Fields that the class does not declare are dropped, and
 * a missing body is treated as `{}`.
 *
 * @throws InvalidRequestError which names the field
 */
export function parseAs<Dto extends object>(dto: new () => Dto, sent: unknown): Dto {
  const checked = validate(dto, sent ?? {});
  if ('problem' in checked) throw new InvalidRequestError(checked.problem);
  return checked.value;
}

/**
 * Validates the body of `POST /sessions`, as parsed from JSON. Unknown fields are dropped.
 *
 * @throws InvalidRequestError which names the field
 */
export function parseCreateSession(body: unknown): CreateSession {
  return parseAs(CreateSessionDto, body);
}

/**
 * Validates the body of `POST /sessions/:id/input`, as parsed from JSON, by the rules of its `type`.
 * Unknown fields are dropped.
 *
 * @throws InvalidRequestError which names the field
 */
export function parseInboundMessage(body: unknown): InboundMessage {
  const type = typeof body === 'object' && body !== null && 'type' in body ? body.type : undefined;
  const dto = INBOUND_DTOS.get(type);
  if (!dto) {
    throw new InvalidRequestError(`type: must be one of ${[...INBOUND_DTOS.keys()].join(', ')}.`);
  }
  return parseAs(dto, body);
}
