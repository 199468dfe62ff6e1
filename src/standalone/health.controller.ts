import { Controller, Get, HttpCode, HttpStatus, ServiceUnavailableException } from '@nestjs/common';
import { AgentWebkitHealth } from '../agent-webkit/health.js';

/** Answers the probes of an orchestrator or a load balancer. Both routes are public. */
@Controller('health')
export class HealthController {
  constructor(private readonly health: AgentWebkitHealth) {}

  /** Answers as long as the process works. */
  @Get('live')
  @HttpCode(HttpStatus.NO_CONTENT)
  live(): void {}

  /** Answers while this server takes new work, and with 503 and the problems otherwise. */
  @Get('ready')
  @HttpCode(HttpStatus.NO_CONTENT)
  async ready(): Promise<void> {
    const { problems } = await this.health.check();
    if (problems.length === 0) return;
    throw new ServiceUnavailableException({
      statusCode: HttpStatus.SERVICE_UNAVAILABLE,
      code: 'not_ready',
      message: problems.map(({ message }) => message).join(' '),
    });
  }
}
