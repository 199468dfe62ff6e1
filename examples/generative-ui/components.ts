import { IsNumber, IsOptional, IsString } from 'class-validator';
import { AgentComponent } from 'nestjs-agent-webkit';
import { z } from 'zod';

/** Its React component is in page/main.tsx. */
@AgentComponent({ description: 'Shows the present weather of one place.' })
export class WeatherCard {
  @IsString() place!: string;
  @IsNumber() temperature!: number;
  @IsOptional() @IsString() condition?: string;
}

/** The same by a schema of zod. */
@AgentComponent({
  description: 'Compares the prices of several plans.',
  schema: z.object({ plans: z.array(z.object({ name: z.string(), cents: z.number().int() })) }),
})
export class PriceTable {}
