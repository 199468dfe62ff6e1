import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsNumber,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { AgentComponent } from '../agent-webkit/tools/agent-component.decorator.js';

class Hour {
  @IsString() hour!: string;
  @IsNumber() temperature!: number;
}

/** A component of the demo agent. */
@AgentComponent({ description: 'Shows the present weather of one place, and how it will be.' })
export class WeatherCard {
  @IsString() @MaxLength(100) place!: string;
  @IsNumber() temperature!: number;
  @IsOptional() @IsString() condition?: string;
  @IsOptional() @IsArray() @ValidateNested({ each: true }) @Type(() => Hour) hours?: Hour[];
}

class Bar {
  @IsString() label!: string;
  @IsNumber() value!: number;
}

/** A component of the demo agent. */
@AgentComponent({ description: 'Compares a few numbers as bars.' })
export class BarChart {
  @IsString() title!: string;
  @IsOptional() @IsString() unit?: string;
  @IsArray() @ArrayMaxSize(50) @ValidateNested({ each: true }) @Type(() => Bar) bars!: Bar[];
}
