import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type OnModuleInit,
} from '@nestjs/common';
import { defer, Observable, switchMap } from 'rxjs';
import type { ResolvedOptions } from './options/resolved-options.js';
import { RESOLVED_OPTIONS, SDK_FACTORY, STORAGE_PROVIDER } from './agent-webkit.tokens.js';
import type { SdkFactory } from './engine/agent-client.js';
import type { Caller } from './engine/caller.js';
import type { Session } from './engine/session/session.js';
import { CursorEvictedError } from './engine/errors.js';
import { parseSessionEvent } from './engine/session-event.js';
import { SessionPolicy } from './engine/registry/session-policy.js';
import { SessionRegistry } from './engine/registry/session-registry.js';
import type { StorageProvider } from './engine/storage.js';
import type { DeliveredEvent } from './protocol/events.js';

/**
 * The sessions of this server, for the host's own code: create, find, send to, watch and delete
 * them, with the guarantees they have over HTTP.
 */
@Injectable()
export class SessionRegistryService
  extends SessionRegistry
  implements OnModuleInit, OnApplicationBootstrap, OnModuleDestroy
{
  private readonly logger = new Logger('AgentWebkit');

  constructor(
    @Inject(RESOLVED_OPTIONS) options: ResolvedOptions,
    @Inject(SDK_FACTORY) sdkFactory: SdkFactory,
    @Inject(STORAGE_PROVIDER) private readonly storage: StorageProvider,
  ) {
    super({
      ...options.registry,
      storage,
      sdkFactory,
      logger: new Logger('AgentWebkit'),
      policy: new SessionPolicy(options.policy),
    });
  }

  /**
   * A session's events after a cursor, 0 for all that are kept, then live. Completes when the
   * session ends; errors when events came faster than they could be kept, so that some are missed.
   * Unsubscribing stops the watching, never the agent.
   */
  watch(id: string, caller: Caller, after = 0): Observable<DeliveredEvent> {
    return defer(() => this.getAt(id, caller, after)).pipe(
      switchMap((session) => watchSession(session, after)),
    );
  }

  async onModuleInit(): Promise<void> {
    await this.storage.open?.();
  }

  /** In the background: a server with much to take up answers as soon as one without. */
  onApplicationBootstrap(): void {
    this.start().catch((error: unknown) => {
      this.logger.error('Could not resume unfinished sessions.', error);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.shutdown();
    await this.storage.close?.();
  }
}

/** How many bytes of events one reading takes. */
const MAX_BYTES_PER_READ = 64 * 1024;

function watchSession(session: Session, after: number): Observable<DeliveredEvent> {
  return new Observable((subscriber) => {
    let cursor = after;
    const read = () => {
      while (!subscriber.closed) {
        const reading = subscription.read(MAX_BYTES_PER_READ);
        switch (reading.kind) {
          case 'events':
            for (const event of reading.events) {
              cursor = event.seq;
              subscriber.next({ id: event.seq, ...parseSessionEvent(event) });
            }
            break;
          case 'caught_up':
            return;
          case 'ended':
            return subscriber.complete();
          case 'overtaken':
            return subscriber.error(new CursorEvictedError(cursor, session.info().first_id));
          default:
            reading satisfies never;
        }
      }
    };
    const subscription = session.subscribe(after, read);
    subscriber.add(() => subscription.close());
    read();
  });
}
