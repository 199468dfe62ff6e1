import type { PipeTransform } from '@nestjs/common';
import { InvalidRequestError } from '../engine/errors.js';
import { INBOUND_DTOS } from '../protocol/dto.js';
import type { InboundMessage } from '../protocol/inbound.js';
import { validate } from '../protocol/validation.js';

/** Validates a body or a query with a DTO class. A missing body is treated as `{}`. */
export class ValidatedPipe<Dto extends object> implements PipeTransform<unknown, Dto> {
  constructor(private readonly dto: new () => Dto) {}

  transform(sent: unknown): Dto {
    const checked = validate(this.dto, sent ?? {});
    if ('problem' in checked) throw new InvalidRequestError(checked.problem);
    return checked.value;
  }
}

/** Validates a client's message with the DTO class of its `type`. */
export class InboundMessagePipe implements PipeTransform<unknown, InboundMessage> {
  transform(sent: unknown): InboundMessage {
    const type =
      typeof sent === 'object' && sent !== null && 'type' in sent ? sent.type : undefined;
    const dto = INBOUND_DTOS.get(type);
    if (!dto) {
      throw new InvalidRequestError(`type: must be one of ${[...INBOUND_DTOS.keys()].join(', ')}.`);
    }
    return new ValidatedPipe<InboundMessage>(dto).transform(sent);
  }
}
