import type { PipeTransform } from '@nestjs/common';
import type { InboundMessage } from '../protocol/inbound.js';
import { parseAs, parseInboundMessage } from '../hosting/client-input.js';

/** Validates a body or a query with a DTO class. A missing body is treated as `{}`. */
export class ValidatedPipe<Dto extends object> implements PipeTransform<unknown, Dto> {
  constructor(private readonly dto: new () => Dto) {}

  transform(sent: unknown): Dto {
    return parseAs(this.dto, sent);
  }
}

/** Validates a client's message with the DTO class of its `type`. */
export class InboundMessagePipe implements PipeTransform<unknown, InboundMessage> {
  transform(sent: unknown): InboundMessage {
    return parseInboundMessage(sent);
  }
}
