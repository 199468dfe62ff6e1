import { Controller, Inject, type MessageEvent, Res, Sse, UseGuards } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { RESOLVED_OPTIONS } from './agent-webkit.tokens.js';
import { AgentWebkitAuthGuard } from './auth.guard.js';
import { CurrentIdentity, type Identity } from './http/current-caller.decorator.js';
import type { ResolvedOptions } from './options/resolved-options.js';
import { streamJoint } from './stream/joint-stream.js';
import { Joint, type JointStream, JointStreamGuard } from './stream/joint-stream.guard.js';
import type { RawResponse } from './stream/response-writer.js';
import { keepAliveComments, type StreamOptions } from './stream/session-stream.js';

/**
 * The route of the stream over all sessions. A host names this class beside `SessionsController` where it applies
 * middleware or a decorator to the routes of the protocol. Its methods are not public.
 */
@Controller('stream')
@UseGuards(AgentWebkitAuthGuard)
export class StreamController {
  private readonly streamOptions: StreamOptions;

  /** @internal */
  constructor(@Inject(RESOLVED_OPTIONS) options: ResolvedOptions) {
    this.streamOptions = { ...options, keepAlive: keepAliveComments(options.keepAliveMs) };
  }

  /**
   * Has no interceptor of this module: Nest would keep its operators for as long as the stream is open.
   *
   * @internal
   */
  @Sse()
  @UseGuards(JointStreamGuard)
  stream(
    @Joint() joint: JointStream,
    @CurrentIdentity() identity: Identity,
    @Res() response: RawResponse & { readonly raw?: RawResponse },
  ): Observable<MessageEvent> {
    return streamJoint(joint, response.raw ?? response, this.streamOptions, identity);
  }
}
