import { Controller, Get, HttpCode, HttpStatus, ServiceUnavailableException } from '@nestjs/common';
import { SessionRegistryService } from '../agent-webkit/session-registry.service.js';

/** Answers the probes of an orchestrator or a load balancer. Both routes are public. */
@Controller('health')
export class HealthController {
  constructor(private readonly sessions: SessionRegistryService) {}

  /** Answers as long as the process works. */
  @Get('live')
  @HttpCode(HttpStatus.NO_CONTENT)
  live(): void {}

  /** Answers while this server takes new work, and with 503 from the first moment of its stop. */
  @Get('ready')
  @HttpCode(HttpStatus.NO_CONTENT)
  ready(): void {
    if (this.sessions.isReady) return;
    throw new ServiceUnavailableException({
      statusCode: HttpStatus.SERVICE_UNAVAILABLE,
      code: 'not_ready',
      message: 'This server takes no new work. Use another one.',
    });
  }
}
