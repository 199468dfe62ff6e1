import {
  Equals,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { Type } from 'class-transformer';
import type { PermissionMode, PermissionUpdate } from '@anthropic-ai/claude-agent-sdk';
import type { UserContent } from './events.js';
import {
  type CreateSession,
  type InboundMessage,
  PERMISSION_MODES,
  type PermissionResponse,
  type QuestionResponse,
  type UserMessage,
} from './inbound.js';
import { ArePermissionUpdates } from './permission-update.js';
import { IsUserContent } from './user-content.js';

const MAX_NAME_LENGTH = 256;
const MAX_PATH_LENGTH = 4096;
const MAX_TEXT_LENGTH = 65_536;

/** A field that may be left out, but not be null. */
const IsOmittable = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

const IsName = (): PropertyDecorator => (target, key) => {
  IsString()(target, key);
  IsNotEmpty()(target, key);
  MaxLength(MAX_NAME_LENGTH)(target, key);
};

export class CreateSessionDto implements CreateSession {
  @IsOmittable() @IsName() model?: string;
  @IsOmittable() @IsIn(PERMISSION_MODES) permission_mode?: PermissionMode;
  @IsOmittable()
  @IsString()
  @IsNotEmpty()
  @MaxLength(MAX_PATH_LENGTH)
  @Matches(/^[^\0]*$/, { message: 'cwd must not contain a NUL character' })
  cwd?: string;
  @IsOmittable() @IsBoolean() include_partial_messages?: boolean;
}

class UserMessageDto implements UserMessage {
  @Equals('user_message') type!: 'user_message';
  @IsUserContent() content!: UserContent;
  @IsOmittable() @IsUUID() message_id?: string;
}

class InterruptDto {
  @Equals('interrupt') type!: 'interrupt';
}

class PermissionResponseDto implements PermissionResponse {
  @Equals('permission_response') type!: 'permission_response';
  @IsName() correlation_id!: string;
  @IsIn(['allow', 'deny']) behavior!: 'allow' | 'deny';
  @IsOmittable() @IsObject() updated_input?: Record<string, unknown>;
  @IsOmittable() @ArePermissionUpdates() updated_permissions?: PermissionUpdate[];
  @IsOmittable() @IsString() @MaxLength(MAX_TEXT_LENGTH) message?: string;
  @IsOmittable() @IsBoolean() @IsOnlyWithDeny() interrupt?: boolean;
}

class QuestionResponseDto implements QuestionResponse {
  @Equals('question_response') type!: 'question_response';
  @IsName() correlation_id!: string;
  @ValidateIf(() => true) @IsAnswers() answers!: unknown;
}

class SetPermissionModeDto {
  @Equals('set_permission_mode') type!: 'set_permission_mode';
  @IsIn(PERMISSION_MODES) mode!: PermissionMode;
}

class SetModelDto {
  @Equals('set_model') type!: 'set_model';
  @ValidateIf((_, value) => value !== null) @IsName() model!: string | null;
}

class StopTaskDto {
  @Equals('stop_task') type!: 'stop_task';
  @IsName() task_id!: string;
}

/** By `type`. A Map, so that a type named like a property of every object is unknown like any other. */
export const INBOUND_DTOS: ReadonlyMap<unknown, new () => InboundMessage> = new Map<
  InboundMessage['type'],
  new () => InboundMessage
>([
  ['user_message', UserMessageDto],
  ['interrupt', InterruptDto],
  ['permission_response', PermissionResponseDto],
  ['question_response', QuestionResponseDto],
  ['set_permission_mode', SetPermissionModeDto],
  ['set_model', SetModelDto],
  ['stop_task', StopTaskDto],
]);

/** The query of GET /sessions. */
export class ListSessionsDto {
  @Type(() => Number) @IsInt() @Min(1) @Max(100) limit = 50;
  @IsOptional() @IsString() @MaxLength(MAX_NAME_LENGTH) cursor?: string;
}

/** The query of GET /sessions/:id/events. */
export class ReadEventsDto {
  @Type(() => Number) @IsInt() @Min(0) after = 0;
  @Type(() => Number) @IsInt() @Min(1) @Max(1000) limit = 1000;
}

function IsOnlyWithDeny(): PropertyDecorator {
  return ValidateBy({
    name: 'isOnlyWithDeny',
    validator: {
      validate: (_, args) =>
        !(args?.object instanceof PermissionResponseDto) || args.object.behavior === 'deny',
      defaultMessage: () => "interrupt: requires behavior 'deny'",
    },
  });
}

function IsAnswers(): PropertyDecorator {
  return ValidateBy({
    name: 'isAnswers',
    validator: {
      validate: (value: unknown) => typeof value === 'object' && value !== null,
      defaultMessage: () => 'answers must be a map or an array',
    },
  });
}
