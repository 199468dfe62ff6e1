import { IsIn, IsOptional } from 'class-validator';
import { IsIntegerBetween, IsText } from './decorators.js';
import { LISTED_STATES, MAX_CURSOR_LENGTH } from './dto.js';

const MAX_OWNER_LENGTH = 1024;

/** The query of GET /admin/sessions. */
export class ListAdminSessionsDto {
  @IsIntegerBetween(1, 100) limit = 50;
  @IsOptional() @IsText(MAX_CURSOR_LENGTH) cursor?: string;
  @IsOptional() @IsText(MAX_OWNER_LENGTH) owner?: string;
  @IsOptional() @IsIn(LISTED_STATES) state?: (typeof LISTED_STATES)[number];
}
